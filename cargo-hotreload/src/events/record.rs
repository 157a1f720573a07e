//! The kinds of events and their fields. `docs/events.md` tells them to users: the names here are those of the format.

use serde::{Deserialize, Serialize};

use crate::events::time::Millis;
use crate::session::message::Ending;
use crate::session::request::Request;
use crate::session::verdict::Verdict;

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

/// What a session begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionStarted {
    /// The session's process id.
    pub session: u32,
    /// The version of this tool.
    pub tool: String,
    /// Name of the binary or example.
    pub program: String,
    /// The package that it belongs to.
    pub package: String,
    /// The processes that it runs, where there are several; `program` and `package` are those of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<Instance>,
    /// The setting of this name.
    pub strategy: String,
    /// The profile that is built.
    pub profile: String,
    /// The workspace's root.
    pub root: String,
    /// Where builds go.
    pub target_directory: String,
    /// The local packages: libraries in load order, the program's, the others.
    pub crates: Vec<Crate>,
}

/// One of several processes that a session runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Instance {
    /// What it is called in the session.
    pub name: String,
    /// Name of its binary.
    pub program: String,
    /// The package that this belongs to.
    pub package: String,
    /// Which one of its program's it is, counted from 1.
    pub number: u32,
}

/// A local package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Crate {
    /// Its name.
    pub package: String,
    /// Its role, where an earlier build shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<CrateRole>,
    /// The local packages that it uses itself.
    pub dependencies: Vec<String>,
}

/// What a crate is for the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrateRole {
    /// The executable.
    Host,
    /// Can be swapped.
    Module,
    /// Is linked by the host.
    Resident,
    /// Neither.
    Static,
}

/// A burst of saves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// The files, as seen from the workspace's root.
    pub paths: Vec<String>,
    /// The local packages that they belong to.
    pub packages: Vec<String>,
    /// Whether a manifest, the lock file or cargo's configuration is among them.
    pub manifest: bool,
    /// How long ago the last of them was saved.
    pub since_save_ms: Millis,
}

/// What cargo made of the sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildFinished {
    /// The build's number.
    pub build: u32,
    /// How it went.
    pub outcome: Outcome,
    /// How long it took.
    pub took_ms: Millis,
    /// Why it failed, where that is not in the diagnostics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the compiler said, errors first.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more diagnostics there were.
    pub left_out: usize,
    /// What was compiled, in the order in which cargo reported it.
    pub compiled: Vec<Compiled>,
}

/// How a build went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything was built.
    Success,
    /// Something was not.
    Failed,
    /// A newer save, or the end of the session, stopped it.
    Cancelled,
}

/// A message of the compiler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diagnostic {
    /// `error`, `warning` and so on.
    pub level: String,
    /// In one sentence.
    pub message: String,
    /// The error's code, or the lint's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The file, as the compiler names it: as seen from the workspace's root, where it is inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// As the compiler shows it, without colours.
    pub rendered: String,
}

/// A part of a package that was compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Compiled {
    /// The package.
    pub package: String,
    /// The library, program or build script in it.
    pub target: String,
    /// From the start of rustc to its end, where cargo left a trace of the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<Millis>,
}

/// What is wrong with a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StuckReason {
    /// The old code is still mapped.
    OldCodeMapped,
    /// No code of it is mapped.
    NotMapped,
}

/// A reload that did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ReloadFailed {
    /// The number of the build that was on its way.
    pub build: u32,
    /// The process that was told to reload.
    pub pid: u32,
    /// What became of it.
    pub outcome: ReloadOutcome,
    /// Why, as far as facts speak for it; the foremost first.
    pub reasons: Vec<String>,
    /// What is done about it.
    pub next: Next,
}

/// What became of a program in a reload that did not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReloadOutcome {
    /// A module could not be unloaded.
    Stuck,
    /// It never noticed the signal.
    NotPickedUp,
    /// It noticed the signal, and kept what it had.
    Refused,
    /// It unloaded a module, and did not load the new one.
    NotLoaded,
    /// It ended.
    Died,
    /// It was not told, because it could not have loaded the new code.
    NotLoadable,
}

