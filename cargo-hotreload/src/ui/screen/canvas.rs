//! What the cursor's line shows, and which bytes change it: the terminal without a terminal.
//!
//! The bottom line has one of these, the first that there is:
//!
//! 1. a line that the program has begun and not ended, as it wrote it;
//! 2. cargo's progress bar;
//! 3. the status line.
//!
//! The last two are drawn with the cursor left in the first column, so that whatever comes next can wipe them. Our own
//! lines wait until the program has ended the one that it is writing; if it leaves that open, which is a prompt, they
//! begin on a new line.

use std::time::{Duration, Instant};

use crate::ui::screen::bar::Bar;

/// After this long without a further byte, an open line of the program is a prompt, and nobody waits for its end.
pub const PROMPT: Duration = Duration::from_millis(250);
/// How long our lines wait at most for a program that goes on writing one line.
pub const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Keeps position and attributes, so that what the program has set for its next line stays.
const SAVE: &[u8] = b"\x1b7\x1b[0m";
const RESTORE: &[u8] = b"\x1b[0m\x1b8";
/// From the cursor to the end of the screen: a line that was longer before a resize has a second row.
const WIPE: &[u8] = b"\x1b[J";
/// Default colours and a visible cursor, whatever a program left.
const RESET: &[u8] = b"\x1b[0m\x1b[?25h";

/// The state of the terminal as far as we have to know it. Each method returns what is to be written.
#[derive(Debug)]
pub struct Canvas {
    width: usize,
    styled: bool,
    bar: Bar,
    progress: Vec<u8>,
    shown: Shown,
    /// Nothing is drawn at the bottom: the terminal is somebody else's.
    hidden: bool,
    /// Our lines that wait for the end of the program's.
    waiting: Vec<u8>,
    /// When the first of them came.
    waiting_since: Option<Instant>,
    /// Whether the program has used escape codes, so that a reset may be needed.
    has_escapes: bool,
}

/// What the cursor's line has.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    /// Something of ours, that can be wiped.
    Drawn(Vec<u8>),
    /// The beginning of a line of the program's, and when it wrote to it last.
    Open(Instant),
}

impl Canvas {
    /// An empty line on a terminal of `width` columns.
    #[must_use]
    pub fn new(width: usize, styled: bool) -> Self {
        Self {
            width,
            styled,
            bar: Bar::default(),
            progress: Vec::new(),
            shown: Shown::Nothing,
            hidden: false,
            waiting: Vec::new(),
            waiting_since: None,
            has_escapes: false,
        }
    }

    /// The program wrote `bytes`.
    pub fn program(&mut self, bytes: &[u8], now: Instant) -> Vec<u8> {
        if bytes.is_empty() {
            return Vec::new();
        }
        let mut out = self.wipe();
        self.has_escapes |= bytes.contains(&0x1b);
        let mut rest = bytes;
        if let (false, Some(end)) = (self.waiting.is_empty(), bytes.iter().position(|&byte| byte == b'\n')) {
            out.extend(&bytes[..=end]);
            out.extend(self.take_waiting());
            rest = &bytes[end + 1..];
            self.shown = Shown::Nothing;
        }
        out.extend(rest);
        match rest.last() {
            Some(b'\n') => self.shown = Shown::Nothing,
            Some(_) => self.shown = Shown::Open(now),
            None => {}
        }
        out.extend(self.draw());
        out
    }

    /// Shows `text`, which is whole lines.
    pub fn lines(&mut self, text: &[u8], now: Instant) -> Vec<u8> {
        if let Shown::Open(_) = self.shown {
            self.waiting.extend(text);
            self.waiting_since.get_or_insert(now);
            return self.late(now);
        }
        let mut out = self.wipe();
        if self.has_escapes {
            out.extend(b"\x1b[0m");
        }
        out.extend(text);
        out.extend(self.draw());
        out
    }

