//! Waiting for a condition: asked again and again until a deadline that only a fault reaches.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// For everything that needs no build.
pub(crate) const SOON: Duration = Duration::from_secs(30);
/// For what needs a build, also the first one of all crates on a slow machine.
pub(crate) const BUILD: Duration = Duration::from_mins(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// What `look` finds, as soon as it finds something; panics with `what` if that is never.
#[track_caller]
pub(crate) fn until<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "after {patience:?} still not: {what}");
        sleep(PAUSE);
    }
}

/// Whether `condition` comes true in time.
pub(crate) fn comes_true(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !condition() {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(PAUSE);
    }
    true
}
