//! Live patching in the loop: the edited crates are compiled as cargo did it, and put into each running program.
//!
//! 1. cargo's builds are recorded, so that each call of rustc can be repeated ([`Patching::recorded`]);
//! 2. a thread knows how everything was compiled, and what each process has not got ([`keeper`]): it traces an edit to
//!    the crates that read the file ([`sources`]), and says what is to be compiled ([`planning`]), once for all programs;
//! 3. what comes out is read and told ([`compiling`]);
//! 4. each process has a thread of its own that knows it ([`worker`]), and puts into it what it has not got.
//!
//! What is known since the last good build is [`knowledge`]. The loop itself only sends requests, so that it hears what else
//! happens.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::commands::run::arrival::Arrival;
use crate::commands::run::facts::Facts;
use crate::commands::run::patching::cancelling::Cancelling;
use crate::commands::run::patching::compilation::Show;
use crate::commands::run::patching::directories::{patches_of, remove};
use crate::commands::run::patching::keeper::{Keeper, Task};
use crate::commands::run::patching::knowledge::Programs;
use crate::config::values::Strategy;
use crate::effects::rustc::background::helpers;
use crate::effects::{agent, cargo_config, files};
use crate::patch::rustc::background::in_background;
use crate::patch::rustc::stand_in::{recording, records_directory};
use crate::plan::command::CommandLine;
use crate::plan::environment::{LIBRARY_PATH, is_searched, library_path, preloading};

mod base;
mod cancelling;
mod code;
pub(super) mod compilation;
mod compiling;
mod directories;
mod instance;
mod keeper;
mod knowledge;
mod planning;
mod processes;
mod report;
mod settling;
mod sources;
mod views;
mod worker;

/// Where a target directory has what patches need.
const DIRECTORY: &str = "hotreload-patches";

/// What the loop has for patches.
#[derive(Debug)]
pub(super) struct Patching {
    tool: PathBuf,
    records: PathBuf,
    /// Of this session alone.
    directory: PathBuf,
    agent: PathBuf,
    wrapper: Option<OsString>,
    tasks: Sender<Task>,
    cancelling: Arc<Cancelling>,
    keeper: Option<JoinHandle<()>>,
}

impl Patching {
    /// What is needed, if the strategy wants patches.
    pub(super) fn new(facts: &Facts, arrivals: &Sender<Arrival>) -> Result<Option<Self>> {
        if *facts.settings.strategy != Strategy::Patch {
            return Ok(None);
        }
        let target = &facts.workspace.target_directory;
        let directory = target.join(DIRECTORY).join(std::process::id().to_string());
        fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
        let agent = agent::install(&target.join(DIRECTORY))?;
        let tool = env::current_exe().context("cannot tell where this tool is")?;
        let records = records_directory(target);
        let cancelling = Arc::new(Cancelling::default());
        let (tasks, inbox) = channel();
        let keeper = Keeper::new(
            &tool,
            &records,
            &directory,
            (arrivals.clone(), Arc::clone(&cancelling)),
            facts.instances.len(),
        );
        let to_itself = tasks.clone();
        let keeper = thread::Builder::new().name("patching".into()).spawn(move || keeper.work(&inbox, &to_itself))?;
        Ok(Some(Self {
            tool,
            records,
            directory,
            agent,
            wrapper: cargo_config::rustc_wrapper(&facts.workspace.root),
            tasks,
            cancelling,
            keeper: Some(keeper),
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

    /// Makes room for the patches of a new process: those of an earlier one are not about it.
    pub(super) fn clear(&self, index: usize) -> Result<()> {
        if let Some(directory) = self.agent.parent() {
            // `cargo clean` takes it away.
            agent::install(directory)?;
        }
        let patches = patches_of(&self.directory, index);
        files::remove_directory(&patches)?;
        fs::create_dir_all(&patches).with_context(|| format!("cannot make `{}`", patches.display()))
    }

    /// The program `line`, which takes patches.
    pub(super) fn patchable(&self, line: CommandLine, index: usize) -> CommandLine {
        let patches = patches_of(&self.directory, index);
        let set = |wanted: &str| line.set.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        let inherited = set("LD_PRELOAD").or_else(|| env::var_os("LD_PRELOAD"));
        let searched = is_searched(&self.agent).then(|| {
            let directories = self.agent.parent().map(Path::to_owned);
            (LIBRARY_PATH.into(), library_path(&directories, set(LIBRARY_PATH).as_deref()))
        });
        let variables = preloading(&self.agent, &patches, inherited.as_deref().filter(|value| !value.is_empty()));
        variables.into_iter().chain(searched).fold(line, |line, (name, value)| line.env(name, value))
    }

    /// Files were saved.
    pub(super) fn saved(&self, paths: &[PathBuf]) {
        self.ask(Task::Saved(paths.to_vec()));
    }

    /// Cargo begins to build.
    pub(super) fn build_begins(&self) {
        self.ask(Task::BuildBegins);
    }

    /// Cargo has built everything, in a build that began at `began`.
    pub(super) fn built(&self, facts: &Facts, began: SystemTime) {
        self.ask(Task::Built(Box::new(Programs {
            workspace: facts.workspace.clone(),
            hosts: facts.instances.iter().map(|instance| instance.host).collect(),
            toolchain: facts.toolchain.library_directory.clone(),
            began,
        })));
    }

    /// Compiles what was edited; `show` is called for what is said of the sources.
    pub(super) fn compile(&self, show: Show) {
        self.ask(Task::Compile(self.cancelling.begin(), show));
    }

    /// Ends the running compilation.
    pub(super) fn cancel(&self) {
        self.cancelling.cancel();
    }

    /// Gets to know the process `pid` of the program of this number, started from a build that began at `began`.
    pub(super) fn attach(&self, index: usize, pid: u32, began: SystemTime) {
        self.ask(Task::Attach { index, pid, began });
    }

    /// The process of the program of this number has ended.
    pub(super) fn detach(&self, index: usize) {
        self.ask(Task::Detach(index));
    }

    /// Puts what it has not got into the program of this number.
    pub(super) fn patch(&self, index: usize) {
        self.ask(Task::Patch(index));
    }

    /// Takes back what was put into the program of this number last.
    pub(super) fn take_back(&self, index: usize) {
        self.ask(Task::TakeBack(index));
    }

    /// Compares what cargo has built with what was patched into the program of this number.
    pub(super) fn compare(&self, index: usize) {
        self.ask(Task::Compare(index));
    }

    /// The program of this number runs what cargo has built.
    pub(super) fn is_current(&self, index: usize) {
        self.ask(Task::Current(index));
    }

    fn ask(&self, task: Task) {
        // It ends with us alone, or by a panic that was told.
        let _ = self.tasks.send(task);
    }
}

/// What the session leaves in the target directory goes with it.
impl Drop for Patching {
    fn drop(&mut self) {
        self.cancelling.cancel_all();
        self.ask(Task::End);
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
        remove(&self.directory);
    }
}
