//! Several programs in one session: a [`Session`] for each, which knows nothing of the others, and one build for all.
//!
//! 1. [`Tidings`] say what happened, and to which program. What is about the sources or the session goes to all of
//!    them, what is about a build to those who take part in it.
//! 2. What they want is put together by `merging`: one message, one answer. What only one program is concerned with
//!    carries its number.
//! 3. What they want to have built is put together by `runs`: one build at a time.
//! 4. The fleet is over when every session is.
//!
//! With one program, this is that program's session: what goes in and comes out is the same.

use std::time::Instant;

use crate::events::record::{Record, SessionEnded};
use crate::session::Session;
use crate::session::event::{Action, Event, NoCrates};
use crate::session::fleet::answers::Answers;
use crate::session::fleet::merging::Merging;
use crate::session::fleet::runs::{Next, Runs};
use crate::session::message::Message;
use crate::session::request::Request;

mod answers;
mod back;
mod merging;
mod runs;
#[cfg(test)]
mod tests;
pub mod wording;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Tidings {
    /// It is the same for every program.
    All(Event),
    /// At the same time something to each of them, in their order.
    Each(Vec<Event>),
    /// To the program of this number, counted from 0.
    One(usize, Event),
}

/// Whom an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The session as a whole.
    All,
    /// The program of this number, counted from 0.
    One(usize),
}

/// Something to do, and for whom.
pub type Order = (Whom, Action);

/// The sessions of several programs.
#[derive(Debug)]
pub struct Fleet {
    members: Vec<Member>,
    answers: Answers,
    runs: Runs,
    exit_code: Option<u8>,
}

/// A program in a fleet.
#[derive(Debug)]
struct Member {
    name: String,
    session: Session,
    /// Its session has ended.
    is_over: bool,
}

impl Fleet {
    /// A fleet of programs with these names; `session` makes the session of each.
    pub fn new(names: impl IntoIterator<Item = String>, session: impl Fn() -> Session) -> Self {
        let member = |name| Member { name, session: session(), is_over: false };
        let members = names.into_iter().map(member).collect();
        Self { members, answers: Answers::default(), runs: Runs::default(), exit_code: None }
    }

    /// What to do about `tidings` at the time `now`.
    pub fn handle(&mut self, tidings: Tidings, now: Instant) -> Vec<Order> {
        let events: Vec<(usize, Event)> = match tidings {
            Tidings::All(Event::Asked(Request::Rollback, reply)) => self.going_back(reply),
            Tidings::All(event) => (0..self.members.len()).map(|index| (index, event.clone())).collect(),
            Tidings::Each(events) => events.into_iter().enumerate().collect(),
            Tidings::One(index, event) => {
                let mut merging = Merging::of_one();
                self.tell(index, event, now, &mut merging);
                return self.settle(merging);
            }
        };
        match events.first().map(|(_, event)| event) {
            Some(Event::Built(_) | Event::Crates(_)) => self.end_run(events, now),
            Some(Event::Compiled { .. }) => {
                let members = self.runs.members();
                self.tell_each(events.into_iter().filter(|(index, _)| members.contains(index)).collect(), now)
            }
            _ => self.tell_each(events, now),
        }
    }

    fn tell_each(&mut self, events: Vec<(usize, Event)>, now: Instant) -> Vec<Order> {
        let active = events.iter().filter(|(index, _)| !self.members[*index].is_over).count();
        let mut merging = Merging::of_all(active);
        match events.first() {
            Some((_, Event::Asked(_, reply) | Event::Stays(reply, _))) => {
                self.answers.expect(*reply, self.members.iter().map(|member| !member.is_over));
            }
            Some((_, Event::Saved(_))) => self.runs.saved(),
            _ => {}
        }
        for (index, event) in events {
            self.tell(index, event, now, &mut merging);
        }
        self.settle(merging)
    }

    /// What was compiled has ended: that is for those who wanted it. What is wrong for them is wrong for those who wait.
    fn end_run(&mut self, events: Vec<(usize, Event)>, now: Instant) -> Vec<Order> {
        let is_good = events.iter().any(|(_, event)| matches!(event, Event::Built(Ok(_)) | Event::Crates(Ok(_))));
        let is_wrong = matches!(events.first(), Some((_, Event::Crates(Err(NoCrates::Wrong(_))))));
        let dismissed = if is_wrong { self.runs.dismiss() } else { Vec::new() };
        let members = self.runs.end(is_good);
        let told = |(index, event): (usize, Event)| match event {
            event if members.contains(&index) => Some((index, event)),
            Event::Crates(Err(NoCrates::Wrong(reason))) if dismissed.contains(&index) => {
                Some((index, Event::Built(Err(reason))))
            }
            _ => None,
        };
        self.tell_each(events.into_iter().filter_map(told).collect(), now)
    }

