//! Carries out a plan: each crate is compiled as soon as what it needs is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::effects::build::{Rendered, is_sum, rendered};
use crate::effects::rustc::job_server::JobServer;
use crate::effects::rustc::link::point;
use crate::effects::rustc::objects::{self, Objects};
use crate::effects::rustc::process::{Event, Rustc};
use crate::events::gather;
use crate::events::record;
use crate::patch::rustc::plan::{Plan, Stage, Step};
use crate::patch::rustc::recorded::Key;

/// Only one compilation goes on in a process at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Codes of errors that are not the source's fault: libraries that do not belong together, or to this compiler.
const MISMATCHES: [&str; 7] = ["E0460", "E0461", "E0462", "E0463", "E0464", "E0514", "E0519"];

/// A crate that was compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// Which.
    pub unit: Key,
    /// Its name.
    pub crate_name: String,
    /// Its machine code.
    pub code: Code,
    /// What callers have to know.
    pub rmeta: Option<PathBuf>,
    /// Which files were read.
    pub dep_info: Option<PathBuf>,
    /// How long it took.
    pub took: Duration,
}

/// Machine code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// A Rust library: an archive of objects and metadata.
    Archive(PathBuf),
    /// The objects of a program.
    Objects(Objects),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was compiled, lowest crate first.
    Done(Vec<Compiled>),
    /// A crate was not compiled; nothing else was begun then, and what was being compiled was given up.
    Failed(Failure),
    /// Somebody did not want it any more.
    Cancelled,
}

/// A crate was not compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub crate_name: String,
    /// Why.
    pub cause: Cause,
}

/// Why a crate was not compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The source is wrong; what is wrong was told.
    Source,
    /// The libraries do not belong together: cargo has to build them.
    Libraries,
    /// The compiler ended without a word on the source: this is how, and what it printed.
    Compiler {
        /// How it ended.
        status: ExitStatus,
        /// What it printed.
        printed: String,
    },
}

/// What is told while crates are compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Something about the source: as it is shown, and as it is recorded.
    Said(Rendered, record::Diagnostic),
    /// Text of a procedural macro, or of a wrapper.
    Printed(String),
    /// A crate is being compiled.
    Began(String),
    /// Its callers can be, too.
    Metadata(String),
    /// It was compiled, in so much time.
    Ended(String, Duration),
}

/// A plan that is being carried out.
#[derive(Debug)]
pub struct Compilation<'a> {
    plan: &'a Plan,
    parallel: usize,
    events: (Sender<Event>, Receiver<Event>),
    stages: Vec<Option<Stage>>,
    begun: BTreeSet<usize>,
    running: Vec<Rustc>,
    compiled: Vec<(usize, Compiled)>,
    /// For each step, whether errors were said, and whether they are about libraries.
    errors: Vec<Errors>,
    printed: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Errors {
    source: bool,
    libraries: bool,
}

/// Ends a compilation, from any thread and at any time.
#[derive(Debug, Clone)]
pub struct Canceller(Sender<Event>);

impl Canceller {
    /// Ends it.
    pub fn cancel(&self) {
        // It may have ended.
        let _ = self.0.send(Event::Cancelled);
    }
}

impl<'a> Compilation<'a> {
    /// Prepares to carry out `plan`.
    #[must_use]
    pub fn new(plan: &'a Plan) -> Self {
        let count = plan.steps.len();
        Self {
            plan,
            parallel: available_parallelism().map_or(1, Into::into),
            events: channel(),
            stages: vec![None; count],
            begun: BTreeSet::new(),
            running: Vec::new(),
            compiled: Vec::new(),
            errors: vec![Errors::default(); count],
            printed: vec![String::new(); count],
        }
    }

