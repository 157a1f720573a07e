//! Whose turn it is with the stops of a traced program.
//!
//! The kernel reports the stops of a traced thread to every thread of the tracing process that waits for the traced one,
//! whatever it waits for. So whoever waits for the program's end sees them as well, and would take them from the thread
//! that traces if it took them.

use std::sync::{Mutex, MutexGuard, PoisonError};

static TURN: Mutex<()> = Mutex::new(());

/// Held by the one who traces.
pub fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Blocks while someone traces.
pub fn wait() {
    drop(turn());
}
