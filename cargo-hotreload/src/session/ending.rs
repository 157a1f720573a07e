//! The part of a [`Session`] that ends it: the program stops first, and a build reports that it was given up.

use crate::session::Session;
use crate::session::event::{Action, ProgramSignal};
use crate::session::message::Message;
use crate::session::request::Answer;

impl Session {
    /// The first time ends program and session in an orderly way, the second time at once.
    pub(super) fn interrupted(&mut self) -> Vec<Action> {
        if !self.ending {
            return self.end();
        }
        match &self.program {
            Some(_) => vec![Action::Say(Message::Killing), Action::Signal(ProgramSignal::Kill)],
            None => vec![Action::End],
        }
    }

    pub(super) fn end(&mut self) -> Vec<Action> {
        self.ending = true;
        let mut actions = Vec::new();
        actions.extend(self.building.is_some().then_some(Action::CancelBuild));
        match &mut self.program {
            Some(program) => {
                actions.push(Action::Say(Message::Stopping));
                actions.extend(program.stop(None));
            }
            None => actions.extend(self.end_when_idle()),
        }
        actions
    }

    /// Ends the session unless a build or the program still has to report.
    pub(super) fn end_when_idle(&mut self) -> Vec<Action> {
        if self.building.is_some() || self.program.is_some() {
            return Vec::new();
        }
        let mut actions = self.answer(&Answer::Done("the session has ended".into()));
        actions.push(Action::End);
        actions
    }

    pub(super) fn stop_overdue(&mut self, pid: u32) -> Vec<Action> {
        let stopping = self.program.as_ref().is_some_and(|program| program.is_stopping(pid));
        if stopping { vec![Action::Say(Message::Killing), Action::Signal(ProgramSignal::Kill)] } else { Vec::new() }
    }
}
