//! Puts a finished patch into the running program.
//!
//! 1. What nobody uses yet is written while the program runs: code, constants, variables.
//! 2. All threads are stopped. One that is inside of the bytes that are going to be replaced runs on until it is out of them;
//!    if it does not come out, all go on and it is tried again.
//! 3. Thread-locals, unwind tables, and at last the entries of the functions are written, and all go on.
//!
//! If this tool is killed in between, the program goes on as it is at that moment: with some functions redirected and
//! others not, but with none half redirected, unless its first bytes lie in two pages.

use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::effects::agent::{Agent, Presence};
use crate::effects::threads::{self, Stopped, bury_the_dead, stop};
use crate::effects::tracing;
use crate::patch::agent_state::{CAPACITY, Region, THREAD_LOCALS, Unwind};
use crate::patch::placed::{Placed, Replaced, WhileRunning, Write};

mod active;
mod occupied;

use active::{Active, worst};
use occupied::Occupied;

/// What it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Threads that were stopped.
    pub threads: usize,
    /// For how long.
    pub stopped: Duration,
    /// How often they were stopped until none was in the way.
    pub rounds: u32,
    /// Functions that threads are in, and go on in as they were until they return.
    pub running: Vec<String>,
}

/// Why nothing was redirected: the program runs on as it was.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The program has ended.
    #[error("the program has ended")]
    Ended,
    /// There is another program in the process now.
    #[error("the program has replaced itself by another one, into which the agent was not loaded")]
    Replaced,
    /// What tells the tool and the agent of each other is not as they left it.
    #[error("the program has written over the agent's variables")]
    Overwritten,
    /// Its threads cannot be stopped.
    #[error(transparent)]
    Threads(#[from] threads::Failure),
    /// A thread was in the way, each time.
    #[error(
        "a thread was inside of the first bytes of a function at {address:#x} that has to be redirected, {rounds} times"
    )]
    Occupied {
        /// Where it was.
        address: u64,
        /// How often it was looked.
        rounds: u32,
    },
    /// A thread is in optimised code that was compiled together with what the patch replaces.
    #[error("`{name}` is running, and its optimised code may rely on what the functions that it calls did before")]
    Running {
        /// The function.
        name: String,
    },
    /// The new body would never run.
    #[error("`{name}` has begun with its old body, and nobody calls it again")]
    Begun {
        /// The function.
        name: String,
    },
    /// Threads were being made, each time: those that come with the patch's thread-locals could not be told apart.
    #[error("a thread was just making another one, {rounds} times")]
    MakingThreads {
        /// How often it was looked.
        rounds: u32,
    },
    /// The patch does not fit the program.
    #[error("the patch cannot be written: {reason}")]
    Misplaced {
        /// What does not fit.
        reason: String,
    },
    /// The kernel did not write into the program.
    #[error("the program's memory at {address:#x} cannot be changed: {source}")]
    Memory {
        /// Where.
        address: u64,
        /// What the kernel said.
        source: io::Error,
    },
}

/// How long it is tried to find all threads out of the way.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a call may take for a patch to wait for its end.
const A_CALL: Duration = Duration::from_millis(500);

/// How long it mostly does not take to stop the program and write the patch.
const TOO_LONG: Duration = Duration::from_millis(50);

/// Puts `patch` into the program.
///
/// # Errors
/// Nothing was redirected then, and no thread-local of the program has changed.
pub fn apply(agent: &Agent, patch: &Placed) -> Result<Applied, Refusal> {
    check(agent, patch)?;
    let _turn = tracing::turn();
    // The kernel ties tracing to a thread, and lets everything go when that ends, whatever happens in it.
    thread::scope(|scope| {
        let (ends, end) = channel::<Infallible>();
        let tracing = scope.spawn(move || {
            let _ends = ends;
            write_and_redirect(agent, patch)
        });
        while end.recv_timeout(TOO_LONG) == Err(RecvTimeoutError::Timeout) {
            bury_the_dead(agent.pid());
        }
        tracing.join().unwrap_or(Err(Refusal::Ended))
    })
}

/// Whether the program is the one in which the agent was found, and the agent is as it was.
///
/// # Errors
/// What has become of it.
pub fn check_presence(agent: &Agent) -> Result<(), Refusal> {
    match agent.presence() {
        Presence::There => Ok(()),
        Presence::Overwritten => Err(Refusal::Overwritten),
        Presence::Replaced => Err(Refusal::Replaced),
        Presence::Ended => Err(Refusal::Ended),
    }
}

