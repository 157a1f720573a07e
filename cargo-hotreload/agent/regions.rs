//! Address space for patches, near enough to the executable for the jumps and references of its code.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use crate::agent_state::{CODE, CONSTANTS, Region, VARIABLES};
use crate::libc::{self, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE, MAP_NORESERVE, MAP_PRIVATE};
use crate::objects::Span;

/// The three regions; all of no length if there was no room.
#[derive(Default)]
pub(crate) struct Regions {
    pub(crate) code: Region,
    pub(crate) constants: Region,
    pub(crate) variables: Region,
}

const SIZE: u64 = CODE + CONSTANTS + VARIABLES;
/// Code without position independence has addresses in 32 bits that are extended with their sign.
const LOW: u64 = 1 << 31;
/// What a 32-bit displacement reaches, less what it may be off from the symbol that is meant.
const REACH: u64 = (1 << 31) - (1 << 20);
/// How far apart two places are that are tried. The highest multiple below [`LOW`] leaves some to reach past the end.
const STEP: u64 = 16 << 20;

/// Reserves address space within reach of all of `program`.
///
/// The heap begins behind the program and grows upwards. So a program that lies anywhere is given the nearest room below
/// it; one that lies at the bottom has none there, and is given the end of the first two gigabytes.
pub(crate) fn reserve(program: Span) -> Option<Regions> {
    if program.end <= LOW {
        // SAFETY: asks where the heap ends.
        let heap = unsafe { libc::sbrk(0) } as u64;
        let used = if heap < LOW { heap.max(program.end) } else { program.end };
        downwards(LOW - STEP - SIZE, used)
    } else {
        let highest = (program.start / STEP * STEP).checked_sub(SIZE)?;
        downwards(highest, program.end.saturating_sub(REACH))
    }
}

/// Tries places from `highest` down to `lowest`.
fn downwards(highest: u64, lowest: u64) -> Option<Regions> {
    let mut start = highest;
    while start >= lowest && start > 0 {
        if map(start) {
            return divide(start);
        }
        start = start.saturating_sub(STEP);
    }
    None
}

/// Takes the address space at `start`, unless something is there.
fn map(start: u64) -> bool {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    // SAFETY: nothing that is mapped is replaced.
    let got = unsafe { libc::mmap(pointer(start), SIZE as usize, libc::PROT_NONE, flags, -1, 0) };
    if got == pointer(start) {
        return true;
    }
    if got != pointer(u64::MAX) {
        // A kernel before 4.17 takes the address for a wish.
        // SAFETY: it was made just now.
        unsafe { libc::munmap(got, SIZE as usize) };
    }
    false
}

/// Nothing is ever writable and executable: the tool writes from outside, by `/proc/PID/mem`, which asks for neither.
fn divide(start: u64) -> Option<Regions> {
    let code = Region { start, length: CODE };
    let constants = Region { start: start + CODE, length: CONSTANTS };
    let variables = Region { start: start + CODE + CONSTANTS, length: VARIABLES };
    if protect(code, libc::PROT_READ | libc::PROT_EXEC)
        && protect(constants, libc::PROT_READ)
        && protect(variables, libc::PROT_READ | libc::PROT_WRITE)
    {
        return Some(Regions { code, constants, variables });
    }
    // SAFETY: nobody knows of it yet.
    unsafe { libc::munmap(pointer(start), SIZE as usize) };
    None
}

fn protect(region: Region, protection: c_int) -> bool {
    // SAFETY: the region is ours.
    unsafe { libc::mprotect(pointer(region.start), region.length as usize, protection) == 0 }
}

fn pointer(address: u64) -> *mut c_void {
    null_mut::<c_void>().with_addr(address as usize)
}
