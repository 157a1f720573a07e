//! What somebody asks a session for, by a key or over the control socket.

use std::time::Instant;

use crate::events::record::Record;
use crate::session::event::Action;
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::stage::Program;
use crate::session::{Force, Session};

/// What is done about a save.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Watching {
    /// It is built.
    #[default]
    Builds,
    /// It is remembered.
    Paused,
}

impl Session {
    /// Whether saves are remembered and not built.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.watching == Watching::Paused
    }

    pub(super) fn asked(&mut self, request: Request, reply: ReplyTo, now: Instant) -> Vec<Action> {
        let force = match request {
            Request::Status => return vec![Action::Reply(reply, self.status())],
            _ if self.ending => {
                return vec![Action::Reply(reply, Answer::Failed("the session is ending".into()))];
            }
            Request::Stop => {
                self.asked.push(reply);
                let mut actions = vec![Action::Record(Record::Requested { request })];
                actions.extend(self.end());
                return actions;
            }
            Request::Pause => return self.watch(Watching::Paused, reply, now),
            Request::Resume => return self.watch(Watching::Builds, reply, now),
            Request::Rollback => return self.roll_back(reply, now),
            Request::Build => None,
            Request::Reload => Some(Force::Reload),
            Request::Restart => Some(Force::Restart),
        };
        self.asked.push(reply);
        let mut actions = vec![Action::Record(Record::Requested { request })];
        // A restart that is asked for outweighs a reload that is asked for.
        if self.forced != Some(Force::Restart) {
            self.forced = force.or(self.forced);
        }
        // A running build that nothing was saved since is the one to deliver.
        if self.building.is_none() {
            actions.extend(self.build_unbuilt(now));
        }
        actions
    }

    fn status(&self) -> Answer {
        Answer::Status {
            state: self.state().into(),
            session: std::process::id(),
            program: self.program.as_ref().map(Program::pid),
            reloads: self.counts.reloads,
            patches: self.counts.patches,
            restarts: self.counts.restarts,
            last: self.last.clone(),
            programs: Vec::new(),
        }
    }

    /// Pauses, or builds what was saved meanwhile and everything after it. A running build goes on.
    fn watch(&mut self, watching: Watching, reply: ReplyTo, now: Instant) -> Vec<Action> {
        let is_change = std::mem::replace(&mut self.watching, watching) != watching;
        let message = Message::Watching { paused: self.is_paused() };
        let mut actions = vec![Action::Reply(reply, Answer::Done(message.to_string()))];
        actions.extend(is_change.then_some(Action::Say(message)));
        actions.extend(self.build_when_settled(now));
        actions
    }
}
