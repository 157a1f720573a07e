//! Sequences of events and what a session of several programs wants done about them.

use std::time::{Duration, Instant};

use crate::events::record::Record;
use crate::session::event::{Action, Change, Event, Owner, ProgramSignal, Scope, Timer};
use crate::session::exit::Ending;
use crate::session::fleet::Whom::{All, One};
use crate::session::fleet::{Fleet, Order, Tidings, Whom};
use crate::session::foresight::{Fault, Missing};
use crate::session::message::{How, Message, When};
use crate::session::request::{ReplyTo, Request};
use crate::session::tests::{built, mapped, replaced};
use crate::session::{OwnEnd, STOP_DEADLINE, Session};

mod answers;
mod back;
mod patching;

/// A fleet and the time that passes in it.
struct Play {
    fleet: Fleet,
    now: Instant,
}

const NAMES: [&str; 3] = ["api#1", "api#2", "worker"];

impl Play {
    fn new() -> Self {
        let fleet = Fleet::new(NAMES.map(str::to_owned), Session::default);
        Self { fleet, now: Instant::now() }
    }

    /// Three programs that serve, each with `core`, `api` and `host` as given by [`built`].
    fn serving() -> Self {
        let mut play = Self::new();
        assert_eq!(play.all(Event::Begin), [(All, build(Scope::Program))]);
        let start = |index| (One(index), Action::Start(built(1, 1, 1)));
        assert_eq!(play.all(Event::Built(Ok(built(1, 1, 1)))), [start(0), start(1), start(2)]);
        for index in 0..3 {
            assert_eq!(play.one(index, Event::Started { pid: pid(index) }), [(One(index), Action::Look)]);
            let said = play.says(Tidings::One(index, Event::Mapped(mapped(10))));
            assert!(
                matches!(&said[..], [(One(at), Message::Live { how: How::Started { .. }, .. })] if *at == index),
                "{said:?}"
            );
        }
        assert_eq!((play.fleet.state(), play.fleet.running()), ("running", 3));
        play
    }

    fn acts(&mut self, tidings: Tidings) -> Vec<Order> {
        self.now += Duration::from_millis(1);
        let mut orders = self.fleet.handle(tidings, self.now);
        // Every program can load what it is given.
        let asked = |(_, action): &Order| matches!(action, Action::Foresee(_));
        while let Some(at) = orders.iter().position(asked) {
            let Whom::One(index) = orders[at].0 else { panic!("{orders:?}") };
            let rest = self.fleet.handle(Tidings::One(index, Event::Foreseen(vec![])), self.now);
            orders.splice(at..=at, rest);
        }
        orders
    }

    /// What is to be done; what is recorded of it is left out.
    fn does(&mut self, tidings: Tidings) -> Vec<Order> {
        self.acts(tidings)
            .into_iter()
            .filter(|(_, action)| !matches!(action, Action::Record(_) | Action::Keep(_)))
            .collect()
    }

    fn all(&mut self, event: Event) -> Vec<Order> {
        self.does(Tidings::All(event))
    }

    fn one(&mut self, index: usize, event: Event) -> Vec<Order> {
        self.does(Tidings::One(index, event))
    }

    fn records(&mut self, tidings: Tidings) -> Vec<(Whom, Record)> {
        let record = |(whom, action)| if let Action::Record(record) = action { Some((whom, record)) } else { None };
        self.acts(tidings).into_iter().filter_map(record).collect()
    }

    fn says(&mut self, tidings: Tidings) -> Vec<(Whom, Message)> {
        let said = |(whom, action)| if let Action::Say(message) = action { Some((whom, message)) } else { None };
        self.does(tidings).into_iter().filter_map(said).collect()
    }

    fn save_of(&mut self, owner: Owner) -> Vec<Order> {
        let at = self.now;
        self.all(Event::Saved(Change { at, paths: vec![], owners: [owner].into() }))
    }

