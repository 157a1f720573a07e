//! Going back with several programs: those that the newest build has changed, all of them or none.
//!
//! What this build has not changed is live in the others as it was before, and their own former builds are older. And while
//! one of them cannot go back yet, the others do not: the next time, they would go forward again.

use crate::session::Session;
use crate::session::event::{Event, Stay};
use crate::session::fleet::Fleet;
use crate::session::request::{ReplyTo, Request};
use crate::session::rollback::NoWay;

impl Fleet {
    /// What a rollback that was asked for is to each program.
    pub(super) fn going_back(&self, reply: ReplyTo) -> Vec<(usize, Event)> {
        let sessions = || self.members.iter().filter(|member| !member.is_over).map(|member| &member.session);
        let newest = sessions().map(Session::changed_by).max();
        let busy = sessions().find_map(|session| match session.way_back() {
            Err(NoWay::Busy(reason)) => Some(reason),
            Err(NoWay::Nothing(_)) | Ok(_) => None,
        });
        let event = |index: usize| match busy {
            Some(reason) => Event::Stays(reply, Stay::Together(reason)),
            None if Some(self.members[index].session.changed_by()) == newest => Event::Asked(Request::Rollback, reply),
            None => Event::Stays(reply, Stay::Unchanged),
        };
        (0..self.members.len()).map(|index| (index, event(index))).collect()
    }
}