/// What is done with a program that did not take the new code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// A new process runs it.
    Restart,
    /// It is left as it is, running or not.
    Left,
}

/// How the code of a build got into the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Live {
    /// The build's number.
    pub build: u32,
    /// By which way.
    pub how: LiveHow,
    /// The process that runs it.
    pub pid: u32,
    /// The packages of the new modules: those that were swapped, or all of a new process.
    pub modules: Vec<String>,
    /// How many modules the program has.
    pub modules_total: usize,
    /// How many functions have a new body, after a patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<usize>,
    /// Functions that threads go on in as they were until they return, after a patch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<String>,
    /// An asynchronous `main` that got a new body, and goes on in it where it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<String>,
    /// Whether callers, which hold code of the compiled crates, tell old lines until cargo has built everything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub callers_follow: bool,
    /// What the patch took, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
    /// Why it was restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Nothing was built: this build was live before, and was wanted again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub rolled_back: bool,
    /// How long it took.
    pub times: Times,
}

/// What callers of edited code got after cargo's build, so that they tell the new lines of code that they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CallersFollowed {
    /// The process.
    pub pid: u32,
    /// The callers' crates.
    pub modules: Vec<String>,
    /// How many of their functions have a new body.
    pub functions: usize,
    /// What the patch took.
    pub patch: Patch,
}

/// What a patch took. The times are parts of the one from the signal to the mapped code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Patch {
    /// Bytes that it has in the process.
    pub bytes: u64,
    /// Threads that were stopped.
    pub threads: usize,
    /// For how long they were, the last time.
    pub stopped_ms: Millis,
    /// How often they were stopped until none was in the way.
    pub rounds: u32,
    /// Reading and comparing objects, and putting the patch together.
    pub planning_ms: Millis,
    /// Writing it into the process.
    pub writing_ms: Millis,
}

/// By which way new code gets into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LiveHow {
    /// There was no program.
    Started,
    /// It swapped modules.
    Reloaded,
    /// It got new machine code beside the old, and kept its state.
    Patched,
    /// A new process took over.
    Restarted,
}

/// The way of an edit into the program. The parts follow each other without a gap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Times {
    /// The whole, if a save was the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_to_live_ms: Option<Millis>,
    /// From the save to the start of the build, if a save was the cause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub save_to_build_ms: Option<Millis>,
    /// The build.
    pub build_ms: Millis,
    /// From its end to the signal: reload, stop, or the start of a program that did not run.
    pub build_to_signal_ms: Millis,
    /// From the signal to the new code being mapped.
    pub signal_to_mapped_ms: Millis,
}

/// How the program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProgramExited {
    /// Its process id.
    pub pid: u32,
    /// Its exit code, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Name or number of the signal that ended it otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// When in its life.
    pub when: ExitedWhen,
    /// Why, where it died some time after a reload and facts speak for something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

impl ProgramExited {
    /// The process `pid` ended.
    #[must_use]
    pub fn new(pid: u32, ending: Ending, when: ExitedWhen) -> Self {
        let name = |number| signal_hook::low_level::signal_name(number).map_or(number.to_string(), str::to_owned);
        let (exit_code, signal) = match ending {
            Ending::Code(code) => (Some(code), None),
            Ending::Signal(number) => (None, Some(name(number))),
        };
        Self { pid, exit_code, signal, when, reasons: Vec::new() }
    }
}

/// When the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitedWhen {
    /// Before all its modules were loaded.
    Starting,
    /// While it swapped modules.
    Reloading,
    /// Later, by itself.
    Running,
    /// It was told to.
    Stopped,
}

/// What a session did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SessionEnded {
    /// How often modules were swapped.
    pub reloads: u32,
    /// How often a patch got in.
    #[serde(default)]
    pub patches: u32,
    /// How often a new process took over.
    pub restarts: u32,
    /// The failure that ended it, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
