//! The program's side of a [`Session`]: bringing a build in, and seeing that it is there.

use std::path::PathBuf;
use std::time::Instant;

use crate::config::values::Strategy;
use crate::events::record::Record;
use crate::plan::roles::Role;
use crate::session::delivery::{Delivery, Loaded, decide, not_loaded};
use crate::session::event::{Action, Timer};
use crate::session::message::{How, Message};
use crate::session::stage::{Delivering, Finished, LOOK_EVERY, Origin, Stage};
use crate::session::trouble::Trouble;
use crate::session::verify::{Expectation, Mapping, replaced_inode, unmet};
use crate::session::{Force, Session};

/// Why the modules on disk cannot join what is mapped: they are bound to a resident library that was built again,
/// even if it came out the same. A careful loader refuses to mix the two.
fn replaced_resident(delivering: &Delivering, mappings: &[Mapping]) -> Option<String> {
    let residents = delivering.finished.built.libraries.iter().filter(|library| library.role == Role::Resident);
    let is_replaced = |path: &PathBuf| mappings.iter().any(|mapping| mapping.deleted && mapping.path == *path);
    let replaced = residents.map(|library| (&library.package, &library.image.path)).find(|(_, path)| is_replaced(path));
    replaced.map(|(package, _)| format!("{package} is resident and was built again"))
}

impl Session {
    /// Brings the newest good build into the program, unless that is busy: then this is called again later.
    pub(super) fn deliver(&mut self, now: Instant) -> Vec<Action> {
        let is_busy = self.starting.is_some()
            || self.explaining.is_some()
            || self.mourned.is_some()
            || self.program.as_ref().is_some_and(|program| !matches!(program.stage, Stage::Serving));
        if is_busy {
            return Vec::new();
        }
        let Some(finished) = self.ready.take() else { return Vec::new() };
        let (forced, refused) = (self.forced.take(), self.refused.take().or_else(|| self.reason_against_patches()));
        let Some(program) = &self.program else {
            let how = How::Started { modules: finished.built.modules().count() };
            return self.start(Delivering::start(how, finished, now));
        };
        let delivery = decide(&finished.built, &program.loaded);
        // What could not be patched in may have been undone.
        if let Some(why) = refused.filter(|_| delivery != Delivery::Nothing || forced == Some(Force::Restart)) {
            return self.restart(why, finished, forced, now);
        }
        match (delivery, forced) {
            (Delivery::Restart { .. } | Delivery::Signal { .. }, _) if self.strategy == Strategy::Restart => {
                self.restart("that is the strategy".into(), finished, forced, now)
            }
            (Delivery::Nothing, Some(Force::Reload))
                if matches!(self.strategy, Strategy::Restart | Strategy::Patch) =>
            {
                self.unchanged(&finished)
            }
            (Delivery::Restart { why }, _) => self.restart(why, finished, forced, now),
            (_, Some(Force::Restart)) => self.restart("it was asked for".into(), finished, forced, now),
            (Delivery::Signal { modules }, _) => match not_loaded(&finished.built, &modules, &program.missing) {
                Some(why) => self.restart(why, finished, forced, now),
                None => self.reload(modules, finished, now),
            },
            (Delivery::Nothing, Some(Force::Reload)) => self.reload(Vec::new(), finished, now),
            (Delivery::Nothing, None) => self.unchanged(&finished),
        }
    }

    fn unchanged(&mut self, finished: &Finished) -> Vec<Action> {
        let record = Record::Unchanged { build: finished.number, build_ms: finished.build.into() };
        let mut actions = vec![Action::Record(record)];
        actions.extend((self.strategy == Strategy::Patch).then_some(Action::Current));
        actions.extend(self.succeed(match finished.origin {
            Origin::Cargo => Message::Unchanged { build: finished.build },
            Origin::Kept => Message::NotRolledBack { reason: "its code is the same".into() },
        }));
        actions
    }

    fn reload(&mut self, modules: Vec<String>, finished: Finished, now: Instant) -> Vec<Action> {
        let changed = finished.built.modules().filter(|module| modules.contains(&module.package));
        let expected =
            changed.map(|module| Expectation { path: module.image.path.clone(), old: None, is_start: false }).collect();
        let how = How::Reloaded { modules, total: finished.built.modules().count() };
        let delivering = Delivering::new(how, finished, expected, now);
        if let Some(stage) = self.in_stage() {
            *stage = Stage::BeforeReload(delivering);
        }
        vec![Action::Look]
    }

    pub(super) fn look_again(&mut self) -> Vec<Action> {
        let is_delivering = self.in_stage().is_some_and(|stage| matches!(stage, Stage::Delivering(_)));
        if is_delivering { vec![Action::Look] } else { Vec::new() }
    }

    pub(super) fn mapped(&mut self, mappings: &[Mapping], now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else { return Vec::new() };
        match std::mem::replace(&mut program.stage, Stage::Serving) {
            Stage::BeforeReload(mut delivering) => {
                if let Some(why) = replaced_resident(&delivering, mappings) {
                    return self.restart(why, delivering.finished, None, now);
                }
                for expectation in &mut delivering.expected {
                    expectation.old = replaced_inode(&expectation.path, mappings);
                }
                delivering.before = delivering.of_modules(mappings);
                self.foresee_reload(delivering, now)
            }
            Stage::Delivering(delivering) => self.check(delivering, mappings, now),
            other => {
                program.stage = other;
                Vec::new()
            }
        }
    }

    /// Whether the new code is live, not yet, or not in time.
    fn check(&mut self, mut delivering: Delivering, mappings: &[Mapping], now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else { return Vec::new() };
        let unmet = unmet(&delivering.expected, mappings);
        delivering.is_untouched = delivering.before == delivering.of_modules(mappings);
        let after = now - delivering.began;
        let mut actions = delivering.arrivals(&unmet, mappings, after);
        if unmet.is_empty() {
            program.loaded = Loaded::from(&delivering.finished.built);
            self.history.is_live();
            let message = delivering.live(program.pid, now);
            actions.push(delivering.live_record(program.pid, now));
            match delivering.how {
                How::Started { .. } | How::Patched { .. } => {}
                How::Reloaded { .. } => {
                    program.has_reloaded = true;
                    self.counts.reloads += 1;
                }
                How::Restarted { .. } => self.counts.restarts += 1,
            }
            actions.extend(self.settled(message, now));
            return actions;
        }
        if after < delivering.deadline() {
            actions.extend(delivering.has_to_listen(after).then_some(Action::Listen));
            program.stage = Stage::Delivering(delivering);
            actions.push(Action::After(LOOK_EVERY, Timer::Look));
            return actions;
        }
        if matches!(delivering.how, How::Reloaded { .. }) {
            program.stage = Stage::Explaining;
            let pid = program.pid;
            actions.extend(self.explain(pid, delivering, Trouble::Unmet(unmet), now));
            return actions;
        }
        actions.extend(delivering.not_started(&unmet, after));
        program.missing = unmet.iter().map(|unmet| unmet.path().clone()).collect();
        actions.extend(self.fail(Message::NotLoaded { unmet, after }));
        actions.extend(self.deliver(now));
        actions
    }

    fn settled(&mut self, message: Message, now: Instant) -> Vec<Action> {
        let mut actions = self.succeed(message);
        // What was built meanwhile is next.
        actions.extend(self.deliver(now));
        actions.extend(self.patch(now));
        actions
    }
}
