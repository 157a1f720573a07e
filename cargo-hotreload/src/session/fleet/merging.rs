//! What several sessions want at the same time, put together to what is done.

use crate::session::event::{Action, Timer};
use crate::session::fleet::{Order, Whom};
use crate::session::message::Message;

/// Whose event it is that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// That of all programs, so many of which still have a session.
    All { active: usize },
    /// That of one program.
    One,
}

/// What was wanted so far.
#[derive(Debug)]
pub(super) struct Merging {
    cause: Cause,
    wants: Vec<Want>,
}

/// Something that is wanted, in the order in which it was wanted first.
#[derive(Debug)]
struct Want {
    action: Action,
    /// The programs that want it.
    by: Vec<usize>,
}

impl Merging {
    /// An event of all programs, so many of which still have a session.
    pub(super) fn of_all(active: usize) -> Self {
        Self { cause: Cause::All { active }, wants: Vec::new() }
    }

    /// An event of one program.
    pub(super) fn of_one() -> Self {
        Self { cause: Cause::One, wants: Vec::new() }
    }

    /// The program of this number wants `action`.
    pub(super) fn add(&mut self, index: usize, action: Action) {
        for want in &mut self.wants {
            if join(&mut want.action, &action) {
                return want.by.push(index);
            }
        }
        self.wants.push(Want { action, by: vec![index] });
    }

    /// What is done.
    pub(super) fn orders(self) -> Vec<Order> {
        let cause = self.cause;
        self.wants.into_iter().flat_map(|Want { action, by }| done(cause, action, &by)).collect()
    }
}

/// Takes `action` into `earlier`, if both are the same for the session as a whole.
fn join(earlier: &mut Action, action: &Action) -> bool {
    match (earlier, action) {
        (Action::Build { scope, replan }, Action::Build { scope: other, replan: also }) => {
            *scope = (*scope).max(*other);
            *replan |= also;
            true
        }
        (
            Action::Say(Message::BuildFailed { running, .. }),
            Action::Say(Message::BuildFailed { running: also, .. }),
        ) => {
            *running |= also;
            true
        }
        (Action::CancelBuild, Action::CancelBuild)
        | (Action::After(_, Timer::Settle), Action::After(_, Timer::Settle)) => true,
        (Action::Say(one), Action::Say(other)) => one == other,
        (Action::Record(one), Action::Record(other)) => one == other,
        _ => false,
    }
}

fn done(cause: Cause, action: Action, by: &[usize]) -> Vec<Order> {
    let for_each = |action: Action| by.iter().map(|&index| (Whom::One(index), action.clone())).collect();
    let is_for_all = match (&action, cause) {
        // Who has new code says so; that the others have none is no news.
        (Action::Say(Message::Unchanged { .. }), Cause::All { active }) if by.len() < active => return Vec::new(),
        (Action::Record(_), Cause::All { active }) => by.len() == active,
        (Action::Build { .. } | Action::CancelBuild | Action::Reply(..) | Action::After(_, Timer::Settle), _)
        | (Action::Say(_), Cause::All { .. }) => true,
        _ => false,
    };
    if is_for_all { vec![(Whom::All, action)] } else { for_each(action) }
}
