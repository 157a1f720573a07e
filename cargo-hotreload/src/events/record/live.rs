//! New code that runs.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::events::time::Millis;

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
    /// Statics whose initialiser does something else after a patch: what they hold already is kept.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<String>,
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
