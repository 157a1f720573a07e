//! The processes of the programs: each is known by a thread, which puts patches into it.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use crate::commands::run::arrival::Arrival;
use crate::commands::run::driver::Driver;
use crate::commands::run::patching::base::OwnCode;
use crate::commands::run::patching::keeper::{Keeper, Known, Task};
use crate::commands::run::patching::patches_of;
use crate::commands::run::patching::settling::Settled;
use crate::commands::run::patching::worker::{self, Turn};
use crate::patch::rustc::plan::{self, Edit, Seen};
use crate::patch::rustc::recorded::Recorded;
use crate::patch::rustc::replay::Places;
use crate::session::event::{Event, Scope};
use crate::session::fleet::Tidings;
use crate::workspace::graph::HostIndex;

/// Cargo and we take turns: both would compile a program's own crate, to the same place.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Processes that were started, and whose own crate we compile.
    ours: usize,
    /// What cargo is to build then.
    build: Option<(Scope, bool)>,
    /// Processes that were started while cargo builds.
    processes: Vec<(usize, u32, SystemTime)>,
}

impl Driver<'_> {
    /// Puts what it has not got into the program of this number.
    pub(in crate::commands::run) fn patch(&self, index: usize) {
        self.ask(Task::Patch(index));
    }

    /// Takes back what was put into the program of this number last.
    pub(in crate::commands::run) fn take_back(&self, index: usize) {
        self.ask(Task::TakeBack(index));
    }

    /// Compares what cargo has built with what was patched into the program of this number.
    pub(in crate::commands::run) fn compare(&self, index: usize) {
        self.ask(Task::Compare(index));
    }

    /// The program of this number runs what cargo has built.
    pub(in crate::commands::run) fn is_current(&self, index: usize) {
        self.ask(Task::Current(index));
    }

    fn ask(&self, task: Task) {
        if let Some(patching) = &self.patching {
            patching.ask(task);
        }
    }

    /// Gets to know the process of the program of this number, which was just started.
    pub(in crate::commands::run) fn attach(&mut self, index: usize, pid: u32, began: SystemTime) {
        let Some(patching) = &mut self.patching else { return };
        if self.build.is_some() {
            patching.turns.processes.push((index, pid, began));
        } else {
            patching.turns.ours += 1;
            patching.ask(Task::Attach { index, pid, began });
        }
    }

    /// The process of the program of this number has ended.
    pub(in crate::commands::run) fn detach(&mut self, index: usize) {
        let Some(patching) = &mut self.patching else { return };
        patching.turns.processes.retain(|(other, ..)| *other != index);
        patching.ask(Task::Detach(index));
    }

    /// Whether cargo has to wait with this build, which is begun later then.
    pub(in crate::commands::run) fn has_to_wait(&mut self, scope: Scope, replan: bool) -> bool {
        let Some(patching) = &mut self.patching else { return false };
        let has_to = patching.turns.ours > 0;
        if has_to {
            patching.turns.build = Some((scope, replan));
        }
        has_to
    }

    /// A build that waits is not wanted any more.
    pub(in crate::commands::run) fn forget_waiting_build(&mut self) {
        let waiting = self.patching.as_mut().and_then(|patching| patching.turns.build.take());
        if waiting.is_some() {
            self.queue.push_back(Tidings::All(Event::Built(Err("it was cancelled".to_owned()))));
        }
    }

    /// We have compiled a program's own crate, or will not.
    pub(in crate::commands::run) fn turn_is_over(&mut self) {
        let Some(patching) = &mut self.patching else { return };
        patching.turns.ours = patching.turns.ours.saturating_sub(1);
        if patching.turns.ours == 0
            && let Some((scope, replan)) = patching.turns.build.take()
        {
            self.begin_build(scope, replan);
        }
    }

    /// Cargo has ended.
    pub(in crate::commands::run) fn turn_is_ours(&mut self) {
        let waiting = self.patching.as_mut().map(|patching| std::mem::take(&mut patching.turns.processes));
        for (index, pid, began) in waiting.into_iter().flatten() {
            self.attach(index, pid, began);
        }
    }
}

