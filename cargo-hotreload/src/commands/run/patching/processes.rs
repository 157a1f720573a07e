//! The processes of the programs: each is known by a thread, which puts patches into it.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use crate::commands::run::arrival::Arrival;
use crate::commands::run::patching::base::OwnCode;
use crate::commands::run::patching::directories::patches_of;
use crate::commands::run::patching::keeper::Keeper;
use crate::commands::run::patching::settling::Settled;
use crate::commands::run::patching::worker::{self, Turn};
use crate::patch::rustc::recorded::Recorded;
use crate::patch::rustc::replay::Places;

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