    /// The program of this number takes the new code.
    fn reloads(&mut self, index: usize, from: u64, to: u64) -> Vec<(Whom, Message)> {
        let sent = self.one(index, Event::Mapped(replaced(from)));
        assert_eq!(sent[0], (One(index), Action::Signal(ProgramSignal::Reload)));
        assert!(matches!(sent[1], (One(at), Action::After(_, Timer::Look)) if at == index), "{sent:?}");
        self.says(Tidings::One(index, Event::Mapped(mapped(to))))
    }
}

fn build(scope: Scope) -> Action {
    Action::Build { scope, replan: false }
}

fn pid(index: usize) -> u32 {
    70 + u32::try_from(index).expect("a small number")
}

#[test]
fn one_build_is_delivered_to_each_and_each_is_verified_by_itself() {
    let mut play = Play::serving();
    assert_eq!(play.save_of(Owner::Library("api".into())), [(All, build(Scope::Modules))]);
    let looks = play.all(Event::Built(Ok(built(1, 2, 1))));
    assert_eq!(looks, [(One(0), Action::Look), (One(1), Action::Look), (One(2), Action::Look)]);
    for index in [2, 0] {
        let said = play.reloads(index, 10, 11);
        assert!(
            matches!(&said[..], [(One(at), Message::Live { pid, .. })] if *at == index && *pid == self::pid(index))
        );
    }
    // The last one still has the old code, and is the only one that is looked at again.
    play.one(1, Event::Mapped(replaced(10)));
    assert_eq!(play.fleet.state(), "reloading");
    assert_eq!(play.one(1, Event::Due(Timer::Look)), [(One(1), Action::Look)]);
    assert_eq!(play.one(0, Event::Due(Timer::Look)), []);
    assert!(matches!(play.says(Tidings::One(1, Event::Mapped(mapped(11))))[..], [(One(1), Message::Live { .. })]));
    assert_eq!(play.fleet.state(), "running");
    let Record::SessionEnded(ended) = play.fleet.record_of_end(None) else { panic!("another record") };
    assert_eq!((ended.reloads, ended.restarts), (3, 0));
}

#[test]
fn each_has_its_own_way_to_the_same_code() {
    let mut play = Play::serving();
    play.save_of(Owner::Program);
    // A changed module for the first, a changed program for the last, nothing for the second.
    let each = [built(1, 2, 1), built(1, 1, 1), built(1, 1, 2)].map(|built| Event::Built(Ok(built)));
    let orders = play.does(Tidings::Each(each.into()));
    assert_eq!(
        orders,
        [
            (One(0), Action::Look),
            (One(2), Action::Signal(ProgramSignal::Stop)),
            (One(2), Action::After(STOP_DEADLINE, Timer::Stop { pid: pid(2) })),
        ]
    );
    assert_eq!(play.one(2, Event::Exited(Ending::Code(0))), [(One(2), Action::Start(built(1, 1, 2)))]);
}

#[test]
fn one_that_could_not_start_again_goes_on_and_the_others_are_restarted() {
    let mut play = Play::serving();
    play.save_of(Owner::Program);
    let orders = play.fleet.handle(Tidings::All(Event::Built(Ok(built(1, 1, 2)))), play.now);
    assert!(orders.iter().all(|(_, action)| matches!(action, Action::Foresee(_))) && orders.len() == 3, "{orders:?}");
    assert_eq!(play.fleet.state(), "restarting");
    let missing = Missing::Library("libgone.so".into());
    let fault = Fault { wanted_by: "worker".into(), missing, lost_by: None };
    for (index, faults) in [(0, vec![]), (1, vec![]), (2, vec![fault])] {
        let is_let_alone = !faults.is_empty();
        let orders = play.one(index, Event::Foreseen(faults));
        let is_said =
            |order: &Order| matches!(order, (One(at), Action::Say(Message::NotLoadable { .. })) if *at == index);
        assert_eq!(orders.iter().any(is_said), is_let_alone, "{orders:?}");
        let stop = (One(index), Action::Signal(ProgramSignal::Stop));
        assert_eq!(orders.contains(&stop), !is_let_alone, "{orders:?}");
    }
    for index in [0, 1] {
        assert_eq!(play.one(index, Event::Exited(Ending::Code(0))), [(One(index), Action::Start(built(1, 1, 2)))]);
    }
}

