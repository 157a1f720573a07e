//! What somebody asks a session of several programs for is answered once.

use std::time::Duration;

use super::{NAMES, Play, build};
use crate::events::record::Record;
use crate::session::event::{Action, Event, Scope};
use crate::session::exit::Ending;
use crate::session::fleet::Tidings;
use crate::session::fleet::Whom::{All, One};
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::tests::{built, mapped};

#[test]
fn a_request_is_answered_when_all_have_done_it() {
    let mut play = Play::serving();
    let reload = ReplyTo(1);
    assert_eq!(play.all(Event::Asked(Request::Reload, reload)), [(All, build(Scope::Program))]);
    play.all(Event::Built(Ok(built(1, 1, 1))));
    let mut answers = Vec::new();
    for index in 0..3 {
        play.one(index, Event::Mapped(mapped(10)));
        play.now += Duration::from_millis(u64::try_from(index).expect("a small number"));
        let orders = play.one(index, Event::Mapped(mapped(10)));
        answers.extend(orders.into_iter().filter(|(_, action)| matches!(action, Action::Reply(..))));
        assert_eq!(answers.len(), usize::from(index == 2), "the last one answers for all");
    }
    let [(All, Action::Reply(to, Answer::Done(text)))] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(*to, reload);
    for (line, name) in text.lines().zip(NAMES) {
        assert!(line.starts_with(&format!("[{name}] reloaded 0 of 1 modules")), "{text}");
    }
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn what_is_asked_for_is_recorded_once() {
    let mut play = Play::serving();
    let recorded = play.records(Tidings::All(Event::Asked(Request::Restart, ReplyTo(1))));
    assert_eq!(recorded, [(All, Record::Requested { request: Request::Restart })]);
}

#[test]
fn one_failure_is_the_answer_of_all() {
    let mut play = Play::serving();
    play.all(Event::Asked(Request::Reload, ReplyTo(1)));
    play.all(Event::Built(Ok(built(1, 1, 1))));
    for index in 0..2 {
        play.one(index, Event::Mapped(mapped(10)));
        play.one(index, Event::Mapped(mapped(10)));
    }
    // The third dies of it, and cannot even be started again.
    play.one(2, Event::Exited(Ending::Signal(11)));
    let orders = play.one(2, Event::NotStarted { reason: "no such file".into() });
    let answer = orders.iter().find_map(|(_, action)| match action {
        Action::Reply(_, Answer::Failed(text)) => Some(text),
        _ => None,
    });
    assert!(answer.is_some_and(|text| text.contains("[worker] the program cannot be started")), "{orders:?}");
}

#[test]
fn the_same_answer_is_given_once() {
    let mut play = Play::serving();
    play.all(Event::Asked(Request::Build, ReplyTo(1)));
    let orders = play.all(Event::Built(Err("broken".into())));
    let [(All, Action::Say(_)), (All, Action::Reply(ReplyTo(1), Answer::Failed(text)))] = &orders[..] else {
        panic!("{orders:?}")
    };
    assert_eq!(text, "build failed, the program goes on with the old code: broken");
    let orders = play.all(Event::Asked(Request::Pause, ReplyTo::NOBODY));
    assert!(
        matches!(
            &orders[..],
            [
                (All, Action::Say(Message::Watching { paused: true })),
                (All, Action::Reply(ReplyTo::NOBODY, Answer::Done(_)))
            ] | [
                (All, Action::Reply(ReplyTo::NOBODY, Answer::Done(_))),
                (All, Action::Say(Message::Watching { paused: true }))
            ]
        ),
        "{orders:?}"
    );
    assert!(play.fleet.is_paused());
}

#[test]
fn the_state_of_each_is_told_with_the_sum() {
    let mut play = Play::serving();
    play.one(1, Event::Exited(Ending::Code(3)));
    let orders = play.all(Event::Asked(Request::Status, ReplyTo(9)));
    let [(All, Action::Reply(ReplyTo(9), Answer::Status { state, program, programs, .. }))] = &orders[..] else {
        panic!("{orders:?}")
    };
    assert_eq!((state.as_str(), *program), ("running", Some(70)));
    let each: Vec<_> =
        programs.iter().map(|program| (program.name.as_str(), program.state.as_str(), program.program)).collect();
    assert_eq!(
        each,
        [("api#1", "running", Some(70)), ("api#2", "waiting for a change", None), ("worker", "running", Some(72))]
    );
}

#[test]
fn a_program_that_has_left_is_not_waited_for() {
    let mut play = Play::serving();
    play.one(0, Event::Exited(Ending::Code(0)));
    // It ends at once, for it has no process; the others answer for it.
    play.all(Event::Asked(Request::Stop, ReplyTo(1)));
    play.one(1, Event::Exited(Ending::Code(0)));
    let orders = play.one(2, Event::Exited(Ending::Code(0)));
    let [(One(2), Action::Say(_)), (All, Action::Reply(ReplyTo(1), Answer::Done(text))), (All, Action::End)] =
        &orders[..]
    else {
        panic!("{orders:?}")
    };
    assert_eq!(text, "the session has ended");
    // Who asks when all is over is told nothing wrong: there is nobody left.
    assert_eq!(play.all(Event::Asked(Request::Reload, ReplyTo(2))), [(All, Action::End)]);
}
