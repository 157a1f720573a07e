//! The part of a [`Session`] that takes the last patch back: what it replaced is put in once more, as a patch, so that the
//! process stays and keeps its state. The next time that is taken back.
//!
//! The sources stay as they are: the next build compiles again what was taken back, with its callers.

use std::mem;
use std::time::Instant;

use crate::session::Session;
use crate::session::event::{Action, Owner};
use crate::session::landed::Landed;
use crate::session::message::Message;
use crate::session::request::ReplyTo;
use crate::session::stage::Patching;
use crate::session::stage::Stage;

/// The builds whose code a process has.
#[derive(Debug, Default)]
pub(super) struct Patches {
    newest: u32,
    /// The one before the last patch.
    former: Option<u32>,
}

impl Patches {
    /// A process was started with the code of this build.
    pub(super) fn of_process(build: u32) -> Self {
        Self { newest: build, former: None }
    }

    /// The code of this build was patched in.
    pub(super) fn patched(&mut self, build: u32) {
        self.former = Some(mem::replace(&mut self.newest, build));
    }

    /// Whether there is a patch that can be taken back.
    pub(super) fn can_be_taken_back(&self) -> bool {
        self.former.is_some()
    }

    /// The build that the last patch has brought, whether or not it was taken back.
    pub(super) fn changed_by(&self) -> Option<u32> {
        self.former.map(|former| former.max(self.newest))
    }

    fn exchange(&mut self) {
        if let Some(former) = &mut self.former {
            mem::swap(former, &mut self.newest);
        }
    }
}

impl Session {
    /// Takes the last patch back. Cargo's build of everything is for nothing then.
    pub(super) fn take_back(&mut self, reply: ReplyTo, now: Instant) -> Vec<Action> {
        let (Some(program), Some(number)) = (&mut self.program, self.patches.former) else { return Vec::new() };
        let patching = Patching { number, crates: Vec::new(), build: None, ended: now, saved: None, began: now };
        program.stage = Stage::Patching(patching);
        self.asked.push(reply);
        self.forced = None;
        // Whatever is built next, what is taken back is a part of it.
        self.dirty.insert(Owner::Program);
        let mut actions = Vec::new();
        if let Some(building) = &mut self.building {
            building.is_cancelled = true;
            actions.push(Action::CancelBuild);
        }
        actions.push(Action::TakeBack);
        actions
    }

    /// The last patch was taken back, or cannot be.
    pub(super) fn taken_back(&mut self, result: Result<Landed, String>, now: Instant) -> Vec<Action> {
        let Some((patching, pid)) = self.end_of_patching() else { return Vec::new() };
        let mut actions = match result {
            Ok(Landed { crates, patch }) => {
                self.patches.exchange();
                self.runs_no_build();
                self.history.moves_on();
                let patching = Patching { crates, ..patching };
                let mut actions = vec![patching.record(&patch, pid, now)];
                actions.extend(self.succeed(patching.live(patch, pid, now)));
                actions
            }
            Err(reason) => self.fail(Message::NotRolledBack { reason }),
        };
        // What was built meanwhile is next.
        actions.extend(self.deliver(now));
        actions.extend(self.patch(now));
        actions
    }
}
