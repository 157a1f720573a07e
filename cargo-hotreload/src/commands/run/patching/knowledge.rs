//! What is known of the programs since the last good build.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::commands::run::patching::base::OwnCode;
use crate::commands::run::patching::sources::Sources;
use crate::commands::run::patching::views::Views;
use crate::config::profile;
use crate::effects::rustc::cached::{self, Cached};
use crate::effects::rustc::records;
use crate::patch::rustc::plan::{self, Base, Edit, Seen};
use crate::patch::rustc::recorded::{Kind, Recorded};
use crate::patch::rustc::replay::{Places, Results};
use crate::patch::rustc::units::Units;
use crate::workspace::Workspace;
use crate::workspace::graph::HostIndex;

/// The programs of a good build.
pub(super) struct Programs {
    pub(super) workspace: Workspace,
    /// That of each instance.
    pub(super) hosts: Vec<HostIndex>,
    /// Where Rust's own libraries are.
    pub(super) toolchain: PathBuf,
    /// When the build began.
    pub(super) began: SystemTime,
}

/// What is known since the last good build.
pub(super) struct Known {
    pub(super) programs: Programs,
    pub(super) units: Units,
    pub(super) sources: Sources,
    pub(super) views: Views,
    /// What is compiled against.
    pub(super) base: Base,
    /// What the programs were linked from.
    pub(super) kept: Base,
    /// What rustc's cache has of the programs' own crates.
    pub(super) cached: BTreeMap<HostIndex, Vec<Cached>>,
    /// The code of the programs' own crates, for those who ask first.
    pub(super) own: BTreeMap<HostIndex, Arc<OwnCode>>,
}

impl Known {
    /// What is known of `programs` whose calls of rustc are in `records`: `kept` and `cached` get what processes may be
    /// compared with, and `earlier` is what was seen in the sources before.
    pub(super) fn read(programs: Programs, records: &Path, kept: &Path, cached: &Path, earlier: &Views) -> Self {
        let mut known = Self {
            units: records::read(records),
            sources: Sources::default(),
            views: Views::default(),
            base: Base::default(),
            kept: Base::default(),
            cached: BTreeMap::new(),
            own: BTreeMap::new(),
            programs,
        };
        if let Some(names) = editable(&known.programs.workspace) {
            known.units = known.units.with_editable(names);
        }
        let parts = known.parts();
        let local = parts.iter().copied().filter(|unit| known.is_local(unit));
        let sources = Sources::read(parts.iter().copied());
        let views = Views::read(local.clone(), &sources, known.programs.began, earlier);
        let base = keep(local.filter(|unit| unit.kind() == Kind::Library), kept);
        known.cached = known.cached(cached);
        Self { sources, views, kept: base.clone(), base, ..known }
    }

    /// Everything that the programs consist of, and what builds them.
    fn parts(&self) -> Vec<&Recorded> {
        let hosts = 0..self.programs.workspace.hosts.len();
        let parts = self.units.parts_of(hosts.filter_map(|host| self.program(host)));
        let mut seen = BTreeSet::new();
        let all = parts.units.into_iter().chain(parts.tools);
        all.filter(|unit| seen.insert(unit.key())).collect()
    }

    /// How the program `host` was compiled.
    pub(super) fn program(&self, host: HostIndex) -> Option<&Recorded> {
        let workspace = &self.programs.workspace;
        let host = workspace.hosts.get(host)?;
        let directory = workspace.target_directory.join(profile::directory(&workspace.profile));
        self.units.program(&host.bin, host.manifest.parent()?, &directory)
    }

    /// What rustc's cache has of the programs' own crates, kept in `directory` before anything is compiled again.
    fn cached(&self, directory: &Path) -> BTreeMap<HostIndex, Vec<Cached>> {
        let hosts = 0..self.programs.workspace.hosts.len();
        let keep = |host| {
            let kept = cached::keep(self.program(host)?, &directory.join(host.to_string()));
            Some((host, kept.ok()?))
        };
        hosts.filter_map(keep).collect()
    }

    /// The code of the own crate of the program `host`, compiled as `program`.
    pub(super) fn own_code(&mut self, host: HostIndex, program: &Recorded, places: Places<'_>) -> Arc<OwnCode> {
        let edit = Edit { unit: program.key(), seen: Seen::ByNobody };
        let parts = self.units.parts(program);
        let plan = || plan::plan(&self.units, &parts, &[edit], &self.kept, places);
        let cached = self.cached.get(&host).cloned().unwrap_or_default();
        let new = || OwnCode::new(program, cached, plan().map_err(|refusal| refusal.to_string()));
        Arc::clone(self.own.entry(host).or_insert_with(new))
    }

    /// What `program` is linked from and may be edited, itself included; with its library, if it is one.
    pub(super) fn local_parts(&self, program: &Recorded) -> Vec<(Recorded, Option<PathBuf>)> {
        let parts = self.units.parts(program).units.into_iter().filter(|unit| self.is_local(unit));
        let rlib = |unit: &Recorded| match self.kept.results(&unit.key()) {
            Some(kept) => kept.rlib.clone(),
            None => Results::of_cargo(unit).rlib,
        };
        parts.map(|unit| (unit.clone(), rlib(unit))).collect()
    }

    /// Whether a crate is of the workspace, or beside it: one that may be edited.
    fn is_local(&self, unit: &Recorded) -> bool {
        let manifest = unit.package_directory().map(|directory| directory.join("Cargo.toml"));
        manifest.is_some_and(|manifest| self.programs.workspace.package_of(&manifest).is_some())
    }
}

/// The names of all local crates, unless crates from elsewhere use one of these: `[patch]` brings that about. What was
/// compiled before this tool took notes is known by its name alone.
fn editable(workspace: &Workspace) -> Option<BTreeSet<String>> {
    let graph = &workspace.graph;
    let libraries = graph.libraries.iter().filter(|library| library.manifest().is_some());
    let packages = workspace.places.iter().filter_map(|place| place.package.as_deref());
    let names = libraries.map(|library| library.crate_name.as_str()).chain(packages);
    graph.below_third_parties().is_empty().then(|| names.map(|name| name.replace('-', "_")).collect())
}

/// Cargo's `libraries` under other names, in `directory`: a build of its own that is cancelled may take them away.
fn keep<'unit>(libraries: impl Iterator<Item = &'unit Recorded>, directory: &Path) -> Base {
    if fs::create_dir_all(directory).is_err() {
        return Base::default();
    }
    let keep = |unit: &Recorded| {
        let (there, here) = (Results::of_cargo(unit), Results::of(unit, directory));
        let link = |from: Option<&PathBuf>, to: Option<&PathBuf>| fs::hard_link(from?, to?).ok();
        link(there.rlib.as_ref(), here.rlib.as_ref())?;
        link(there.rmeta.as_ref(), here.rmeta.as_ref())?;
        Some((unit.key(), here))
    };
    let kept: Option<Vec<_>> = libraries.map(keep).collect();
    // All of them belong together, or none.
    kept.map(Base::of).unwrap_or_default()
}
