//! What a thread may do while it panics.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long another thread may keep what we wait for.
const PATIENCE: Duration = Duration::from_millis(500);
const INTERVAL: Duration = Duration::from_millis(1);

/// Locks `mutex`, poisoned or not; `None` if it stays locked, maybe by the very thread that panics.
pub fn lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() > deadline => return None,
            Err(TryLockError::WouldBlock) => sleep(INTERVAL),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Barrier, Mutex};
    use std::thread::{sleep, spawn};
    use std::time::Duration;

    use super::lock;

    #[test]
    fn another_thread_is_waited_for_and_our_own_is_not() {
        let mutex = Arc::new(Mutex::new(1));
        let (theirs, both) = (Arc::clone(&mutex), Arc::new(Barrier::new(2)));
        let locked = Arc::clone(&both);
        let thread = spawn(move || {
            let _guard = theirs.lock().expect("unpoisoned");
            locked.wait();
            sleep(Duration::from_millis(20));
        });
        both.wait();
        let guard = lock(&mutex).expect("they let it go");
        assert!(lock(&mutex).is_none());
        drop(guard);
        thread.join().expect("it ends");
        let poison = catch_unwind(AssertUnwindSafe(|| {
            let _guard = mutex.lock().expect("unpoisoned");
            panic!("as wanted");
        }));
        assert!(poison.is_err() && lock(&mutex).is_some());
    }
}