fn write_and_redirect(agent: &Agent, patch: &Placed) -> Result<Applied, Refusal> {
    let result = prepare(agent, patch).and_then(|before| redirect(agent, patch, &before));
    // Whatever failed because the program has ended says that.
    result.map_err(|refusal| check_presence(agent).err().unwrap_or(refusal))
}

/// Writes what nobody uses yet, and returns what is at the redirected entries now.
fn prepare(agent: &Agent, patch: &Placed) -> Result<Vec<Write>, Refusal> {
    patch.writes.iter().try_for_each(|write| put(agent, write))?;
    let mut before = Vec::with_capacity(patch.redirects.len());
    for Write { address, bytes } in &patch.redirects {
        let read = agent.memory().read(*address, bytes.len());
        let write = Write { address: *address, bytes: read.map_err(|source| failed(*address, source))? };
        // The page becomes the process's own now, not while all wait.
        put(agent, &write)?;
        before.push(write);
    }
    Ok(before)
}

fn redirect(agent: &Agent, patch: &Placed, before: &[Write]) -> Result<Applied, Refusal> {
    const SHORTEST_PAUSE: Duration = Duration::from_micros(250);
    const LONGEST_PAUSE: Duration = Duration::from_millis(20);
    let began = Instant::now();
    let occupied = Occupied::new(&patch.redirects);
    let active = Active::new(agent.pid(), &patch.replaced);
    let mut pause = SHORTEST_PAUSE;
    for rounds in 1.. {
        let stopped = stop(agent.pid()).and_then(|mut stopped| {
            stopped.run_out(|pc| occupied.contains(pc))?;
            Ok(stopped)
        });
        let refusal = match stopped {
            Ok(stopped) => {
                let running = active.among(&stopped, agent.memory());
                match obstacle(agent, patch, (&occupied, &running), &stopped, rounds)? {
                    None => {
                        write(agent, patch, before, &stopped)?;
                        let threads = stopped.threads().len();
                        let running = running.iter().map(|replaced| replaced.name.clone()).collect();
                        return Ok(Applied { threads, stopped: stopped.release(), rounds, running });
                    }
                    Some(refusal) => refusal,
                }
            }
            Err(late @ threads::Failure::Late { .. }) => late.into(),
            Err(failure) => return Err(failure.into()),
        };
        let patience = if matches!(refusal, Refusal::Running { .. }) { A_CALL } else { PATIENCE };
        if began.elapsed() > patience {
            return Err(refusal);
        }
        thread::sleep(pause);
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    unreachable!("the deadline comes before 2^32 rounds")
}

/// What keeps the patch from being written now.
fn obstacle(
    agent: &Agent,
    patch: &Placed,
    (occupied, running): (&Occupied, &[&Replaced]),
    stopped: &Stopped,
    rounds: u32,
) -> Result<Option<Refusal>, Refusal> {
    check_presence(agent)?;
    if let Some(Replaced { name, running, .. }) = worst(running) {
        let name = name.clone();
        return match running {
            WhileRunning::Refuse => Err(Refusal::Begun { name }),
            WhileRunning::Tell | WhileRunning::Wait => Ok(Some(Refusal::Running { name })),
        };
    }
    for thread in stopped.threads() {
        if let Some(address) = occupied.by(&thread.registers, agent.memory()) {
            return Ok(Some(Refusal::Occupied { address, rounds }));
        }
    }
    if patch.thread_locals.is_empty() {
        return Ok(None);
    }
    let creation = agent.thread_creation();
    let is_making = |thread: &threads::Thread| {
        let counter = thread.registers.thread_pointer.wrapping_add_signed(creation);
        // A thread without a thread pointer is none of libc's.
        agent.memory().word(counter).is_ok_and(|depth| depth != 0)
    };
    Ok(stopped.threads().iter().any(is_making).then_some(Refusal::MakingThreads { rounds }))
}

/// Writes everything that somebody sees. If the process dies in between, each step is harmless without the next one.
fn write(agent: &Agent, patch: &Placed, before: &[Write], stopped: &Stopped) -> Result<(), Refusal> {
    write_thread_locals(agent, patch, stopped)?;
    if let Some(unwind) = patch.unwind {
        publish(agent, unwind)?;
    }
    for (done, write) in patch.redirects.iter().enumerate() {
        if let Err(refusal) = put(agent, write) {
            // What was written can be written again.
            before[..done].iter().rev().try_for_each(|write| put(agent, write))?;
            return Err(refusal);
        }
    }
    Ok(())
}

fn write_thread_locals(agent: &Agent, patch: &Placed, stopped: &Stopped) -> Result<(), Refusal> {
    if patch.thread_locals.is_empty() {
        return Ok(());
    }
    let (image, distance) = (agent.thread_locals_image(), agent.thread_locals());
    let pointers =
        stopped.threads().iter().map(|thread| thread.registers.thread_pointer).filter(|pointer| *pointer != 0);
    let blocks = pointers.map(|pointer| pointer.wrapping_add_signed(distance));
    for block in [image].into_iter().chain(blocks) {
        for Write { address, bytes } in &patch.thread_locals {
            let address = block + address;
            agent.memory().write(address, bytes).map_err(|source| failed(address, source))?;
        }
    }
    Ok(())
}

/// Adds an entry for unwinders, and then counts it.
fn publish(agent: &Agent, unwind: Unwind) -> Result<(), Refusal> {
    let count = agent.count();
    let address = agent.unwind_address() + count * size_of::<Unwind>() as u64;
    let words = [unwind.code.start, unwind.code.length, unwind.header];
    put(agent, &Write { address, bytes: words.map(u64::to_ne_bytes).concat() })?;
    put(agent, &Write { address: agent.count_address(), bytes: (count + 1).to_ne_bytes().to_vec() })?;
    agent.counted(count + 1);
    Ok(())
}

fn put(agent: &Agent, Write { address, bytes }: &Write) -> Result<(), Refusal> {
    agent.memory().write(*address, bytes).map_err(|source| failed(*address, source))
}

fn failed(address: u64, source: io::Error) -> Refusal {
    Refusal::Memory { address, source }
}

/// Whether everything is where it may be.
fn check(agent: &Agent, patch: &Placed) -> Result<(), Refusal> {
    let regions = [agent.code(), agent.constants(), agent.variables()];
    let misplaced = |reason: String| Err(Refusal::Misplaced { reason });
    for write in &patch.writes {
        if !regions.iter().any(|region| is_within(*region, write.address, write.bytes.len())) {
            return misplaced(format!("{:#x} is in none of the agent's regions", write.address));
        }
    }
    for write in &patch.thread_locals {
        if !is_within(Region { start: 0, length: THREAD_LOCALS as u64 }, write.address, write.bytes.len()) {
            return misplaced(format!("there are {THREAD_LOCALS} bytes for new thread-locals"));
        }
    }
    let Some(Unwind { code, .. }) = patch.unwind else { return Ok(()) };
    let count = agent.count();
    if agent.count_there().map_err(|_| Refusal::Ended)? != count {
        return Err(Refusal::Overwritten);
    }
    if count >= CAPACITY as u64 {
        return misplaced(format!("the program has taken {CAPACITY} patches"));
    }
    let end = match count.checked_sub(1) {
        None => agent.code().start,
        Some(last) => end_of_code(agent, last).map_err(|_| Refusal::Ended)?.ok_or(Refusal::Overwritten)?,
    };
    let is_behind = code.start >= end;
    if !is_behind || !usize::try_from(code.length).is_ok_and(|length| is_within(agent.code(), code.start, length)) {
        return misplaced(format!("code at {:#x} is not behind that of the patches before", code.start));
    }
    Ok(())
}

/// Where the code of a patch ends; `None` if that cannot be.
fn end_of_code(agent: &Agent, entry: u64) -> io::Result<Option<u64>> {
    let address = agent.unwind_address() + entry * size_of::<Unwind>() as u64;
    let (start, length) = (agent.memory().word(address)?, agent.memory().word(address + 8)?);
    let is_there = usize::try_from(length).is_ok_and(|length| is_within(agent.code(), start, length));
    Ok(is_there.then(|| start + length))
}

fn is_within(region: Region, address: u64, length: usize) -> bool {
    let length = length as u64;
    address.checked_sub(region.start).is_some_and(|at| length <= region.length && at <= region.length - length)
}
