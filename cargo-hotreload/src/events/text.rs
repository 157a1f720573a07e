//! Records in words: what `cargo hotreload status --follow` prints.

use std::fmt;

use crate::events::record::{
    BuildFinished, Change, Diagnostic, ExitedWhen, Live, LiveHow, Next, Outcome, ProgramExited, Record, ReloadFailed,
    ReloadOutcome, SessionEnded, SessionStarted, StuckReason,
};
use crate::session::landed::Patch;
use crate::session::message::{How, Message, Time, Times};
use crate::session::verdict::Verdict;

/// In one line without its end; what the compiler said about errors follows below it.
impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SessionStarted(started) => session_started(formatter, started),
            Self::Change(change) => write!(formatter, "saved {}", Files(change)),
            Self::Requested { request } => {
                write!(formatter, "a {} was asked for", format!("{request:?}").to_lowercase())
            }
            Self::BuildStarted { build, .. } => write!(formatter, "build {build} began"),
            Self::BuildFinished(finished) => build_finished(formatter, finished),
            Self::ProgramStarted { pid, modules } => {
                write!(formatter, "process {pid} began, with {}", count(modules.len(), "module"))
            }
            Self::ProgramNotStarted { reason } => write!(formatter, "the program cannot be started: {reason}"),
            Self::ReloadSent { pid, signal, modules } => {
                let signal = signal.as_deref().unwrap_or("a signal");
                write!(formatter, "process {pid} was sent {signal}, to swap {}", count(modules.len(), "module"))
            }
            Self::ModuleReloaded { package, after_ms, .. } => {
                write!(formatter, "{package} was swapped after {}", Time(after_ms.0))
            }
            Self::ModuleStuck { package, reason, verdict, after_ms, .. } => {
                let what = match verdict {
                    None | Some(Verdict::Stuck) => "is stuck",
                    Some(Verdict::NotPickedUp) => "was not picked up",
                    Some(Verdict::Refused) => "was refused",
                    Some(Verdict::NotLoaded) => "was not loaded",
                };
                write!(formatter, "{package} {what}: after {} {reason}", Time(after_ms.0))
            }
            Self::ReloadFailed(failed) => write!(formatter, "{failed}"),
            Self::Live(live) => write!(formatter, "{}", message(live)),
            Self::CallersFollowed(followed) => {
                let (crates, functions) = (followed.modules.clone(), followed.functions);
                write!(formatter, "{}", Message::CallersFollowed { crates, functions })
            }
            Self::LeftBehind { pid, reasons } => {
                write!(formatter, "old code runs on in process {pid}, because {}", reasons.join(", and "))
            }
            Self::Unchanged { build_ms, .. } => write!(formatter, "{}", Message::Unchanged { build: build_ms.0 }),
            Self::Restarted { pid, why } => write!(formatter, "process {pid} takes over, because {why}"),
            Self::ProgramExited(exited) => write!(formatter, "{exited}"),
            Self::SessionEnded(ended) => session_ended(formatter, ended),
            Self::Unknown => formatter.write_str("something that this version of the tool does not know"),
        }
    }
}

fn session_started(formatter: &mut fmt::Formatter<'_>, started: &SessionStarted) -> fmt::Result {
    let SessionStarted { session, crates, strategy, profile, instances, .. } = started;
    let crates = count(crates.len(), "crate");
    write!(formatter, "session {session} of `{}`", started.programs())?;
    if !instances.is_empty() {
        write!(formatter, " in {} processes", instances.len())?;
    }
    write!(formatter, ": {crates}, strategy {strategy}, profile {profile}")
}

fn session_ended(formatter: &mut fmt::Formatter<'_>, ended: &SessionEnded) -> fmt::Result {
    let SessionEnded { reloads, patches, restarts, error } = ended;
    formatter.write_str("the session has ended: ")?;
    // A session patches, or it reloads.
    match patches {
        0 => formatter.write_str(&count(*reloads as usize, "reload"))?,
        _ => formatter.write_str(&several(*patches as usize, "patch", "patches"))?,
    }
    write!(formatter, ", {}", count(*restarts as usize, "restart"))?;
    error.as_ref().map_or(Ok(()), |error| write!(formatter, "; {error}"))
}

fn build_finished(formatter: &mut fmt::Formatter<'_>, finished: &BuildFinished) -> fmt::Result {
    let BuildFinished { build, outcome, took_ms, reason, diagnostics, .. } = finished;
    let verb = match outcome {
        Outcome::Success => "ended well",
        Outcome::Failed => "failed",
        Outcome::Cancelled => "was cancelled",
    };
    write!(formatter, "build {build} {verb} after {}", Time(took_ms.0))?;
    if let Some(reason) = reason {
        write!(formatter, ": {reason}")?;
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.into_iter().try_for_each(|error| write!(formatter, "\n{}", error.rendered.trim_end()))
}

/// What the session itself says of it.
fn message(live: &Live) -> Message {
    let Live {
        how,
        pid,
        modules,
        modules_total,
        functions,
        running,
        begun,
        kept,
        callers_follow,
        patch,
        why,
        rolled_back,
        times,
        ..
    } = live.clone();
    let how = match how {
        LiveHow::Started => How::Started { modules: modules_total },
        LiveHow::Reloaded => How::Reloaded { modules, total: modules_total },
        LiveHow::Patched => How::Patched {
            crates: modules,
            patch: Patch {
                functions: functions.unwrap_or_default(),
                running,
                begun,
                kept,
                callers_follow,
                took: patch.unwrap_or_default(),
            },
        },
        LiveHow::Restarted => How::Restarted { why: why.unwrap_or_default() },
    };
    let times = Times {
        build: (!rolled_back).then_some(times.build_ms.0),
        delivery: times.signal_to_mapped_ms.0,
        edit_to_live: times.edit_to_live_ms.map(|time| time.0),
    };
    Message::Live { how, pid, times }
}

impl SessionStarted {
    /// The names of its programs.
    #[must_use]
    pub fn programs(&self) -> String {
        let mut names: Vec<&str> = self.instances.iter().map(|instance| instance.program.as_str()).collect();
        names.dedup();
        if names.is_empty() { self.program.clone() } else { names.join(", ") }
    }
}

impl Diagnostic {
    /// Whether nothing can be built because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self.level.as_str(), "error" | "internal-compiler-error")
    }
}

