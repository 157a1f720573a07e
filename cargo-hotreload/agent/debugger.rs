//! The list of images in which GDB looks for code that came later (its "JIT Compilation Interface"). The tool adds to it;
//! here are only the two symbols that GDB looks for.

use core::arch::global_asm;
use core::ffi::c_void;
use core::ptr::from_ref;

/// The begin of the list, as GDB declares it.
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *const c_void,
    first: *const c_void,
}

// Hidden, so that a compiler inside of the program, which has the same symbols, does not take ours for its own; GDB reads
// hidden ones, too. GDB stops at the function whenever somebody calls it, which nobody does: it reads the list when it
// attaches.
global_asm!(
    ".pushsection .data.debugger,\"aw\",@progbits",
    ".balign 8",
    ".globl __jit_debug_descriptor",
    ".hidden __jit_debug_descriptor",
    ".type __jit_debug_descriptor, @object",
    ".size __jit_debug_descriptor, 24",
    "__jit_debug_descriptor:",
    ".long 1, 0",
    ".quad 0, 0",
    ".popsection",
    ".pushsection .text.debugger,\"ax\",@progbits",
    ".globl __jit_debug_register_code",
    ".hidden __jit_debug_register_code",
    ".type __jit_debug_register_code, @function",
    "__jit_debug_register_code:",
    "ret",
    ".size __jit_debug_register_code, . - __jit_debug_register_code",
    ".popsection",
);

unsafe extern "C" {
    #[link_name = "__jit_debug_descriptor"]
    static DESCRIPTOR: Descriptor;
    #[link_name = "__jit_debug_register_code"]
    fn register_code();
}

/// Where the list begins. What nobody refers to would not be linked.
pub(crate) fn list() -> u64 {
    core::hint::black_box(register_code as *const ());
    // SAFETY: only its address is taken.
    from_ref(unsafe { &DESCRIPTOR }).addr() as u64
}
