//! What `cargo build --unit-graph` prints, as far as it is needed here.
//!
//! `cargo metadata` unifies features over host and target; the unit graph names the units that a build really
//! compiles, each with its exact features.
//! Source: <https://doc.rust-lang.org/nightly/cargo/reference/unstable.html#unit-graph>.

use std::collections::BTreeSet;

use serde::Deserialize;

/// Everything that one cargo invocation would build.
#[derive(Debug, Deserialize)]
pub struct UnitGraph {
    /// All units; dependencies and roots are indices into this list.
    pub units: Vec<Unit>,
    /// The units that the command line asked for.
    pub roots: Vec<usize>,
}

/// One compiler or build script invocation.
#[derive(Debug, Deserialize)]
pub struct Unit {
    /// The package, as in `cargo metadata`.
    pub pkg_id: String,
    /// The target of that package.
    pub target: UnitTarget,
    /// `build`, `run-custom-build`, …
    pub mode: String,
    /// The activated features.
    pub features: Vec<String>,
    /// The units that have to be built first.
    pub dependencies: Vec<UnitDependency>,
    /// The profile that the unit is built with.
    pub profile: UnitProfile,
    /// The target that it is built for, unless that is the compiler's own.
    #[serde(default)]
    pub platform: Option<String>,
}

/// The target of a unit.
#[derive(Debug, Deserialize)]
pub struct UnitTarget {
    /// `lib`, `bin`, `proc-macro`, `custom-build`, …
    pub kind: Vec<String>,
    /// Crate name as written in the manifest (may contain `-`).
    pub name: String,
}

/// An edge of the unit graph.
#[derive(Debug, Deserialize)]
pub struct UnitDependency {
    /// Index of the unit.
    pub index: usize,
}

/// What tells one unit from another, as far as it decides about what has to be compiled again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnitKey {
    package: String,
    target: String,
    mode: String,
    features: Vec<String>,
}

impl UnitGraph {
    /// The units of all packages but those that `is_left_out` names by their id.
    #[must_use]
    pub fn keys(&self, is_left_out: impl Fn(&str) -> bool) -> BTreeSet<UnitKey> {
        let units = self.units.iter().filter(|unit| !is_left_out(&unit.pkg_id));
        let key = |unit: &Unit| UnitKey {
            package: unit.pkg_id.clone(),
            target: unit.target.name.clone(),
            mode: unit.mode.clone(),
            features: unit.features.clone(),
        };
        units.map(key).collect()
    }
}

/// The profile settings that matter for dylibs.
#[derive(Debug, Deserialize)]
pub struct UnitProfile {
    /// `false`, `off`, `thin`, `fat`, `true`.
    pub lto: String,
    /// `unwind` or `abort`.
    pub panic: String,
    /// How much debug information: 0, 1, 2, or a name.
    #[serde(default)]
    pub debuginfo: serde_json::Value,
}

impl Unit {
    /// Whether this unit compiles a library that Rust code can use: what makes a C library only, cargo builds beside
    /// the program and links with nothing.
    #[must_use]
    pub fn is_library(&self) -> bool {
        const LINKABLE: [&str; 3] = ["lib", "rlib", "dylib"];
        self.mode == "build" && self.target.kind.iter().any(|kind| LINKABLE.contains(&kind.as_str()))
    }

    /// Whether its debug information describes every type.
    #[must_use]
    pub fn is_described(&self) -> bool {
        self.profile.debuginfo == 2 || self.profile.debuginfo == "full"
    }

    /// Whether this unit compiles the program `name`; `kind` is `bin` or `example`.
    #[must_use]
    pub fn is_program(&self, kind: &str, name: &str) -> bool {
        self.mode == "build" && self.target.name == name && self.target.kind.iter().any(|own| own == kind)
    }
}
