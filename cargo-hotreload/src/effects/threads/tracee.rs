//! One thread that is traced by the calling thread.

use std::io;

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace;
use nix::unistd::{Pid, gettid};
use procfs::process::Process;
use rustix::process::{WaitId, WaitIdOptions, WaitIdStatus, waitid};
use thiserror::Error;

use crate::effects::files;

/// Why a thread cannot be traced.
#[derive(Debug, Error)]
pub enum Untraceable {
    /// Another program traces it.
    #[error("it is traced by process {tracer}, maybe a debugger")]
    Traced {
        /// The other program.
        tracer: u32,
    },
    /// The kernel refuses.
    #[error("the kernel does not let it be traced: {source}")]
    NotPermitted {
        /// What the kernel said.
        source: io::Error,
    },
}

/// Whether a thread is there to be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is.
    There,
    /// It has ended, or runs in the kernel alone.
    Gone,
}

/// What a traced thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It was not stopped yet.
    Runs,
    /// It is stopped; the signal is about to be delivered to it (0: none).
    Stopped(i32),
    /// It has ended.
    Gone,
}

/// Traces the thread and asks it to stop.
pub(super) fn seize(process: Pid, thread: Pid) -> Result<Presence, Untraceable> {
    match ptrace::seize(thread, ptrace::Options::empty()) {
        Ok(()) => {}
        Err(Errno::ESRCH) => return Ok(Presence::Gone),
        // We do already: it did not stop when it was asked before, and what does not stand cannot be let go.
        Err(_) if tracer(process, thread) == Some(gettid().as_raw().unsigned_abs()) => {}
        Err(refused) => return why_not(process, thread, refused),
    }
    interrupt(thread);
    Ok(Presence::There)
}

/// Asks a thread that is traced to stop.
pub(super) fn interrupt(thread: Pid) {
    // It fails only if the thread has ended meanwhile, which is seen when it is waited for.
    let _ = ptrace::interrupt(thread);
}

fn why_not(process: Pid, thread: Pid, refused: Errno) -> Result<Presence, Untraceable> {
    if presence(process, thread) == Presence::Gone {
        return Ok(Presence::Gone);
    }
    match tracer(process, thread) {
        Some(tracer) => Err(Untraceable::Traced { tracer }),
        None => Err(Untraceable::NotPermitted { source: refused.into() }),
    }
}

/// The thread that traces this one.
pub(in crate::effects) fn tracer(process: Pid, thread: Pid) -> Option<u32> {
    let status = files::read_lossy(format!("/proc/{process}/task/{thread}/status")).ok()?;
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:")?.trim().parse().ok());
    tracer.filter(|tracer| *tracer != 0)
}

/// Whether the thread is one that can be stopped, by what the kernel tells of it.
pub(super) fn presence(process: Pid, thread: Pid) -> Presence {
    /// Threads that the kernel made in the process for its own work: `PF_IO_WORKER`, `PF_USER_WORKER`.
    const KERNELS_OWN: u32 = 0x10 | 0x4000;
    match stat(process, thread) {
        Some((state, flags)) if !matches!(state, 'Z' | 'X') && flags & KERNELS_OWN == 0 => Presence::There,
        _ => Presence::Gone,
    }
}

/// The thread's state, as a letter, and the kernel's flags.
pub(super) fn stat(process: Pid, thread: Pid) -> Option<(char, u32)> {
    let process = Process::new(process.as_raw()).ok()?;
    let stat = process.task_from_tid(thread.as_raw()).ok()?.stat().ok()?;
    Some((stat.state, stat.flags))
}

/// What the thread does, without waiting.
pub(super) fn look(process: Pid, thread: Pid) -> Look {
    seen(change(process, thread))
}

/// What happened to a thread that is traced for longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::effects) enum Event {
    /// Nothing.
    Runs,
    /// It has ended.
    Gone,
    /// This signal is about to be delivered to it.
    Signal(i32),
    /// It has made another thread.
    Born,
    /// It was born, and stands before its first instruction.
    Begins,
    /// It takes part in a stop of the whole process, or something else that nobody has asked for.
    Other,
}

/// What has happened to the thread since it was last let go on, without waiting.
pub(in crate::effects) fn next_event(process: Pid, thread: Pid) -> Event {
    event(change(process, thread))
}

