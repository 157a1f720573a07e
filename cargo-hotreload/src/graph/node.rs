//! A crate or a dependency group, and the part that it plays.

use std::collections::BTreeSet;
use std::fmt;

use crate::plan::roles::Role;

/// Index of a [`Node`] in [`Picture::nodes`](crate::graph::picture::Picture::nodes).
pub type NodeIndex = usize;

/// Whether the workspace is hot-reloadable now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is enabled.
    Enabled,
    /// The picture shows what it would be.
    NotEnabled,
    /// By the setting `strategy` there are no modules: each edit restarts.
    RestartOnly,
}

/// A crate or a dependency group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Package name.
    pub name: String,
    /// The part that it plays.
    pub part: Part,
    /// What it depends on directly.
    pub uses: BTreeSet<NodeIndex>,
    /// What runs while it is compiled: procedural macros, what its build script uses.
    pub built_with: BTreeSet<NodeIndex>,
    /// The name of the program that it is, if it is one.
    pub program: Option<String>,
    /// What is built into it: the crates of a group, the third-party crates that only the host sees.
    pub carries: Vec<String>,
}

/// The part that a node plays for the running program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The executable.
    Host,
    /// A dylib that the running host can swap, in this place of the load order, counted from 1.
    Module {
        /// Its place.
        place: usize,
    },
    /// A module or a resident, which the first build shows; in this place if it is a module.
    Undecided {
        /// Its place.
        place: usize,
    },
    /// A dylib that the host links.
    Resident,
    /// A crate that the user excluded: it is built into this group, or into the executable.
    Excluded {
        /// The group's number.
        group: Option<usize>,
    },
    /// A library that the program never loads, but may contain.
    Unloaded,
    /// Code that runs while other crates are compiled.
    Helper,
    /// A member that the program does not depend on.
    Unused,
    /// A dependency group.
    Group {
        /// Its number.
        number: usize,
    },
}

impl Part {
    /// The word that stands for it in style sheets.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Module { .. } => "module",
            Self::Undecided { .. } => "undecided",
            Self::Resident => "resident",
            Self::Group { .. } => "group",
            Self::Excluded { .. } | Self::Unloaded | Self::Helper | Self::Unused => "static",
        }
    }

    /// The place in the load order of modules.
    #[must_use]
    pub fn place(self) -> Option<usize> {
        match self {
            Self::Module { place } | Self::Undecided { place } => Some(place),
            _ => None,
        }
    }
}

/// The word for it.
impl fmt::Display for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => Role::Host.fmt(formatter),
            Self::Module { .. } => Role::Module.fmt(formatter),
            Self::Undecided { .. } => Role::Undecided.fmt(formatter),
            Self::Resident => Role::Resident.fmt(formatter),
            Self::Excluded { .. } | Self::Unloaded | Self::Helper | Self::Unused => Role::Static.fmt(formatter),
            Self::Group { .. } => formatter.pad("group"),
        }
    }
}
