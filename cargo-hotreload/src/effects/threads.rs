//! Stopping every thread of a process for a moment, from outside and without a signal.
//!
//! The thread that calls [`stop`] traces the others (`PTRACE_SEIZE`) and asks each to stop. The program must notice
//! nothing but the time:
//!
//! - system calls go on ([`registers`]);
//! - a signal that arrives meanwhile is delivered when the thread goes on;
//! - who was stopped by job control stays stopped;
//! - if the calling thread ends, by whatever cause, the kernel lets all traced threads go.

use std::collections::BTreeSet;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use thiserror::Error;

pub mod registers;
pub(super) mod tracee;

pub use registers::Registers;
pub use tracee::Untraceable;
use tracee::{Look, Presence};

/// Why not every thread was stopped.
#[derive(Debug, Error)]
pub enum Failure {
    /// The process has no thread any more.
    #[error("the program has ended")]
    Ended,
    /// This architecture needs work that was not done.
    #[error("patching a running program was not tested on {0} and is not done there")]
    Architecture(&'static str),
    /// A thread cannot be traced.
    #[error("thread {thread} cannot be stopped: {source}")]
    Untraceable {
        /// The thread.
        thread: u32,
        /// Why.
        source: Untraceable,
    },
    /// A thread does not stop in time: it waits in the kernel for something that cannot be interrupted.
    #[error("thread {thread} did not stop within {patience:?} (state {state})")]
    Late {
        /// The thread.
        thread: u32,
        /// How long it was waited for.
        patience: Duration,
        /// The kernel's letter for what it does.
        state: char,
    },
}

/// A stopped thread.
#[derive(Debug)]
pub struct Thread {
    id: Pid,
    /// The signal that is delivered when it goes on; 0: none.
    signal: i32,
    /// Its registers.
    pub registers: Registers,
}

/// All threads of a process, stopped until this is dropped.
#[derive(Debug)]
pub struct Stopped {
    process: Pid,
    since: Instant,
    /// All that were there when it was looked.
    known: BTreeSet<Pid>,
    threads: Vec<Thread>,
    /// Traced and asked to stop.
    asked: Vec<Pid>,
}

/// How long the others are kept waiting for a thread that does not stop.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a thread that did not stop is waited for after that, with the others going on.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// Stops every thread of the process `pid`.
///
/// It must be called in a thread that ends soon after: that is what lets a thread go which does not even stop.
pub fn stop(pid: u32) -> Result<Stopped, Failure> {
    if let Some(architecture) = registers::UNSUPPORTED {
        return Err(Failure::Architecture(architecture));
    }
    let process = Pid::from_raw(i32::try_from(pid).map_err(|_| Failure::Ended)?);
    let (since, known) = (Instant::now(), BTreeSet::new());
    let mut stopped = Stopped { process, since, known, threads: Vec::new(), asked: Vec::new() };
    stopped.stop_unknown()?;
    if stopped.threads.is_empty() { Err(Failure::Ended) } else { Ok(stopped) }
}

impl Thread {
    /// Its id.
    #[must_use]
    pub fn number(&self) -> u32 {
        number(self.id)
    }
}

impl Stopped {
    /// The threads.
    #[must_use]
    pub fn threads(&self) -> &[Thread] {
        &self.threads
    }

    /// Lets each thread that would go on at a place which is `inside` do so for a moment, so that it is behind it.
    ///
    /// Threads that job control stopped would be there for ever, and others may be there again whenever they are stopped.
    /// They are not led out instruction by instruction: if the tool is killed, the kernel lets the thread go and leaves the
    /// processor's flag for single steps as it is, so that the next instruction ends the program.
    pub fn run_out(&mut self, inside: impl Fn(u64) -> bool) -> Result<(), Failure> {
        const FIRST: Duration = Duration::from_micros(20);
        /// A processor may be busy with something else.
        const LAST: Duration = Duration::from_millis(5);
        let mut moment = FIRST;
        while moment <= LAST && self.let_run(&inside) {
            thread::sleep(moment);
            // Who stands already, because it was asked twice before (a thread that job control had stopped), would stand
            // once more when it goes on.
            self.take_those_that_stopped();
            self.asked.iter().copied().for_each(tracee::interrupt);
            self.wait(PATIENCE)?;
            self.stop_unknown()?;
            moment *= 2;
        }
        Ok(())
    }

