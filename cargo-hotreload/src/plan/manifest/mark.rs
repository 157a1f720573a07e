//! The comments that say what is ours.
//!
//! `… # hotreload: added` at the end of a line claims the whole line. ``… # hotreload: added `A` and `B` ``
//! claims texts within the line, in the order in which they went in. The quotes are exact: what stands
//! between the backticks, with `\` before a backtick and before itself, stands in the line.
//!
//! ``… # hotreload: uncommented `#` `` says that the line had a comment sign, and quotes it together with the blanks
//! that stood between the sign and the text: they tell where among the blanks before the text it stood.
//!
//! ``… # hotreload: replaced `A` by `B` `` says that `B` stands where `A` stood.
//!
//! Text behind the second, third and fourth mark stays. Behind the first it makes the line the user's: no longer ours.

use super::lines::BLANKS;

/// Ends a line that is ours.
const WHOLE_LINE: &str = " # hotreload: added";

/// Ends a line that is ours and the first after a text that had no newline at its end.
const WHOLE_LINE_AT_END: &str = " # hotreload: no final newline before";

/// Begins the list of our texts in a line of the user's.
const PARTS: &str = " # hotreload: added ";

/// Ends a line that was a comment; blanks and a backtick follow.
const UNCOMMENTED: &str = " # hotreload: uncommented `#";

/// Names what stood where a text of ours stands now.
const REPLACED: &str = " # hotreload: replaced ";

const BY: &str = " by ";
const AND: &str = " and ";
const OCCURRENCE: &str = " (occurrence ";

/// What stood before a whole line of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// A complete line, or nothing.
    Newline,
    /// The last line of the file, without an ending: it got one from us.
    UnendedLine,
}

/// A text that was put into a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// The text.
    pub(super) text: String,
    /// How often the same text stands further left in the line. Taking out another one than ours would
    /// not give the old line back.
    pub(super) earlier: usize,
}

/// What a line says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mark<'a> {
    /// Nothing: the line is the user's.
    None,
    /// All of it is ours.
    WholeLine(Before),
    /// The parts are ours.
    Parts {
        /// The line up to the mark.
        value: &'a str,
        /// Our texts in `value`, in the order in which they went in.
        parts: Vec<Part>,
        /// What the user wrote behind the mark.
        rest: &'a str,
    },
    /// One text stands in the place of another.
    Replaced {
        /// The line up to the mark.
        value: &'a str,
        /// The user's text.
        old: String,
        /// Ours.
        new: Part,
        /// What the user wrote behind the mark.
        rest: &'a str,
    },
    /// It was a comment.
    Uncommented {
        /// The line up to the mark.
        value: &'a str,
        /// The blanks behind the comment sign.
        blanks: &'a str,
        /// What the user wrote behind the mark.
        rest: &'a str,
    },
}

/// `content` as a whole line of ours.
pub(super) fn whole_line(content: &str, before: Before) -> String {
    let mark = match before {
        Before::Newline => WHOLE_LINE,
        Before::UnendedLine => WHOLE_LINE_AT_END,
    };
    format!("{content}{mark}")
}

/// The comment for a line that has got `parts`.
pub(super) fn comment(parts: &[Part]) -> String {
    let quoted: Vec<_> = parts.iter().map(quote).collect();
    format!("{PARTS}{}", quoted.join(AND))
}

/// The comment for a line in which `new` stands in the place of `old`.
pub(super) fn replaced(old: &str, new: &Part) -> String {
    format!("{REPLACED}{}{BY}{}", quote(&Part { text: old.to_owned(), earlier: 0 }), quote(new))
}

/// The line `content`, whose first character but for blanks is a comment sign, without that sign; marked.
pub(super) fn uncommented(content: &str) -> Option<String> {
    let (before, after) = content.split_once('#').filter(|(before, _)| before.trim_matches(BLANKS).is_empty())?;
    let blanks = &after[..after.len() - after.trim_start_matches(BLANKS).len()];
    Some(format!("{before}{after}{UNCOMMENTED}{blanks}`"))
}

/// The line `value` with the comment sign that had `blanks` behind it.
pub(super) fn commented(value: &str, blanks: &str) -> String {
    let text = value.trim_start_matches(BLANKS);
    let before = &value[..value.len() - text.len()];
    // Where the blanks were changed since, the sign goes directly before the text.
    let at = if before.ends_with(blanks) { before.len() - blanks.len() } else { before.len() };
    format!("{}#{}", &value[..at], &value[at..])
}

