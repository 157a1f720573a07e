//! The thread that keeps what is known for patches: how everything was compiled, and what each process has not got.
//!
//! It does what it is asked for in the order in which it was asked. What takes long is done by other threads.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::SystemTime;

use crate::commands::run::arrival::Arrival;
use crate::commands::run::patching::cancelling::Cancelling;
use crate::commands::run::patching::compilation::{Carried, Compiling, Show};
use crate::commands::run::patching::directories::remove;
use crate::commands::run::patching::instance::{Missing, Moment};
use crate::commands::run::patching::knowledge::{Known, Programs};
use crate::commands::run::patching::worker;

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
        let [kept, cached] = ["kept", "cached"].map(|name| self.directory.join(format!("{name}-{}", self.now)));
        self.known = Some(Known::read(programs, &self.records, &kept, &cached, &earlier));
        self.results.extend([kept, cached]);
    }

    /// The process of the program of this number, which was started from the last good build, is new.
    pub(super) fn begins(&mut self, index: usize) {
        self.missing[index].has_what_was_built(self.good_began);
    }
}
