//! The checks of `cargo hotreload doctor`: facts in, judgement out. [`crate::effects::doctor`] and
//! [`crate::effects::dylib_probe`] gather the facts.

pub mod machine;
pub mod modules;
pub mod probe;
pub mod probe_crates;
pub mod settings;
pub mod toolchain;
pub mod workspace;

/// One requirement: what was found and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The requirement, in a few words.
    pub name: &'static str,
    /// Whether it is met.
    pub outcome: Verdict,
    /// What was found: a line, or several if another program's message is quoted.
    pub found: String,
    /// What mends it: a command in backticks, or a sentence around one.
    pub help: Option<String>,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The requirement is met.
    Ok,
    /// It works, but is likely to surprise.
    Warning,
    /// Hot reloading cannot work like this.
    Failed,
    /// It could not be looked at, for a reason that is no fault, or that another check reports.
    Skipped,
}

impl Check {
    /// A requirement that is met.
    #[must_use]
    pub fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, outcome: Verdict::Ok, found: found.into(), help: None }
    }

    /// A requirement that is met, but not well.
    #[must_use]
    pub fn warning(name: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name, outcome: Verdict::Warning, found: found.into(), help: Some(help.into()) }
    }

    /// A requirement that is not met.
    #[must_use]
    pub fn failed(name: &'static str, found: impl Into<String>, help: impl Into<String>) -> Self {
        Self { name, outcome: Verdict::Failed, found: found.into(), help: Some(help.into()) }
    }

    /// A requirement that was not looked at.
    #[must_use]
    pub fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, outcome: Verdict::Skipped, found: why.into(), help: None }
    }
}

/// How many of `checks` ended with `outcome`.
#[must_use]
pub fn count(checks: &[Check], outcome: Verdict) -> usize {
    checks.iter().filter(|check| check.outcome == outcome).count()
}
