//! The loop's side of patches: what the session wants is asked for, and whose turn it is.

use std::time::SystemTime;

use crate::commands::run::driver::Driver;
use crate::commands::run::patching::compilation::CompilationEnded;
use crate::commands::run::turns::Process;
use crate::events::gather;
use crate::events::record::{self, BuildFinished, Diagnostic, Record};
use crate::plan::command::CommandLine;
use crate::session::event::{Crates, Event, Scope};
use crate::session::fleet::{Tidings, Whom};

impl Driver<'_> {
    /// Puts what it has not got into the program of this number.
    pub(super) fn patch(&self, index: usize) {
        if let Some(patching) = &self.patching {
            patching.patch(index);
        }
    }

    /// Takes back what was put into the program of this number last.
    pub(super) fn take_back(&self, index: usize) {
        if let Some(patching) = &self.patching {
            patching.take_back(index);
        }
    }

    /// Compares what cargo has built with what was patched into the program of this number.
    pub(super) fn compare(&self, index: usize) {
        if let Some(patching) = &self.patching {
            patching.compare(index);
        }
    }

    /// The program of this number runs what cargo has built.
    pub(super) fn is_current(&self, index: usize) {
        if let Some(patching) = &self.patching {
            patching.is_current(index);
        }
    }

    /// Gets to know the process of the program of this number, which was just started.
    pub(super) fn attach(&mut self, index: usize, pid: u32, began: SystemTime) {
        self.attach_to(Process { index, pid, began });
    }

    fn attach_to(&mut self, process: Process) {
        let Some(patching) = &self.patching else { return };
        if let Some(Process { index, pid, began }) = self.turns.started(process, self.build.is_some()) {
            patching.attach(index, pid, began);
        }
    }

    /// The process of the program of this number has ended.
    pub(super) fn detach(&mut self, index: usize) {
        self.turns.ended(index);
        if let Some(patching) = &self.patching {
            patching.detach(index);
        }
    }

    /// Whether cargo has to wait with this build, which is begun later then.
    pub(super) fn has_to_wait(&mut self, scope: Scope, replan: bool) -> bool {
        self.turns.has_to_wait(scope, replan)
    }

    /// A build that waits is not wanted any more.
    pub(super) fn forget_waiting_build(&mut self) {
        if self.turns.forget_build().is_some() {
            self.queue.push_back(Tidings::All(Event::Built(Err("it was cancelled".to_owned()))));
        }
    }

    /// We have compiled a program's own crate, or will not.
    pub(super) fn turn_is_over(&mut self) {
        if let Some((scope, replan)) = self.turns.is_over() {
            self.begin_build(scope, replan);
        }
    }

    /// Cargo has ended.
    pub(super) fn turn_is_ours(&mut self) {
        for process in self.turns.is_ours() {
            self.attach_to(process);
        }
    }

    /// Compiles the edited crates.
    pub(super) fn compile(&mut self) {
        let Some(patching) = &self.patching else { return };
        self.cancelled = false;
        self.front.build_begins();
        patching.compile(Box::new(self.front.diagnostics(Scope::Crates)));
    }

    /// These crates are being compiled.
    pub(super) fn compiling(&mut self, crates: &str) {
        // The whole call is long, and cargo's.
        self.record_build(&CommandLine::new("rustc", ".").args(["--crate-name", crates]));
    }

    /// The compilation has ended.
    pub(super) fn compiled(&mut self, ended: CompilationEnded) -> Tidings {
        let CompilationEnded { results, diagnostics, is_good, at } = ended;
        if let Some(diagnostics) = diagnostics {
            self.front.compilation_ended(is_good, self.cancelled);
            self.record_compiled(diagnostics, is_good);
        }
        self.queue.push_back(Tidings::All(Event::Compiled { at }));
        let nothing = || Ok(Crates { names: Vec::new() });
        let missing = self.facts.instances.len().saturating_sub(results.len());
        let results = results.into_iter().chain(std::iter::repeat_with(nothing).take(missing));
        Tidings::Each(results.map(Event::Crates).collect())
    }

    fn record_compiled(&mut self, diagnostics: Vec<Diagnostic>, is_good: bool) {
        let outcome = match (is_good, self.cancelled) {
            (true, _) => record::Outcome::Success,
            (false, true) => record::Outcome::Cancelled,
            (false, false) => record::Outcome::Failed,
        };
        let (diagnostics, left_out) = gather::foremost(diagnostics);
        let finished = self.recorded.finished(outcome);
        self.record(Whom::All, Record::BuildFinished(BuildFinished { diagnostics, left_out, ..finished }));
    }
}
