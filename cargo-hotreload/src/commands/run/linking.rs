//! What a session does when the linker fails: it takes another one, where that is likely to help.

use anyhow::Result;

use crate::commands::run::driver::Driver;
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

impl Linking {
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

impl Driver<'_> {
    /// Whether a build with another linker was started because of `errors`, what rustc said about failed links.
    pub(super) fn builds_with_another_linker(&mut self, errors: &[String]) -> bool {
        let facts = &self.facts;
        // The flags of a workspace's own profile are not ours to change.
        let are_ours = facts.has_modules && facts.workspace.own_profile.is_none();
        let is_auto = *facts.settings.linker == values::Linker::Auto;
        let is_left_to_us = are_ours && is_auto && !self.linking.is_exhausted;
        let found = errors.iter().find_map(|error| failure(error).map(|failure| (error, failure)));
        let Some((error, failure)) = found.filter(|_| is_left_to_us) else { return false };
        let failed = self.facts.linker.resolved(&self.facts.toolchain.host);
        if !self.linking.tried.contains(&failed) {
            self.linking.tried.push(failed);
        }
        self.linking.first.get_or_insert_with(|| error.clone());
        let installed = linkers::installed(&self.facts.toolchain);
        let Some(other) = next(failure, &self.linking.tried, &installed) else {
            self.give_up();
            return false;
        };
        say::warning(&format!("{failed} cannot link this program, its error is above: trying {other}"));
        match self.switch_to(other) {
            Ok(()) => true,
            Err(error) => {
                say::warning(&format!("{error:#}"));
                false
            }
        }
    }

    fn switch_to(&mut self, linker: Linker) -> Result<()> {
        linkers::remember(linker, &self.facts.toolchain, &self.facts.workspace.target_directory)?;
        self.build(true)
    }

    /// No linker helps: the fault is elsewhere, and the toolchain's own is as good as any.
    fn give_up(&mut self) {
        self.linking.is_exhausted = true;
        let forgotten = linkers::forget(&self.facts.workspace.target_directory);
        if let Err(error) = forgotten.and_then(|()| self.plan_anew()) {
            say::warning(&format!("{error:#}"));
        }
    }
}