impl Keeper {
    pub(super) fn attach(&mut self, index: usize, pid: u32, began: SystemTime) {
        // Whatever happens, cargo does not wait for ever.
        let turn = Turn(self.arrivals.clone());
        self.begins(index);
        let Some(base) = self.base(index, began, turn) else { return };
        if let Ok((worker, thread)) = worker::start(index, pid, base, self.arrivals.clone()) {
            self.workers.insert(index, worker);
            self.threads.retain(|thread| !thread.is_finished());
            self.threads.push(thread);
        }
    }

    fn base(&mut self, index: usize, began: SystemTime, turn: Turn) -> Option<worker::Base> {
        let (program, own) = self.own(index)?;
        let known = self.known.as_ref()?;
        Some(worker::Base {
            local: known.local_parts(&program),
            own,
            began,
            toolchain: known.programs.toolchain.clone(),
            directory: patches_of(&self.directory, index),
            profile: known.programs.workspace.profile.clone(),
            dependencies: program.absolute(&program.out_dir),
            cancelling: Arc::clone(&self.cancelling),
            turn,
        })
    }

    pub(super) fn patch(&mut self, index: usize) {
        let given = self.missing[index].take();
        self.given.insert(index, (self.now, given.sources.clone()));
        let worker: Option<&Sender<worker::Task>> = self.workers.get(&index);
        let sent = worker.is_some_and(|worker| worker.send(worker::Task::Patch(given)).is_ok());
        if !sent {
            let why = "the program cannot be patched".to_owned();
            drop(self.arrivals.send(Arrival::Patched(index, Err(why))));
        }
    }

    pub(super) fn take_back(&mut self, index: usize) {
        if let Some((given, sources)) = self.given.get_mut(&index) {
            *given = self.now;
            self.missing[index].taken_back(sources, self.now);
        }
        let worker: Option<&Sender<worker::Task>> = self.workers.get(&index);
        if worker.is_none_or(|worker| worker.send(worker::Task::TakeBack).is_err()) {
            drop(self.arrivals.send(Arrival::TakenBack(index, Err("the program cannot be patched".to_owned()))));
        }
    }

    pub(super) fn compare(&mut self, index: usize) {
        // What was patched in since the build began is newer, and is built next.
        let is_old = self.given.get(&index).is_some_and(|(given, _)| *given > self.good_began);
        if let Some(settled) = self.settled(index).filter(|_| !is_old)
            && let Some(worker) = self.workers.get(&index)
        {
            drop(worker.send(worker::Task::Compare(settled)));
        }
    }

    fn settled(&mut self, index: usize) -> Option<Settled> {
        let (program, own) = self.own(index)?;
        let known = self.known.as_ref()?;
        Some(Settled { local: known.local_parts(&program), own })
    }

    /// How the program of this number was compiled, and the code of its own crate.
    fn own(&mut self, index: usize) -> Option<(Recorded, Arc<OwnCode>)> {
        let known = self.known.as_mut()?;
        let &host = known.programs.hosts.get(index)?;
        let program = known.program(host)?.clone();
        let out_dir = self.directory.join(format!("own-{host}-{}", self.now));
        let own = known.own_code(host, &program, Places { out_dir: &out_dir, tool: &self.tool });
        Some((program, own))
    }
}

impl Known {
    fn own_code(&mut self, host: HostIndex, program: &Recorded, places: Places<'_>) -> Arc<OwnCode> {
        let edit = Edit { unit: program.key(), seen: Seen::ByNobody };
        let parts = self.units.parts(program);
        let plan = || plan::plan(&self.units, &parts, &[edit], &self.kept, places);
        let cached = self.cached.get(&host).cloned().unwrap_or_default();
        let new = || OwnCode::new(program, cached, plan().map_err(|refusal| refusal.to_string()));
        Arc::clone(self.own.entry(host).or_insert_with(new))
    }
}
