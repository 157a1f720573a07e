//! Thread-locals of patches: bytes in the static block of every thread, at the same distance from its thread pointer.

use core::arch::{asm, global_asm};
use core::ffi::{c_int, c_void};

use crate::agent_state::THREAD_LOCALS;
use crate::interposed::Real;
use crate::libc;

// In `.tdata`, not in `.tbss`: what a new thread begins with has to have an address, for the tool to change it.
global_asm!(
    ".pushsection .tdata, \"awT\"",
    ".p2align 6",
    ".globl hotreload_thread_locals",
    ".hidden hotreload_thread_locals",
    ".type hotreload_thread_locals, %object",
    "hotreload_thread_locals:",
    ".zero {size}",
    ".size hotreload_thread_locals, {size}",
    ".globl hotreload_thread_creation",
    ".hidden hotreload_thread_creation",
    ".type hotreload_thread_creation, %object",
    "hotreload_thread_creation:",
    ".zero 64",
    ".size hotreload_thread_creation, 64",
    ".popsection",
    size = const THREAD_LOCALS,
);

/// The distance of a symbol from the thread pointer, which the dynamic linker put into the global offset table.
macro_rules! distance {
    ($symbol:literal) => {{
        let distance: i64;
        // SAFETY: reads one entry of the table.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            asm!(
                concat!("mov {}, qword ptr [rip + ", $symbol, "@GOTTPOFF]"),
                out(reg) distance,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        // SAFETY: reads one entry of the table.
        #[cfg(target_arch = "aarch64")]
        unsafe {
            asm!(
                concat!("adrp {0}, :gottprel:", $symbol),
                concat!("ldr {0}, [{0}, #:gottprel_lo12:", $symbol, "]"),
                out(reg) distance,
                options(pure, readonly, nostack, preserves_flags),
            );
        }
        distance
    }};
}

/// Where the thread-locals of patches begin, as seen from the thread pointer.
pub(crate) fn block() -> i64 {
    distance!("hotreload_thread_locals")
}

/// Where a thread counts how deep it is in `pthread_create`, as seen from the thread pointer.
pub(crate) fn creation() -> i64 {
    distance!("hotreload_thread_creation")
}

/// The calling thread's thread pointer.
pub(crate) fn pointer() -> u64 {
    let pointer: u64;
    // SAFETY: x86-64's ABI has the thread pointer at the address where it points to.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("mov {}, qword ptr fs:[0]", out(reg) pointer, options(pure, readonly, nostack, preserves_flags));
    }
    // SAFETY: reads a register.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("mrs {}, tpidr_el0", out(reg) pointer, options(pure, nomem, nostack, preserves_flags));
    }
    pointer
}

static CREATE: Real = Real::new(c"pthread_create");

/// Counts the calling thread as one that makes another.
///
/// The new one's thread-locals are made long before it shows among the threads of the process; the tool, which changes
/// what they are made from, waits until nobody is in between.
///
/// # Safety
/// As for libc's.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut c_void,
    attributes: *const c_void,
    start: *const c_void,
    argument: *mut c_void,
) -> c_int {
    type Function = unsafe extern "C" fn(*mut c_void, *const c_void, *const c_void, *mut c_void) -> c_int;
    let Some(address) = CREATE.address() else { return libc::EAGAIN };
    count(1);
    // SAFETY: libc's function of this name has this type.
    let created =
        unsafe { core::mem::transmute::<*mut c_void, Function>(address)(thread, attributes, start, argument) };
    count(-1);
    created
}

fn count(by: i64) {
    let counter = pointer().wrapping_add_signed(creation()) as *mut i64;
    // SAFETY: it is the calling thread's own. Volatile, because the tool reads it from outside.
    unsafe { counter.write_volatile(counter.read_volatile() + by) };
}
