//! What a session tells its user.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::events::record::Next;
use crate::session::exit::Ending;
use crate::session::foresight::Fault;
use crate::session::trouble::Reason;
use crate::session::verdict::{Finding, Reception};
use crate::session::verify::Unmet;

mod failure;
mod live;
mod time;

pub use live::{How, Times};
pub use time::Time;

use live::live;

/// Something worth telling.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The first build, or one after a change, failed; rustc's own diagnostics were shown already.
    BuildFailed {
        /// What cargo or the planning said.
        reason: String,
        /// Whether the program goes on with the old code.
        running: bool,
    },
    /// A build brought nothing new.
    Unchanged {
        /// Build time.
        build: Duration,
    },
    /// The program has got the edit by a patch, but the whole does not build.
    NotSettled {
        /// What cargo said.
        reason: String,
    },
    /// New code is live.
    Live {
        /// How it got there.
        how: How,
        /// The program's process id.
        pid: u32,
        /// How long it took.
        times: Times,
    },
    /// Callers of what was patched in tell its new lines, too.
    CallersFollowed {
        /// Their names, lowest first.
        crates: Vec<String>,
        /// How many of their functions have a new body.
        functions: usize,
    },
    /// The program does not take the new code.
    NotReloaded {
        /// What became of each module that is not live.
        findings: Vec<Finding>,
        /// What the program does about the signal.
        reception: Option<Reception>,
        /// Why, as far as it is known.
        reasons: Vec<Reason>,
        /// After how long.
        after: Duration,
        /// What is done about it.
        next: Next,
    },
    /// The new code could not be loaded, and the program was not told to reload or to stop.
    NotLoadable {
        /// How it would have got there.
        how: How,
        /// Why.
        faults: Vec<Fault>,
    },
    /// The program ended while it swapped modules.
    Died {
        /// How.
        ending: Ending,
        /// Why, as far as it is known.
        reasons: Vec<Reason>,
        /// What is done about it.
        next: Next,
    },
    /// The program runs, but not every module is loaded.
    NotLoaded {
        /// What is missing.
        unmet: Vec<Unmet>,
        /// After how long.
        after: Duration,
    },
    /// The program ended by itself.
    Ended {
        /// How.
        ending: Ending,
        /// When in its life.
        when: When,
        /// Whether another build was live before, and can be brought back.
        has_former: bool,
    },
    /// New code is live, but threads are still in the old.
    LeftBehind {
        /// Which, and where.
        reasons: Vec<Reason>,
    },
    /// New code is live, but processes below the program have the old.
    CopiesBehind {
        /// Which.
        processes: BTreeSet<u32>,
    },
    /// The program died some time after a reload, and maybe because of it.
    DiedLater {
        /// How.
        ending: Ending,
        /// What facts speak for, the foremost first.
        reasons: Vec<Reason>,
    },
    /// The program ended by itself, and the session ends with it.
    Over(Ending),
    /// Saves are built from now on, or no longer.
    Watching {
        /// Whether they only are remembered.
        paused: bool,
    },
    /// The program could not be started.
    NotStarted {
        /// What the system said.
        reason: String,
    },
    /// The build that was live before was not brought back.
    NotRolledBack {
        /// Why.
        reason: String,
    },
    /// The program was asked to stop.
    Stopping,
    /// The program did not stop and is killed.
    Killing,
    /// The program has stopped because it was asked to.
    Stopped(Ending),
}

/// When the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before all its modules were loaded.
    Starting,
    /// Later.
    Running,
}

impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuildFailed { reason, running: true } => {
                write!(formatter, "build failed, the program goes on with the old code: {reason}")
            }
            Self::BuildFailed { reason, running: false } => write!(formatter, "build failed: {reason}"),
            Self::Unchanged { build } => {
                write!(formatter, "nothing to reload, the code is the same: build {}", Time(*build))
            }
            Self::NotSettled { reason } => {
                write!(formatter, "the program runs the edit, but the whole cannot be built: {reason}")
            }
            Self::Live { how, pid, times } => live(formatter, how, *pid, times),
            Self::CallersFollowed { crates, functions } => {
                let plural = if *functions == 1 { "" } else { "s" };
                write!(formatter, "{} followed: {functions} function{plural} with the new lines", crates.join(", "))
            }
            Self::NotReloaded { findings, reception, reasons, after, next } => {
                failure::not_reloaded(formatter, findings, reception.as_ref(), *after)?;
                failure::rest(formatter, failure::running(*next), reasons)
            }
            Self::NotLoadable { how, faults } => failure::not_loadable(formatter, how, faults),
            Self::Died { ending, reasons, next } => {
                failure::died(formatter, *ending)?;
                failure::rest(formatter, failure::ended(*next), reasons)
            }
            Self::LeftBehind { reasons } => {
                formatter.write_str("left behind: old code runs on beside the new")?;
                failure::rest(formatter, "the program may die of it", reasons)
            }
            Self::CopiesBehind { processes } => {
                let children = if processes.len() == 1 { "a child process runs" } else { "child processes run" };
                let numbers: Vec<String> = processes.iter().map(u32::to_string).collect();
                write!(
                    formatter,
                    "{children} the old code on ({})\n  help: `cargo hotreload restart` \
                     starts all of them with the new code",
                    numbers.join(", ")
                )
            }
            Self::DiedLater { ending, reasons } => {
                write!(formatter, "the program died ({ending})")?;
                failure::rest(formatter, failure::ended(Next::Left), reasons)
            }
            Self::NotLoaded { unmet, after } => {
                write!(formatter, "the program runs, but after {} {}", Time(*after), Missing(unmet))
            }
            Self::Ended { ending, when, has_former } => {
                let when = match when {
                    When::Starting if ending.is_success() => "",
                    When::Starting => " while it started",
                    When::Running => "",
                };
                let verb = if matches!(ending, Ending::Signal(_)) { "died" } else { "ended" };
                write!(formatter, "the program {verb}{when} ({ending}); the next good build starts it again")?;
                if *has_former && !ending.is_success() {
                    formatter.write_str(
                        "\n  help: `cargo hotreload rollback`, or the key `u`, brings back the build before",
                    )?;
                }
                Ok(())
            }
            Self::Over(ending) => write!(formatter, "the program ended ({ending}), and the session with it"),
            Self::Watching { paused: true } => formatter.write_str("paused: saves are built when you resume"),
            Self::Watching { paused: false } => formatter.write_str("resumed: each save is built"),
            Self::NotStarted { reason } => write!(formatter, "the program cannot be started: {reason}"),
            Self::NotRolledBack { reason } => write!(formatter, "not rolled back: {reason}"),
            Self::Stopping => formatter.write_str("stopping the program; Ctrl+C again kills it"),
            Self::Killing => formatter.write_str("killing the program"),
            Self::Stopped(ending) => write!(formatter, "the program stopped ({ending})"),
        }
    }
}

/// What is missing, in a clause.
struct Missing<'list>(&'list [Unmet]);

impl fmt::Display for Missing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let clause = |unmet: &Unmet| match unmet {
            Unmet::OldMapped(path) => format!("the old code of {} is still loaded", name(path)),
            Unmet::NewMissing(path) => format!("{} is not loaded", name(path)),
        };
        formatter.write_str(&self.0.iter().map(clause).collect::<Vec<_>>().join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{How, Message, Time, Times};

    #[test]
    fn a_reload_names_modules_and_times() {
        let message = Message::Live {
            how: How::Reloaded { modules: vec!["api".into(), "router".into()], total: 5 },
            pid: 7,
            times: Times {
                build: Some(Duration::from_millis(1900)),
                delivery: Duration::from_millis(48),
                edit_to_live: Some(Duration::from_millis(2010)),
            },
        };
        assert_eq!(
            message.to_string(),
            "reloaded api, router (2 of 5 modules): build 1.9 s, reload 48 ms, edit to live 2.0 s"
        );
    }

    #[test]
    fn durations_read_naturally() {
        let text = |millis| Time(Duration::from_millis(millis)).to_string();
        assert_eq!(
            [text(0), text(994), text(999), text(61_000), text(125_000)],
            ["0 ms", "994 ms", "1.0 s", "61.0 s", "2 min 5 s"]
        );
    }
}