/// Reads the mark of a line (without its ending).
pub(super) fn read(content: &str) -> Mark<'_> {
    // Editors and formatters leave blanks at line ends, a mixture of tools leaves `\r\r\n`.
    let trimmed = content.trim_end_matches([' ', '\t', '\r']);
    if trimmed.ends_with(WHOLE_LINE) {
        return Mark::WholeLine(Before::Newline);
    }
    if trimmed.ends_with(WHOLE_LINE_AT_END) {
        return Mark::WholeLine(Before::UnendedLine);
    }
    for (at, _) in content.match_indices(PARTS) {
        if let Some((parts, rest)) = read_parts(&content[at + PARTS.len()..]) {
            return Mark::Parts { value: &content[..at], parts, rest };
        }
    }
    for (at, _) in content.match_indices(REPLACED) {
        if let Some((old, new, rest)) = read_replaced(&content[at + REPLACED.len()..]) {
            return Mark::Replaced { value: &content[..at], old, new, rest };
        }
    }
    for (at, _) in content.match_indices(UNCOMMENTED) {
        let behind = &content[at + UNCOMMENTED.len()..];
        let text = behind.trim_start_matches(BLANKS);
        if let Some(rest) = text.strip_prefix('`') {
            return Mark::Uncommented { value: &content[..at], blanks: &behind[..behind.len() - text.len()], rest };
        }
    }
    Mark::None
}

/// Where `text` stands in `line` as elements stand between brackets, not in prose and not as a part of
/// something longer. Occurrences may overlap.
pub(super) fn occurrences<'a>(line: &'a str, text: &'a str) -> impl Iterator<Item = usize> + 'a {
    let stands_alone = move |at: usize| {
        let before = line[..at].trim_end_matches(BLANKS);
        let after = line[at + text.len()..].trim_start_matches(BLANKS);
        (text.starts_with(',') || before.ends_with(['[', '{', ',']))
            && (text.ends_with(", ") || after.is_empty() || after.starts_with([']', '}', ',', '#']))
    };
    line.char_indices().map(|(at, _)| at).filter(move |&at| line[at..].starts_with(text) && stands_alone(at))
}

/// Where `text` stands in `line` as an element of an array does, of which this may be one line of several.
pub(super) fn elements<'a>(line: &'a str, text: &'a str) -> impl Iterator<Item = usize> + 'a {
    let stands_alone = move |at: &usize| {
        let before = line[..*at].trim_end_matches(BLANKS);
        let after = line[*at + text.len()..].trim_start_matches(BLANKS);
        (before.is_empty() || before.ends_with(['[', ','])) && (after.is_empty() || after.starts_with([']', ',', '#']))
    };
    line.match_indices(text).map(|(at, _)| at).filter(stands_alone)
}

fn quote(part: &Part) -> String {
    let text = part.text.replace('\\', "\\\\").replace('`', "\\`");
    match part.earlier {
        0 => format!("`{text}`"),
        n => format!("`{text}`{OCCURRENCE}{})", n + 1),
    }
}

fn read_parts(mut input: &str) -> Option<(Vec<Part>, &str)> {
    let mut parts = Vec::new();
    loop {
        let (part, rest) = read_part(input)?;
        parts.push(part);
        match rest.strip_prefix(AND) {
            // The user's own comment may begin with `and`.
            Some(next) if next.starts_with('`') => input = next,
            _ => return Some((parts, rest)),
        }
    }
}

fn read_part(input: &str) -> Option<(Part, &str)> {
    let (text, rest) = read_quoted(input)?;
    let (earlier, rest) = read_earlier(rest).unwrap_or((0, rest));
    Some((Part { text, earlier }, rest))
}

fn read_replaced(input: &str) -> Option<(String, Part, &str)> {
    let (old, rest) = read_quoted(input)?;
    let (new, rest) = read_part(rest.strip_prefix(BY)?)?;
    Some((old, new, rest))
}

fn read_quoted(input: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = input.strip_prefix('`')?.chars();
    loop {
        match chars.next()? {
            '`' if text.is_empty() => return None,
            '`' => return Some((text, chars.as_str())),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

fn read_earlier(input: &str) -> Option<(usize, &str)> {
    let (number, rest) = input.strip_prefix(OCCURRENCE)?.split_once(')')?;
    Some((number.parse::<usize>().ok()?.checked_sub(1)?, rest))
}
