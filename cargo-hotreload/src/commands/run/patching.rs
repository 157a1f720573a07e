//! Live patching in the loop: the edited crates are compiled as cargo did it, and put into each running program.
//!
//! 1. cargo's builds are recorded, so that each call of rustc can be repeated ([`Patching::recorded`]);
//! 2. each process gets a thread of its own that knows it ([`worker`]);
//! 3. an edit is traced to the crates that read the file ([`sources`]), and these are compiled ([`compiling`]);
//! 4. the threads put what came out into their processes ([`processes`]).

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::commands::run::facts::Facts;
use crate::commands::run::patching::sources::Sources;
use crate::commands::run::patching::views::Views;
use crate::commands::run::patching::worker::Task;
use crate::config::profile;
use crate::config::values::Strategy;
use crate::effects::rustc::background::helpers;
use crate::effects::rustc::cached;
use crate::effects::rustc::compile::{Canceller, Compiled};
use crate::effects::rustc::records;
use crate::effects::{agent, cargo_config, files};
use crate::live::Crate;
use crate::patch::rustc::background::in_background;
use crate::patch::rustc::plan::{self, Base, Edit, Plan};
use crate::patch::rustc::recorded::{Key, Kind, Recorded};
use crate::patch::rustc::replay::{Places, Results};
use crate::patch::rustc::stand_in::{recording, records_directory};
use crate::patch::rustc::units::Units;
use crate::patch::view;
use crate::plan::command::CommandLine;
use crate::plan::environment::preloading;
use crate::ui::say;
use crate::workspace::Workspace;
use crate::workspace::graph::HostIndex;

pub(super) mod compiling;
mod processes;
mod sources;
mod views;
mod worker;

/// Where a target directory has what patches need.
const DIRECTORY: &str = "hotreload-patches";

/// What is known for patches.
#[derive(Debug)]
pub(super) struct Patching {
    tool: PathBuf,
    records: PathBuf,
    /// Of this session alone.
    directory: PathBuf,
    agent: PathBuf,
    wrapper: Option<std::ffi::OsString>,
    units: Units,
    sources: Sources,
    views: Views,
    /// What the crates that are being compiled are made of.
    next_views: Vec<(Key, Option<view::Crate>)>,
    base: Base,
    /// For each program, directories of which one may have the objects of its own crate.
    cached: BTreeMap<Key, Vec<PathBuf>>,
    generation: u32,
    /// Directories of what was compiled since cargo's last good build.
    results: Vec<PathBuf>,
    /// Files that were saved, and that nobody compiles.
    edited: BTreeSet<PathBuf>,
    /// Files whose edits are being compiled, by us or by cargo.
    taken: BTreeSet<PathBuf>,
    compiling: Option<Compiling>,
    /// What was compiled last, for the programs.
    compiled: Arc<Vec<Crate>>,
    /// What was compiled last is compiled against, once it is in the programs.
    next_base: Base,
    /// For each instance, its thread.
    workers: Vec<Option<Sender<Task>>>,
}

#[derive(Debug)]
struct Compiling {
    canceller: Canceller,
    plan: Arc<Plan>,
}

impl Patching {
    /// What is needed, if the strategy wants patches.
    pub(super) fn new(facts: &Facts) -> Result<Option<Self>> {
        if *facts.settings.strategy != Strategy::Patch {
            return Ok(None);
        }
        let target = &facts.workspace.target_directory;
        let directory = target.join(DIRECTORY).join(std::process::id().to_string());
        fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
        let agent = agent::install(&target.join(DIRECTORY))?;
        Ok(Some(Self {
            tool: env::current_exe().context("cannot tell where this tool is")?,
            records: records_directory(target),
            directory,
            agent,
            wrapper: cargo_config::rustc_wrapper(&facts.workspace.root),
            units: Units::default(),
            sources: Sources::default(),
            views: Views::default(),
            next_views: Vec::new(),
            base: Base::default(),
            cached: BTreeMap::new(),
            generation: 0,
            results: Vec::new(),
            edited: BTreeSet::new(),
            taken: BTreeSet::new(),
            compiling: None,
            compiled: Arc::default(),
            next_base: Base::default(),
            workers: facts.instances.iter().map(|_| None).collect(),
        }))
    }

