//! Who sees a program die of a reload: a thread of ours traces the program's threads while the reload is under way and for
//! some seconds after, and writes down what a thread was doing when it got a deadly signal.
//!
//! The program notices nothing but the time that a signal takes to pass through here:
//!
//! - threads are traced without being stopped (`PTRACE_SEIZE`), and new ones from their birth;
//! - each signal is passed on as it came, and a system call that it interrupts goes on as it would have;
//! - a stop of the whole process ends the watch, and so does everything that is not understood;
//! - the end of the tracing thread lets everything go: no stop is needed for that.
//!
//! A debugger cannot be attached meanwhile; where one is, there is no watch.

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::unistd::Pid;

use crate::effects::images::{Range, loaded};
use crate::effects::memory::Memory;
use crate::effects::stacks::{follows_call, name, threads};
use crate::effects::threads::registers::{UNSUPPORTED, settle};
use crate::effects::threads::tracee::{Event, go_on, next_event, tracer};

/// How long it watches after it was last told to go on.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the program is kept waiting at most until the watch has begun.
const BEGIN: Duration = Duration::from_secs(1);
/// How often is looked for what happens to the threads, if nothing does.
const INTERVAL: Duration = Duration::from_micros(500);
/// How often is looked otherwise: a thread that has ended is there for the others until we have taken notice.
const SHORT: Duration = Duration::from_micros(30);
/// For so long after something has happened.
const LIVELY: Duration = Duration::from_millis(30);
/// What is read of a stack.
const STACK: usize = 64 << 10;
/// So many calls are told.
const CALLS: usize = 48;

/// What a thread was doing when it got a deadly signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The signal.
    pub signal: i32,
    /// Where it was.
    pub pc: u64,
    /// The memory that it could not use, if that is it.
    pub used: Option<u64>,
    /// What the last function that it called would have returned to was `pc`.
    pub returned: bool,
    /// Addresses on its stack that calls may return to, innermost first; those that are in no loaded code, too.
    pub calls: Vec<u64>,
    /// What the process had loaded.
    pub loaded: Vec<Range>,
}

/// A watch over one process.
#[derive(Debug)]
pub struct Witness {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    until: Instant,
    seen: Option<Seen>,
    is_over: bool,
}

impl Witness {
    /// Watches the process `pid`; addresses within `code` are of interest although no code may be there any more.
    #[must_use]
    pub fn watch(pid: u32, code: Vec<std::ops::Range<u64>>) -> Option<Self> {
        if UNSUPPORTED.is_some() {
            return None;
        }
        let state = State { until: Instant::now() + PATIENCE, seen: None, is_over: false };
        let witness = Self { state: Arc::new(Mutex::new(state)) };
        let state = Arc::clone(&witness.state);
        let (begun, wait) = channel();
        let watching = move || {
            Watch { process: pid, code, traced: BTreeSet::new(), state: Arc::clone(&state) }.run(&begun);
            lock(&state).is_over = true;
        };
        thread::Builder::new().name("witness".into()).spawn(watching).ok()?;
        // Whether it works or not: the reload does not wait for it any longer.
        let _ = wait.recv_timeout(BEGIN);
        Some(witness)
    }

    /// Goes on for some seconds from now.
    pub fn go_on(&self) {
        lock(&self.state).until = Instant::now() + PATIENCE;
    }

    /// What was seen last.
    #[must_use]
    pub fn seen(&self) -> Option<Seen> {
        lock(&self.state).seen.clone()
    }

