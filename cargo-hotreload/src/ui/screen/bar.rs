//! The status line: what the session does, in one line at the bottom of the terminal.

use std::time::Duration;

use anstyle::{Effects, Style};
use clap_cargo::style::ERROR;

use crate::session::message::{Message, Time};
use crate::ui::screen::width::{columns, cut};

/// What the status line shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bar {
    /// The session's own word for what it does.
    pub state: &'static str,
    /// How many of its programs run, where there are several.
    pub programs: Option<Programs>,
    /// Whether the newest build failed.
    pub last: Last,
    /// How many modules the program has.
    pub modules: usize,
    /// From the last save to its code being live.
    pub edit_to_live: Option<Duration>,
    /// Errors of the running build, or of the last one.
    pub errors: usize,
    /// Its warnings.
    pub warnings: usize,
}

/// The programs of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Programs {
    /// Those that have a process.
    pub running: usize,
    /// How many there are.
    pub all: usize,
}

/// How the last thing that the session tried came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Last {
    /// Well, or there was nothing yet.
    #[default]
    Good,
    /// The build failed.
    BuildFailed,
    /// The program ended, is stuck or did not start.
    ProgramFailed,
}

/// Shown where there is room for it.
const HINT: &str = "h help";

impl Bar {
    /// Takes over what `message` tells.
    pub fn note(&mut self, message: &Message) {
        match message {
            Message::BuildFailed { .. } => self.last = Last::BuildFailed,
            Message::Ended { .. }
            | Message::Died { .. }
            | Message::DiedLater { .. }
            | Message::NotStarted { .. }
            | Message::NotReloaded { .. }
            | Message::NotLoadable { .. }
            | Message::NotLoaded { .. } => {
                self.last = Last::ProgramFailed;
            }
            Message::Unchanged { .. } => self.last = Last::Good,
            Message::Live { times, .. } => {
                self.last = Last::Good;
                self.edit_to_live = times.edit_to_live.or(self.edit_to_live);
            }
            _ => {}
        }
    }

    /// The line in at most `width` columns, without style.
    #[must_use]
    pub fn text(&self, width: usize) -> String {
        let mut parts = vec![self.headline()];
        parts.extend(self.findings());
        parts.extend((self.modules > 0).then(|| counted(self.modules, "module")));
        parts.extend(self.edit_to_live.map(|time| format!("last edit live in {}", Time(time))));
        parts.push(HINT.into());
        let text = format!(" {} ", parts.join(" | "));
        if columns(&text) <= width { text } else { cut(text.trim_end(), width) }
    }

    /// The line in at most `width` columns, as it is drawn.
    #[must_use]
    pub fn render(&self, width: usize, styled: bool) -> String {
        let text = self.text(width);
        if !styled {
            return text;
        }
        let style = if self.last == Last::Good { Style::new() } else { ERROR }.effects(Effects::INVERT);
        format!("{style}{text}{style:#}")
    }

    fn headline(&self) -> String {
        let state = match (self.programs, self.state) {
            (Some(Programs { running, all }), "running" | "waiting for a change") => format!("{running}/{all} running"),
            (Some(Programs { running, all }), state) => format!("{state}, {running}/{all} running"),
            (None, state) => state.to_owned(),
        };
        match (self.state, self.last) {
            ("running" | "waiting for a change" | "paused", Last::BuildFailed) => format!("build failed, {state}"),
            _ => state,
        }
    }

    fn findings(&self) -> Option<String> {
        let errors = (self.errors > 0).then(|| counted(self.errors, "error"));
        let warnings = (self.warnings > 0).then(|| counted(self.warnings, "warning"));
        let both: Vec<String> = errors.into_iter().chain(warnings).collect();
        (!both.is_empty()).then(|| both.join(", "))
    }
}

/// `1 error`, `2 errors`.
#[must_use]
pub fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bar, Last, Programs};
    use crate::session::exit::Ending;
    use crate::session::message::{How, Message, Times, When};

    fn live(how: How, edit_to_live: Option<u64>) -> Message {
        let time = Duration::from_millis(5);
        let times = Times { build: Some(time), delivery: time, edit_to_live: edit_to_live.map(Duration::from_millis) };
        Message::Live { how, pid: 1, times }
    }

    #[test]
    fn a_session_is_told_in_one_line() {
        let mut bar = Bar { state: "building", ..Bar::default() };
        assert_eq!(bar.text(80), " building | h help ");
        bar.note(&live(How::Started { modules: 4 }, None));
        (bar.state, bar.modules) = ("running", 4);
        assert_eq!(bar.text(80), " running | 4 modules | h help ");
        bar.note(&live(How::Reloaded { modules: vec!["api".into()], total: 4 }, Some(1400)));
        assert_eq!(bar.text(80), " running | 4 modules | last edit live in 1.4 s | h help ");
        bar.note(&Message::BuildFailed { reason: String::new(), running: true });
        (bar.errors, bar.warnings) = (2, 1);
        assert_eq!(
            bar.text(120),
            " build failed, running | 2 errors, 1 warning | 4 modules | last edit live in 1.4 s | h help "
        );
        bar.note(&Message::Ended { ending: Ending::Signal(11), when: When::Running, has_former: false });
        bar.state = "waiting for a change";
        assert!(bar.text(120).starts_with(" waiting for a change | "));
        assert_eq!(bar.last, Last::ProgramFailed);
    }

    #[test]
    fn several_programs_are_counted() {
        let programs = Some(Programs { running: 2, all: 3 });
        let mut bar = Bar { state: "running", programs, ..Bar::default() };
        assert_eq!(bar.text(80), " 2/3 running | h help ");
        bar.state = "building";
        assert_eq!(bar.text(80), " building, 2/3 running | h help ");
        bar.note(&Message::BuildFailed { reason: String::new(), running: true });
        (bar.state, bar.programs) = ("waiting for a change", Some(Programs { running: 0, all: 3 }));
        assert_eq!(bar.text(80), " build failed, 0/3 running | h help ");
    }

    #[test]
    fn a_narrow_terminal_shows_the_state_first() {
        let bar = Bar { state: "running", modules: 3, ..Bar::default() };
        assert_eq!(bar.text(12), " running | …");
        assert_eq!(bar.text(0), "");
        assert_eq!(bar.render(12, false), bar.text(12));
        assert!(bar.render(12, true).starts_with("\x1b[7m"));
    }
}
