//! Passes on what processes write to the other end of a pipe or a pseudo-terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};

/// How often is looked whether the output was read.
const INTERVAL: Duration = Duration::from_millis(1);
/// How long the output of a process that has ended is waited for at most: those that it left behind may write for ever,
/// and whoever reads ours may have stopped.
const LONGEST: Duration = Duration::from_secs(1);

/// Our end. When the last process has closed the other one, the end of the output is reached.
#[derive(Debug, Clone)]
pub struct Source {
    end: Arc<OwnedFd>,
    /// Locked while something that was read is passed on.
    is_over: Arc<Mutex<bool>>,
}

impl From<OwnedFd> for Source {
    fn from(end: OwnedFd) -> Self {
        Self { end: Arc::new(end), is_over: Arc::default() }
    }
}

impl Source {
    /// Passes everything that is written on the other side to `sink`, from a thread of its own.
    pub fn pass_on(&self, name: &str, mut sink: impl FnMut(&[u8]) + Send + 'static) -> io::Result<()> {
        let source = self.clone();
        thread::Builder::new().name(name.into()).spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                source.poll(None);
                let mut is_over = source.passing();
                match read(&*source.end, &mut buffer[..]) {
                    Err(Errno::INTR) => {}
                    // `EIO`: nobody has the other side of a terminal open any more.
                    Err(_) | Ok(0) => return *is_over = true,
                    Ok(length) => sink(&buffer[..length]),
                }
            }
        })?;
        Ok(())
    }

    /// Waits until everything was passed on that was written by a process that has ended.
    pub fn drain(&self) {
        let deadline = Instant::now() + LONGEST;
        loop {
            // What was read before was passed on if we get the lock; the rest is what was not read.
            let is_drained = match self.is_over.try_lock() {
                Ok(is_over) => *is_over || !self.poll(Some(&Timespec::default())),
                Err(TryLockError::Poisoned(_)) => true,
                Err(TryLockError::WouldBlock) => false,
            };
            if is_drained || Instant::now() > deadline {
                return;
            }
            sleep(INTERVAL);
        }
    }

    /// Waits until there is something to read; whether there is.
    fn poll(&self, timeout: Option<&Timespec>) -> bool {
        let mut fds = [PollFd::new(&*self.end, PollFlags::IN)];
        while poll(&mut fds, timeout) == Err(Errno::INTR) {}
        fds[0].revents().contains(PollFlags::IN)
    }

    fn passing(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody has the other side open any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        *self.passing()
    }

    /// Our end itself.
    #[must_use]
    pub fn end(&self) -> &OwnedFd {
        &self.end
    }
}
