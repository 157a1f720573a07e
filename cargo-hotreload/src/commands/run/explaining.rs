//! Facts about a reload that did not work.

use crate::commands::run::driver::Driver;
use crate::effects::reception::heard;
use crate::session::explaining::{Explanation, Question, Reason, Trouble};
use crate::session::verdict::Reception;
use crate::session::verify::Unmet;
use crate::why;

impl Driver<'_> {
    /// What the program of this number does about the signal that tells it to reload, if it is still there.
    pub(super) fn reception(&self, index: usize) -> Option<Reception> {
        let program = self.programs[index].as_ref()?;
        let signal = *self.facts.settings.reload_signal;
        let heard = heard(program.id(), signal.signal())?;
        Some(Reception { signal: signal.to_string(), heard })
    }

    /// What can be found out about `question`, which is about the program of this number.
    pub(super) fn explain(&mut self, index: usize, question: &Question) -> Explanation {
        Explanation { reception: self.reception(index), reasons: self.reasons(index, question) }
    }

    fn reasons(&mut self, index: usize, question: &Question) -> Vec<Reason> {
        let Question { pid, built, trouble, .. } = question;
        let causes = &mut self.causes[index];
        let found: Vec<why::Reason> = match trouble {
            Trouble::Died(ending) => causes.of_death(*ending, built),
            Trouble::Unmet(unmet) => {
                let old = unmet.iter().filter(|unmet| matches!(unmet, Unmet::OldMapped(_)));
                old.flat_map(|unmet| causes.of_stuck(*pid, unmet.path(), built)).collect()
            }
        };
        found.iter().map(Reason::from).collect()
    }
}

impl From<&why::Reason> for Reason {
    fn from(reason: &why::Reason) -> Self {
        Self {
            module: Some(reason.module().to_owned()),
            text: reason.to_string(),
            help: format!("{}; docs/reload-safety.md has an example", reason.help()),
            is_proof: reason.is_proof(),
        }
    }
}
