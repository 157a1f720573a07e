//! Whether a program can load new code, or a new process in its place.

use crate::commands::run::driver::Driver;
use crate::commands::run::program::program_line;
use crate::effects::{loading, probe};
use crate::plan::command::CommandLine;
use crate::session::delivery::{Built, Image};
use crate::session::foresight::{Aim, Fault, Prospect};

impl Driver<'_> {
    /// What would keep the code of `prospect` out of the program of this number.
    pub(super) fn foresee(&self, index: usize, prospect: &Prospect) -> Vec<Fault> {
        let Some(program) = &self.programs[index] else { return Vec::new() };
        let mappings = probe::executable_mappings(program.id());
        let kept = |image: &Image| self.kept.name(image.content);
        match &prospect.aim {
            Aim::Reload(modules) => loading::foresee(program.id(), &mappings, prospect, modules, kept),
            Aim::Restart => {
                let line = self.line_of(index, &prospect.built);
                loading::starting::foresee_start(&line, &mappings, prospect, kept)
            }
        }
    }

    /// How the program of this number is started.
    pub(super) fn line_of(&self, index: usize, built: &Built) -> CommandLine {
        let instance = &self.facts.instances[index];
        let searched = self.artifacts.searched.values().flatten();
        let line = program_line(&self.facts, instance, built, searched, &self.directory, &self.arguments.arguments);
        self.patching.iter().fold(line, |line, patching| patching.patchable(line, index))
    }
}
