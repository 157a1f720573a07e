//! What a session does when the linker fails: it takes another one, where that is likely to help.

use crate::commands::run::facts::Facts;
use crate::config::values;
use crate::effects::linkers;
use crate::plan::linker::{Linker, failure, next};
use crate::ui::say;

/// The linkers that failed in this session.
#[derive(Debug, Default)]
pub(super) struct Linking {
    tried: Vec<Linker>,
    /// What the first of them said.
    first: Option<String>,
    /// None is left, and nothing was built since.
    is_exhausted: bool,
}

/// What to do about a failed link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advice {
    /// Nothing: another linker would not help, or the choice is not ours.
    Accept,
    /// Build again with this one.
    Take(Linker),
    /// No linker helps: the fault is elsewhere, and the toolchain's own is as good as any.
    GiveUp,
}

impl Linking {
    /// What to do about `errors`, what rustc said about failed links.
    pub(super) fn advise(&mut self, facts: &Facts, errors: &[String]) -> Advice {
        // The flags of a workspace's own profile are not ours to change.
        let are_ours = facts.has_modules && facts.workspace.own_profile.is_none();
        let is_auto = *facts.settings.linker == values::Linker::Auto;
        let is_left_to_us = are_ours && is_auto && !self.is_exhausted;
        let found = errors.iter().find_map(|error| failure(error).map(|failure| (error, failure)));
        let Some((error, failure)) = found.filter(|_| is_left_to_us) else { return Advice::Accept };
        let failed = facts.linker.resolved(&facts.toolchain.host);
        if !self.tried.contains(&failed) {
            self.tried.push(failed);
        }
        self.first.get_or_insert_with(|| error.clone());
        let Some(other) = next(failure, &self.tried, &linkers::installed(&facts.toolchain)) else {
            self.is_exhausted = true;
            return Advice::GiveUp;
        };
        say::warning(&format!("{failed} cannot link this program, its error is above: trying {other}"));
        Advice::Take(other)
    }

    /// The reason of a failed build, with the first linker's words once another one has failed as well.
    pub(super) fn recall(&mut self, reason: String) -> String {
        match self.first.take_if(|_| self.is_exhausted) {
            Some(first) if self.tried.len() > 1 => {
                let names: Vec<String> = self.tried.iter().map(ToString::to_string).collect();
                format!("{reason}; tried were {}, and the first said:\n{}", names.join(", "), first.trim_end())
            }
            _ => reason,
        }
    }
}
