//! Lines of a session, each marked as ours.

use std::io::IsTerminal;

use anstream::{eprint, eprintln};
use anstyle::Style;
use clap_cargo::style::{ERROR, HEADER, NOTE, WARN};

use crate::session::message::Message;

/// Prints what a session reports.
pub fn message(message: &Message) {
    let style = match message {
        Message::BuildFailed { .. } | Message::NotStarted { .. } => ERROR,
        Message::Stuck { .. } | Message::NotLoaded { .. } | Message::Ended { .. } | Message::Killing => WARN,
        Message::Live { .. } => HEADER,
        Message::Unchanged { .. } | Message::Stopping | Message::Stopped(_) => NOTE,
    };
    line(style, &message.to_string());
}

/// Wipes the progress bar that a cancelled cargo leaves on its line.
pub fn wipe_progress() {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[2K");
    }
}

/// Prints what rustc said, above the progress bar.
pub fn diagnostic(rendered: &str) {
    wipe_progress();
    eprint!("{rendered}");
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
    eprintln!("{style}[hotreload]{style:#} {text}");
}
