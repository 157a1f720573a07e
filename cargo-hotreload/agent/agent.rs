//! The agent: a small library that is preloaded into the program, so that it can be patched while it runs.
//!
//! It reserves address space near the executable, has room for new thread-locals in every thread, and answers those who
//! look for unwind tables or debug information of patched code. Everything else is done from outside, by the tool, which
//! finds what it has to know in [`STATE`]. There is no allocation, no thread, no file and no standard library in here;
//! of libc it uses what is declared in [`libc`].
//!
//! Without [`agent_state::DIRECTORY_VARIABLE`] in the environment it does nothing.
#![no_std]

#[path = "../src/patch/agent_state.rs"]
#[allow(dead_code, reason = "some of it is for the tool alone")]
mod agent_state;
mod debugger;
mod environment;
mod interposed;
mod libc;
mod lookup;
mod objects;
mod regions;
mod slots;
mod state;
mod threads;

use core::panic::PanicInfo;
use core::ptr::from_ref;
use core::sync::atomic::{Ordering, compiler_fence};

use agent_state::{MAGIC, VERSION};
use state::STATE;

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = begin;

/// Called by the dynamic linker before anything of the program.
extern "C" fn begin() {
    // SAFETY: there is one thread, and the environment is as the kernel made it or as another library's constructor did.
    let Some(directory) = (unsafe { environment::take() }) else { return };
    slots::keep(directory);
    lookup::prepare();
    let layout = objects::layout(from_ref(&STATE).addr() as u64);
    let regions = layout.program.and_then(regions::reserve).unwrap_or_default();
    let state = STATE.0.get();
    // SAFETY: nobody reads it before `magic` is there.
    unsafe {
        (*state).version = VERSION;
        (*state).pid = libc::getpid().cast_unsigned();
        (*state).code = regions.code;
        (*state).constants = regions.constants;
        (*state).variables = regions.variables;
        (*state).thread_locals = threads::block();
        (*state).thread_creation = threads::creation();
        (*state).thread_locals_image = layout.image_of(threads::block());
        (*state).debugger = debugger::list();
        compiler_fence(Ordering::SeqCst);
        (&raw mut (*state).magic).write_volatile(MAGIC);
    }
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it takes nothing and does not return.
    unsafe { libc::abort() }
}