    /// What ends it.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller(self.events.0.clone())
    }

    /// Carries it out and tells `tell` what happens. No compiler is left when it returns.
    ///
    /// # Errors
    /// A compiler cannot be started, or what it should have left is not there.
    pub fn run(mut self, mut tell: impl FnMut(Told)) -> Result<Outcome> {
        // Compilations of one crate share rustc's cache, and the link that stands for the directory of results.
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.carry_out(&mut tell);
        self.end_all();
        outcome
    }

    fn carry_out(&mut self, tell: &mut dyn FnMut(Told)) -> Result<Outcome> {
        fs::create_dir_all(&self.plan.out_dir)
            .with_context(|| format!("cannot make the directory `{}`", self.plan.out_dir.display()))?;
        let jobs = JobServer::new(self.parallel).context("cannot make a pipe")?;
        while self.compiled.len() < self.plan.steps.len() {
            self.begin_what_can(&jobs, tell)?;
            // One of its ends is ours: it is never closed.
            match self.events.1.recv().context("no compiler runs")? {
                Event::Metadata(step) => {
                    self.stages[step] = Some(Stage::Metadata);
                    tell(Told::Metadata(self.plan.steps[step].crate_name.clone()));
                }
                Event::Said(_, said) if is_sum(&said) => {}
                Event::Said(step, said) => {
                    let code = said.code.as_ref().map_or("", |code| code.code.as_str());
                    // A build of cargo's that was cancelled may have taken a library away and not made it again.
                    let is_missing = said.spans.is_empty() && said.message.contains("required to be available in");
                    self.errors[step].libraries |= MISMATCHES.contains(&code) || is_missing;
                    let record = gather::diagnostic(&said);
                    self.errors[step].source |= record.is_error();
                    tell(Told::Said(rendered(*said), record));
                }
                Event::Printed(step, text) => {
                    self.printed[step] += &text;
                    tell(Told::Printed(text));
                }
                Event::Ended(step) => {
                    if let Some(failure) = self.end(step, tell)? {
                        return Ok(Outcome::Failed(failure));
                    }
                }
                Event::Cancelled => return Ok(Outcome::Cancelled),
            }
        }
        self.compiled.sort_by_key(|(step, _)| *step);
        Ok(Outcome::Done(self.compiled.drain(..).map(|(_, compiled)| compiled).collect()))
    }

    fn begin_what_can(&mut self, jobs: &JobServer, tell: &mut dyn FnMut(Told)) -> Result<()> {
        for (index, step) in self.plan.steps.iter().enumerate() {
            if self.running.len() >= self.parallel {
                return Ok(());
            }
            let is_there = step.after.iter().all(|after| self.stages[after.step] >= Some(after.stage));
            if is_there && self.begun.insert(index) {
                if let Some(link) = &step.link {
                    point(link, &self.plan.out_dir)
                        .with_context(|| format!("cannot make the link `{}`", link.display()))?;
                }
                if let Some(objects) = &step.results.objects {
                    make_empty(objects)?;
                }
                let started = Rustc::start(&step.line, &jobs.flags(), index, self.events.0.clone());
                let program = step.line.program.display();
                self.running.push(started.with_context(|| format!("cannot run the compiler `{program}`"))?);
                tell(Told::Began(step.crate_name.clone()));
            }
        }
        Ok(())
    }

    fn end(&mut self, index: usize, tell: &mut dyn FnMut(Told)) -> Result<Option<Failure>> {
        let Some(at) = self.running.iter().position(|rustc| rustc.step == index) else { return Ok(None) };
        let rustc = self.running.swap_remove(at);
        let took = rustc.since.elapsed();
        let status = rustc.running.reap().context("cannot wait for the compiler")?;
        let step = &self.plan.steps[index];
        if !status.success() {
            let cause = match self.errors[index] {
                Errors { libraries: true, .. } => Cause::Libraries,
                Errors { source: true, .. } => Cause::Source,
                _ => Cause::Compiler { status, printed: std::mem::take(&mut self.printed[index]) },
            };
            return Ok(Some(Failure { crate_name: step.crate_name.clone(), cause }));
        }
        self.stages[index] = Some(Stage::End);
        self.compiled.push((index, collect(step, took)?));
        tell(Told::Ended(step.crate_name.clone(), took));
        Ok(None)
    }

    /// Ends every compiler with everything that it started.
    fn end_all(&mut self) {
        // First all of them, so that none waits for another one.
        self.running.iter().for_each(|rustc| rustc.running.signal_group(Signal::KILL));
        for rustc in self.running.drain(..) {
            let _ = rustc.running.reap();
        }
    }
}

fn make_empty(directory: &Path) -> Result<()> {
    let _ = fs::remove_dir_all(directory);
    fs::create_dir_all(directory).with_context(|| format!("cannot make the directory `{}`", directory.display()))
}

/// What `step` has left.
fn collect(step: &Step, took: Duration) -> Result<Compiled> {
    let code = match (&step.results.rlib, &step.results.objects) {
        (Some(rlib), _) => Code::Archive(rlib.clone()),
        (None, Some(directory)) => Code::Objects(objects::kept(directory)?),
        (None, None) => bail!("`{}` is compiled to nothing that a program runs", step.crate_name),
    };
    let files = [&step.results.rlib, &step.results.rmeta, &step.results.dep_info].into_iter().flatten();
    for file in files {
        if !file.exists() {
            bail!("the compiler did not write `{}`", file.display());
        }
    }
    let (rmeta, dep_info) = (step.results.rmeta.clone(), step.results.dep_info.clone());
    Ok(Compiled { unit: step.unit.clone(), crate_name: step.crate_name.clone(), code, rmeta, dep_info, took })
}
