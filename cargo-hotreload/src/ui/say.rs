//! Lines of a session, each marked as ours.

use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, PoisonError};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice, eprint};
use anstyle::Style;
use clap_cargo::style::{ERROR, HEADER, NOTE, WARN};

use crate::effects::terminal;
use crate::session::message::Message;
use crate::ui::screen;

/// Prints what a session reports, in these words.
pub fn message(message: &Message, text: &str) {
    let style = match message {
        Message::BuildFailed { .. } | Message::NotSettled { .. } | Message::NotStarted { .. } => ERROR,
        Message::NotReloaded { .. }
        | Message::NotLoadable { .. }
        | Message::Died { .. }
        | Message::DiedLater { .. }
        | Message::LeftBehind { .. }
        | Message::CopiesBehind { .. }
        | Message::NotLoaded { .. }
        | Message::Ended { .. }
        | Message::Killing => WARN,
        Message::Live { .. } => HEADER,
        Message::Unchanged { .. }
        | Message::NotRolledBack { .. }
        | Message::CallersFollowed { .. }
        | Message::Stopping
        | Message::Stopped(_)
        | Message::Over(_)
        | Message::Watching { .. } => NOTE,
    };
    line(style, text);
}

/// What is not shown yet, because a program has the whole terminal.
static HELD: Mutex<String> = Mutex::new(String::new());

/// How much of that is kept, in bytes: the newest.
const MOST_HELD: usize = 1 << 16;

/// Wipes the progress bar that a cancelled cargo leaves on its line. A screen does that by itself.
pub fn wipe_progress() {
    if !screen::is_open() && stderr().is_terminal() && !terminal::is_drawn_on() {
        eprint!("\r\x1b[2K");
    }
}

/// Prints what rustc said, above the progress bar.
pub fn diagnostic(rendered: &str) {
    wipe_progress();
    write(rendered);
}

/// Prints lines as they are.
pub fn lines(text: &str) {
    write(text);
}

/// Prints a remark.
pub fn note(text: &str) {
    line(NOTE, text);
}

/// Prints a warning.
pub fn warning(text: &str) {
    line(WARN, text);
}

/// Writes codes that ring or show something elsewhere. They are for terminals only.
pub fn unseen(codes: &str) {
    if screen::is_open() {
        screen::unseen(codes);
    } else if stderr().is_terminal() {
        let _ = stderr().lock().write_all(codes.as_bytes());
    }
}

/// Shows what was held back while a program had the whole terminal, if it has it no more.
pub fn catch_up() {
    write("");
}

fn line(style: Style, text: &str) {
    write(&format!("{style}[hotreload]{style:#} {text}\n"));
}

/// Writes `text` in one piece: the program has the same terminal, and its lines must not get into the middle of ours. Nor
/// must ours get into what it draws.
fn write(text: &str) {
    let stderr = stderr();
    let is_plain = AutoStream::choice(&stderr) == ColorChoice::Never;
    let text = if is_plain { strip_str(text).to_string() } else { text.to_owned() };
    if screen::lines(&text) {
        return;
    }
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.push_str(&text);
    if stderr.is_terminal() && terminal::is_drawn_on() {
        let too_much = held.len().saturating_sub(MOST_HELD);
        let line = held.as_bytes().iter().skip(too_much).position(|byte| *byte == b'\n').unwrap_or_default();
        held.drain(..if too_much > 0 { too_much + line + 1 } else { 0 });
        return;
    }
    let text = std::mem::take(&mut *held);
    // Where nobody listens there is nobody to tell.
    let _ = stderr.lock().write_all(text.as_bytes());
}
