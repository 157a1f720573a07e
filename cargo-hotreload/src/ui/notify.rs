//! How somebody who looks elsewhere learns that something went wrong.

use std::env;

use clap::ValueEnum;

use crate::effects::notify;
use crate::session::message::Message;
use crate::ui::say;

/// `--notify`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Notify {
    /// Not at all
    #[default]
    None,
    /// The terminal's bell
    Bell,
    /// A message on the desktop: by `notify-send`, else by the terminal
    Desktop,
}

/// Which escape code makes a terminal show a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `OSC 9`: iTerm2, kitty, `WezTerm`, Ghostty, Windows Terminal.
    Nine,
    /// `OSC 777`: GNOME's terminal, foot, rxvt-unicode.
    Notify,
}

impl Dialect {
    /// What a terminal understands that sets these variables.
    #[must_use]
    pub fn of(term: &str, has_vte_version: bool) -> Self {
        let knows = has_vte_version || term.starts_with("foot") || term.starts_with("rxvt");
        if knows { Self::Notify } else { Self::Nine }
    }

    /// What our terminal understands.
    fn of_ours() -> Self {
        Self::of(&env::var("TERM").unwrap_or_default(), env::var_os("VTE_VERSION").is_some())
    }

    /// The code that shows `text`.
    #[must_use]
    pub fn code(self, text: &str) -> String {
        let text: String = text.chars().map(|c| if c.is_control() || c == ';' { ' ' } else { c }).collect();
        match self {
            Self::Nine => format!("\x1b]9;{TITLE}: {text}\x07"),
            Self::Notify => format!("\x1b]777;notify;{TITLE};{text}\x07"),
        }
    }
}

/// Who sends the message.
const TITLE: &str = "cargo hotreload";

/// Whether `message` is bad news that one has to do something about.
#[must_use]
pub fn is_worth_it(message: &Message) -> bool {
    match message {
        Message::BuildFailed { .. }
        | Message::NotReloaded { .. }
        | Message::NotLoadable { .. }
        | Message::Died { .. }
        | Message::DiedLater { .. }
        | Message::LeftBehind { .. }
        | Message::CopiesBehind { .. }
        | Message::NotLoaded { .. }
        | Message::NotStarted { .. } => true,
        Message::Ended { ending, .. } => !ending.is_success(),
        _ => false,
    }
}

/// Makes `text` known in the way `how`.
pub fn ring(how: Notify, text: &str) {
    let by_terminal = |text: &str| say::unseen(&Dialect::of_ours().code(text));
    match how {
        Notify::None => {}
        Notify::Bell => say::unseen("\x07"),
        Notify::Desktop if notify::has_desktop() => notify::show(TITLE, text, by_terminal),
        Notify::Desktop => by_terminal(text),
    }
}

#[cfg(test)]
mod tests {
    use super::{Dialect, is_worth_it};
    use crate::session::exit::Ending;
    use crate::session::message::{Message, When};

    #[test]
    fn a_message_ends_no_code_early() {
        assert_eq!(Dialect::of("xterm-kitty", false).code("a\x07b\nc"), "\x1b]9;cargo hotreload: a b c\x07");
        assert_eq!(Dialect::of("xterm-256color", true).code("a;b"), "\x1b]777;notify;cargo hotreload;a b\x07");
        assert_eq!(Dialect::of("foot", false), Dialect::Notify);
    }

    #[test]
    fn a_crash_is_bad_news_and_an_end_is_none() {
        let ended = |ending| Message::Ended { ending, when: When::Running, has_former: false };
        assert!(is_worth_it(&ended(Ending::Signal(11))) && is_worth_it(&ended(Ending::Code(1))));
        assert!(!is_worth_it(&ended(Ending::Code(0))) && !is_worth_it(&Message::Stopping));
        assert!(is_worth_it(&Message::BuildFailed { reason: String::new(), running: false }));
    }
}
