//! Compilations are ended from the loop, while other threads work on them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::effects::rustc::compile::Canceller;

/// What ends compilations: the newest one of edited crates, and those of the programs' own crates.
#[derive(Debug, Default)]
pub(super) struct Cancelling(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The number of the newest compilation of edited crates.
    number: u64,
    /// Nobody wants this one any more, nor those before.
    unwanted: u64,
    edited: Option<Canceller>,
    own: Vec<Canceller>,
    is_over: bool,
}

impl Cancelling {
    /// Edited crates are to be compiled: the number of this compilation.
    pub(super) fn begin(&self) -> u64 {
        let mut state = self.locked();
        state.number += 1;
        state.number
    }

    /// The compilation of this number of edited crates has `canceller`; it may be unwanted already.
    pub(super) fn edited(&self, number: u64, canceller: Canceller) {
        let mut state = self.locked();
        if number <= state.unwanted || state.is_over {
            canceller.cancel();
        }
        state.edited = Some(canceller);
    }

    /// The compilation of a program's own crate has `canceller`.
    pub(super) fn own(&self, canceller: Canceller) {
        let mut state = self.locked();
        if state.is_over {
            canceller.cancel();
        }
        state.own.push(canceller);
    }

    /// Whether nobody wants the compilation of this number any more.
    pub(super) fn is_unwanted(&self, number: u64) -> bool {
        number <= self.locked().unwanted
    }

    /// Nobody wants the newest compilation of edited crates any more.
    pub(super) fn cancel(&self) {
        let mut state = self.locked();
        state.unwanted = state.number;
        if let Some(canceller) = &state.edited {
            canceller.cancel();
        }
    }

    /// Nobody wants anything any more.
    pub(super) fn cancel_all(&self) {
        self.cancel();
        let mut state = self.locked();
        state.is_over = true;
        state.own.iter().for_each(Canceller::cancel);
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
