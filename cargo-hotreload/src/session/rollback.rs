//! The part of a [`Session`] that brings back the build that was live before.
//!
//! 1. somebody asks, and nothing else is under way: [`Action::PutBack`] puts its files where the program finds them;
//! 2. it is delivered and verified as any other build.
//!
//! A patch is taken back by another one: `session::taking_back`.
//!
//! The sources stay as they are, and so does what cargo has made of them: the next build brings it again.

use std::time::{Duration, Instant};

use crate::config::values::Strategy;
use crate::events::record::Record;
use crate::session::Session;
use crate::session::delivering::{Finished, Origin, Stage};
use crate::session::event::{Action, Scope};
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};

impl Session {
    /// Somebody wants the build that was live before.
    pub(super) fn roll_back(&mut self, reply: ReplyTo, now: Instant) -> Vec<Action> {
        let mut actions = vec![Action::Record(Record::Requested { request: Request::Rollback })];
        match (self.reason_against(), self.history.former()) {
            (Some(reason), _) => {
                let message = Message::NotRolledBack { reason: reason.into() };
                actions.push(Action::Reply(reply, Answer::Failed(message.to_string())));
                actions.push(Action::Say(message));
            }
            (None, _) if self.strategy == Strategy::Patch => actions.extend(self.take_back(reply, now)),
            (None, former) => {
                let built = former.map(|former| former.built.clone());
                self.asked.push(reply);
                actions.extend(built.map(Action::PutBack));
            }
        }
        actions
    }

    /// Why the former build cannot be had now.
    fn reason_against(&self) -> Option<&'static str> {
        let is_serving = self.program.as_ref().is_none_or(|program| matches!(program.stage, Stage::Serving));
        let is_ready = self.ready.is_some() || self.ready_patch.is_some();
        let is_on_its_way = self.starting.is_some() || self.explaining.is_some() || is_ready;
        match () {
            () if self.building.as_ref().is_some_and(|building| building.scope != Scope::Settle) => {
                Some("a build is running: wait for it, or undo the edit")
            }
            () if !is_serving || is_on_its_way => Some("new code is on its way into the program: wait for it"),
            () if self.strategy == Strategy::Patch => self.reason_against_taking_back(),
            () if self.history.former().is_none() => Some("no other build was live in this session"),
            () => None,
        }
    }

    /// The files of the former build are where the program finds them, or why not.
    pub(super) fn put_back(&mut self, result: Result<(), String>, now: Instant) -> Vec<Action> {
        if self.ending {
            return Vec::new();
        }
        let reason = result.err().or_else(|| self.reason_against().map(str::to_owned));
        let former = if reason.is_none() { self.history.go_back() } else { None };
        let Some(former) = former else {
            let reason = reason.unwrap_or_default();
            return self.fail(Message::NotRolledBack { reason });
        };
        let (build, saved, origin) = (Duration::ZERO, None, Origin::Kept);
        self.forced = None;
        self.ready = Some(Finished { build, ended: now, saved, origin, ..former });
        self.deliver(now)
    }

    /// The program is given `finished`: what it had may be wanted again.
    pub(super) fn give(&mut self, finished: &Finished) -> Action {
        self.history.given(finished);
        Action::Keep(self.history.builds())
    }
}
