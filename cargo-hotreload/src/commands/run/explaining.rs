//! Facts about a reload that did not work.

use crate::commands::run::driver::Driver;
use crate::effects::reception::heard;
use crate::session::explaining::{Explanation, Question, Reason};
use crate::session::verdict::Reception;

impl Driver<'_> {
    /// What the program of this number does about the signal that tells it to reload, if it is still there.
    pub(super) fn reception(&self, index: usize) -> Option<Reception> {
        let program = self.programs[index].as_ref()?;
        let signal = *self.facts.settings.reload_signal;
        let heard = heard(program.id(), signal.signal())?;
        Some(Reception { signal: signal.to_string(), heard })
    }

    /// What can be found out about `question`, which is about the program of this number.
    pub(super) fn explain(&self, index: usize, question: &Question) -> Explanation {
        Explanation { reception: self.reception(index), reasons: reasons(question) }
    }
}

/// Why a module stays, or why the program died. None are known yet.
fn reasons(_: &Question) -> Vec<Reason> {
    Vec::new()
}
