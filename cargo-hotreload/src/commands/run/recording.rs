//! What the loop itself records of a session: the workspace, what was saved, and cargo's work. The rest the session
//! records.

use anyhow::Result;

use crate::commands::run::driver::Driver;
use crate::commands::run::recorded::Build;
use crate::config::profile;
use crate::effects::build::{self, Artifacts};
use crate::effects::compile_times::compile_times;
use crate::events::gather;
use crate::events::record::{BuildFinished, Outcome, Record};
use crate::plan::command::CommandLine;
use crate::session::event::{Event, Owner};
use crate::session::fleet::{Tidings, Whom};
use crate::ui::say;

impl Driver<'_> {
    /// Writes `record`, which is about one program where there are several. What cannot be written is told once, and is no
    /// reason to stop.
    pub(super) fn record(&mut self, whom: Whom, record: Record) {
        let record = match record {
            Record::ReloadSent { pid, modules, .. } => {
                Record::ReloadSent { pid, signal: Some(self.facts.settings.reload_signal.to_string()), modules }
            }
            other => other,
        };
        let instances = &self.facts.instances;
        let name = match whom {
            Whom::One(index) if instances.len() > 1 => Some(instances[index].name.clone()),
            Whom::One(_) | Whom::All => None,
        };
        warn(self.log.write(name, record));
    }

    pub(super) fn record_start(&mut self) {
        let workspace = &self.facts.workspace;
        let linked = if self.facts.has_modules { build::linked(workspace) } else { None };
        let strategy = self.facts.settings.strategy.to_string();
        let started =
            gather::session_started(workspace, &self.facts.instances, linked.as_ref(), strategy, std::process::id());
        self.record(Whom::All, Record::SessionStarted(started));
    }

    pub(super) fn record_change(&mut self, tidings: &Tidings) {
        let Tidings::Each(events) = tidings else { return };
        // The files are the same for each.
        if let Some(Event::Saved(change)) = events.first() {
            let is_plan = change.owners.contains(&Owner::Plan);
            let change = gather::change(&self.facts.workspace, &change.paths, is_plan, change.at.elapsed());
            self.record(Whom::All, Record::Change(change));
        }
    }

    /// Cargo is called now.
    pub(super) fn record_build(&mut self, line: &CommandLine) {
        self.recorded = Build { number: self.recorded.number, ..Build::default() };
        self.record(Whom::All, Record::BuildStarted { build: self.recorded.number, command: line.to_string() });
    }

    /// Cargo could not be called.
    pub(super) fn record_no_build(&mut self, reason: &str) {
        let finished = self.recorded.finished(Outcome::Failed);
        self.record(Whom::All, Record::BuildFinished(BuildFinished { reason: Some(reason.to_owned()), ..finished }));
    }

    /// Cargo has ended.
    pub(super) fn record_built(&mut self, artifacts: &mut Artifacts, is_good: bool) {
        let outcome = match (is_good, self.cancelled) {
            (_, true) => Outcome::Cancelled,
            (true, false) => Outcome::Success,
            (false, false) => Outcome::Failed,
        };
        let (diagnostics, left_out) = gather::foremost(std::mem::take(&mut artifacts.diagnostics));
        let workspace = &self.facts.workspace;
        let directory = workspace.target_directory.join(profile::directory(&workspace.profile));
        let compiled = compile_times(&artifacts.compiled, &directory, self.recorded.began.0);
        let finished = self.recorded.finished(outcome);
        self.record(Whom::All, Record::BuildFinished(BuildFinished { diagnostics, left_out, compiled, ..finished }));
    }

    /// The log stays when everything else of the session goes.
    pub(super) fn keep_log(&mut self) {
        warn(self.log.keep(&self.facts.workspace.target_directory));
    }
}

fn warn(result: Result<()>) {
    if let Err(error) = result {
        say::warning(&format!("{error:#}; the session goes on without"));
    }
}
