//! Lines with their endings, so that text can be put together again as it was.

/// Blanks within a line.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// One line of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// The line without its ending.
    pub(super) content: &'a str,
    /// `\n`, `\r\n`, or nothing at the end of the text.
    pub(super) ending: &'a str,
}

/// Splits `text` into its lines. An empty text has none.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.split_inclusive('\n').map(|line| {
        let content = trim_ending(line);
        Line { content, ending: &line[content.len()..] }
    })
}

/// `text` without one line ending at its end.
pub(super) fn trim_ending(text: &str) -> &str {
    let Some(rest) = text.strip_suffix('\n') else {
        return text;
    };
    rest.strip_suffix('\r').unwrap_or(rest)
}

/// The ending for lines of ours: that of the first line.
pub(super) fn usual_ending(text: &str) -> &'static str {
    match lines(text).next() {
        Some(Line { ending: "\r\n", .. }) => "\r\n",
        _ => "\n",
    }
}

/// Offset at which the line with `offset` begins.
pub(super) fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Offset at which the line with `offset` ends, before its ending.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let end = text[offset..].find('\n').map_or(text.len(), |newline| offset + newline + 1);
    offset + trim_ending(&text[offset..end]).len()
}

/// Offset at which the line after the one with `offset` begins.
pub(super) fn next_line(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |newline| offset + newline + 1)
}

/// A byte order mark, if there is one, and the rest. A first line of ours goes between them.
pub(super) fn split_bom(text: &str) -> (&str, &str) {
    let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.split_at(text.len() - rest.len())
}
