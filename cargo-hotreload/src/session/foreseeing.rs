//! The part of a [`Session`] that lets a program alone which could not load the new code.
//!
//! A program that has unloaded its old modules, or has ended, is not helped by learning that the new code does not load. So
//! that is looked at before the program is told: [`Action::Foresee`]. Who asks for a restart gets it all the same.

use std::time::Instant;

use crate::config::values::Strategy;
use crate::events::record::{Next, Record, ReloadFailed, ReloadOutcome};
use crate::session::event::{Action, ProgramSignal, Timer};
use crate::session::foresight::{Aim, Fault, Prospect};
use crate::session::message::{How, Message};
use crate::session::stage::{Delivering, Finished, LOOK_EVERY, Origin, Stage};
use crate::session::{Force, Session};

impl Session {
    /// Asks whether the program can load what is `delivering`, unless nothing in it is new.
    pub(super) fn foresee_reload(&mut self, delivering: Delivering, now: Instant) -> Vec<Action> {
        match &delivering.how {
            How::Reloaded { modules, .. } if !modules.is_empty() => {
                let aim = Aim::Reload(modules.clone());
                self.foresee(delivering, aim)
            }
            How::Started { .. } | How::Reloaded { .. } | How::Patched { .. } | How::Restarted { .. } => {
                self.send(delivering, now)
            }
        }
    }

    /// Starts `finished` in place of the program if it can be loaded, or if `forced` says so.
    pub(super) fn restart(
        &mut self,
        why: String,
        finished: Finished,
        forced: Option<Force>,
        now: Instant,
    ) -> Vec<Action> {
        match forced {
            Some(Force::Restart) => self.restart_now(why, finished, now),
            Some(Force::Reload) | None => {
                self.foresee(Delivering::start(How::Restarted { why }, finished, now), Aim::Restart)
            }
        }
    }

    /// Starts `finished` in place of the program.
    pub(super) fn restart_now(&mut self, why: String, finished: Finished, now: Instant) -> Vec<Action> {
        let delivering = Delivering::start(How::Restarted { why }, finished, now);
        self.program.as_mut().map_or_else(Vec::new, |program| program.stop(Some(Box::new(delivering))))
    }

    fn foresee(&mut self, delivering: Delivering, aim: Aim) -> Vec<Action> {
        let prospect = Prospect { built: delivering.finished.built.clone(), aim, live: self.history.live().cloned() };
        if let Some(stage) = self.in_stage() {
            *stage = Stage::Foreseeing(delivering);
        }
        vec![Action::Foresee(prospect)]
    }

    /// What would keep the new code out is known.
    pub(super) fn foreseen(&mut self, faults: Vec<Fault>, now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else { return Vec::new() };
        let delivering = match std::mem::replace(&mut program.stage, Stage::Serving) {
            Stage::Foreseeing(delivering) => delivering,
            other => {
                program.stage = other;
                return Vec::new();
            }
        };
        if !faults.is_empty() {
            return self.let_alone(delivering, faults, now);
        }
        match delivering.how {
            How::Restarted { why } => self.restart_now(why, delivering.finished, now),
            How::Started { .. } | How::Reloaded { .. } | How::Patched { .. } => self.send(delivering, now),
        }
    }

    /// The program goes on as it is.
    fn let_alone(&mut self, delivering: Delivering, faults: Vec<Fault>, now: Instant) -> Vec<Action> {
        let Some(program) = &self.program else { return Vec::new() };
        let Delivering { how, finished, .. } = delivering;
        let mut actions = vec![Action::Record(Record::ReloadFailed(ReloadFailed {
            build: finished.number,
            pid: program.pid(),
            outcome: ReloadOutcome::NotLoadable,
            reasons: faults.iter().map(Fault::to_string).collect(),
            next: Next::Left,
        }))];
        let message = match finished.origin {
            Origin::Cargo => Message::NotLoadable { how: how.clone(), faults },
            Origin::Kept => {
                // It is the one to go back to, still.
                self.history.go_back();
                self.history.is_live();
                Message::NotRolledBack { reason: faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ") }
            }
        };
        if let (How::Restarted { why }, Strategy::Patch, Origin::Cargo) = (how, self.strategy, finished.origin) {
            // What cargo has built is not what runs: nothing is patched in on top of it.
            self.refused = Some(why);
        }
        actions.extend(self.fail(message));
        // What was built meanwhile may be better.
        actions.extend(self.deliver(now));
        actions
    }

    /// Tells the program to reload.
    fn send(&mut self, mut delivering: Delivering, now: Instant) -> Vec<Action> {
        let keep = self.give(&delivering.finished);
        delivering.began = now;
        let Some(program) = &mut self.program else { return Vec::new() };
        let record = delivering.sent(program.pid());
        program.stage = Stage::Delivering(delivering);
        vec![keep, record, Action::Signal(ProgramSignal::Reload), Action::After(LOOK_EVERY, Timer::Look)]
    }
}
