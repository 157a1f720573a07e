//! New code that is live, in words.

use std::fmt;

use crate::session::event::Patch;
use crate::session::message::{How, Time, Times};

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
        How::Patched { crates, patch: Patch { functions, running, begun, callers_follow, .. } } => {
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
