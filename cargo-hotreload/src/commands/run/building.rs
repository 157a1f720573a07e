//! The build that all programs share: cargo is called, and what it made is told to each program.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::mem;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::thread;
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::commands::run::arrival::Arrival;
use crate::commands::run::driver::{Driver, watch};
use crate::commands::run::facts::instances_of;
use crate::commands::run::front::ABOVE;
use crate::commands::run::linking::Advice;
use crate::commands::run::modules::ModulesBuild;
use crate::commands::run::owners::owner;
use crate::commands::run::patching::Patching;
use crate::commands::run::prepare;
use crate::commands::run::program::build_line;
use crate::effects::build::{self, Artifacts};
use crate::effects::built::describe;
use crate::effects::child::{Running, wait_for_end};
use crate::effects::watch::{Inputs, Saved};
use crate::effects::{dep_info, linkers, overlooked, settings};
use crate::session::delivery::Built;
use crate::session::event::{Change, Event, Owner, Scope};
use crate::session::fleet::Tidings;
use crate::ui::labels::Labels;
use crate::ui::say;
use crate::workspace::Workspace;
use crate::workspace::graph::HostIndex;

impl Driver<'_> {
    /// Whether a build with another linker was started because of `errors`, what rustc said about failed links.
    pub(super) fn builds_with_another_linker(&mut self, errors: &[String]) -> bool {
        let tried = match self.linking.advise(&self.facts, errors) {
            Advice::Accept => return false,
            Advice::Take(linker) => {
                let remembered =
                    linkers::remember(linker, &self.facts.toolchain, &self.facts.workspace.target_directory);
                remembered.and_then(|()| self.build(Scope::Program, true)).map(|()| true)
            }
            Advice::GiveUp => {
                let forgotten = linkers::forget(&self.facts.workspace.target_directory);
                forgotten.and_then(|()| self.plan_anew()).map(|()| false)
            }
        };
        tried.unwrap_or_else(|error| {
            say::warning(&format!("{error:#}"));
            false
        })
    }

    /// Starts cargo. If that cannot be, it is told as a failed build.
    pub(super) fn begin_build(&mut self, scope: Scope, replan: bool) {
        if let Err(error) = self.build(scope, replan) {
            let reason = format!("{error:#}");
            self.record_no_build(&reason);
            self.queue.push_back(Tidings::All(Event::Built(Err(reason))));
        }
    }

    /// Starts cargo, after planning anew if a manifest changed.
    pub(super) fn build(&mut self, scope: Scope, replan: bool) -> Result<()> {
        self.cancelled = false;
        self.build_began = SystemTime::now();
        if let Some(patching) = &self.patching {
            patching.build_begins();
        }
        self.restore_newest()?;
        self.front.build_begins();
        if replan {
            self.plan_anew()?;
        }
        self.expose_overlooked()?;
        let line = match (scope, &self.modules_build) {
            (Scope::Modules, ModulesBuild::Line(line)) => line.clone(),
            (Scope::Modules | Scope::Crates | Scope::Settle | Scope::Program, _) => build_line(&self.facts),
        };
        let line = self.patching.as_ref().map_or(line.clone(), |patching| patching.recorded(line));
        let line = if scope == Scope::Settle { Patching::settling(line) } else { line };
        let line = self.front.for_cargo(line);
        self.record_build(&line);
        let (stderr, shown) = self.front.cargo_output().context("cannot show what cargo says")?;
        let (running, stdout) = build::start(&line, stderr).with_context(|| format!("cannot run `{line}`"))?;
        let programs = self.facts.workspace.hosts.iter().map(|host| (host.kind, host.bin.clone())).collect::<Vec<_>>();
        let (pid, arrivals) = (running.pid(), self.arrivals.clone());
        self.front.build_started(pid);
        let show = self.front.diagnostics(scope);
        self.build = Some(running);
        thread::Builder::new().name("build".into()).spawn(move || {
            let artifacts = build::read_messages(stdout, &programs, show);
            wait_for_end(pid);
            shown.drain();
            drop(arrivals.send(Arrival::BuildEnded(artifacts)));
        })?;
        Ok(())
    }

    /// Has cargo look at what was saved with an old time stamp.
    fn expose_overlooked(&mut self) -> Result<()> {
        let workspace = &self.facts.workspace;
        let all: BTreeSet<&str> = workspace.places.iter().filter_map(|place| place.package.as_deref()).collect();
        while let Some(path) = self.overlooked.pop_first() {
            // Sources are their own package's, and any may include something else.
            let is_source = path.extension() == Some(OsStr::new("rs"));
            let owner = workspace.package_of(&path).filter(|_| is_source);
            let packages = owner.map_or_else(|| all.clone(), |owner| BTreeSet::from([owner]));
            overlooked::expose(&workspace.profile_directory(), &packages, &path)?;
        }
        Ok(())
    }

    /// Reads settings and workspace again. Strategy, toolchain and the number of processes stay what they were when the
    /// session began.
    fn plan_anew(&mut self) -> Result<()> {
        let root = &self.facts.workspace.root;
        let mut settings = settings::read(root, &self.arguments.selection, &self.arguments.conduct)?;
        settings.strategy = self.facts.settings.strategy.clone();
        settings.instances = self.facts.settings.instances.clone();
        if settings.hosts.len().max(1) != self.facts.workspace.hosts.len() {
            settings.hosts = self.facts.settings.hosts.clone();
        }
        let prepared = prepare(root, &self.facts.toolchain, &settings)?;
        self.facts.workspace = prepared.workspace;
        self.facts.linker = prepared.linker;
        self.facts.linker_override = prepared.linker_override;
        self.facts.has_modules = prepared.has_modules;
        self.facts.settings = settings;
        self.facts.instances = instances_of(&self.facts.workspace, &self.facts.settings);
        self.front.rename(Labels::new(self.facts.names()));
        self.modules_build = ModulesBuild::Unknown;
        self.watch = watch(&self.facts, &self.arrivals)?;
        Ok(())
    }

    /// What the build that has just ended read, and others before it.
    fn inputs(&self) -> Inputs {
        let Workspace { root, target_directory, .. } = &self.facts.workspace;
        let outputs = self.artifacts.dylibs.values().chain(self.artifacts.executables.values()).map(PathBuf::as_path);
        let ours = [target_directory.clone(), self.facts.workspace.state_directory()];
        let mut files = dep_info::inputs(outputs, root);
        files.retain(|file| !ours.iter().any(|directory| file.starts_with(directory)));
        Inputs { files, since: self.build_began }
    }

    /// What `saved` means for each program.
    pub(super) fn saved(&mut self, saved: &Saved) -> Tidings {
        if let Some(patching) = &self.patching {
            patching.saved(&saved.paths);
        }
        self.overlooked.extend(saved.paths.iter().filter(|path| overlooked::is_overlooked(path)).cloned());
        let changes = self.facts.instances.iter().map(|instance| Event::Saved(self.change(saved, instance.host)));
        Tidings::Each(changes.collect())
    }

    fn change(&self, Saved { at, paths, manifest }: &Saved, host: HostIndex) -> Change {
        let owners = paths
            .iter()
            .map(|path| owner(&self.facts.workspace, path, host))
            .chain(manifest.then_some(Owner::Plan))
            .collect();
        Change { at: *at, paths: paths.clone(), owners }
    }

    pub(super) fn build_ended(&mut self, artifacts: &mut Artifacts) -> Result<Vec<Built>, String> {
        let cargo = self.build.take().inspect(|cargo| self.front.ended(cargo.pid()));
        let status = cargo.map(Running::reap);
        let is_good = artifacts.success && matches!(&status, Some(Ok(status)) if status.success());
        self.front.build_ended(is_good, self.cancelled);
        self.record_built(artifacts, is_good);
        match status {
            _ if is_good => {}
            Some(Ok(status)) if status.signal().is_some() => {
                say::wipe_progress();
                return Err(format!("cargo was ended by signal {}", status.signal().unwrap_or_default()));
            }
            _ => return Err(ABOVE.into()),
        }
        let artifacts = mem::take(artifacts).over(&self.artifacts);
        let workspace = &self.facts.workspace;
        let hosts = 0..workspace.hosts.len();
        let built: Result<Vec<Built>> =
            hosts.map(|host| describe(workspace, host, &artifacts, &mut self.contents)).collect();
        self.artifacts = artifacts;
        self.watch.read(self.inputs());
        let mut built = built.map_err(|error| format!("{error:#}"))?;
        if !self.facts.has_modules {
            // A plugin of the user's own is none of ours.
            for built in &mut built {
                built.libraries.clear();
                built.carried.clear();
            }
        }
        if mem::take(&mut self.facts.is_by_enabling) && built.iter().all(|built| built.modules().next().is_none()) {
            say::note(
                "the program loads no module, so each edit restarts it; `cargo hotreload disable` lets `run` patch edits \
                 into it",
            );
        }
        self.keep_built(&built);
        match &self.patching {
            Some(patching) => patching.built(&self.facts, self.build_began),
            None => self.ask_about_modules(&built),
        }
        Ok(built)
    }

    /// Asks how the modules of all programs are built by themselves, unless that is known.
    fn ask_about_modules(&mut self, built: &[Built]) {
        let graph = &self.facts.workspace.graph;
        let is_module =
            |package: &&String| built.iter().flat_map(Built::modules).any(|module| module.package == **package);
        let packages = graph.local().map(|index| &graph.libraries[index].package);
        let modules: Vec<String> = packages.filter(is_module).cloned().collect();
        if self.modules_build == ModulesBuild::Unknown || self.modules != modules {
            self.questions += 1;
            let (question, arrivals) = (self.questions, self.arrivals.clone());
            self.modules_build = ModulesBuild::ask(&self.facts, &modules, question, move |found| {
                drop(arrivals.send(Arrival::ModulesBuild(question, found)));
            });
            self.modules = modules;
        }
    }
}
