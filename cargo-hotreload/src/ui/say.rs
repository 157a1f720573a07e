//! Lines of a session, each marked as ours.

use std::io::{IsTerminal, Write, stderr};

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
        Message::Stuck { .. } | Message::NotLoaded { .. } | Message::Ended { .. } | Message::Killing => WARN,
        Message::Live { .. } => HEADER,
        Message::Unchanged { .. }
        | Message::Stopping
        | Message::Stopped(_)
        | Message::Over(_)
        | Message::Watching { .. } => NOTE,
    };
    line(style, text);
}

/// Wipes the progress bar that a cancelled cargo leaves on its line. A screen does that by itself.
pub fn wipe_progress() {
    if !screen::is_open() && stderr().is_terminal() {
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

fn line(style: Style, text: &str) {
    write(&format!("{style}[hotreload]{style:#} {text}\n"));
}

/// Writes `text` in one piece: the program has the same terminal, and its lines must not get into the middle of ours.
fn write(text: &str) {
    let stderr = stderr();
    let is_plain = AutoStream::choice(&stderr) == ColorChoice::Never;
    let text = if is_plain { strip_str(text).to_string() } else { text.to_owned() };
    if screen::lines(&text) {
        return;
    }
    let is_raw = stderr.is_terminal() && terminal::needs_returns();
    let text = if is_raw { format!("\r{}", text.replace('\n', "\r\n")) } else { text };
    // Where nobody listens there is nobody to tell.
    let _ = stderr.lock().write_all(text.as_bytes());
}