    /// The build `line`, whose calls of rustc are written down.
    pub(super) fn recorded(&self, line: CommandLine) -> CommandLine {
        recording(line, &self.tool, &self.records, self.wrapper.as_ref())
    }

    /// The build `line` for when nothing else needs the machine.
    pub(super) fn settling(line: CommandLine) -> CommandLine {
        in_background(line, &helpers())
    }

    /// The program `line`, which takes patches.
    pub(super) fn patchable(&self, line: CommandLine, index: usize) -> Result<CommandLine> {
        let patches = self.directory.join(index.to_string());
        // Those of an earlier process are not about this one.
        files::remove_directory(&patches)?;
        fs::create_dir_all(&patches).with_context(|| format!("cannot make `{}`", patches.display()))?;
        let inherited = line.set.iter().rev().find(|(name, _)| name == "LD_PRELOAD").map(|(_, value)| value.clone());
        let inherited = inherited.or_else(|| env::var_os("LD_PRELOAD"));
        let variables = preloading(&self.agent, &patches, inherited.as_deref().filter(|value| !value.is_empty()));
        Ok(variables.into_iter().fold(line, |line, (name, value)| line.env(name, value)))
    }

    /// A file was saved.
    pub(super) fn edited(&mut self, paths: &[PathBuf]) {
        self.edited.extend(paths.iter().cloned());
    }

    /// Cargo has built everything, in a build that began at `began`.
    pub(super) fn built(&mut self, facts: &Facts, began: SystemTime) {
        self.units = records::read(&self.records);
        if let Some(names) = editable(&facts.workspace) {
            self.units = std::mem::take(&mut self.units).with_editable(names);
        }
        self.sources = Sources::read(self.parts(facts));
        let local = self.parts(facts).into_iter().filter(|unit| is_local(&facts.workspace, unit));
        self.views = Views::read(local, &self.sources, began);
        for directory in std::mem::take(&mut self.results) {
            remove(&directory);
        }
        self.base = self.kept(facts);
        self.next_base = self.base.clone();
        self.cached = self.cached_objects(facts);
    }

    /// Before anything is compiled again: rustc's cache has the objects of the programs that cargo has linked.
    fn cached_objects(&self, facts: &Facts) -> BTreeMap<Key, Vec<PathBuf>> {
        let directory = self.directory.join(format!("kept-{}", self.generation));
        let programs = (0..facts.workspace.hosts.len()).filter_map(|host| self.program(facts, host));
        // What is missing is compiled once more.
        programs
            .filter_map(|program| Some((program.key(), cached::keep(program, &directory.join(program.stem())).ok()?)))
            .collect()
    }

    /// Cargo's libraries under other names: a build of its own that is cancelled may take them away.
    fn kept(&mut self, facts: &Facts) -> Base {
        self.generation += 1;
        let directory = self.directory.join(format!("kept-{}", self.generation));
        if fs::create_dir_all(&directory).is_err() {
            return Base::default();
        }
        let keep = |unit: &&Recorded| {
            let (there, here) = (Results::of_cargo(unit), Results::of(unit, &directory));
            let link = |from: Option<&PathBuf>, to: Option<&PathBuf>| fs::hard_link(from?, to?).ok();
            link(there.rlib.as_ref(), here.rlib.as_ref())?;
            link(there.rmeta.as_ref(), here.rmeta.as_ref())?;
            Some((unit.key(), here))
        };
        let parts = self.parts(facts);
        let libraries = parts.iter().filter(|unit| unit.kind() == Kind::Library && is_local(&facts.workspace, unit));
        let kept: Option<Vec<_>> = libraries.map(keep).collect();
        // All of them belong together, or none.
        let base = kept.map(Base::of).unwrap_or_default();
        self.results.push(directory);
        base
    }

    /// What was compiled is compiled against from here on, if callers see it. What nobody needs any more goes: edit after
    /// edit may come before cargo has built everything.
    fn advance(&mut self) {
        self.base = self.next_base.clone();
        self.views.update(self.next_views.drain(..));
        if self.compiling.is_some() {
            return;
        }
        let needed = self.base.directories();
        for directory in self.results.extract_if(.., |directory| !needed.contains(directory)) {
            remove(&directory);
        }
    }

    /// What was saved is being compiled from here on.
    pub(super) fn take_edits(&mut self) {
        self.taken.append(&mut self.edited);
    }

