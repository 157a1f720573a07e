//! What a session prints, line by line, as it comes.

use std::io::{BufRead, BufReader, PipeReader};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Collected lines and a reading position: what was waited for once is not found again.
#[derive(Debug, Default)]
pub(crate) struct Output {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    all: Vec<String>,
    /// Everything before this was asked for already.
    read: usize,
    /// No process holds the other end any more.
    closed: bool,
}

impl Output {
    /// Collects what comes through `pipe` until its last writer has gone.
    pub(crate) fn collect(pipe: PipeReader) -> Arc<Self> {
        let output = Arc::new(Self::default());
        let for_thread = Arc::clone(&output);
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                for_thread.change(|lines| lines.all.push(line));
            }
            for_thread.change(|lines| lines.closed = true);
        });
        output
    }

    /// Waits until each of `needles` was printed, in any order, after what was waited for before; returns their lines.
    #[track_caller]
    pub(crate) fn expect<const N: usize>(&self, patience: Duration, needles: [&str; N]) -> [String; N] {
        let deadline = Instant::now() + patience;
        let mut lines = self.locked();
        loop {
            let find = |needle: &str| (lines.read..lines.all.len()).find(|&index| lines.all[index].contains(needle));
            let found = needles.map(find);
            if let Some(last) = found.iter().copied().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max())
            {
                lines.read = last + 1;
                return found.map(|index| lines.all[index.unwrap_or_default()].clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let all = || lines.all.join("\n");
            assert!(!lines.closed, "the session ended and never printed {needles:?}:\n{}", all());
            assert!(!left.is_zero(), "after {patience:?} nobody has printed {needles:?}:\n{}", all());
            lines = self.changed.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until no process can print any more; `false` if one still can after `patience`.
    pub(crate) fn closes_within(&self, patience: Duration) -> bool {
        let (lines, _) = self
            .changed
            .wait_timeout_while(self.locked(), patience, |lines| !lines.closed)
            .unwrap_or_else(PoisonError::into_inner);
        lines.closed
    }

    /// Everything so far.
    pub(crate) fn text(&self) -> String {
        self.locked().all.join("\n")
    }

    fn locked(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Lines)) {
        change(&mut self.locked());
        self.changed.notify_all();
    }
}
