//! Whose calls are on the stacks of a process.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::thread;

use nix::unistd::Pid;

use crate::effects::files;
use crate::effects::maps;
use crate::effects::memory::Memory;
use crate::effects::threads::{Registers, Thread, number, stop, threads as ids};
use crate::effects::tracing;

/// No stack that is read has more in use than this.
const LARGEST: u64 = 8 << 20;

/// A thread and the addresses within some code that its stack holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// The thread's id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What it waits for in the kernel.
    pub waits: Option<&'static str>,
    /// Where it is, and where its calls return to, innermost first; only what is within the code.
    pub addresses: Vec<u64>,
}

/// The threads of the process `pid` that are inside of `code` or have a return address into it on their stacks. They are
/// stopped for that, for less than a millisecond mostly. `None` if they cannot be.
#[must_use]
pub fn inside(pid: u32, code: Range<u64>) -> Option<Vec<Inside>> {
    while_tracing(move || look(pid, &code))
}

/// What `look` finds, in a thread of its own: tracing is tied to a thread, whose end lets everything go.
fn while_tracing<T: Send + 'static>(look: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
    let looking = thread::Builder::new().name("stacks".into()).spawn(move || {
        let _turn = tracing::turn();
        look()
    });
    looking.ok()?.join().ok()?
}

/// A thread as it was for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The thread's id.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Its registers.
    pub registers: Registers,
    /// What is on its stack, from the stack pointer on.
    pub stack: Vec<u8>,
}

/// Copies of those threads of the process `pid` that are among `wanted`. `None` if they cannot be stopped for it.
#[must_use]
pub fn copies(pid: u32, wanted: &BTreeSet<u32>) -> Option<Vec<Copied>> {
    const MOST: usize = 256 << 10;
    let wanted = wanted.clone();
    while_tracing(move || {
        let memory = Memory::open(pid).ok()?;
        let stopped = stop(pid).ok()?;
        let copy = |thread: &Thread| {
            let (id, registers) = (thread.number(), thread.registers);
            Copied { id, name: String::new(), registers, stack: memory.read_up_to(registers.stack, MOST) }
        };
        let threads = stopped.threads().iter().filter(|thread| wanted.contains(&thread.number()));
        let mut copies: Vec<Copied> = threads.map(copy).collect();
        drop(stopped);
        for copy in &mut copies {
            copy.name = name(pid, copy.id);
        }
        Some(copies)
    })
}

fn look(pid: u32, code: &Range<u64>) -> Option<Vec<Inside>> {
    // While they still run: this takes its time.
    let mapped: Vec<Range<u64>> = maps::of(pid).ok()?.into_iter().map(|map| map.addresses).collect();
    let memory = Memory::open(pid).ok()?;
    let stopped = stop(pid).ok()?;
    let found: Vec<(u32, Vec<u64>)> = stopped
        .threads()
        .iter()
        .map(|thread| (thread.number(), addresses(&thread.registers, &memory, &mapped, code)))
        .filter(|(_, addresses)| !addresses.is_empty())
        .collect();
    let inside = |(id, addresses)| Inside { id, name: name(pid, id), waits: waits(pid, id), addresses };
    let inside = found.into_iter().map(inside).collect();
    drop(stopped);
    Some(inside)
}

fn addresses(registers: &Registers, memory: &Memory, mapped: &[Range<u64>], code: &Range<u64>) -> Vec<u64> {
    let bytes = memory.stack(registers.stack, mapped, LARGEST);
    let (words, _) = bytes.as_chunks();
    let is_within = |address: &u64| code.contains(address);
    let pc = Some(registers.pc).filter(is_within);
    let calls = words.iter().map(|word| u64::from_ne_bytes(*word)).filter(is_within);
    pc.into_iter().chain(calls.filter(|address| follows_call(*address, memory))).collect()
}

/// Whether the instruction before `address` may be a call: everything else on a stack is a number that looks like an
/// address, or the address of a function that was put there.
#[must_use]
pub fn follows_call(address: u64, memory: &Memory) -> bool {
    /// The longest call has so many bytes.
    const LONGEST: usize = 8;
    memory.read(address.wrapping_sub(LONGEST as u64), LONGEST).is_ok_and(|bytes| ends_with_call(&bytes))
}

