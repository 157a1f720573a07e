//! Live patching in the loop: the edited crates are compiled as cargo did it, and put into each running program.
//!
//! 1. cargo's builds are recorded, so that each call of rustc can be repeated ([`Patching::recorded`]);
//! 2. each process gets a thread of its own that knows it ([`worker`]);
//! 3. an edit is traced to the crates that read the file ([`sources`]), and these are compiled ([`Driver::compile`]);
//! 4. the threads put what came out into their processes ([`Driver::patch`]).

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::commands::run::arrival::Arrival;
use crate::commands::run::driver::Driver;
use crate::commands::run::facts::Facts;
use crate::commands::run::front::ABOVE;
use crate::commands::run::patching::sources::Sources;
use crate::commands::run::patching::views::Views;
use crate::commands::run::patching::worker::{Base as Baseline, Task};
use crate::config::profile;
use crate::config::values::Strategy;
use crate::effects::rustc::background::helpers;
use crate::effects::rustc::compile::{Canceller, Cause, Compilation, Compiled, Failure, Outcome, Told};
use crate::effects::rustc::records;
use crate::effects::{agent, cargo_config, files};
use crate::live::Crate;
use crate::patch::rustc::background::in_background;
use crate::patch::rustc::plan::{self, Base, Edit, Plan, Seen};
use crate::patch::rustc::recorded::{Key, Recorded};
use crate::patch::rustc::replay::Places;
use crate::patch::rustc::stand_in::{recording, records_directory};
use crate::patch::rustc::units::Units;
use crate::patch::view;
use crate::plan::command::CommandLine;
use crate::plan::environment::preloading;
use crate::session::event::{Crates, Event, NoCrates};
use crate::session::fleet::Tidings;
use crate::ui::say;
use crate::workspace::Workspace;
use crate::workspace::graph::HostIndex;

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
    generation: u32,
    /// Files that were saved since what they changed is in the program.
    edited: BTreeSet<PathBuf>,
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

