//! The events of a session, put together to what a person remembers: I saved, it built, it was live.

use std::time::Duration;

use crate::events::Line;
use crate::events::record::{
    Change, Compiled, Diagnostic, LiveHow, ProgramExited, Record, SessionEnded, SessionStarted,
};
use crate::events::time::Time;
use crate::report::rounds::telling::Telling;
use crate::session::request::Request;

mod telling;

/// A session as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// What it began with.
    pub started: SessionStarted,
    /// When.
    pub began: Time,
    /// The time of the last event.
    pub until: Time,
    /// How it ended, if it has.
    pub ended: Option<SessionEnded>,
    /// Everything in between, in order.
    pub entries: Vec<Entry>,
}

/// Something that happened in a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A build and what came of it.
    Round(Box<Round>),
    /// The program ended by itself, and nobody had saved anything.
    Exited {
        /// When.
        at: Time,
        /// How.
        exited: ProgramExited,
        /// Which one of several it was.
        name: Option<String>,
    },
}

/// A build and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    /// The build's number.
    pub number: u32,
    /// Why it was built.
    pub cause: Cause,
    /// When the file was saved, or else when the build began.
    pub at: Time,
    /// How long each part took, as far as it came.
    pub parts: Parts,
    /// What came of it; of several programs, in the one that had the most trouble with it.
    pub result: RoundResult,
    /// What came of it in each of several programs, as far as that is known.
    pub programs: Vec<InProgram>,
    /// What was compiled.
    pub compiled: Vec<Compiled>,
    /// What the compiler said.
    pub diagnostics: Vec<Diagnostic>,
    /// What else happened on the way, each a sentence.
    pub notes: Vec<String>,
}

/// What came of a build in one of several programs.
#[derive(Debug, Clone, PartialEq)]
pub struct InProgram {
    /// What it is called in the session.
    pub name: String,
    /// What came of it.
    pub result: RoundResult,
    /// How long each part took, as far as it came.
    pub parts: Parts,
}

/// Why something was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The session began.
    First,
    /// Files were saved.
    Saved(Change),
    /// Somebody asked.
    Requested(Request),
}

/// The parts of an edit's way into the program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts {
    /// From the save to the start of the build.
    pub watch: Duration,
    /// Cargo's work.
    pub build: Duration,
    /// From its end to the signal.
    pub tool: Duration,
    /// From the signal to the new code being mapped.
    pub reload: Duration,
}

impl Parts {
    /// The whole.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.watch + self.build + self.tool + self.reload
    }
}

/// What came of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoundResult {
    /// Nothing yet.
    Open,
    /// Its code runs.
    Live {
        /// By which way it got there.
        how: LiveHow,
        /// The new modules.
        modules: Vec<String>,
        /// Why it was a restart.
        why: Option<String>,
    },
    /// It failed.
    Failed {
        /// Why, where the compiler did not say.
        reason: Option<String>,
    },
    /// A newer one took its place.
    Overtaken,
    /// It brought nothing new.
    Unchanged,
    /// The program did not run with it.
    Broken {
        /// Why, as a sentence.
        why: String,
    },
}

/// The session of `lines`; `None` if they do not begin with one.
#[must_use]
pub fn session(lines: &[Line]) -> Option<Session> {
    let first = lines.first()?;
    let Record::SessionStarted(started) = &first.record else { return None };
    let mut telling = Telling::default();
    for line in lines {
        telling.tell(&line.record, line.time, line.instance.as_deref());
    }
    let ended = lines.iter().find_map(|line| match &line.record {
        Record::SessionEnded(ended) => Some(ended.clone()),
        _ => None,
    });
    let until = lines.last().map_or(first.time, |last| last.time);
    Some(Session { started: started.clone(), began: first.time, until, ended, entries: telling.entries() })
}

impl Session {
    /// Every build.
    pub fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Round(round) => Some(&**round),
            Entry::Exited { .. } => None,
        })
    }
}

impl Round {
    /// How long the edit took to be live, if it was one and is.
    #[must_use]
    pub fn edit_to_live(&self) -> Option<Duration> {
        let is_edit_and_live = matches!((&self.cause, &self.result), (Cause::Saved(_), RoundResult::Live { .. }));
        is_edit_and_live.then(|| self.parts.sum())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Cause, Entry, RoundResult, session};
    use crate::events::record::{ExitedWhen, LiveHow, ProgramExited, Record};
    use crate::report::testing::{begin, change, example, good, lines, live, start, told};
    use crate::session::exit::Ending;

