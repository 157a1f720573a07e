//! New code that is live: how it got there, and that in words.

use std::fmt;
use std::time::Duration;

use crate::session::landed::Patch;
use crate::session::message::time::Time;

/// How new code got into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// The program was started.
    Started {
        /// How many modules it loaded.
        modules: usize,
    },
    /// The program swapped modules.
    Reloaded {
        /// The changed modules.
        modules: Vec<String>,
        /// How many modules it has.
        total: usize,
    },
    /// New code was put beside the old, and the entries of the old functions lead to it.
    Patched {
        /// The compiled crates.
        crates: Vec<String>,
        /// What was done.
        patch: Patch,
    },
    /// A new process took the place of the old one.
    Restarted {
        /// Why.
        why: String,
    },
}

/// The parts of an edit's way into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// From the start of the build to its end. None where a former build was put back.
    pub build: Option<Duration>,
    /// From the signal or the request to stop to the new code being mapped.
    pub delivery: Duration,
    /// From the save of the file to the new code being mapped, if a save was the cause.
    pub edit_to_live: Option<Duration>,
}

/// In one line.
pub(super) fn live(formatter: &mut fmt::Formatter<'_>, how: &How, pid: u32, times: &Times) -> fmt::Result {
    if times.build.is_none() {
        formatter.write_str("rolled back: ")?;
    }
    let verb = match how {
        How::Started { modules } => {
            write!(formatter, "started process {pid}")?;
            match modules {
                0 => {}
                1 => formatter.write_str(" with 1 module")?,
                modules => write!(formatter, " with {modules} modules")?,
            }
            "start"
        }
        How::Reloaded { modules, total } if modules.is_empty() => {
            write!(formatter, "reloaded 0 of {total} modules, none had changed")?;
            "reload"
        }
        How::Reloaded { modules, total } => {
            write!(formatter, "reloaded {} ({} of {total} modules)", modules.join(", "), modules.len())?;
            "reload"
        }
        How::Patched { crates, patch: Patch { functions, running, begun, kept, callers_follow, .. } } => {
            let plural = if *functions == 1 { "" } else { "s" };
            write!(formatter, "patched {}: {functions} function{plural}, state kept", crates.join(", "))?;
            match &running[..] {
                [] => {}
                [one] => write!(formatter, " (`{one}` runs on as it was until it returns)")?,
                [one, others @ ..] => {
                    let others = others.len();
                    write!(formatter, " (`{one}` and {others} more run on as they were until they return)")?;
                }
            }
            if let Some(main) = begun {
                write!(formatter, " (what `{main}` has done already is not done again)")?;
            }
            let mut statics = kept.iter();
            if let Some(first) = statics.next() {
                match statics.len() {
                    0 => write!(formatter, " (what `{first}` holds already is kept)")?,
                    others => write!(formatter, " (what `{first}` and {others} more hold already is kept)")?,
                }
            }
            if *callers_follow {
                formatter.write_str(" (callers tell its new lines after cargo's build)")?;
            }
            "patch"
        }
        How::Restarted { why } => {
            write!(formatter, "restarted as process {pid}, because {why}")?;
            "restart"
        }
    };
    match times.build {
        Some(build) => write!(formatter, ": build {}, {verb} {}", Time(build), Time(times.delivery))?,
        None => write!(formatter, ": {verb} {}; the next build brings the newest code again", Time(times.delivery))?,
    }
    match times.edit_to_live {
        Some(time) => write!(formatter, ", edit to live {}", Time(time)),
        None => Ok(()),
    }
}
