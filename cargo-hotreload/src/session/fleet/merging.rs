//! What several sessions want at the same time, put together to what is done.

use crate::session::event::{Action, Scope, Timer};
use crate::session::fleet::answers::Complete;
use crate::session::fleet::{Order, Whom};
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo};

/// Whose event it is that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// That of all programs, so many of which still have a session.
    All { active: usize },
    /// That of the program of this number.
    One(usize),
}

/// What was wanted so far.
#[derive(Debug)]
pub(super) struct Merging {
    cause: Cause,
    wants: Vec<Want>,
}

/// Something that is wanted, in the order in which it was wanted first.
#[derive(Debug)]
enum Want {
    Done { action: Action, by: Vec<usize> },
    Reply(Complete),
}

impl Merging {
    /// An event of all programs, so many of which still have a session.
    pub(super) fn of_all(active: usize) -> Self {
        Self { cause: Cause::All { active }, wants: Vec::new() }
    }

    /// An event of the program of this number.
    pub(super) fn of_one(index: usize) -> Self {
        Self { cause: Cause::One(index), wants: Vec::new() }
    }

    /// The program of this number wants `action`.
    pub(super) fn add(&mut self, index: usize, action: Action) {
        for want in &mut self.wants {
            if let Want::Done { action: earlier, by } = want
                && join(earlier, &action)
            {
                return by.push(index);
            }
        }
        self.wants.push(Want::Done { action, by: vec![index] });
    }

    /// These have all of their answers now.
    pub(super) fn replies(&mut self, complete: Vec<Complete>) {
        self.wants.extend(complete.into_iter().map(Want::Reply));
    }

    /// What is done, where the programs `staying` still want to be built; `reply` puts answers together.
    pub(super) fn orders(
        self,
        staying: &[usize],
        reply: impl Fn(ReplyTo, Vec<Option<Answer>>) -> Option<Action>,
    ) -> Vec<Order> {
        let cause = self.cause;
        let order = |want| match want {
            Want::Reply(Complete { reply: to, answers }) => {
                reply(to, answers).map(|action| (Whom::All, action)).into_iter().collect()
            }
            Want::Done { action, by } => done(cause, action, &by, staying),
        };
        self.wants.into_iter().flat_map(order).collect::<Vec<Order>>()
    }
}

/// Takes `action` into `earlier`, if both are the same for the session as a whole.
fn join(earlier: &mut Action, action: &Action) -> bool {
    match (earlier, action) {
        (Action::Build { scope, replan }, Action::Build { scope: other, replan: also }) => {
            if *other == Scope::Program {
                *scope = Scope::Program;
            }
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

fn done(cause: Cause, action: Action, by: &[usize], staying: &[usize]) -> Vec<Order> {
    let for_all = |action| vec![(Whom::All, action)];
    let for_each = |action: Action| by.iter().map(|&index| (Whom::One(index), action.clone())).collect();
    match (cause, action) {
        (_, action @ (Action::Build { .. } | Action::After(_, Timer::Settle))) => for_all(action),
        // A program that leaves takes nobody's build away.
        (_, Action::CancelBuild) if !staying.iter().all(|index| by.contains(index)) => Vec::new(),
        (_, Action::CancelBuild) => for_all(Action::CancelBuild),
        // Who has new code says so; that the others have none is no news.
        (Cause::All { active }, Action::Say(Message::Unchanged { .. })) if by.len() < active => Vec::new(),
        (Cause::All { .. }, action @ Action::Say(_)) => for_all(action),
        (Cause::All { active }, action @ Action::Record(_)) if by.len() == active => for_all(action),
        (Cause::One(index), action @ (Action::Say(_) | Action::Record(_))) => vec![(Whom::One(index), action)],
        (_, action) => for_each(action),
    }
}
