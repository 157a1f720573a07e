//! The agent: a small library that is preloaded into the program, so that it can be patched while it runs.
//!
//! It reserves address space near the executable, has room for new thread-locals in every thread, and answers those who
//! look for unwind tables or debug information of patched code. Everything else is done from outside, by the tool, which
//! finds what it has to know in [`STATE`]. There is no allocation, no thread, no file and no standard library in here;
//! of libc it uses what is declared in [`libc`].
//!
//! Without [`DIRECTORY_VARIABLE`] in the environment it does nothing.
#![no_std]

#[path = "../src/patch/agent_state.rs"]
#[allow(dead_code, reason = "some of it is for the tool alone")]
mod agent_state;
mod debugger;
mod environment;
mod libc;
mod objects;
mod regions;
mod slots;
mod threads;

use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr::{from_ref, read_volatile};
use core::sync::atomic::{Ordering, compiler_fence};

use agent_state::{CAPACITY, MAGIC, Region, State, Unwind, VERSION};

/// A variable that the tool writes from outside, or the constructor before there is a second thread.
#[repr(transparent)]
struct Shared<T>(UnsafeCell<T>);

// SAFETY: the constructor is the only one in here who writes, the tool writes while every thread is stopped.
unsafe impl<T> Sync for Shared<T> {}

const NOWHERE: Region = Region { start: 0, length: 0 };

/// Exported under [`agent_state::SYMBOL`].
#[unsafe(export_name = "hotreload_agent_state")]
static STATE: Shared<State> = Shared(UnsafeCell::new(State {
    magic: 0,
    version: 0,
    pid: 0,
    code: NOWHERE,
    constants: NOWHERE,
    variables: NOWHERE,
    thread_locals: 0,
    thread_creation: 0,
    thread_locals_image: 0,
    debugger: 0,
    count: 0,
    unwind: [Unwind { code: NOWHERE, header: 0 }; CAPACITY],
}));

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = begin;

/// Called by the dynamic linker before anything of the program.
extern "C" fn begin() {
    // SAFETY: there is one thread, and the environment is as the kernel made it or as another library's constructor did.
    let Some(directory) = (unsafe { environment::take() }) else { return };
    slots::keep(directory);
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

/// Where code of patches is.
fn code() -> Region {
    // SAFETY: written once, by the constructor.
    unsafe { read_volatile(&raw const (*STATE.0.get()).code) }
}

/// The entries that count.
fn entries() -> usize {
    // SAFETY: the tool writes it as a whole.
    let count = unsafe { read_volatile(&raw const (*STATE.0.get()).count) };
    (count as usize).min(CAPACITY)
}

/// The entry `index`, which is below [`entries`].
fn entry(index: usize) -> Unwind {
    // SAFETY: the tool never changes an entry that counts.
    unsafe { read_volatile((&raw const (*STATE.0.get()).unwind).cast::<Unwind>().add(index)) }
}

#[panic_handler]
fn panicked(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it takes nothing and does not return.
    unsafe { libc::abort() }
}
