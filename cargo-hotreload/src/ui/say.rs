//! Lines of a session, each marked as ours.

use std::io::{IsTerminal, Write, stderr};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice, eprint};
use anstyle::Style;
use clap_cargo::style::{ERROR, HEADER, NOTE, WARN};

use crate::session::message::Message;

/// Prints what a session reports.
pub fn message(message: &Message) {
    let style = match message {
        Message::BuildFailed { .. } | Message::NotStarted { .. } => ERROR,
        Message::Stuck { .. } | Message::NotLoaded { .. } | Message::Ended { .. } | Message::Killing => WARN,
        Message::Live { .. } => HEADER,
        Message::Unchanged { .. }
        | Message::Stopping
        | Message::Stopped(_)
        | Message::Over(_)
        | Message::Watching { .. } => NOTE,
    };
    line(style, &message.to_string());
}

/// Wipes the progress bar that a cancelled cargo leaves on its line.
pub fn wipe_progress() {
    if stderr().is_terminal() {
        eprint!("\r\x1b[2K");
    }
}

/// Prints what rustc said, above the progress bar.
pub fn diagnostic(rendered: &str) {
    wipe_progress();
    write(rendered);
}

/// Prints a remark.
pub fn note(text: &str) {
    line(NOTE, text);
}

/// Prints a warning.
pub fn warning(text: &str) {
    line(WARN, text);
}

fn line(style: Style, text: &str) {
    write(&format!("{style}[hotreload]{style:#} {text}\n"));
}

/// Writes `text` in one piece: the program has the same terminal, and its lines must not get into the middle of ours.
fn write(text: &str) {
    let mut stderr = stderr().lock();
    let is_plain = AutoStream::choice(&stderr) == ColorChoice::Never;
    let text = if is_plain { strip_str(text).to_string() } else { text.to_owned() };
    // Where nobody listens there is nobody to tell.
    let _ = stderr.write_all(text.as_bytes());
}
