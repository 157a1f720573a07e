//! How elements fit into an array or an inline table that is there.

use std::ops::Range;

use super::lines::{BLANKS, line_start, next_line};
use super::splice::{Insertions, Snippet};

/// Where the next element goes.
enum Slot {
    /// On a line of its own.
    Line { offset: usize, indent: String },
    /// Into a line of the user's.
    Inline { offset: usize, beside: Beside },
}

/// What an element that goes into a line has to be separated from.
#[derive(Clone, Copy)]
enum Beside {
    /// The brackets are empty.
    Nothing,
    /// The first element, which follows the bracket on the same line.
    First,
    /// The last element.
    Last,
    /// The comma behind the last element.
    Comma,
}

/// Puts `elements` into the array or inline table at `span`. Returns an offset in the line that has been
/// changed and so must take a comment, if there is one.
pub(super) fn fill(
    text: &str,
    span: &Range<usize>,
    elements: Vec<Snippet>,
    insertions: &mut Insertions,
) -> Option<usize> {
    match slot(text, span) {
        Slot::Line { offset, indent } => {
            for element in elements {
                insertions.line(offset, format!("{indent}{},", element.whole()));
            }
            None
        }
        Slot::Inline { offset, beside } => {
            for (index, element) in elements.into_iter().enumerate() {
                insertions.snippet(offset, separated(element, index, beside));
            }
            Some(offset)
        }
    }
}

fn separated(element: Snippet, index: usize, beside: Beside) -> Snippet {
    match beside {
        Beside::Nothing if index == 0 => element,
        Beside::Nothing | Beside::Last => element.between(", ", ""),
        Beside::First => element.between("", ", "),
        Beside::Comma => element.between(" ", ","),
    }
}

/// Finds the slot. A line of its own comes first where that is possible, since it needs no change of the
/// user's lines: not even of a last element without a comma.
fn slot(text: &str, span: &Range<usize>) -> Slot {
    let start = span.start + 1;
    let inside = &text[start..span.end - 1];
    if inside.contains('\n') {
        let blanks = inside.len() - inside.trim_start_matches(BLANKS).len();
        return if inside[blanks..].starts_with(['\r', '\n', '#']) {
            let offset = next_line(text, start);
            Slot::Line { offset, indent: indent(text, offset, span) }
        } else {
            Slot::Inline { offset: start, beside: Beside::First }
        };
    }
    // On one line there are no comments, so a comma at the end is a comma.
    let filled = inside.trim_end_matches(BLANKS);
    let offset = start + filled.len();
    let beside = match filled.chars().next_back() {
        None => Beside::Nothing,
        Some(',') => Beside::Comma,
        Some(_) => Beside::Last,
    };
    Slot::Inline { offset, beside }
}

/// The indentation of the first element after `offset`, or one step more than that of the bracket.
fn indent(text: &str, offset: usize, span: &Range<usize>) -> String {
    let first = text[offset..span.end - 1]
        .split_inclusive('\n')
        .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    match first {
        Some(line) => blanks(line).to_owned(),
        None => format!("{}    ", blanks(&text[line_start(text, span.start)..])),
    }
}

fn blanks(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches(BLANKS).len()]
}
