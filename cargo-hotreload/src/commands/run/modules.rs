//! Whether the modules can be built without the program.

use std::thread;

use crate::commands::run::facts::Facts;
use crate::commands::run::program::{modules_line, modules_unit_graph};
use crate::effects::cargo;
use crate::plan::command::CommandLine;

/// What is known about building the modules by themselves.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum ModulesBuild {
    /// Nothing yet.
    #[default]
    Unknown,
    /// Cargo is being asked: the question of this number.
    Asked(u32),
    /// It works so.
    Line(CommandLine),
    /// It would compile something in another way than the program's build does: each would undo the other's work.
    Unfit,
}

impl ModulesBuild {
    /// Asks cargo what a build of the packages `modules` would compile, and reports later. The answer counts only if
    /// nothing has changed since the question, which `number` tells.
    pub(super) fn ask(
        facts: &Facts,
        modules: &[String],
        number: u32,
        report: impl FnOnce(Self) + Send + 'static,
    ) -> Self {
        if modules.is_empty() {
            return Self::Unfit;
        }
        let (graph, line) = (modules_unit_graph(facts, modules), modules_line(facts, modules));
        let units = facts.workspace.units.clone();
        let asking = thread::Builder::new().name("unit-graph".into()).spawn(move || {
            // Where cargo refuses, the program's own build is as good as ever.
            let is_fit = cargo::builds_only(&graph, &units).unwrap_or(false);
            report(if is_fit { Self::Line(line) } else { Self::Unfit });
        });
        if asking.is_ok() { Self::Asked(number) } else { Self::Unfit }
    }
}