    /// Ends the watch, and waits until everything was let go.
    pub fn end(&self) {
        lock(&self.state).until = Instant::now();
        let deadline = Instant::now() + BEGIN;
        while !lock(&self.state).is_over && Instant::now() < deadline {
            thread::sleep(INTERVAL);
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        lock(&self.state).until = Instant::now();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether something has happened to a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Happened {
    Nothing,
    Something,
}

/// The tracing thread's side.
struct Watch {
    process: u32,
    code: Vec<std::ops::Range<u64>>,
    traced: BTreeSet<u32>,
    state: Arc<Mutex<State>>,
}

impl Watch {
    fn run(mut self, begun: &Sender<()>) {
        let has_begun = self.seize_all();
        let _ = begun.send(());
        if has_begun.is_none() {
            return;
        }
        let mut last = Instant::now();
        while Instant::now() < lock(&self.state).until && !self.traced.is_empty() {
            let all: Vec<u32> = self.traced.iter().copied().collect();
            for thread in all {
                match self.pass_on(thread) {
                    None => return,
                    Some(Happened::Nothing) => {}
                    Some(Happened::Something) => last = Instant::now(),
                }
            }
            thread::sleep(if last.elapsed() < LIVELY { SHORT } else { INTERVAL });
        }
    }

    /// Traces every thread; a new one is traced from its birth if the one that makes it is.
    fn seize_all(&mut self) -> Option<()> {
        loop {
            let new: Vec<u32> = threads(self.process).difference(&self.traced).copied().collect();
            if new.is_empty() {
                return (!self.traced.is_empty()).then_some(());
            }
            for thread in new {
                match ptrace::seize(pid(thread), Options::PTRACE_O_TRACECLONE) {
                    Ok(()) => {}
                    // It has ended, or is traced since its birth.
                    Err(_) if !threads(self.process).contains(&thread) => continue,
                    Err(nix::errno::Errno::EPERM) if is_ours(self.process, thread) => {}
                    Err(_) => return None,
                }
                self.traced.insert(thread);
            }
        }
    }

    /// Lets the thread go on if it was stopped. `None` if the watch has to end.
    fn pass_on(&mut self, thread: u32) -> Option<Happened> {
        match next_event(pid(self.process), pid(thread)) {
            Event::Runs => return Some(Happened::Nothing),
            Event::Gone => {
                self.traced.remove(&thread);
            }
            Event::Born => {
                let born = ptrace::getevent(pid(thread)).ok()?;
                self.traced.insert(u32::try_from(born).ok()?);
                go_on(pid(thread), 0).ok()?;
            }
            Event::Begins => go_on(pid(thread), 0).ok()?,
            Event::Signal(signal) => {
                // It says what becomes of the system call, if the signal has interrupted one.
                let registers = settle(pid(thread)).ok()?;
                if is_deadly(signal) {
                    let seen = self.write_down(thread, signal, registers.pc, registers.stack);
                    lock(&self.state).seen = seen;
                }
                go_on(pid(thread), signal).ok()?;
            }
            Event::Other => return None,
        }
        Some(Happened::Something)
    }

    fn write_down(&self, thread: u32, signal: i32, pc: u64, stack: u64) -> Option<Seen> {
        let memory = Memory::open(self.process).ok()?;
        let loaded = loaded(self.process);
        // The last word below the stack pointer is what was returned to last.
        let returned = memory.word(stack.wrapping_sub(8)).is_ok_and(|word| word == pc);
        let bytes = memory.read_up_to(stack & !7, STACK);
        let (words, _) = bytes.as_chunks();
        let is_there = |address: u64| loaded.iter().any(|range| (range.begin..range.end).contains(&address));
        let is_call = |address: u64| {
            let was_there = self.code.iter().any(|range| range.contains(&address));
            (was_there && !is_there(address)) || (is_there(address) && follows_call(address, &memory))
        };
        let calls = words.iter().map(|word| u64::from_ne_bytes(*word)).filter(|word| is_call(*word));
        Some(Seen {
            id: thread,
            name: name(self.process, thread),
            signal,
            pc,
            used: used(thread),
            returned,
            calls: calls.take(CALLS).collect(),
            loaded,
        })
    }
}

/// The address that the signal is about, for the signals that have one.
fn used(thread: u32) -> Option<u64> {
    let information = ptrace::getsiginfo(pid(thread)).ok()?;
    let is_about_memory = matches!(information.si_signo, libc::SIGSEGV | libc::SIGBUS) && information.si_code > 0;
    #[expect(unsafe_code, reason = "the field is part of a union")]
    // SAFETY: these signals, sent by the kernel, have it.
    let address = || unsafe { information.si_addr() }.addr() as u64;
    is_about_memory.then(address)
}

/// Whether the thread is traced by this very process: it was born since.
fn is_ours(process: u32, thread: u32) -> bool {
    tracer(pid(process), pid(thread)).is_some_and(|tracer| threads(std::process::id()).contains(&tracer))
}

fn is_deadly(signal: i32) -> bool {
    use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP].contains(&signal)
}

fn pid(thread: u32) -> Pid {
    Pid::from_raw(thread.cast_signed())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::{Duration, Instant};

    use rustix::process::Signal;

    use super::Witness;
    use crate::effects::child::{Running, wait_for_end};

    fn shell(script: &str) -> Running {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        Running::start(command).expect("sh starts")
    }

    /// Waits until the script has written something.
    fn ready(running: &mut Running) {
        use std::io::Read;
        running.take_stdout().expect("its output").read_exact(&mut [0]).expect("a byte");
    }

    #[test]
    fn a_deadly_signal_is_seen_and_others_pass() {
        let mut running = shell("trap 'kill -SEGV $$' USR1; echo; while :; do sleep 0.01; done");
        ready(&mut running);
        let witness = Witness::watch(running.id(), vec![]).expect("a watch");
        assert_eq!(witness.seen(), None);
        running.signal(Signal::USR1);
        wait_for_end(running.pid());
        let seen = witness.seen().expect("the death was seen");
        assert_eq!((seen.id, seen.name.as_str(), seen.signal, seen.used), (running.id(), "sh", 11, None));
        assert!(seen.loaded.iter().any(|range| (range.begin..range.end).contains(&seen.pc)), "{seen:?}");
        running.reap().expect("reaped");
    }

    #[test]
    fn who_is_watched_no_more_lives_on() {
        let mut running = shell("trap 'exit 7' USR1; echo; while :; do sleep 0.01; done");
        ready(&mut running);
        let witness = Witness::watch(running.id(), vec![]).expect("a watch");
        witness.end();
        // On a busy machine the one who ends it waits no longer than it has to.
        let deadline = Instant::now() + Duration::from_secs(20);
        let status = || std::fs::read_to_string(format!("/proc/{}/status", running.id())).expect("its status");
        while !status().contains("TracerPid:\t0\n") {
            assert!(Instant::now() < deadline, "{}", status());
            thread::sleep(Duration::from_millis(1));
        }
        running.signal(Signal::USR1);
        assert_eq!(running.wait().expect("it ends").code(), Some(7));
    }
}