/// Whether x86-64 code of these bytes may end with a call: `E8` with a distance, or `FF /2` with any operand.
fn ends_with_call(bytes: &[u8]) -> bool {
    let near = |back: usize| bytes.len().checked_sub(back).and_then(|at| bytes.get(at)) == Some(&0xe8);
    // Lengths of `FF /2`: opcode, ModRM, then SIB and a distance, as ModRM says.
    let indirect = |back: usize| {
        let Some([0xff, modrm, ..]) = bytes.len().checked_sub(back).map(|at| &bytes[at..]) else { return false };
        let (mode, operation, register) = (modrm >> 6, modrm >> 3 & 7, modrm & 7);
        let sib = usize::from(mode != 3 && register == 4);
        let distance = match (mode, register) {
            (1, _) => 1,
            (2, _) | (0, 5) => 4,
            _ => 0,
        };
        operation == 2 && back == 2 + sib + distance
    };
    near(5) || (2..=7).any(indirect)
}

/// The ids of the threads that the process has now.
#[must_use]
pub fn threads(pid: u32) -> BTreeSet<u32> {
    i32::try_from(pid).ok().and_then(|pid| ids(Pid::from_raw(pid)).ok()).into_iter().flatten().map(number).collect()
}

/// The name of a thread.
#[must_use]
pub fn name(pid: u32, thread: u32) -> String {
    files::read_lossy(format!("/proc/{pid}/task/{thread}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// What a thread waits for, by the system call that it is in.
fn waits(pid: u32, thread: u32) -> Option<&'static str> {
    let call = fs::read_to_string(format!("/proc/{pid}/task/{thread}/syscall")).ok()?;
    waiting(call.split(' ').next()?.parse().ok()?)
}

#[cfg(target_arch = "x86_64")]
fn waiting(call: i64) -> Option<&'static str> {
    use nix::libc::{
        SYS_accept, SYS_accept4, SYS_clock_nanosleep, SYS_connect, SYS_epoll_pwait, SYS_epoll_wait, SYS_futex,
        SYS_nanosleep, SYS_poll, SYS_ppoll, SYS_pselect6, SYS_read, SYS_recvfrom, SYS_recvmsg, SYS_select, SYS_wait4,
        SYS_waitid,
    };
    #[expect(non_upper_case_globals, reason = "they are libc's")]
    match call {
        SYS_nanosleep | SYS_clock_nanosleep => Some("sleeps"),
        SYS_futex => Some("waits for another thread (a lock, a channel, a join)"),
        SYS_read | SYS_recvfrom | SYS_recvmsg => Some("waits for input"),
        SYS_accept | SYS_accept4 | SYS_connect => Some("waits for a connection"),
        SYS_epoll_wait | SYS_epoll_pwait | SYS_poll | SYS_ppoll | SYS_select | SYS_pselect6 => Some("waits for events"),
        SYS_wait4 | SYS_waitid => Some("waits for a process"),
        _ => None,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn waiting(_: i64) -> Option<&'static str> {
    // Threads are not stopped here, so nobody is told of.
    None
}

#[cfg(test)]
mod tests {
    use super::ends_with_call;

    #[test]
    fn every_form_of_a_call_is_known() {
        let calls: [&[u8]; 8] = [
            &[0x90, 0xe8, 1, 2, 3, 4],
            &[0xff, 0xd0],
            &[0x41, 0xff, 0xd3],
            &[0xff, 0x15, 1, 2, 3, 4],
            &[0xff, 0x50, 0x18],
            &[0xff, 0x90, 1, 2, 3, 4],
            &[0xff, 0x54, 0x24, 0x08],
            &[0xff, 0x94, 0x24, 1, 2, 3, 4],
        ];
        for call in calls {
            assert!(ends_with_call(call), "{call:x?}");
        }
        // A jump, a push, a call that is longer, nothing.
        for other in [&[0xff, 0xe0][..], &[0xff, 0x70, 0x18], &[0xff, 0x15, 1, 2, 3], &[0xc3], &[]] {
            assert!(!ends_with_call(other), "{other:x?}");
        }
    }
}
