//! What each crate of the workspace is for the running program.

use std::collections::BTreeSet;
use std::fmt;

use crate::workspace::Workspace;
use crate::workspace::graph::Library;

/// The part that a crate plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The executable.
    Host,
    /// A dylib that the running host can swap.
    Module,
    /// A dylib that the host links: a change there needs a restart.
    Resident,
    /// A dylib of which only the linked host shows whether it is a module.
    Undecided,
    /// Left as it is.
    Static,
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Host => "host",
            Self::Module => "module",
            Self::Resident => "resident",
            Self::Undecided => "module or resident",
            Self::Static => "static",
        })
    }
}

/// File names of the libraries that the host and its libraries link (`DT_NEEDED`), in any depth.
pub type Needed = BTreeSet<String>;

/// File name of the dylib of `library`: cargo gives dylibs of path packages no hash.
#[must_use]
pub fn file_name(library: &Library) -> String {
    format!("lib{}.so", library.crate_name)
}

/// Name and role of every crate, lowest first, the host last but for what it does not link. Without `needed` the
/// program was not built yet.
#[must_use]
pub fn roles(workspace: &Workspace, needed: Option<&Needed>) -> Vec<(String, Role)> {
    let library = |index: usize| {
        let library = &workspace.graph.libraries[index];
        let role = match needed {
            Some(needed) if needed.contains(&file_name(library)) => Role::Resident,
            Some(_) => Role::Module,
            None => Role::Undecided,
        };
        (library.package.clone(), role)
    };
    let mut all: Vec<(String, Role)> = workspace.graph.local().map(library).collect();
    all.push((workspace.host.package.clone(), Role::Host));
    all.extend(workspace.others.iter().map(|name| (name.clone(), Role::Static)));
    all
}
