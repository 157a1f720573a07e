//! The programs' processes: started, sent signals, and ended.

use std::thread;

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::commands::run::arrival::Arrival;
use crate::commands::run::driver::Driver;
use crate::effects::child::{Running, ending, wait_for_end_or_stops};
use crate::effects::{probe, process};
use crate::session::delivery::Built;
use crate::session::event::{Event, ProgramSignal};
use crate::session::verify::Mapping;

impl Driver<'_> {
    /// Starts what was built, and says whether that went well.
    pub(super) fn start(&mut self, index: usize, built: &Built) -> Event {
        match self.try_to_start(index, built) {
            Ok(pid) => Event::Started { pid },
            Err(error) => Event::NotStarted { reason: format!("{error:#}") },
        }
    }

    fn try_to_start(&mut self, index: usize, built: &Built) -> Result<u32> {
        if let Some(patching) = &self.patching {
            patching.clear(index)?;
        }
        let line = self.line_of(index, built);
        let mut command = process::command(&line);
        let output = self.front.connect(&mut command, index).context("cannot show what the program says")?;
        let running = Running::start(command).with_context(|| format!("cannot run `{line}`"))?;
        let (id, pid, arrivals) = (running.id(), running.pid(), self.arrivals.clone());
        self.front.program_started(pid, self.modules.len());
        let stopped = self.front.when_stopped(index);
        self.programs[index] = Some(running);
        self.causes[index].started(built);
        thread::Builder::new().name("program".into()).spawn(move || {
            wait_for_end_or_stops(pid, stopped);
            output.drain();
            drop(arrivals.send(Arrival::ProgramEnded(index)));
        })?;
        // What cargo and rustc have of a build that was brought back is newer than its code.
        if self.kept.is_newest(built) {
            self.attach(index, id, self.build_began);
        }
        Ok(id)
    }

    /// The program of this number has ended, and nothing of it is left then.
    pub(super) fn program_ended(&mut self, index: usize) -> Option<Event> {
        let program = self.programs[index].take()?;
        self.detach(index);
        self.front.program_ended(program.pid());
        Some(Event::Exited(ending(program.reap().unwrap_or_default())))
    }

    /// Sends the program of this number a signal.
    pub(super) fn signal(&mut self, index: usize, signal: ProgramSignal) {
        let Some(program) = &self.programs[index] else { return };
        match signal {
            ProgramSignal::Reload => {
                self.causes[index].before_reload(program.id());
                program.signal(self.facts.settings.reload_signal.signal());
            }
            ProgramSignal::Stop => {
                program.signal(self.facts.settings.stop_signal.signal());
                // What is suspended does not hear it.
                program.signal_group(Signal::CONT);
            }
            ProgramSignal::Kill => program.signal_group(Signal::KILL),
        }
    }

    /// The code that the program of this number has mapped.
    pub(super) fn look(&mut self, index: usize) -> Vec<Mapping> {
        let Some(pid) = self.programs[index].as_ref().map(Running::id) else { return Vec::new() };
        let mappings = probe::executable_mappings(pid);
        self.causes[index].looked(pid, &mappings);
        mappings
    }

    /// Ends every process at once.
    pub(super) fn kill_all(&mut self) {
        let all: Vec<Running> = self.build.take().into_iter().chain(self.programs.drain(..).flatten()).collect();
        // None of them lives on while another one is waited for.
        for running in &all {
            running.signal_group(Signal::KILL);
        }
        for running in all {
            let _ = running.reap();
        }
    }
}
