//! Puts text into text and marks what it puts in.

use std::collections::BTreeMap;

use super::lines::{lines, usual_ending};
use super::mark::{self, Before, Part, occurrences};

/// A text for the middle of a line, in layers that can be taken out one by one: a new array and the
/// elements in it. If the user adds an element of their own to our array, theirs stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snippet {
    /// Text up to the place of the layers.
    pub(super) head: String,
    /// Texts that go between `head` and `tail`.
    pub(super) layers: Vec<String>,
    /// Text from the place of the layers on.
    pub(super) tail: String,
}

impl Snippet {
    /// A snippet of one piece.
    pub(super) fn plain(text: String) -> Self {
        Self { head: text, layers: Vec::new(), tail: String::new() }
    }

    /// The same with text on both sides.
    pub(super) fn between(self, before: &str, after: &str) -> Self {
        Self { head: format!("{before}{}", self.head), layers: self.layers, tail: self.tail + after }
    }

    /// All of it.
    pub(super) fn whole(&self) -> String {
        format!("{}{}{}", self.head, self.layers.concat(), self.tail)
    }
}

/// Everything that goes into one text, by byte offset.
#[derive(Debug, Default)]
pub(super) struct Insertions {
    lines: BTreeMap<usize, Vec<String>>,
    snippets: BTreeMap<usize, Vec<Snippet>>,
}

impl Insertions {
    /// Puts a whole line in before the line that begins at `offset`, or after the last line.
    pub(super) fn line(&mut self, offset: usize, content: String) {
        self.lines.entry(offset).or_default().push(content);
    }

    /// Puts `snippet` into a line, before the character at `offset`. The end of that line must take a comment.
    pub(super) fn snippet(&mut self, offset: usize, snippet: Snippet) {
        self.snippets.entry(offset).or_default().push(snippet);
    }

    /// `text` with all of it, marked.
    pub(super) fn apply(&self, text: &str) -> String {
        let ending = usual_ending(text);
        let mut out = String::with_capacity(text.len() * 2);
        let mut offset = 0;
        for line in lines(text) {
            self.push_lines(&mut out, offset, ending, Before::Newline);
            out.push_str(&self.changed(offset, line.content));
            out.push_str(line.ending);
            offset += line.content.len() + line.ending.len();
        }
        if text.is_empty() || text.ends_with('\n') {
            self.push_lines(&mut out, offset, ending, Before::Newline);
        } else if self.lines.contains_key(&offset) {
            out.push_str(ending);
            self.push_lines(&mut out, offset, ending, Before::UnendedLine);
        }
        out
    }

    fn push_lines(&self, out: &mut String, offset: usize, ending: &str, mut before: Before) {
        for content in self.lines.get(&offset).into_iter().flatten() {
            out.push_str(&mark::whole_line(content, before));
            out.push_str(ending);
            before = Before::Newline;
        }
    }

    /// The line at `start` with its snippets, and the mark that tells them.
    fn changed(&self, start: usize, content: &str) -> String {
        let mut line = content.to_owned();
        let mut parts = Vec::new();
        for (offset, snippets) in self.snippets.range(start..start + content.len()) {
            for snippet in snippets {
                let shift = line.len() - content.len();
                parts.extend(insert(&mut line, offset - start + shift, snippet));
            }
        }
        if !parts.is_empty() {
            line.push_str(&mark::comment(&parts));
        }
        line
    }
}

/// Inserts the layers of `snippet` from the outside in and tells how to find each again.
fn insert(line: &mut String, at: usize, snippet: &Snippet) -> Vec<Part> {
    let frame = format!("{}{}", snippet.head, snippet.tail);
    let mut parts = vec![insert_part(line, at, frame)];
    let mut at = at + snippet.head.len();
    for layer in &snippet.layers {
        parts.push(insert_part(line, at, layer.clone()));
        at += layer.len();
    }
    parts
}

fn insert_part(line: &mut String, at: usize, text: String) -> Part {
    line.insert_str(at, &text);
    let earlier = occurrences(line, &text).take_while(|&found| found < at).count();
    Part { text, earlier }
}
