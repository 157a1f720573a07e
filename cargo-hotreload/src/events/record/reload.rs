//! What the program made of a reload, and how it ended.

use serde::{Deserialize, Serialize};

use crate::session::exit::Ending;

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
    /// It was neither told to reload nor stopped, because the new code could not have been loaded.
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
