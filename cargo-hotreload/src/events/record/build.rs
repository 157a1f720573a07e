//! What was saved, and what was made of it.

use serde::{Deserialize, Serialize};

use crate::events::time::Millis;

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