    /// Lets the threads run which are `inside`; whether there are such.
    fn let_run(&mut self, inside: impl Fn(u64) -> bool) -> bool {
        // Who waits in a system call would wait there again, and a signal that is delivered leads elsewhere.
        let runs = |Thread { signal, registers, .. }: &mut Thread| {
            inside(registers.pc) && registers.restart.is_none() && *signal == 0
        };
        for Thread { id, .. } in self.threads.extract_if(.., runs) {
            // It fails for none that stands.
            let _ = tracee::go_on(id, 0);
            self.asked.push(id);
        }
        !self.asked.is_empty()
    }

    /// Stops the threads that were not known. One that runs may make another: once all that are listed stand, the list is
    /// whole.
    fn stop_unknown(&mut self) -> Result<(), Failure> {
        loop {
            let listed = threads(self.process)?;
            let new: Vec<Pid> = listed.into_iter().filter(|thread| self.known.insert(*thread)).collect();
            if new.is_empty() {
                return Ok(());
            }
            for thread in new {
                let seized = tracee::seize(self.process, thread);
                if seized.map_err(|source| Failure::Untraceable { thread: number(thread), source })? == Presence::There
                {
                    self.asked.push(thread);
                }
            }
            self.wait(PATIENCE)?;
        }
    }

    /// Lets all go on, and says for how long they stood.
    #[must_use]
    pub fn release(mut self) -> Duration {
        self.let_go();
        self.since.elapsed()
    }

    /// Waits until those that were asked have stopped.
    ///
    /// No system call waits for this with a limit, and the end of a main thread is not told at all while others live. So
    /// they are asked one after the other; mostly each stops at once.
    fn wait(&mut self, patience: Duration) -> Result<(), Failure> {
        const AT_ONCE: Duration = Duration::from_micros(50);
        const PAUSE: Duration = Duration::from_micros(50);
        let begin = Instant::now();
        loop {
            self.take_those_that_stopped();
            let Some(late) = self.asked.first() else { return Ok(()) };
            let waited = begin.elapsed();
            if waited > patience {
                let state = tracee::stat(self.process, *late).map_or('?', |(state, _)| state);
                // One that waits for a processor stops as soon as it has one: to let the others go would delay it.
                if state != 'R' || waited > LAST_PATIENCE {
                    return Err(Failure::Late { thread: number(*late), patience: waited, state });
                }
            }
            if waited < AT_ONCE {
                thread::yield_now();
            } else {
                self.asked.retain(|thread| tracee::presence(self.process, *thread) == Presence::There);
                thread::sleep(PAUSE);
            }
        }
    }

    fn take_those_that_stopped(&mut self) {
        let Self { process, threads, asked, .. } = self;
        asked.retain(|id| match tracee::look(*process, *id) {
            Look::Runs => true,
            Look::Gone => false,
            Look::Stopped(signal) => {
                // Otherwise it was killed just now.
                if let Ok(registers) = registers::settle(*id) {
                    threads.push(Thread { id: *id, signal, registers });
                }
                false
            }
        });
    }

    fn let_go(&mut self) {
        for Thread { id, signal, .. } in self.threads.drain(..) {
            tracee::let_go(self.process, id, signal);
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.let_go();
        // Only a thread that stands can be let go. What does not stand even now is let go when the calling thread ends.
        if self.wait(LAST_PATIENCE).is_ok() {
            self.let_go();
        }
    }
}

/// Takes notice of the threads that have ended while another thread of ours traces them.
///
/// A thread that replaces the program by another one (execve) waits until all the others have ended and the one who
/// traces them has noticed, and holds a lock that is needed to trace another thread. If we are just about to do that,
/// each waits for the other, unless a third one comes along.
pub fn bury_the_dead(pid: u32) {
    let Ok(process) = i32::try_from(pid).map(Pid::from_raw) else { return };
    let all = threads(process).unwrap_or_default();
    all.into_iter().filter(|thread| *thread != process).for_each(tracee::bury);
}

/// The threads that the process has now.
pub(super) fn threads(process: Pid) -> Result<Vec<Pid>, Failure> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).map_err(|_| Failure::Ended)?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(names.map(Pid::from_raw).collect())
}

/// The id of a thread as a number.
pub(super) fn number(thread: Pid) -> u32 {
    thread.as_raw().unsigned_abs()
}
