//! The thread that keeps what is known for patches: how everything was compiled, and what each process has not got.
//!
//! It does what it is asked for in the order in which it was asked. What takes long is done by other threads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::SystemTime;

use crate::commands::run::arrival::Arrival;
use crate::commands::run::patching::base::OwnCode;
use crate::commands::run::patching::cancelling::Cancelling;
use crate::commands::run::patching::compiling::{Carried, Compiling};
use crate::commands::run::patching::instance::{Missing, Moment};
use crate::commands::run::patching::planning::Files;
use crate::commands::run::patching::remove;
use crate::commands::run::patching::sources::Sources;
use crate::commands::run::patching::views::Views;
use crate::commands::run::patching::worker;
use crate::config::profile;
use crate::effects::build::Rendered;
use crate::effects::rustc::cached::{self, Cached};
use crate::effects::rustc::records;
use crate::patch::rustc::plan::Base;
use crate::patch::rustc::recorded::{Kind, Recorded};
use crate::patch::rustc::replay::Results;
use crate::patch::rustc::units::Units;
use crate::workspace::Workspace;
use crate::workspace::graph::HostIndex;

/// What is done with what rustc says of the sources.
pub(super) type Show = Box<dyn Fn(Rendered) + Send>;

/// What the thread is asked for. Numbers are those of programs.
pub(super) enum Task {
    /// Files were saved.
    Saved(Vec<PathBuf>),
    /// Cargo begins to build.
    BuildBegins,
    /// Cargo has built everything.
    Built(Box<Programs>),
    /// To compile what was edited; with the number of the compilation.
    Compile(u64, Show),
    /// Compilers have ended.
    Compiled(Carried),
    /// To get to know a process that was just started.
    Attach {
        /// The program.
        index: usize,
        /// The process.
        pid: u32,
        /// When the build began.
        began: SystemTime,
    },
    /// A process has ended.
    Detach(usize),
    /// To put into a process what it has not got.
    Patch(usize),
    /// To take back what was put into a process last.
    TakeBack(usize),
    /// To compare what cargo has built with what a process runs.
    Compare(usize),
    /// A process runs what cargo has built, for it is the same.
    Current(usize),
    /// To end.
    End,
}

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

/// The thread's state.
pub(super) struct Keeper {
    pub(super) tool: PathBuf,
    records: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) arrivals: Sender<Arrival>,
    pub(super) cancelling: Arc<Cancelling>,
    /// Counted up with everything that happens.
    pub(super) now: Moment,
    /// When cargo's newest build began, and the newest good one.
    build_began: Moment,
    pub(super) good_began: Moment,
    pub(super) known: Option<Known>,
    /// Directories of what was compiled since the last good build.
    pub(super) results: Vec<PathBuf>,
    results_before: Vec<PathBuf>,
    pub(super) compiling: Option<Compiling>,
    /// For each instance what its process has not got, and the thread of the process.
    pub(super) missing: Vec<Missing>,
    pub(super) workers: BTreeMap<usize, Sender<worker::Task>>,
    /// When each process was given something the last time, and what that was compiled from.
    pub(super) given: BTreeMap<usize, (Moment, BTreeSet<PathBuf>)>,
    pub(super) threads: Vec<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn new(
        tool: &Path,
        records: &Path,
        directory: &Path,
        told: (Sender<Arrival>, Arc<Cancelling>),
        instances: usize,
    ) -> Self {
        let (arrivals, cancelling) = told;
        Self {
            tool: tool.to_owned(),
            records: records.to_owned(),
            directory: directory.to_owned(),
            arrivals,
            cancelling,
            now: 0,
            build_began: 0,
            good_began: 0,
            known: None,
            results: Vec::new(),
            results_before: Vec::new(),
            compiling: None,
            missing: (0..instances).map(|_| Missing::default()).collect(),
            workers: BTreeMap::new(),
            given: BTreeMap::new(),
            threads: Vec::new(),
        }
    }

    /// Does what is asked for, until that is the end. No thread that it started is left then.
    pub(super) fn work(mut self, inbox: &Receiver<Task>, to_itself: &Sender<Task>) {
        while let Ok(task) = inbox.recv() {
            self.now += 1;
            match task {
                Task::Saved(paths) => self.saved(&paths),
                Task::BuildBegins => self.build_began = self.now,
                Task::Built(programs) => self.built(*programs),
                Task::Compile(number, show) => self.compile(number, show, to_itself),
                Task::Compiled(carried) => self.compiled(carried),
                Task::Attach { index, pid, began } => self.attach(index, pid, began),
                Task::Detach(index) => drop(self.workers.remove(&index)),
                Task::Patch(index) => self.patch(index),
                Task::TakeBack(index) => self.take_back(index),
                Task::Compare(index) => self.compare(index),
                Task::Current(index) => self.missing[index].has_what_was_built(self.good_began),
                Task::End => break,
            }
        }
        self.workers.clear();
        for thread in self.threads {
            let _ = thread.join();
        }
    }

    fn saved(&mut self, paths: &[PathBuf]) {
        for missing in &mut self.missing {
            for path in paths {
                missing.saved(path, self.now);
            }
        }
    }

    fn built(&mut self, programs: Programs) {
        self.good_began = self.build_began;
        // A process may just be looking at what it was started from.
        let before = mem::replace(&mut self.results_before, mem::take(&mut self.results));
        for directory in before {
            remove(&directory);
        }
        let earlier = self.known.take().map(|known| known.views).unwrap_or_default();
        let mut known = Known {
            units: records::read(&self.records),
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
        (known.sources, known.views, known.base) = {
            let sources = Sources::read(parts.iter().copied());
            let views = Views::read(local.clone(), &sources, known.programs.began, &earlier);
            let kept = self.directory.join(format!("kept-{}", self.now));
            let base = keep(local.filter(|unit| unit.kind() == Kind::Library), &kept);
            self.results.push(kept);
            (sources, views, base)
        };
        let cached = self.directory.join(format!("cached-{}", self.now));
        known.cached = known.cached(&cached);
        self.results.push(cached);
        known.kept = known.base.clone();
        self.known = Some(known);
    }

    /// The files that processes have not got.
    pub(super) fn files(&self) -> Files {
        let mut files = Files::default();
        let Some(known) = &self.known else { return files };
        for index in self.workers.keys() {
            let Some(&host) = known.programs.hosts.get(*index) else { continue };
            for (path, saved) in self.missing[*index].files() {
                files.of.entry(host).or_default().insert(path.clone());
                if saved <= self.good_began || self.missing[*index].is_uncertain(path) {
                    files.built.insert(path.clone());
                }
            }
        }
        files
    }

    /// The process of the program of this number, which was started from the last good build, is new.
    pub(super) fn begins(&mut self, index: usize) {
        self.missing[index].has_what_was_built(self.good_began);
    }
}

impl Known {
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
