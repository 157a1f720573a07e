//! The processes of the programs: each is known by a thread, which puts patches into it.

use std::sync::Arc;
use std::time::SystemTime;

use crate::commands::run::driver::Driver;
use crate::commands::run::patching::worker::{self, Base as Baseline, Task};
use crate::patch::rustc::plan::{self, Base, Edit, Seen};
use crate::patch::rustc::replay::Places;
use crate::session::event::Event;
use crate::session::fleet::Tidings;

impl Driver<'_> {
    /// Puts what was compiled into the program of this number.
    pub(in crate::commands::run) fn patch(&mut self, index: usize) {
        let Some(patching) = &mut self.patching else { return };
        // Whatever comes of it, what comes next begins here: a refused patch ends in a build of cargo's.
        patching.advance();
        let sent =
            patching.workers[index].as_ref().map(|worker| worker.send(Task::Patch(Arc::clone(&patching.compiled))));
        if !matches!(sent, Some(Ok(()))) {
            let why = "the program cannot be patched".to_owned();
            self.queue.push_back(Tidings::One(index, Event::Patched(Err(why))));
        }
    }

    /// Compares what cargo has built with what was patched into the program of this number.
    pub(in crate::commands::run) fn compare(&mut self, index: usize) {
        let Some(patching) = &self.patching else { return };
        let Some(program) = patching.program(&self.facts, self.facts.instances[index].host) else { return };
        let task = Task::Compare(patching.local_parts(&self.facts, program));
        if let Some(worker) = &patching.workers[index] {
            drop(worker.send(task));
        }
    }

    /// Gets to know the process of the program of this number, which was just started.
    pub(in crate::commands::run) fn attach(&mut self, index: usize, pid: u32, began: SystemTime) {
        let Some(patching) = &self.patching else { return };
        let Some(program) = patching.program(&self.facts, self.facts.instances[index].host) else { return };
        let out_dir = patching.directory.join(format!("base-{pid}"));
        let places = Places { out_dir: &out_dir, tool: &patching.tool };
        let edit = Edit { unit: program.key(), seen: Seen::ByNobody };
        let objects = plan::plan(&patching.units, program, &[edit], &Base::default(), places);
        let base = Baseline {
            local: patching.local_parts(&self.facts, program),
            cached: patching.cached.get(&program.key()).cloned().unwrap_or_default(),
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
    pub(in crate::commands::run) fn detach(&mut self, index: usize) {
        if let Some(patching) = &mut self.patching {
            patching.workers[index] = None;
        }
    }
}
