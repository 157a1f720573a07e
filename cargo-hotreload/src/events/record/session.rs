//! The begin and the end of a session.

use serde::{Deserialize, Serialize};

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
