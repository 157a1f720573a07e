//! The kinds of events and their fields. `docs/events.md` tells them to users: the names here are those of the format.

use serde::{Deserialize, Serialize};

use crate::events::time::Millis;
use crate::session::request::Request;
use crate::session::verdict::Verdict;

mod build;
mod live;
mod reload;
mod session;

pub use build::{BuildFinished, Change, Compiled, Diagnostic, Outcome};
pub use live::{CallersFollowed, Live, LiveHow, Patch, Times};
pub use reload::{ExitedWhen, Next, ProgramExited, ReloadFailed, ReloadOutcome, StuckReason};
pub use session::{Crate, CrateRole, Instance, SessionEnded, SessionStarted};

/// Something that happened in a session.
///
/// A path is a text: JSON has no other bytes, and what is no UTF-8 in a path is replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Record {
    /// The first line of every log.
    SessionStarted(SessionStarted),
    /// Files of local packages have new content.
    Change(Change),
    /// Somebody asked over the control socket.
    Requested {
        /// For what.
        request: Request,
    },
    /// Cargo was called.
    BuildStarted {
        /// The build's number, counted from 1. It is repeated only where another linker is tried.
        build: u32,
        /// The command line, as one would type it.
        command: String,
    },
    /// Cargo has ended, or could not be called.
    BuildFinished(BuildFinished),
    /// A process of the program was started.
    ProgramStarted {
        /// Its process id.
        pid: u32,
        /// The packages of its modules, lowest first.
        modules: Vec<String>,
    },
    /// The program could not be started.
    ProgramNotStarted {
        /// What the system said.
        reason: String,
    },
    /// The process was told to swap modules.
    ReloadSent {
        /// Its process id.
        pid: u32,
        /// The signal's name. `None` only inside of the session, which does not know what the settings name.
        signal: Option<String>,
        /// The packages of the modules that have changed, lowest first.
        modules: Vec<String>,
    },
    /// The new code of a module is mapped and the old is gone.
    ModuleReloaded {
        /// The module's package.
        package: String,
        /// Its file.
        path: String,
        /// The inode that was mapped when the signal was sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        old_inode: Option<u64>,
        /// The inode that is mapped now.
        #[serde(skip_serializing_if = "Option::is_none")]
        inode: Option<u64>,
        /// Since the signal.
        after_ms: Millis,
    },
    /// A module is not as it should be, and the time for it is over.
    ModuleStuck {
        /// The module's package.
        package: String,
        /// Its file.
        path: String,
        /// What is wrong.
        reason: StuckReason,
        /// What that means. None in the logs of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<Verdict>,
        /// Since the signal, or the start of the program.
        after_ms: Millis,
    },
    /// The program did not take the new code, or died of it.
    ReloadFailed(ReloadFailed),
    /// The code of a build runs.
    Live(Live),
    /// Callers of what was patched in tell its new lines, too.
    CallersFollowed(CallersFollowed),
    /// New code is live, and old code runs on.
    LeftBehind {
        /// In this process.
        pid: u32,
        /// Which threads are where, or that it was forked.
        reasons: Vec<String>,
    },
    /// A build brought nothing new.
    Unchanged {
        /// Its number.
        build: u32,
        /// How long it took.
        build_ms: Millis,
    },
    /// A new process has taken the place of the old one.
    Restarted {
        /// Its process id.
        pid: u32,
        /// Why.
        why: String,
    },
    /// The program has ended.
    ProgramExited(ProgramExited),
    /// The last line of every log of a session that was not killed.
    SessionEnded(SessionEnded),
    /// A kind that was added later.
    #[serde(other, skip_serializing)]
    Unknown,
}