impl fmt::Display for ProgramExited {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, exit_code, signal, when, reasons } = self;
        let when = match when {
            ExitedWhen::Starting => "while it started ",
            ExitedWhen::Reloading => "during the reload ",
            ExitedWhen::Running => "by itself ",
            ExitedWhen::Stopped => "as it was told to ",
        };
        write!(formatter, "process {pid} ended {when}")?;
        match (exit_code, signal) {
            (Some(code), _) => write!(formatter, "(exit code {code})"),
            (None, signal) => write!(formatter, "({})", signal.as_deref().unwrap_or("by a signal")),
        }?;
        reasons.iter().try_for_each(|reason| write!(formatter, "; because {reason}"))
    }
}

impl fmt::Display for ReloadFailed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, outcome, reasons, next, .. } = self;
        let what = match outcome {
            ReloadOutcome::Stuck => "is stuck",
            ReloadOutcome::NotPickedUp => "did not notice the signal",
            ReloadOutcome::Refused => "refused to reload",
            ReloadOutcome::NotLoaded => "did not load the new code",
            ReloadOutcome::NotLoadable => "was not given the new code, which could not be loaded",
            ReloadOutcome::Died => "did not survive the reload",
        };
        let follows = match next {
            Next::Restart => "a new one is started",
            Next::Left => "nothing is done about it",
        };
        write!(formatter, "process {pid} {what}: {follows}")?;
        reasons.iter().try_for_each(|reason| write!(formatter, ", because {reason}"))
    }
}

impl fmt::Display for StuckReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OldCodeMapped => "its old code is still loaded",
            Self::NotMapped => "it is not loaded",
        })
    }
}

/// The first few files of a change.
struct Files<'change>(&'change Change);

impl fmt::Display for Files<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        let paths = &self.0.paths;
        formatter.write_str(&paths[..paths.len().min(SHOWN)].join(", "))?;
        if paths.len() > SHOWN { write!(formatter, " and {} more", paths.len() - SHOWN) } else { Ok(()) }
    }
}

/// `1 module`, `2 modules`.
#[must_use]
pub fn count(number: usize, what: &str) -> String {
    several(number, what, &format!("{what}s"))
}

/// `1 patch`, `2 patches`.
fn several(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use crate::events::record::{
        BuildFinished, Change, Diagnostic, ExitedWhen, Live, LiveHow, Outcome, ProgramExited, Record, Times,
    };
    use crate::session::exit::Ending;

    #[test]
    fn a_reload_reads_as_the_session_says_it() {
        let millis = |millis| Duration::from_millis(millis).into();
        let times = Times {
            edit_to_live_ms: Some(millis(2010)),
            build_ms: millis(1900),
            signal_to_mapped_ms: millis(48),
            ..Times::default()
        };
        let modules = vec!["api".into(), "router".into()];
        let live = Live {
            build: 2,
            how: LiveHow::Reloaded,
            pid: 7,
            modules,
            modules_total: 5,
            functions: None,
            patch: None,
            running: Vec::new(),
            begun: None,
            kept: BTreeSet::new(),
            callers_follow: false,
            why: None,
            rolled_back: false,
            times,
        };
        assert_eq!(
            Record::Live(live).to_string(),
            "reloaded api, router (2 of 5 modules): build 1.9 s, reload 48 ms, edit to live 2.0 s"
        );
    }

    #[test]
    fn a_failed_build_shows_its_errors_and_no_warnings() {
        let said = |level: &str| Diagnostic {
            level: level.into(),
            message: String::new(),
            code: None,
            file: None,
            line: None,
            column: None,
            rendered: format!("{level}: nonsense\n\n"),
        };
        let finished = BuildFinished {
            build: 4,
            outcome: Outcome::Failed,
            took_ms: Duration::from_millis(310).into(),
            reason: None,
            diagnostics: vec![said("error"), said("warning")],
            left_out: 0,
            compiled: vec![],
        };
        assert_eq!(Record::BuildFinished(finished).to_string(), "build 4 failed after 310 ms\nerror: nonsense");
    }

    #[test]
    fn an_end_has_its_reason() {
        let text = |ending, when| ProgramExited::new(7, ending, when).to_string();
        assert_eq!(text(Ending::Signal(11), ExitedWhen::Running), "process 7 ended by itself (SIGSEGV)");
        assert_eq!(text(Ending::Code(0), ExitedWhen::Stopped), "process 7 ended as it was told to (exit code 0)");
    }

    #[test]
    fn many_files_are_counted() {
        let paths = ["a", "b", "c", "d", "e"].map(String::from).to_vec();
        let change = Change { paths, packages: vec![], manifest: false, since_save_ms: Duration::ZERO.into() };
        assert_eq!(Record::Change(change).to_string(), "saved a, b, c and 2 more");
    }
}