#[test]
fn what_is_the_same_for_all_is_told_and_recorded_once() {
    let mut play = Play::serving();
    play.save_of(Owner::Program);
    let actions = play.acts(Tidings::All(Event::Built(Ok(built(1, 1, 1)))));
    assert!(
        matches!(
            actions[..],
            [(All, Action::Record(Record::Unchanged { build: 2, .. })), (All, Action::Say(Message::Unchanged { .. }))]
        ),
        "{actions:?}"
    );
    play.save_of(Owner::Program);
    let each = [built(1, 1, 1), built(1, 1, 1), built(1, 2, 1)].map(|built| Event::Built(Ok(built)));
    let recorded = play.records(Tidings::Each(each.into()));
    assert!(
        matches!(recorded[..], [(One(0), Record::Unchanged { .. }), (One(1), Record::Unchanged { .. })]),
        "{recorded:?}"
    );
}

#[test]
fn the_widest_build_does_for_all() {
    let mut play = Play::serving();
    play.one(1, Event::Exited(Ending::Signal(11)));
    // The one that has to be started needs its program, the others would do with modules.
    assert_eq!(play.save_of(Owner::Library("api".into())), [(All, build(Scope::Program))]);
    assert_eq!(play.save_of(Owner::Plan), [(All, Action::CancelBuild)]);
    assert_eq!(play.save_of(Owner::Program), []);
    let orders = play.all(Event::Built(Err("cancelled".into())));
    assert!(matches!(orders[..], [(All, Action::After(_, Timer::Settle))]), "{orders:?}");
    play.now += Duration::from_secs(1);
    assert_eq!(play.all(Event::Due(Timer::Settle)), [(All, Action::Build { scope: Scope::Program, replan: true })]);
}

#[test]
fn a_failed_build_is_told_once_and_the_programs_go_on() {
    let mut play = Play::serving();
    play.one(0, Event::Exited(Ending::Code(1)));
    play.save_of(Owner::Program);
    let said = play.says(Tidings::All(Event::Built(Err("broken".into()))));
    assert_eq!(said, [(All, Message::BuildFailed { reason: "broken".into(), running: true })]);
}

#[test]
fn who_ends_is_named_and_started_by_the_next_edit() {
    let mut play = Play::serving();
    let said = play.says(Tidings::One(1, Event::Exited(Ending::Signal(9))));
    assert_eq!(said, [(One(1), Message::Ended { ending: Ending::Signal(9), when: When::Running, has_former: false })]);
    assert_eq!((play.fleet.state(), play.fleet.running(), play.fleet.count()), ("running", 2, 3));
    play.save_of(Owner::Program);
    let orders = play.all(Event::Built(Ok(built(1, 2, 1))));
    assert_eq!(orders, [(One(0), Action::Look), (One(1), Action::Start(built(1, 2, 1))), (One(2), Action::Look)]);
    for index in [0, 2] {
        assert_eq!(play.reloads(index, 10, 11).len(), 1);
    }
    assert_eq!(play.fleet.state(), "starting");
}

#[test]
fn an_interrupt_ends_all_of_them() {
    let mut play = Play::serving();
    play.one(1, Event::Exited(Ending::Code(0)));
    let orders = play.all(Event::Interrupted);
    assert_eq!(orders[0], (All, Action::Say(Message::Stopping)));
    let stop = |index| {
        let timer = Timer::Stop { pid: pid(index) };
        [(One(index), Action::Signal(ProgramSignal::Stop)), (One(index), Action::After(STOP_DEADLINE, timer))]
    };
    assert_eq!(orders[1..], [stop(0), stop(2)].concat());
    assert_eq!(play.fleet.state(), "stopping");
    let stopped = |index| (One(index), Action::Say(Message::Stopped(Ending::Code(0))));
    assert_eq!(play.one(2, Event::Exited(Ending::Code(0))), [stopped(2)]);
    // One is left, and is killed alone.
    assert_eq!(
        play.all(Event::Interrupted),
        [(All, Action::Say(Message::Killing)), (One(0), Action::Signal(ProgramSignal::Kill))]
    );
    assert_eq!(play.one(0, Event::Exited(Ending::Code(0))), [stopped(0), (All, Action::End)]);
}

