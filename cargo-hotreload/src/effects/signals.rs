//! Signals that would end us while files are half written.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// While this lives, Ctrl+C and the signals that ask us to end wait; the last of them acts when it is dropped.
#[derive(Debug)]
pub struct Held {
    received: Arc<AtomicUsize>,
    registered: Vec<SigId>,
}

/// Holds signals back. The writes that this is for take milliseconds.
pub fn hold() -> io::Result<Held> {
    let received = Arc::new(AtomicUsize::new(0));
    let register = |signal: i32| flag::register_usize(signal, Arc::clone(&received), signal.unsigned_abs() as usize);
    let registered = [SIGINT, SIGTERM, SIGHUP].into_iter().map(register).collect::<io::Result<_>>()?;
    Ok(Held { received, registered })
}

impl Drop for Held {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            low_level::unregister(id);
        }
        if let Ok(signal @ 1..) = i32::try_from(self.received.load(Ordering::Relaxed)) {
            let _ = low_level::emulate_default_handler(signal);
        }
    }
}
