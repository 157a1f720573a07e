//! The part of a [`Session`] that starts the program.

use std::collections::BTreeSet;

use crate::events::record::Record;
use crate::session::Session;
use crate::session::delivery::Loaded;
use crate::session::event::Action;
use crate::session::message::Message;
use crate::session::stage::{Delivering, Program, Stage};
use crate::session::taking_back::Patches;

impl Session {
    pub(super) fn start(&mut self, delivering: Delivering) -> Vec<Action> {
        let built = delivering.finished.built.clone();
        let keep = self.give(&delivering.finished);
        self.starting = Some(delivering);
        vec![keep, Action::Start(built)]
    }

    pub(super) fn started(&mut self, pid: u32) -> Vec<Action> {
        let Some(delivering) = self.starting.take() else { return Vec::new() };
        let loaded = Loaded::from(&delivering.finished.built);
        self.patches = Patches::of_process(delivering.finished.number);
        let mut program = Program { pid, loaded, missing: BTreeSet::new(), has_reloaded: false, stage: Stage::Serving };
        let mut actions = delivering.started(pid);
        if self.ending {
            actions.extend(program.stop(None));
            self.program = Some(program);
            return actions;
        }
        program.stage = Stage::Delivering(delivering);
        self.program = Some(program);
        actions.push(Action::Look);
        actions
    }

    pub(super) fn not_started(&mut self, reason: String) -> Vec<Action> {
        self.starting = None;
        let mut actions = vec![Action::Record(Record::ProgramNotStarted { reason: reason.clone() })];
        actions.extend(self.fail(Message::NotStarted { reason }));
        if self.ending {
            actions.extend(self.end_when_idle());
        }
        actions
    }
}
