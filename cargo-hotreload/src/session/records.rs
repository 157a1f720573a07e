//! What is recorded of code on its way into the program.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::events::record::{self, ExitedWhen, Live, LiveHow, ProgramExited, Record, StuckReason};
use crate::session::event::Action;
use crate::session::exit::Ending;
use crate::session::landed::Patch;
use crate::session::message::How;
use crate::session::stage::{Delivering, Origin, Patching, Program, Stage};
use crate::session::verdict::{Finding, Verdict};
use crate::session::verify::{Mapping, Unmet, mapped_inode};

impl Delivering {
    /// A process of the program was started.
    pub(super) fn started(&self, pid: u32) -> Vec<Action> {
        let mut records = vec![Record::ProgramStarted { pid, modules: self.all_modules() }];
        if let How::Restarted { why } = &self.how {
            records.push(Record::Restarted { pid, why: why.clone() });
        }
        records.into_iter().map(Action::Record).collect()
    }

    /// The process is told to swap modules now.
    pub(super) fn sent(&self, pid: u32) -> Action {
        Action::Record(Record::ReloadSent { pid, signal: None, modules: self.new_modules() })
    }

    /// The modules that were swapped since this was last called.
    pub(super) fn arrivals(&mut self, unmet: &[Unmet], mappings: &[Mapping], after: Duration) -> Vec<Action> {
        if !matches!(self.how, How::Reloaded { .. }) {
            return Vec::new();
        }
        let mut records = Vec::new();
        for expectation in &self.expected {
            let path = &expectation.path;
            if unmet.iter().any(|unmet| unmet.path() == path) || !self.arrived.insert(path.clone()) {
                continue;
            }
            records.push(Action::Record(Record::ModuleReloaded {
                package: self.package_of(path),
                path: path.display().to_string(),
                old_inode: expectation.old,
                inode: mapped_inode(path, mappings),
                after_ms: after.into(),
            }));
        }
        records
    }

    /// What is not as it should be when the time for a reload is over.
    pub(super) fn stuck(&self, findings: &[Finding], after: Duration) -> Vec<Action> {
        let of = |finding: &Finding| self.module_stuck(&finding.unmet, finding.verdict, after);
        findings.iter().map(of).collect()
    }

    /// What is not there when the time for a start is over.
    pub(super) fn not_started(&self, unmet: &[Unmet], after: Duration) -> Vec<Action> {
        unmet.iter().map(|unmet| self.module_stuck(unmet, Verdict::NotLoaded, after)).collect()
    }

    fn module_stuck(&self, unmet: &Unmet, verdict: Verdict, after: Duration) -> Action {
        Action::Record(Record::ModuleStuck {
            package: self.package_of(unmet.path()),
            path: unmet.path().display().to_string(),
            reason: match unmet {
                Unmet::OldMapped(_) => StuckReason::OldCodeMapped,
                Unmet::NewMissing(_) => StuckReason::NotMapped,
            },
            verdict: Some(verdict),
            after_ms: after.into(),
        })
    }

    /// The new code runs.
    pub(super) fn live_record(&self, pid: u32, now: Instant) -> Action {
        let how = match self.how {
            How::Started { .. } => LiveHow::Started,
            How::Reloaded { .. } => LiveHow::Reloaded,
            How::Patched { .. } => LiveHow::Patched,
            How::Restarted { .. } => LiveHow::Restarted,
        };
        let why = if let How::Restarted { why } = &self.how { Some(why.clone()) } else { None };
        let modules = self.new_modules();
        let modules_total = self.finished.built.modules().count();
        let times = self.times(now);
        let build = self.finished.number;
        let (functions, running, begun, patch) = (None, Vec::new(), None, None);
        Action::Record(Record::Live(Live {
            build,
            how,
            pid,
            modules,
            modules_total,
            functions,
            running,
            begun,
            kept: BTreeSet::new(),
            callers_follow: false,
            patch,
            why,
            rolled_back: self.finished.origin == Origin::Kept,
            times,
        }))
    }

    fn times(&self, now: Instant) -> record::Times {
        let finished = &self.finished;
        // A restart may have been under way already when this build was ready.
        let signal = self.began.max(finished.ended);
        let since_save = |until: Instant| finished.saved.map(|saved| until.saturating_duration_since(saved).into());
        record::Times {
            edit_to_live_ms: since_save(now),
            save_to_build_ms: since_save(finished.ended.checked_sub(finished.build).unwrap_or(finished.ended)),
            build_ms: finished.build.into(),
            build_to_signal_ms: (signal - finished.ended).into(),
            signal_to_mapped_ms: (now - signal).into(),
        }
    }

    /// Packages of the modules that are new to the process: all, if it is new itself.
    fn new_modules(&self) -> Vec<String> {
        match &self.how {
            How::Reloaded { modules, .. } => modules.clone(),
            How::Started { .. } | How::Patched { .. } | How::Restarted { .. } => self.all_modules(),
        }
    }

    fn all_modules(&self) -> Vec<String> {
        self.finished.built.modules().map(|module| module.package.clone()).collect()
    }

    /// The package of a module, or of the program where that has no modules.
    pub(super) fn package_of(&self, path: &PathBuf) -> String {
        let module = self.finished.built.modules().find(|module| module.image.path == *path);
        let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        module.map_or_else(name, |module| module.package.clone())
    }
}

impl Program {
    /// The program has ended.
    pub(super) fn exited(&self, ending: Ending) -> ProgramExited {
        let when = match &self.stage {
            Stage::Stopping(_) => ExitedWhen::Stopped,
            Stage::Explaining => ExitedWhen::Reloading,
            // Before a restart, it is not told anything until it is known whether that would work.
            Stage::Serving | Stage::Patching(_) | Stage::Foreseeing(Delivering { how: How::Restarted { .. }, .. }) => {
                ExitedWhen::Running
            }
            Stage::BeforeReload(delivering) | Stage::Foreseeing(delivering) | Stage::Delivering(delivering) => {
                match delivering.how {
                    How::Reloaded { .. } => ExitedWhen::Reloading,
                    How::Started { .. } | How::Patched { .. } | How::Restarted { .. } => ExitedWhen::Starting,
                }
            }
        };
        ProgramExited::new(self.pid(), ending, when)
    }
}

impl Patching {
    /// `patch` is live.
    pub(super) fn record(&self, patch: &Patch, pid: u32, now: Instant) -> Action {
        let build = self.build.unwrap_or_default();
        let began = self.ended.checked_sub(build).unwrap_or(self.ended);
        let times = record::Times {
            edit_to_live_ms: self.edit_to_live(now).map(Into::into),
            save_to_build_ms: self.saved.map(|saved| began.saturating_duration_since(saved).into()),
            build_ms: build.into(),
            build_to_signal_ms: self.began.saturating_duration_since(self.ended).into(),
            signal_to_mapped_ms: (now - self.began).into(),
        };
        let (build, modules) = (self.number, self.crates.clone());
        let how = LiveHow::Patched;
        Action::Record(Record::Live(Live {
            build,
            how,
            pid,
            modules,
            modules_total: 0,
            functions: Some(patch.functions),
            running: patch.running.clone(),
            begun: patch.begun.clone(),
            kept: patch.kept.clone(),
            callers_follow: patch.callers_follow,
            patch: Some(patch.took),
            why: None,
            rolled_back: self.build.is_none(),
            times,
        }))
    }
}
