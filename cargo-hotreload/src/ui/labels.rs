//! Which of several programs a line comes from: its name in front of each, all equally wide.

use anstyle::{AnsiColor, Style};

use crate::ui::screen::width::columns;

/// One after the other, and again from the first. Red is for errors, and white for nobody in particular.
const COLORS: [AnsiColor; 10] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightYellow,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];
/// Between a name and the line.
const SIGN: &str = " | ";
/// A line that is longer than so many bytes is shown in parts: nobody ends it.
const LONGEST: usize = 1 << 16;

/// The names of the programs of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<String>);

impl Labels {
    /// Programs of these names.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// The name of the program of this number, where there are several.
    #[must_use]
    pub fn of(&self, index: usize) -> Option<&str> {
        if self.are_shown() { self.0.get(index).map(String::as_str) } else { None }
    }

    /// Whether there are several: one alone needs no name.
    #[must_use]
    pub fn are_shown(&self) -> bool {
        self.0.len() > 1
    }

    /// How many columns stand in front of a line.
    #[must_use]
    pub fn width(&self) -> usize {
        if self.are_shown() { self.longest() + SIGN.len() } else { 0 }
    }

    /// What stands in front of the lines of the program of this number.
    #[must_use]
    pub fn prefix(&self, index: usize, styled: bool) -> String {
        let name = self.of(index).unwrap_or_default();
        let space = " ".repeat(self.longest().saturating_sub(columns(name)));
        let color = COLORS[index % COLORS.len()];
        let style = if styled { Style::new().fg_color(Some(color.into())) } else { Style::new() };
        format!("{style}{name}{space}{SIGN}{style:#}")
    }

    fn longest(&self) -> usize {
        self.0.iter().map(|name| columns(name)).max().unwrap_or_default()
    }
}

/// Makes whole lines with a prefix of what a program writes.
///
/// Others write between them, so a line stays a line: what would move the cursor or leave a colour on is taken out, and
/// of a line that is overwritten (`\r`) the last state is shown.
#[derive(Debug)]
pub struct Lines {
    prefix: String,
    /// The beginning of a line that has no end yet.
    open: Vec<u8>,
}

impl Lines {
    /// Lines with this in front.
    #[must_use]
    pub fn new(prefix: String) -> Self {
        Self { prefix, open: Vec::new() }
    }

    /// The lines that `bytes` bring to an end.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut shown = Vec::new();
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.open.extend(part);
            if part.ends_with(b"\n") {
                shown.extend(self.finish());
            }
            while self.open.len() > LONGEST {
                let rest = self.open.split_off(whole_characters(&self.open, LONGEST));
                shown.extend(self.finish());
                self.open = rest;
            }
        }
        shown
    }

    /// What is there of a line that nobody ends any more.
    pub fn finish(&mut self) -> Vec<u8> {
        if self.open.is_empty() {
            return Vec::new();
        }
        let open = std::mem::take(&mut self.open);
        let line = open.strip_suffix(b"\n").unwrap_or(&open);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let last = line.rsplit(|&byte| byte == b'\r').next().unwrap_or_default();
        [self.prefix.as_bytes(), &quiet(last), b"\n"].concat()
    }
}

/// How many of the first `length` bytes of `text` end no character in its middle.
fn whole_characters(text: &[u8], length: usize) -> usize {
    let is_inside = |&at: &usize| text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    (length.saturating_sub(3)..=length).rev().find(|at| !is_inside(at)).unwrap_or(length)
}

/// `line` without escape codes but those for colours, which end with it.
fn quiet(line: &[u8]) -> Vec<u8> {
    let (mut shown, mut rest, mut has_style) = (Vec::new(), line, false);
    while let Some(at) = rest.iter().position(|&byte| byte == 0x1b) {
        shown.extend(&rest[..at]);
        let length = code_length(&rest[at..]);
        let code = &rest[at..at + length];
        if code.starts_with(b"\x1b[") && code.ends_with(b"m") {
            shown.extend(code);
            has_style = true;
        }
        rest = &rest[at + length..];
    }
    shown.extend(rest);
    if has_style {
        shown.extend(b"\x1b[0m");
    }
    shown
}

/// How long the escape code is that `text` begins with (ECMA-48, 5.4 and 8.3.89).
fn code_length(text: &[u8]) -> usize {
    let end = match text.get(1) {
        Some(b'[') => text.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte)).map(|at| at + 3),
        // A text for the terminal, such as its title: up to the bell, or `ESC \`.
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let bell = text.iter().position(|&byte| byte == 0x07).map(|at| at + 1);
            bell.or_else(|| text.windows(2).position(|two| two == b"\x1b\\").map(|at| at + 2))
        }
        Some(_) => Some(2),
        None => Some(1),
    };
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Labels, Lines};

    fn labels() -> Labels {
        Labels::new(["api#1", "api#2", "worker"].map(str::to_owned).to_vec())
    }

    fn shown(parts: &[&str]) -> String {
        let mut lines = Lines::new("api | ".into());
        let mut all: Vec<u8> = parts.iter().flat_map(|part| lines.feed(part.as_bytes())).collect();
        all.extend(lines.finish());
        String::from_utf8(all).expect("UTF-8")
    }

    #[test]
    fn names_are_equally_wide_and_have_colours_of_their_own() {
        let labels = labels();
        assert_eq!((labels.prefix(0, false), labels.prefix(2, false)), ("api#1  | ".into(), "worker | ".into()));
        assert_eq!(labels.width(), labels.prefix(1, false).len());
        assert_eq!(labels.prefix(0, true), "\x1b[36mapi#1  | \x1b[0m");
        assert_ne!(labels.prefix(0, true)[..5], labels.prefix(1, true)[..5]);
        assert_eq!(labels.of(1), Some("api#2"));
    }

    #[test]
    fn one_alone_has_no_name() {
        let labels = Labels::new(vec!["api".into()]);
        assert_eq!((labels.of(0), labels.width()), (None, 0));
    }

    #[test]
    fn a_line_is_shown_when_it_is_whole_or_nothing_follows() {
        let mut lines = Lines::new("api | ".into());
        assert_eq!(lines.feed(b"one\ntw"), b"api | one\n");
        assert_eq!(lines.feed(b"o\n\nthree"), b"api | two\napi | \n");
        assert_eq!(lines.finish(), b"api | three\n");
        assert_eq!(lines.finish(), b"");
    }

    #[test]
    fn no_line_reaches_into_another() {
        assert_eq!(shown(&["\x1b[31mred\n", "plain\n"]), "api | \x1b[31mred\x1b[0m\napi | plain\n");
        assert_eq!(shown(&["10 %\r50 %\r", "100 %\r\n"]), "api | 100 %\n");
        assert_eq!(shown(&["a\x1b[2J\x1b[Hb\x1b7c\n"]), "api | abc\n");
        assert_eq!(shown(&["\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\n"]), "api | ab\n");
        assert_eq!(shown(&["cut off \x1b[3"]), "api | cut off \n");
        assert_eq!(shown(&["\x1b"]), "api | \n");
    }

    #[test]
    fn a_line_without_an_end_is_shown_in_parts_that_are_text() {
        let text = "ü".repeat(LONGEST);
        let shown = shown(&["a", &text]);
        let lines: Vec<&str> = shown.lines().map(|line| line.strip_prefix("api | ").expect("a prefix")).collect();
        assert!(lines.len() == 3 && lines.concat() == format!("a{text}"), "{} lines", lines.len());
    }
}
