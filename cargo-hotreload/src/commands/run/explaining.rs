//! Facts about a reload that did not work.

use std::time::Duration;

use crate::commands::run::driver::Driver;
use crate::effects::child::Running;
use crate::effects::forked::copies;
use crate::effects::reception::heard;
use crate::session::exit::Ending;
use crate::session::trouble::{Behind, Explanation, Question, Reason, Trouble};
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

    /// What new code in the program of this number has left behind in old code, the time `since` that it is live.
    pub(super) fn left_behind(&mut self, index: usize, since: Duration) -> Behind {
        let Some(pid) = self.programs[index].as_ref().map(Running::id) else { return Behind::default() };
        Behind { threads: told(self.causes[index].left_behind(pid)), processes: copies(pid, since) }
    }

    /// What can be found out about the end of the program of this number, which was some time after a reload.
    pub(super) fn reasons_of_end(&mut self, index: usize, ending: Ending) -> Vec<Reason> {
        told(self.causes[index].of_death(ending))
    }

    fn reasons(&mut self, index: usize, question: &Question) -> Vec<Reason> {
        let Question { pid, trouble, .. } = question;
        let causes = &mut self.causes[index];
        let found: Vec<why::Reason> = match trouble {
            Trouble::Died(ending) => causes.of_death(*ending),
            Trouble::Unmet(unmet) => {
                let old = unmet.iter().filter(|unmet| matches!(unmet, Unmet::OldMapped(_)));
                old.flat_map(|unmet| causes.of_stuck(*pid, unmet.path())).collect()
            }
        };
        told(found)
    }
}

/// `reasons` as they are told: what follows from another one comes last.
fn told(mut reasons: Vec<why::Reason>) -> Vec<Reason> {
    reasons.sort_by_key(why::Reason::is_consequence);
    let first = reasons.first().map(why::Reason::help);
    let help = |reason: &why::Reason| match reason.help() {
        help if Some(help) == first => format!("{help} (docs/reload-safety.md has an example)"),
        help => help.to_owned(),
    };
    let told = |reason: &why::Reason| Reason {
        module: Some(reason.module().to_owned()),
        text: reason.to_string(),
        help: help(reason),
        is_proof: reason.is_proof(),
    };
    reasons.iter().map(told).collect()
}
