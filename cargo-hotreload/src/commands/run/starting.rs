//! The program's process: started, and sent signals.

use std::thread;

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::commands::run::arrival::Arrival;
use crate::commands::run::driver::Driver;
use crate::commands::run::program::program_line;
use crate::effects::child::{Running, wait_for_end_or_stops};
use crate::effects::process;
use crate::session::delivery::Built;
use crate::session::event::ProgramSignal;

impl Driver<'_> {
    /// Starts what was built, and returns its process id.
    pub(super) fn start(&mut self, built: &Built) -> Result<u32> {
        let line = program_line(&self.facts, built, &self.directory, &self.arguments.arguments);
        let mut command = process::command(&line);
        let output = self.front.connect(&mut command).context("cannot show what the program says")?;
        let running = Running::start(command).with_context(|| format!("cannot run `{line}`"))?;
        let (id, pid, arrivals) = (running.id(), running.pid(), self.arrivals.clone());
        self.front.program_started(pid, built.modules().count());
        let stopped = self.front.when_stopped();
        self.program = Some(running);
        thread::Builder::new().name("program".into()).spawn(move || {
            wait_for_end_or_stops(pid, stopped);
            output.drain();
            drop(arrivals.send(Arrival::ProgramEnded));
        })?;
        Ok(id)
    }

    /// Sends the program a signal.
    pub(super) fn signal(&self, signal: ProgramSignal) {
        let Some(program) = &self.program else { return };
        match signal {
            ProgramSignal::Reload => program.signal(self.facts.settings.reload_signal.signal()),
            ProgramSignal::Stop => {
                program.signal(self.facts.settings.stop_signal.signal());
                // What is suspended does not hear it.
                program.signal_group(Signal::CONT);
            }
            ProgramSignal::Kill => program.signal_group(Signal::KILL),
        }
    }
}