    fn tell(&mut self, index: usize, event: Event, now: Instant, merging: &mut Merging) {
        let Some(member) = self.members.get_mut(index).filter(|member| !member.is_over) else { return };
        for action in member.session.handle(event, now) {
            match action {
                Action::Reply(reply, answer) => self.answers.answer(index, reply, answer),
                Action::End => {
                    self.members[index].is_over = true;
                    self.answers.silence(index);
                }
                Action::CancelBuild if self.runs.leave(index) => {
                    self.tell(index, Event::Built(Err("it was cancelled".into())), now, merging);
                    continue;
                }
                other => {
                    if let Action::Build { scope, replan } = other {
                        self.runs.want(index, scope, replan);
                    }
                    self.note_code(&other);
                    merging.add(index, other);
                    continue;
                }
            }
            let names = self.members.iter().map(|member| member.name.as_str());
            for reply in self.answers.complete(&names) {
                merging.add(index, reply);
            }
        }
    }

    /// The first failure is what the caller learns.
    fn note_code(&mut self, action: &Action) {
        if let Action::Say(Message::Over(ending)) = action {
            self.exit_code = self.exit_code.filter(|earlier| *earlier != 0).or(Some(ending.exit_code()));
        }
    }

    /// What all of them want together.
    fn settle(&mut self, merging: Merging) -> Vec<Order> {
        let mut orders = merging.orders();
        let is_about_builds = |(_, action): &Order| matches!(action, Action::Build { .. } | Action::CancelBuild);
        let place = orders.iter().position(is_about_builds);
        orders.retain(|order| !is_about_builds(order));
        let place = place.unwrap_or(orders.len());
        let staying: Vec<usize> = (0..self.members.len()).filter(|&index| self.is_staying(index)).collect();
        match self.runs.next(&staying) {
            Some(Next::Begin { scope, replan, members }) => {
                self.take_part(&members);
                orders.insert(place, (Whom::All, Action::Build { scope, replan }));
            }
            Some(Next::Join(members)) => self.take_part(&members),
            Some(Next::Cancel) => orders.insert(place, (Whom::All, Action::CancelBuild)),
            None => {}
        }
        if self.members.iter().all(|member| member.is_over) {
            orders.push((Whom::All, Action::End));
        }
        orders
    }

    /// What these programs wanted has the number of the newest run.
    fn take_part(&mut self, members: &[usize]) {
        for &index in members {
            self.members[index].session.takes_part_in(self.runs.number());
        }
    }

    fn is_staying(&self, index: usize) -> bool {
        let member = &self.members[index];
        !member.is_over && !member.session.is_ending()
    }

    /// How many programs there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.members.len()
    }

    /// How many of them have a process.
    #[must_use]
    pub fn running(&self) -> usize {
        self.members.iter().filter(|member| member.session.is_running()).count()
    }

    /// Whether saves are remembered and not built.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.members.iter().any(|member| member.session.is_paused())
    }

    /// A few words for what the session does: for what most of the work is, if the programs do different things.
    #[must_use]
    pub fn state(&self) -> &'static str {
        state_of(&self.members.iter().map(|member| member.session.state()))
    }

    /// The exit code of programs that ended the session by their own end: the first that is not 0.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        self.exit_code
    }

    /// What the session did, as its last record.
    #[must_use]
    pub fn record_of_end(&self, error: Option<String>) -> Record {
        let mut all = SessionEnded { error, ..SessionEnded::default() };
        for member in &self.members {
            if let Record::SessionEnded(ended) = member.session.record_of_end(None) {
                all.reloads += ended.reloads;
                all.patches += ended.patches;
                all.restarts += ended.restarts;
            }
        }
        Record::SessionEnded(all)
    }

    /// The programs have other names from now on.
    pub fn rename(&mut self, names: impl IntoIterator<Item = String>) {
        for (member, name) in self.members.iter_mut().zip(names) {
            member.name = name;
        }
    }
}

/// What several programs do that are in these `states`.
fn state_of<'state>(states: &(impl Iterator<Item = &'state str> + Clone)) -> &'static str {
    const BY_WORK: [&str; 6] = ["stopping", "building", "restarting", "reloading", "starting", "paused"];
    const WAITING: &str = "waiting for a change";
    let has = |wanted: &&str| states.clone().any(|state| state == *wanted);
    let is_waiting = states.clone().all(|state| state == WAITING);
    BY_WORK.into_iter().find(has).unwrap_or(if is_waiting { WAITING } else { "running" })
}
