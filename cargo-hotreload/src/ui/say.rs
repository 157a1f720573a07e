//! Lines of a session, each marked as ours.

use anstream::eprintln;
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
