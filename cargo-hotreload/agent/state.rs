//! What the tool reads and writes from outside: where the agent is and what it has, and which patches there are.

use core::cell::UnsafeCell;
use core::ptr::read_volatile;

use crate::agent_state::{CAPACITY, Region, State, Unwind};

/// A variable that the tool writes from outside, or the constructor before there is a second thread.
#[repr(transparent)]
pub(crate) struct Shared<T>(pub(crate) UnsafeCell<T>);

// SAFETY: the constructor is the only one in the agent who writes, the tool writes while every thread is stopped.
unsafe impl<T> Sync for Shared<T> {}

const NOWHERE: Region = Region { start: 0, length: 0 };

/// Exported under [`crate::agent_state::SYMBOL`].
#[unsafe(export_name = "hotreload_agent_state")]
pub(crate) static STATE: Shared<State> = Shared(UnsafeCell::new(State {
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

/// Where code of patches is.
pub(crate) fn code() -> Region {
    // SAFETY: written once, by the constructor.
    unsafe { read_volatile(&raw const (*STATE.0.get()).code) }
}

/// The entries that count.
pub(crate) fn entries() -> usize {
    // SAFETY: the tool writes it as a whole.
    let count = unsafe { read_volatile(&raw const (*STATE.0.get()).count) };
    (count as usize).min(CAPACITY)
}

/// The entry `index`, which is below [`entries`].
pub(crate) fn entry(index: usize) -> Unwind {
    // SAFETY: the tool never changes an entry that counts.
    unsafe { read_volatile((&raw const (*STATE.0.get()).unwind).cast::<Unwind>().add(index)) }
}
