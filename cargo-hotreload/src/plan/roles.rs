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

/// An executable with everything that it links (`DT_NEEDED`, in any depth).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Linked {
    /// File names of the libraries.
    pub libraries: BTreeSet<String>,
    /// Whether any part of it opens libraries itself.
    pub opens_libraries: bool,
}

/// File name of the dylib of `library`: cargo gives dylibs of path packages no hash.
#[must_use]
pub fn file_name(library: &Library) -> String {
    format!("lib{}.so", library.crate_name)
}

/// The role of the dylib `file`; without `linked` the program was not built yet.
#[must_use]
pub fn role_of(file: &str, linked: Option<&Linked>) -> Role {
    match linked {
        Some(linked) if linked.libraries.contains(file) => Role::Resident,
        Some(linked) if linked.opens_libraries => Role::Module,
        // A dependency that the program never uses.
        Some(_) => Role::Static,
        None => Role::Undecided,
    }
}

/// Name and role of every crate, lowest first, the host last but for what it does not link.
#[must_use]
pub fn roles(workspace: &Workspace, linked: Option<&Linked>) -> Vec<(String, Role)> {
    let library = |index: usize| {
        let library = &workspace.graph.libraries[index];
        (library.package.clone(), role_of(&file_name(library), linked))
    };
    let mut all: Vec<(String, Role)> = workspace.graph.local().map(library).collect();
    all.extend(workspace.hosts.iter().map(|host| (host.package.clone(), Role::Host)));
    all.extend(workspace.others.iter().map(|name| (name.clone(), Role::Static)));
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Linked, Role, role_of};

    #[test]
    fn what_is_linked_is_resident_and_only_a_loader_has_modules() {
        let linked = |opens_libraries| Linked { libraries: BTreeSet::from(["libcore.so".to_owned()]), opens_libraries };
        assert_eq!(role_of("libcore.so", Some(&linked(true))), Role::Resident);
        assert_eq!(role_of("libapi.so", Some(&linked(true))), Role::Module);
        assert_eq!(role_of("libapi.so", Some(&linked(false))), Role::Static);
        assert_eq!(role_of("libapi.so", None), Role::Undecided);
    }
}