    /// When [`Self::late`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let since = self.waiting_since?;
        let Shown::Open(last) = self.shown else { return None };
        Some((last + PROMPT).min(since + LONGEST_WAIT))
    }

    /// Begins a new line for what has waited long enough.
    pub fn late(&mut self, now: Instant) -> Vec<u8> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Vec::new();
        }
        self.break_line()
    }

    /// The program has ended: an open line of its stays open.
    pub fn program_ended(&mut self) -> Vec<u8> {
        let mut out = if self.has_escapes { RESET.to_vec() } else { Vec::new() };
        self.has_escapes = false;
        if let Shown::Open(_) = self.shown {
            out.extend(self.break_line());
        }
        out
    }

    /// Cargo's progress bar; none if it is empty.
    pub fn progress(&mut self, bar: &[u8]) -> Vec<u8> {
        bar.clone_into(&mut self.progress);
        self.draw()
    }

    /// What the status line has to say.
    pub fn status(&mut self, bar: Bar) -> Vec<u8> {
        self.bar = bar;
        self.draw()
    }

    /// The terminal has another size.
    pub fn resized(&mut self, width: usize) -> Vec<u8> {
        self.width = width;
        let out = self.wipe();
        [out, self.draw()].concat()
    }

    /// An empty screen; what a terminal remembers above it goes as well.
    pub fn clear(&mut self) -> Vec<u8> {
        let waiting = self.take_waiting();
        self.shown = Shown::Nothing;
        let mut out = b"\x1b[0m\x1b[H\x1b[2J\x1b[3J".to_vec();
        out.extend(waiting);
        out.extend(self.draw());
        out
    }

    /// Leaves the cursor on an empty line, and nothing of ours at the bottom until [`Self::show`].
    pub fn hide(&mut self) -> Vec<u8> {
        self.hidden = true;
        let mut out = self.wipe();
        if let Shown::Open(_) = self.shown {
            out.extend(self.break_line());
        }
        if self.has_escapes {
            out.extend(RESET);
        }
        out
    }

    /// The bottom line is ours again.
    pub fn show(&mut self) -> Vec<u8> {
        self.hidden = false;
        self.shown = Shown::Nothing;
        self.draw()
    }

    /// The status line's content.
    #[must_use]
    pub fn bar(&self) -> &Bar {
        &self.bar
    }

    /// Ends the program's open line for it.
    fn break_line(&mut self) -> Vec<u8> {
        let mut out = b"\n".to_vec();
        self.shown = Shown::Nothing;
        out.extend(self.take_waiting());
        out.extend(self.draw());
        out
    }

    fn take_waiting(&mut self) -> Vec<u8> {
        self.waiting_since = None;
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() || !self.has_escapes { waiting } else { [b"\x1b[0m", &waiting[..]].concat() }
    }

    fn wipe(&mut self) -> Vec<u8> {
        if !matches!(self.shown, Shown::Drawn(_)) {
            return Vec::new();
        }
        self.shown = Shown::Nothing;
        [SAVE, WIPE, RESTORE].concat()
    }

    fn draw(&mut self) -> Vec<u8> {
        let wanted = self.bottom();
        match &self.shown {
            Shown::Open(_) => return Vec::new(),
            Shown::Nothing if wanted.is_empty() => return Vec::new(),
            Shown::Drawn(drawn) if *drawn == wanted => return Vec::new(),
            Shown::Drawn(_) if wanted.is_empty() => return self.wipe(),
            Shown::Nothing | Shown::Drawn(_) => {}
        }
        let out = [SAVE, WIPE, &wanted, RESTORE].concat();
        self.shown = Shown::Drawn(wanted);
        out
    }

    fn bottom(&self) -> Vec<u8> {
        if self.hidden {
            Vec::new()
        } else if self.progress.is_empty() {
            // The last column stays free: a character there makes some terminals begin another row.
            self.bar.render(self.width.saturating_sub(1), self.styled).into_bytes()
        } else {
            self.progress.clone()
        }
    }
}

#[cfg(test)]
mod tests;