/// How a compilation of crates ended.
pub(super) type CompilationEnded = Result<Outcome>;

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
            generation: 0,
            edited: BTreeSet::new(),
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
    pub(super) fn built(&mut self, began: SystemTime, is_local: impl Fn(&Recorded) -> bool) {
        self.units = records::read(&self.records);
        self.base = Base::default();
        self.next_base = Base::default();
        self.edited.clear();
        self.sources = Sources::read(&self.units);
        self.views = Views::read(self.units.all().filter(|unit| is_local(unit)), &self.sources, began);
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
        let program = self.program(facts, 0).ok_or("how the program was compiled is not known")?;
        if edits.is_empty() {
            self.views.update(self.next_views.drain(..));
            return Ok(None);
        }
        let out_dir = self.directory.join(format!("build-{}", self.generation));
        fs::create_dir_all(&out_dir).map_err(|error| format!("`{}` cannot be made: {error}", out_dir.display()))?;
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
        for path in &self.edited {
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

impl Driver<'_> {
    /// Compiles the edited crates; what is immediately known is told at once.
    pub(super) fn compile(&mut self) {
        let ended = |result| Tidings::All(Event::Crates(result));
        let Some(patching) = &mut self.patching else { return };
        patching.generation += 1;
        self.cancelled = false;
        self.front.build_begins();
        let plan = match patching.plan(&self.facts) {
            Err(why) => return self.queue.push_back(ended(Err(NoCrates::ForCargo(why)))),
            Ok(None) => return self.queue.push_back(ended(Ok(Crates { names: Vec::new() }))),
            Ok(Some(plan)) => Arc::new(plan),
        };
        let (arrivals, show) = (self.arrivals.clone(), self.front.diagnostics());
        let (sender, receiver) = std::sync::mpsc::channel();
        let shared = Arc::clone(&plan);
        let run = move || {
            let compilation = Compilation::new(&shared);
            drop(sender.send(compilation.canceller()));
            let outcome = compilation.run(|told| match told {
                Told::Said(rendered, _) => show(rendered),
                Told::Printed(text) => say::lines(&text),
                Told::Began(_) | Told::Metadata(_) | Told::Ended(..) => {}
            });
            drop(arrivals.send(Arrival::Compiled(outcome)));
        };
        let started = thread::Builder::new().name("compile".into()).spawn(run);
        match (started, receiver.recv()) {
            (Ok(_), Ok(canceller)) => patching.compiling = Some(Compiling { canceller, plan }),
            _ => self.queue.push_back(ended(Err(NoCrates::ForCargo("no thread could be started".to_owned())))),
        }
    }

    /// The compilation has ended.
    pub(super) fn compiled(&mut self, ended: CompilationEnded) -> Event {
        let Some(patching) = &mut self.patching else { return Event::Crates(Ok(Crates { names: Vec::new() })) };
        let compiling = patching.compiling.take();
        let is_good = matches!(ended, Ok(Outcome::Done(_)));
        self.front.build_ended(is_good, self.cancelled);
        let result = match ended {
            Ok(Outcome::Done(compiled)) => {
                patching.read(&compiled).map_err(|error| NoCrates::ForCargo(format!("{error:#}")))
            }
            Ok(Outcome::Failed(Failure { cause: Cause::Source, .. })) => Err(NoCrates::Wrong(ABOVE.to_owned())),
            Ok(Outcome::Failed(Failure { cause: Cause::Libraries, crate_name })) => {
                Err(NoCrates::ForCargo(format!("the libraries of `{crate_name}` do not belong together")))
            }
            Ok(Outcome::Failed(Failure { cause: Cause::Compiler { status, printed }, .. })) => {
                Err(NoCrates::Wrong(format!("rustc ended with {status}: {}", printed.trim())))
            }
            Ok(Outcome::Cancelled) => Err(NoCrates::Wrong("it was cancelled".to_owned())),
            Err(error) => Err(NoCrates::ForCargo(format!("{error:#}"))),
        };
        Event::Crates(result.map(|crates| {
            let names = crates.iter().map(|compiled| compiled.name.clone()).collect();
            patching.compiled = Arc::new(crates);
            if let Some(Compiling { plan, .. }) = compiling {
                patching.next_base = patching.base.after(&plan);
            }
            Crates { names }
        }))
    }

    /// Puts what was compiled into the program of this number.
    pub(super) fn patch(&mut self, index: usize) {
        let Some(patching) = &mut self.patching else { return };
        // Whatever comes of it, what comes next begins here: a refused patch ends in a build of cargo's.
        patching.base = patching.next_base.clone();
        patching.views.update(patching.next_views.drain(..));
        patching.edited.clear();
        let sent =
            patching.workers[index].as_ref().map(|worker| worker.send(Task::Patch(Arc::clone(&patching.compiled))));
        if !matches!(sent, Some(Ok(()))) {
            let why = "the program cannot be patched".to_owned();
            self.queue.push_back(Tidings::One(index, Event::Patched(Err(why))));
        }
    }

    /// Compares what cargo has built with what was patched into the program of this number.
    pub(super) fn compare(&mut self, index: usize) {
        let Some(patching) = &self.patching else { return };
        let Some(program) = patching.program(&self.facts, self.facts.instances[index].host) else { return };
        let parts = patching.units.parts(program);
        let local = parts.units.iter().filter(|unit| is_local(&self.facts.workspace, unit));
        let task = Task::Compare(local.map(|unit| (*unit).clone()).collect());
        if let Some(worker) = &patching.workers[index] {
            drop(worker.send(task));
        }
    }

    /// Gets to know the process of the program of this number, which was just started.
    pub(super) fn attach(&mut self, index: usize, pid: u32, began: SystemTime) {
        let Some(patching) = &self.patching else { return };
        let Some(program) = patching.program(&self.facts, self.facts.instances[index].host) else { return };
        let parts = patching.units.parts(program);
        let is_local = |unit: &&&Recorded| is_local(&self.facts.workspace, unit);
        let local: Vec<Recorded> = parts.units.iter().filter(is_local).map(|unit| (*unit).clone()).collect();
        let out_dir = patching.directory.join(format!("base-{pid}"));
        let places = Places { out_dir: &out_dir, tool: &patching.tool };
        let edit = Edit { unit: program.key(), seen: Seen::ByNobody };
        let objects = plan::plan(&patching.units, program, &[edit], &Base::default(), places);
        let base = Baseline {
            local,
            program: objects.map_err(|refusal| refusal.to_string()),
            began,
            toolchain: self.facts.toolchain.library_directory.clone(),
            directory: patching.directory.join(index.to_string()),
            profile: self.facts.workspace.profile.clone(),
            dependencies: program.absolute(&program.out_dir),
        };
        let worker = worker::start(index, pid, base, self.arrivals.clone());
        if let Some(patching) = &mut self.patching {
            patching.workers[index] = worker.ok();
        }
    }

    /// The process of the program of this number has ended.
    pub(super) fn detach(&mut self, index: usize) {
        if let Some(patching) = &mut self.patching {
            patching.workers[index] = None;
        }
    }
}

/// Whether a crate is of the workspace, or beside it: one that may be edited.
pub(super) fn is_local(workspace: &Workspace, unit: &Recorded) -> bool {
    let manifest = unit.package_directory().map(|directory| directory.join("Cargo.toml"));
    manifest.is_some_and(|manifest| workspace.package_of(&manifest).is_some())
}

/// What the session leaves in the target directory goes with it.
impl Drop for Patching {
    fn drop(&mut self) {
        self.cancel();
        if let Err(error) = files::remove_directory(&self.directory) {
            say::warning(&format!("{error:#}"));
        }
    }
}
