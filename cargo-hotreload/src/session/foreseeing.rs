//! The part of a [`Session`] that lets a program alone which could not load the new code.
//!
//! A program that has unloaded its old modules is not helped by learning that the new ones do not load. So it is looked at
//! before it is told: [`Action::Foresee`].

use std::time::Instant;

use crate::events::record::{Next, Record, ReloadFailed, ReloadOutcome};
use crate::session::Session;
use crate::session::delivering::{Delivering, LOOK_EVERY, Stage};
use crate::session::event::{Action, ProgramSignal, Timer};
use crate::session::foresight::{Fault, Prospect};
use crate::session::message::{How, Message};

impl Session {
    /// Asks whether the program can load what is `delivering`, unless nothing in it is new.
    pub(super) fn foresee(&mut self, delivering: Delivering, now: Instant) -> Vec<Action> {
        let modules = match &delivering.how {
            How::Reloaded { modules, .. } => modules.clone(),
            How::Started { .. } | How::Patched { .. } | How::Restarted { .. } => Vec::new(),
        };
        if modules.is_empty() {
            return self.send(delivering, now);
        }
        let prospect =
            Prospect { built: delivering.finished.built.clone(), modules, live: self.history.live().cloned() };
        if let Some(stage) = self.in_stage() {
            *stage = Stage::Foreseeing(delivering);
        }
        vec![Action::Foresee(prospect)]
    }

    /// What would keep the new code out is known.
    pub(super) fn foreseen(&mut self, faults: Vec<Fault>, now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else { return Vec::new() };
        let pid = program.pid();
        let delivering = match std::mem::replace(&mut program.stage, Stage::Serving) {
            Stage::Foreseeing(delivering) => delivering,
            other => {
                program.stage = other;
                return Vec::new();
            }
        };
        if faults.is_empty() {
            return self.send(delivering, now);
        }
        let mut actions = vec![Action::Record(Record::ReloadFailed(ReloadFailed {
            build: delivering.finished.number,
            pid,
            outcome: ReloadOutcome::NotLoadable,
            reasons: faults.iter().map(Fault::to_string).collect(),
            next: Next::Left,
        }))];
        actions.extend(self.fail(Message::NotLoadable { faults }));
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
