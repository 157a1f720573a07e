//! A compilation of edited crates: what it is of, and how it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use crate::commands::run::patching::instance::Moment;
use crate::commands::run::patching::views::Syntax;
use crate::effects::build::Rendered;
use crate::effects::rustc::compile::Outcome;
use crate::events::record::Diagnostic;
use crate::patch::rustc::plan::Plan;
use crate::patch::rustc::recorded::Key;
use crate::session::event::{Crates, NoCrates};
use crate::workspace::graph::HostIndex;

/// What is done with what rustc says of the sources.
pub(super) type Show = Box<dyn Fn(Rendered) + Send>;

/// What is being compiled.
pub(super) struct Compiling {
    pub(super) plan: Arc<Plan>,
    pub(super) began: Moment,
    pub(super) refused: BTreeMap<HostIndex, String>,
    pub(super) callers_follow: BTreeSet<HostIndex>,
    pub(super) views: Vec<(Key, Option<Syntax>)>,
}

/// How compilers ended, and what they said of the sources.
pub(super) struct Carried {
    pub(super) outcome: Result<Outcome>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) at: Instant,
}

/// How a compilation of crates ended.
#[derive(Debug)]
pub(in crate::commands::run) struct CompilationEnded {
    /// For each program.
    pub(in crate::commands::run) results: Vec<Result<Crates, NoCrates>>,
    /// What was said of the sources, if anything was compiled.
    pub(in crate::commands::run) diagnostics: Option<Vec<Diagnostic>>,
    pub(in crate::commands::run) is_good: bool,
    pub(in crate::commands::run) at: Instant,
}
