//! A build, as far as it is recorded.

use std::time::{Instant, SystemTime};

use crate::events::record::{BuildFinished, Outcome};

/// The newest build.
#[derive(Debug)]
pub(super) struct Build {
    /// As the session counts.
    pub(super) number: u32,
    pub(super) began: (SystemTime, Instant),
}

impl Default for Build {
    fn default() -> Self {
        Self { number: 0, began: (SystemTime::now(), Instant::now()) }
    }
}

impl Build {
    /// Another one is wanted.
    pub(super) fn count(&mut self) {
        *self = Self { number: self.number + 1, ..Self::default() };
    }

    /// Its record, now that it has ended.
    pub(super) fn finished(&self, outcome: Outcome) -> BuildFinished {
        BuildFinished {
            build: self.number,
            outcome,
            took_ms: self.began.1.elapsed().into(),
            reason: None,
            diagnostics: Vec::new(),
            left_out: 0,
            compiled: Vec::new(),
        }
    }
}
