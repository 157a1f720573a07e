//! The part of a [`Session`] that brings back the build that was live before.
//!
//! 1. somebody asks, and nothing else is under way: [`Action::PutBack`] puts its files where the program finds them;
//! 2. it is delivered and verified as any other build.
//!
//! A patch is taken back by another one: `session::taking_back`. What was restarted in a session of patches is gone back
//! from if cargo had built what ran before, and is restarted by the next edit: cargo's files are of newer code.
//!
//! The sources stay as they are, and so does what cargo has made of them: the next build brings it again.

use std::time::{Duration, Instant};

use crate::config::values::Strategy;
use crate::events::record::Record;
use crate::session::Session;
use crate::session::delivery::Built;
use crate::session::event::{Action, Scope, Stay};
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::stage::{Finished, Origin, Stage};

/// How the code of before is had again.
pub(super) enum Way {
    /// The last patch is taken back.
    Patch,
    /// The program is given the former build.
    Build(Built),
}

/// Why the code of before is not had again.
#[derive(Debug, Clone, Copy)]
pub(super) enum NoWay {
    /// Something else is under way.
    Busy(&'static str),
    /// There is none.
    Nothing(&'static str),
}

impl NoWay {
    fn reason(self) -> &'static str {
        let (Self::Busy(reason) | Self::Nothing(reason)) = self;
        reason
    }
}

impl Session {
    /// Somebody wants the build that was live before.
    pub(super) fn roll_back(&mut self, reply: ReplyTo, now: Instant) -> Vec<Action> {
        let mut actions = vec![Action::Record(Record::Requested { request: Request::Rollback })];
        match self.way_back() {
            Err(no_way) => actions.extend(not_rolled_back(reply, no_way.reason(), Answer::Failed)),
            Ok(Way::Patch) => actions.extend(self.take_back(reply, now)),
            Ok(Way::Build(built)) => {
                self.asked.push(reply);
                actions.push(Action::PutBack(built));
            }
        }
        actions
    }

    /// Somebody wants the build that was live before, but not of this program.
    pub(super) fn stays(&self, reply: ReplyTo, stay: Stay) -> Vec<Action> {
        if self.ending {
            return vec![Action::Reply(reply, Answer::Failed("the session is ending".into()))];
        }
        let mut actions = vec![Action::Record(Record::Requested { request: Request::Rollback })];
        actions.extend(match stay {
            Stay::Unchanged => not_rolled_back(reply, "its code is the same", Answer::Done),
            Stay::Together(reason) => not_rolled_back(reply, reason, Answer::Failed),
        });
        actions
    }

    /// The newest build that has changed the program, whether or not it was rolled back.
    pub(super) fn changed_by(&self) -> u32 {
        self.patches.changed_by().unwrap_or_else(|| self.history.changed_by())
    }

    /// How the code of before can be had now, or why it cannot.
    pub(super) fn way_back(&self) -> Result<Way, NoWay> {
        let is_serving = self.program.as_ref().is_none_or(|program| matches!(program.stage, Stage::Serving));
        let is_ready = self.ready.is_some() || self.ready_patch.is_some();
        let is_on_its_way = self.starting.is_some() || self.explaining.is_some() || is_ready;
        let has_patch = self.program.is_some() && self.patches.can_be_taken_back();
        match (&self.building, self.history.former()) {
            // A build of what runs already has no news.
            (Some(building), _) if building.scope != Scope::Settle || !has_patch => {
                Err(NoWay::Busy("a build is running: wait for it, or undo the edit"))
            }
            _ if !is_serving || is_on_its_way => {
                Err(NoWay::Busy("new code is on its way into the program: wait for it"))
            }
            _ if has_patch => Ok(Way::Patch),
            (_, Some(former)) => Ok(Way::Build(former.built.clone())),
            (_, None) if self.strategy == Strategy::Patch => Err(NoWay::Nothing(
                "nothing was patched into the running process, and before it no code ran that was built as a whole",
            )),
            (_, None) => Err(NoWay::Nothing("no other build was live in this session")),
        }
    }

    /// The files of the former build are where the program finds them, or why not.
    pub(super) fn put_back(&mut self, result: Result<(), String>, now: Instant) -> Vec<Action> {
        if self.ending {
            return Vec::new();
        }
        let can_still = || self.way_back().map_err(|no_way| no_way.reason().to_owned());
        if let Err(reason) = result.and_then(|()| can_still()) {
            return self.fail(Message::NotRolledBack { reason });
        }
        let Some(former) = self.history.go_back() else { return Vec::new() };
        let (build, saved, origin) = (Duration::ZERO, None, Origin::Kept);
        self.forced = None;
        self.ready = Some(Finished { build, ended: now, saved, origin, ..former });
        // That is about what cargo has built, whether or not this gets in.
        let refused = self.refused.take();
        let actions = self.deliver(now);
        self.refused = refused;
        actions
    }

    /// Why a program that was rolled back cannot be patched: what cargo and rustc have of its crates is newer than what it runs.
    pub(super) fn reason_against_patches(&self) -> Option<String> {
        let is_brought_back = self.strategy == Strategy::Patch && self.history.is_older();
        is_brought_back.then(|| "what ran was brought back by a rollback".to_owned())
    }

    /// The program is given `finished`: what it had may be wanted again.
    pub(super) fn give(&mut self, finished: &Finished) -> Action {
        self.history.given(finished);
        Action::Keep(self.history.builds())
    }
}

/// Says why nothing is brought back, and gives whoever asked an `answer` with that.
fn not_rolled_back(reply: ReplyTo, reason: &str, answer: fn(String) -> Answer) -> [Action; 2] {
    let message = Message::NotRolledBack { reason: reason.into() };
    [Action::Reply(reply, answer(message.to_string())), Action::Say(message)]
}
