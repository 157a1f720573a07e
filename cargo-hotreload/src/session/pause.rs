//! Saves that are remembered and not built, until whoever edits has come to an end.

use std::time::Instant;

use crate::session::Session;
use crate::session::event::{Action, Answer, ReplyTo};
use crate::session::message::Message;

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

    /// Pauses, or builds what was saved meanwhile and everything after it. A running build goes on.
    pub(super) fn watch(&mut self, watching: Watching, reply: ReplyTo, now: Instant) -> Vec<Action> {
        let is_change = std::mem::replace(&mut self.watching, watching) != watching;
        let message = Message::Watching { paused: self.is_paused() };
        let mut actions = vec![Action::Reply(reply, Answer::Done(message.to_string()))];
        actions.extend(is_change.then_some(Action::Say(message)));
        actions.extend(self.build_when_settled(now));
        actions
    }
}