/// How the kernel tells of a thread. `None` if there is nothing new.
type Status = rustix::io::Result<Option<WaitIdStatus>>;

/// What is new about the thread, without waiting. It is taken only if that is its end, and not that of the main thread:
/// that is the end of the process, which somebody else waits for.
///
/// A stop is left as it is until the thread goes on. The kernel forgets a signal that is about to be delivered as soon as
/// it was taken, so that it would be lost if we were killed then.
fn change(process: Pid, thread: Pid) -> Status {
    let id = WaitId::Pid(raw(thread));
    let stops = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::from_bits_retain(all_threads());
    let ends = stops | WaitIdOptions::EXITED;
    match waitid(id.clone(), ends | WaitIdOptions::NOWAIT) {
        Ok(Some(status)) if status.trapping_signal().is_none() && thread != process => waitid(id, ends),
        other => other,
    }
}

fn event(status: Status) -> Event {
    let code = match status {
        Ok(Some(status)) => status.trapping_signal(),
        Ok(None) | Err(rustix::io::Errno::INTR) => return Event::Runs,
        Err(_) => return Event::Gone,
    };
    match code.map(|code| (code >> 8, code & 0xff)) {
        None => Event::Gone,
        Some((0, signal)) => Event::Signal(signal),
        Some((libc::PTRACE_EVENT_CLONE, _)) => Event::Born,
        Some((libc::PTRACE_EVENT_STOP, libc::SIGTRAP)) => Event::Begins,
        Some(_) => Event::Other,
    }
}

/// Takes notice of the end of a thread that anyone of this process traces; without that a thread of the program that
/// waits for it would wait for ever. Not for the main thread.
pub(super) fn bury(thread: Pid) {
    let id = WaitId::Pid(raw(thread));
    let ends = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::from_bits_retain(all_threads());
    // The kernel would also give us a stop, which is for the one who traces.
    if seen(waitid(id.clone(), ends | WaitIdOptions::NOWAIT)) == Look::Gone {
        let _ = waitid(id, ends);
    }
}

fn all_threads() -> u32 {
    libc::__WALL.cast_unsigned()
}

fn seen(status: Status) -> Look {
    /// In the second byte of the status where it was our request that stopped the thread, or a stop of all threads.
    const EVENT: i32 = libc::PTRACE_EVENT_STOP;
    match status {
        Ok(Some(status)) => match status.trapping_signal() {
            Some(code) if code >> 8 == EVENT => Look::Stopped(0),
            Some(signal) => Look::Stopped(signal & 0xff),
            None => Look::Gone,
        },
        Ok(None) | Err(rustix::io::Errno::INTR) => Look::Runs,
        Err(_) => Look::Gone,
    }
}

/// Lets the stopped thread go on, with `signal` (0: none), and traces it still.
pub(in crate::effects) fn go_on(thread: Pid, signal: i32) -> io::Result<()> {
    #[expect(unsafe_code, reason = "nix knows no real-time signals")]
    // SAFETY: the request reads and writes none of our memory.
    let result = unsafe {
        libc::ptrace(libc::PTRACE_CONT, thread.as_raw(), 0_usize, libc::c_ulong::from(signal.unsigned_abs()))
    };
    match result {
        ..0 if io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH) => Err(io::Error::last_os_error()),
        // It was killed: that is told next.
        _ => Ok(()),
    }
}

/// Lets the stopped thread go, with `signal` (0: none), and traces it no more. A thread that takes part in a stop of the
/// whole process stays stopped.
pub(super) fn let_go(process: Pid, thread: Pid, signal: i32) {
    #[expect(unsafe_code, reason = "nix knows no real-time signals")]
    // SAFETY: the request reads and writes none of our memory.
    let let_go = unsafe {
        libc::ptrace(libc::PTRACE_DETACH, thread.as_raw(), 0_usize, libc::c_ulong::from(signal.unsigned_abs()))
    };
    if let_go < 0 {
        // It was killed. It is waited for, so that the process can end.
        look(process, thread);
    }
}

fn raw(thread: Pid) -> rustix::process::Pid {
    rustix::process::Pid::from_raw(thread.as_raw()).expect("the kernel gives no thread the id 0")
}