#[test]
fn one_that_does_not_stop_in_time_is_killed_alone() {
    let mut play = Play::serving();
    play.all(Event::Interrupted);
    let due = Event::Due(Timer::Stop { pid: pid(1) });
    assert_eq!(
        play.one(1, due),
        [(One(1), Action::Say(Message::Killing)), (One(1), Action::Signal(ProgramSignal::Kill))]
    );
}

#[test]
fn an_interrupt_during_a_build_waits_for_cargo_and_everyone() {
    let mut play = Play::serving();
    play.save_of(Owner::Program);
    let orders = play.all(Event::Interrupted);
    assert_eq!(orders.iter().filter(|(_, action)| *action == Action::CancelBuild).count(), 1, "{orders:?}");
    for index in 0..3 {
        let orders = play.one(index, Event::Exited(Ending::Code(0)));
        assert_eq!(orders, [(One(index), Action::Say(Message::Stopped(Ending::Code(0))))]);
    }
    assert_eq!(play.all(Event::Built(Err("cancelled".into()))), [(All, Action::End)]);
}

#[test]
fn programs_whose_end_is_the_sessions_end_it_together_with_the_first_failure() {
    let mut play = Play::serving();
    for member in &mut play.fleet.members {
        member.session = std::mem::take(&mut member.session).with_own_end(OwnEnd::Ends);
    }
    let over = |index, code| (One(index), Action::Say(Message::Over(Ending::Code(code))));
    assert_eq!(play.one(0, Event::Exited(Ending::Code(0))), [over(0, 0)]);
    assert_eq!(play.fleet.exit_code(), Some(0));
    play.save_of(Owner::Program);
    // The one that leaves does not take the build away from the last.
    assert_eq!(play.one(1, Event::Exited(Ending::Code(7))), [over(1, 7)]);
    let orders = play.all(Event::Built(Ok(built(1, 2, 1))));
    assert_eq!(orders, [(One(2), Action::Look)]);
    assert_eq!(play.one(2, Event::Exited(Ending::Code(8))), [over(2, 8), (All, Action::End)]);
    assert_eq!(play.fleet.exit_code(), Some(7));
}

#[test]
fn a_fleet_of_one_is_a_session() {
    let mut fleet = Fleet::new(["api".to_owned()], Session::default);
    let mut session = Session::default();
    let now = Instant::now();
    let change = Change { at: now, paths: vec![], owners: [Owner::Program].into() };
    let common = |event| Tidings::All(event);
    let own = |event| Tidings::One(0, event);
    let events = [
        (common as fn(Event) -> Tidings, Event::Begin),
        (common, Event::Saved(change.clone())),
        (common, Event::Built(Err("cancelled".into()))),
        (common, Event::Built(Ok(built(1, 1, 1)))),
        (own, Event::Started { pid: 7 }),
        (own, Event::Mapped(mapped(10))),
        (common, Event::Asked(Request::Status, ReplyTo(1))),
        (common, Event::Asked(Request::Reload, ReplyTo(2))),
        (common, Event::Built(Ok(built(1, 1, 1)))),
        (own, Event::Mapped(mapped(10))),
        (own, Event::Mapped(mapped(10))),
        (common, Event::Saved(change)),
        (common, Event::Built(Ok(built(1, 1, 1)))),
        (own, Event::Exited(Ending::Signal(9))),
        (common, Event::Asked(Request::Pause, ReplyTo(3))),
        (common, Event::Asked(Request::Stop, ReplyTo(4))),
    ];
    for (tidings, event) in events {
        let wanted: Vec<Action> = session.handle(event.clone(), now);
        let text = format!("{event:?}");
        let orders = fleet.handle(tidings(event), now).into_iter().map(|(_, action)| action);
        assert_eq!(orders.collect::<Vec<_>>(), wanted, "{text}");
        assert_eq!(fleet.state(), session.state(), "{text}");
    }
}
