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
use crate::session::delivering::{Finished, Origin, Stage};
use crate::session::delivery::Built;
use crate::session::event::{Action, PutBack, Scope};
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};

/// How the code of before is had again.
enum Way {
    /// The last patch is taken back.
    Patch,
    /// The program is given the former build.
    Build(Built),
}

impl Session {
    /// Somebody wants the build that was live before.
    pub(super) fn roll_back(&mut self, reply: ReplyTo, now: Instant) -> Vec<Action> {
        let mut actions = vec![Action::Record(Record::Requested { request: Request::Rollback })];
        match self.way_back() {
            Err(reason) => {
                let message = Message::NotRolledBack { reason: reason.into() };
                actions.push(Action::Reply(reply, Answer::Failed(message.to_string())));
                actions.push(Action::Say(message));
            }
            Ok(Way::Patch) => actions.extend(self.take_back(reply, now)),
            Ok(Way::Build(built)) => {
                self.asked.push(reply);
                actions.push(Action::PutBack(built));
            }
        }
        actions
    }

    /// How the code of before can be had now, or why it cannot.
    fn way_back(&self) -> Result<Way, &'static str> {
        let is_serving = self.program.as_ref().is_none_or(|program| matches!(program.stage, Stage::Serving));
        let is_ready = self.ready.is_some() || self.ready_patch.is_some();
        let is_on_its_way = self.starting.is_some() || self.explaining.is_some() || is_ready;
        let has_patch = self.program.is_some() && self.patches.can_be_taken_back();
        match (&self.building, self.history.former()) {
            // A build of what runs already has no news.
            (Some(building), _) if building.scope != Scope::Settle || !has_patch => {
                Err("a build is running: wait for it, or undo the edit")
            }
            _ if !is_serving || is_on_its_way => Err("new code is on its way into the program: wait for it"),
            _ if has_patch => Ok(Way::Patch),
            (_, Some(former)) => Ok(Way::Build(former.built.clone())),
            (_, None) if self.strategy == Strategy::Patch => {
                Err("nothing was patched into the running process, and before it no code ran that was built as a whole")
            }
            (_, None) => Err("no other build was live in this session"),
        }
    }

    /// The files of the former build are where the program finds them, or why not.
    pub(super) fn put_back(&mut self, result: Result<PutBack, String>, now: Instant) -> Vec<Action> {
        if self.ending {
            return Vec::new();
        }
        let can_still = || self.way_back().map_err(str::to_owned);
        let put_back = match result.and_then(|put_back| can_still().map(|_| put_back)) {
            Ok(put_back) => put_back,
            Err(reason) => return self.fail(Message::NotRolledBack { reason }),
        };
        let Some(former) = self.history.go_back() else { return Vec::new() };
        let (build, saved, origin) = (Duration::ZERO, None, Origin::Kept);
        (self.forced, self.refused) = (None, None);
        self.ready = Some(Finished { build, ended: now, saved, origin, ..former });
        let actions = self.deliver(now);
        if self.strategy == Strategy::Patch && !put_back.is_newest {
            // What cargo and rustc have of its crates is newer than what it runs.
            self.refused = Some("what ran was brought back by a rollback".into());
        }
        actions
    }

    /// The program is given `finished`: what it had may be wanted again.
    pub(super) fn give(&mut self, finished: &Finished) -> Action {
        self.history.given(finished);
        Action::Keep(self.history.builds())
    }
}