    /// What was being compiled is good, or has to be compiled again.
    pub(super) fn settle_edits(&mut self, is_good: bool) {
        let taken = std::mem::take(&mut self.taken);
        if !is_good {
            self.edited.extend(taken);
        }
    }

    /// Everything that the programs consist of, and what builds them.
    fn parts(&self, facts: &Facts) -> Vec<&Recorded> {
        let hosts = 0..facts.workspace.hosts.len();
        let programs = hosts.filter_map(|host| self.program(facts, host));
        let parts = programs.map(|program| self.units.parts(program));
        parts.flat_map(|parts| parts.units.into_iter().chain(parts.tools)).collect()
    }

    /// What `program` is linked from and may be edited, itself included.
    fn local_parts(&self, facts: &Facts, program: &Recorded) -> Vec<Recorded> {
        let parts = self.units.parts(program).units.into_iter();
        parts.filter(|unit| is_local(&facts.workspace, unit)).cloned().collect()
    }

    /// Ends the running compilation.
    pub(super) fn cancel(&self) {
        if let Some(compiling) = &self.compiling {
            compiling.canceller.cancel();
        }
    }

    fn program<'units>(&'units self, facts: &Facts, host: HostIndex) -> Option<&'units Recorded> {
        let workspace = &facts.workspace;
        let host = &workspace.hosts[host];
        let directory = workspace.target_directory.join(profile::directory(&workspace.profile));
        self.units.program(&host.bin, host.manifest.parent()?, &directory)
    }

    /// What the edit comes to.
    fn plan(&mut self, facts: &Facts) -> Result<Option<Plan>, String> {
        let edits = self.edits()?;
        if edits.is_empty() {
            self.views.update(self.next_views.drain(..));
            return Ok(None);
        }
        self.generation += 1;
        let out_dir = self.directory.join(format!("build-{}", self.generation));
        fs::create_dir_all(&out_dir).map_err(|error| format!("`{}` cannot be made: {error}", out_dir.display()))?;
        self.results.push(out_dir.clone());
        let program = self.program(facts, 0).ok_or("how the program was compiled is not known")?;
        let places = Places { out_dir: &out_dir, tool: &self.tool };
        let plan =
            plan::plan(&self.units, program, &edits, &self.base, places).map_err(|refusal| refusal.to_string())?;
        Ok(Some(plan))
    }
}

impl Patching {
    /// Reads the machine code of `compiled`, and what it was made of.
    fn read(&mut self, compiled: &[Compiled]) -> Result<Vec<Crate>> {
        for Compiled { unit, dep_info, .. } in compiled {
            if let (Some(recorded), Some(dep_info)) = (self.units.get(unit), dep_info) {
                self.sources.add(recorded, dep_info);
            }
        }
        compiled.iter().map(worker::read_crate).collect()
    }

    /// What was edited, and who sees it.
    fn edits(&mut self) -> Result<Vec<Edit>, String> {
        let mut units: BTreeSet<&Key> = BTreeSet::new();
        for path in &self.taken {
            let readers = self.sources.units_of(path, &self.units);
            if readers.is_empty() {
                return Err(format!("`{}` is not the source of one of its crates", path.display()));
            }
            units.extend(readers);
        }
        let (mut edits, mut now) = (Vec::new(), Vec::new());
        for unit in units {
            let recorded = self.units.get(unit).ok_or("how a crate was compiled is not known")?;
            records::check(recorded).map_err(|stale| stale.to_string())?;
            let edited = self.views.edited(recorded, &self.sources, &self.units);
            edits.extend(edited.seen.map(|seen| Edit { unit: unit.clone(), seen }));
            now.push((unit.clone(), edited.now));
        }
        self.next_views = now;
        Ok(edits)
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

/// Whether a crate is of the workspace, or beside it: one that may be edited.
fn is_local(workspace: &Workspace, unit: &Recorded) -> bool {
    let manifest = unit.package_directory().map(|directory| directory.join("Cargo.toml"));
    manifest.is_some_and(|manifest| workspace.package_of(&manifest).is_some())
}

/// What the session leaves in the target directory goes with it.
impl Drop for Patching {
    fn drop(&mut self) {
        self.cancel();
        remove(&self.directory);
    }
}

fn remove(directory: &Path) {
    if let Err(error) = files::remove_directory(directory) {
        say::warning(&format!("{error:#}"));
    }
}
