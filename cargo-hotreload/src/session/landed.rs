//! Code that was put into a running process.

use std::collections::BTreeSet;

use crate::events::record;

/// What a patch did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// How many functions have a new body.
    pub functions: usize,
    /// Functions that threads go on in as they were until they return.
    pub running: Vec<String>,
    /// An asynchronous `main` with a new body, in which it goes on where it waits.
    pub begun: Option<String>,
    /// Statics whose initialiser does something else from now on: what they hold already is kept.
    pub kept: BTreeSet<String>,
    /// Whether callers, which hold code of the compiled crates, tell old lines until cargo has built everything.
    pub callers_follow: bool,
    /// What it took.
    pub took: record::Patch,
}

/// Code that was put into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landed {
    /// The names of its crates, lowest first.
    pub crates: Vec<String>,
    /// What was done.
    pub patch: Patch,
}