    #[test]
    fn each_build_has_its_cause_and_its_result() {
        let told = told(&example());
        let words = |entry: &Entry| match entry {
            Entry::Exited { exited, .. } => format!("exited: {exited}"),
            Entry::Round(round) => {
                let cause = match &round.cause {
                    Cause::First => "first".to_owned(),
                    Cause::Saved(change) => change.paths.join("+"),
                    Cause::Requested(request) => format!("{request:?}"),
                };
                format!("{cause}: {} {:?}", crate::report::words::class(&round.result), round.notes)
            }
        };
        let all: Vec<String> = told.entries.iter().map(words).collect();
        assert_eq!(
            all,
            [
                "first: started []",
                "api/src/<b>.rs: reloaded []",
                "api/src/lib.rs: failed []",
                "core/src/lib.rs: restarted []",
                "api/src/lib.rs: overtaken []",
                "api/src/more.rs: restarted [\"api is stuck: after 20.0 s its old code is still loaded\"]",
                "exited: process 7 ended by itself (SIGSEGV)",
                "Reload: broken []",
            ]
        );
        let reload = told.rounds().nth(1).expect("the first edit");
        assert_eq!(reload.edit_to_live(), Some(Duration::from_micros(1_443_700)));
        assert_eq!(told.rounds().next().and_then(super::Round::edit_to_live), None, "a start is no edit");
    }

    #[test]
    fn a_good_build_that_was_never_delivered_is_overtaken_by_the_one_that_was() {
        let records =
            [start(), change("a"), begin(1), good(1), change("b"), begin(2), good(2), live(2, LiveHow::Restarted)];
        let session = told(&records);
        let results: Vec<_> = session.rounds().map(|round| &round.result).collect();
        assert_eq!(*results[0], RoundResult::Overtaken);
        assert!(matches!(results[1], RoundResult::Live { .. }));
    }

    #[test]
    fn each_of_several_programs_has_its_result_and_the_worst_counts() {
        let of = |name: &str, record: Record, micros| {
            let mut line = lines(&[record]).remove(0);
            line.instance = Some(name.to_owned());
            if let Record::Live(live) = &mut line.record {
                live.times.signal_to_mapped_ms = Duration::from_micros(micros).into();
            }
            line
        };
        let exited = |when| Record::ProgramExited(ProgramExited::new(7, Ending::Signal(11), when));
        let mut all = lines(&[start(), change("a"), begin(1), good(1)]);
        all.push(of("api#2", live(1, LiveHow::Reloaded), 40_000));
        all.push(of("api#1", live(1, LiveHow::Reloaded), 9_000));
        let told = session(&all).expect("a session");
        let round = told.rounds().next().expect("a build");
        assert!(matches!(round.result, RoundResult::Live { how: LiveHow::Reloaded, .. }));
        assert_eq!(round.parts.reload, Duration::from_millis(40), "live is what is live everywhere");
        let shown: Vec<String> = round.programs.iter().map(crate::report::words::in_program).collect();
        assert_eq!(shown, ["api#2: reloaded api, router, after 1.5 s", "api#1: reloaded api, router, after 1.4 s"]);

        all.push(of("worker", exited(ExitedWhen::Starting), 0));
        all.push(of("api#1", exited(ExitedWhen::Running), 0));
        let told = session(&all).expect("a session");
        let round = told.rounds().next().expect("a build");
        let why = "[worker] process 7 ended while it started (SIGSEGV)".to_owned();
        assert_eq!(round.result, RoundResult::Broken { why });
        assert!(matches!(told.entries.last(), Some(Entry::Exited { name: Some(name), .. }) if name == "api#1"));

        // The next build is the same for one, and new for the other.
        all.extend(lines(&[change("b"), begin(2), good(2)]));
        all.push(of("api#1", Record::Unchanged { build: 2, build_ms: Duration::from_secs(1).into() }, 0));
        all.push(of("worker", live(2, LiveHow::Started), 5_000));
        let told = session(&all).expect("a session");
        let round = told.rounds().nth(1).expect("a second build");
        assert!(matches!(round.result, RoundResult::Live { how: LiveHow::Started, .. }), "{:?}", round.result);
        assert!(round.notes.is_empty());
    }

    #[test]
    fn a_session_that_still_runs_has_an_open_end_and_nothing_is_no_session() {
        let session_ = told(&[start(), change("a"), begin(1)]);
        assert!(session_.ended.is_none() && session_.rounds().all(|round| round.result == RoundResult::Open));
        assert!(session(&[]).is_none() && session(&lines(&[begin(1)])).is_none());
    }
}
