//! What went wrong in a reload, and why, as far as the machine knows.

use std::collections::BTreeSet;

use crate::session::delivery::Built;
use crate::session::exit::Ending;
use crate::session::verdict::Reception;
use crate::session::verify::Unmet;

/// What is to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The process; it may be gone.
    pub pid: u32,
    /// What it was to run.
    pub built: Built,
    /// The packages of the modules that had changed, lowest first.
    pub modules: Vec<String>,
    /// What went wrong.
    pub trouble: Trouble,
}

/// What went wrong in a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// These modules are not as they should be.
    Unmet(Vec<Unmet>),
    /// The program has ended.
    Died(Ending),
}

/// What could be found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What the process does about the signal, if it is still there.
    pub reception: Option<Reception>,
    /// Why it went wrong, the foremost first.
    pub reasons: Vec<Reason>,
}

/// What still runs old code beside the new.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behind {
    /// Threads of the program, and where they are.
    pub threads: Vec<Reason>,
    /// Processes that the program has forked, or started from its own executable.
    pub processes: BTreeSet<u32>,
}

/// A reason why a module stays, or why a program died, that facts speak for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The package of the module that it is about, if it is about one.
    pub module: Option<String>,
    /// A sentence, without its full stop.
    pub text: String,
    /// What mends it.
    pub help: String,
    /// It keeps the module for sure, whatever the program does.
    pub is_proof: bool,
}
