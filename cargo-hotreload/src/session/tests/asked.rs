//! What somebody else wants of a session than the files: pauses, builds, and a program that is told by its user.

use crate::session::event::{Action, Event, Owner, ProgramSignal, Scope, Timer};
use crate::session::exit::Ending;
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::tests::{PID, Play, built, mapped, replaced};
use crate::session::{OwnEnd, SETTLE};

#[test]
fn saves_during_a_pause_are_built_when_it_ends() {
    let mut play = Play::serving();
    assert_eq!(play.says(Event::Asked(Request::Pause, ReplyTo(1))), [Message::Watching { paused: true }]);
    assert_eq!(play.session.state(), "paused");
    let saved = play.now;
    assert_eq!(play.save(), []);
    assert_eq!(play.save_of([Owner::Plan]), []);
    assert_eq!(play.save(), []);
    play.now += SETTLE;
    assert_eq!(play.does(Event::Due(Timer::Settle)), []);
    let actions = play.does(Event::Asked(Request::Resume, ReplyTo::NOBODY));
    // One of the saves was a manifest's.
    assert!(
        matches!(actions[1..], [Action::Say(_), Action::Build { scope: Scope::Program, replan: true }]),
        "{actions:?}"
    );
    assert!(play.now > saved);
    assert_eq!(play.does(Event::Built(Ok(built(1, 2, 1)))), [Action::Look]);
}

#[test]
fn a_pause_without_a_save_builds_nothing_and_is_told_once() {
    let mut play = Play::serving();
    play.does(Event::Asked(Request::Pause, ReplyTo(1)));
    let again = play.does(Event::Asked(Request::Pause, ReplyTo(2)));
    assert!(matches!(&again[..], [Action::Reply(ReplyTo(2), Answer::Done(_))]), "{again:?}");
    assert_eq!(play.says(Event::Asked(Request::Resume, ReplyTo(3))), [Message::Watching { paused: false }]);
    assert_eq!(play.session.state(), "running");
    assert_eq!(play.edit(built(1, 2, 1)), [Action::Look]);
}

#[test]
fn a_pause_lets_the_running_build_end_and_what_is_asked_for_happens() {
    let mut play = Play::serving();
    play.save();
    play.does(Event::Asked(Request::Pause, ReplyTo::NOBODY));
    assert_eq!(play.save(), [], "the running build is not cancelled");
    assert_eq!(play.does(Event::Built(Ok(built(1, 2, 1)))), [Action::Look], "and delivered");
    play.does(Event::Mapped(replaced(10)));
    play.does(Event::Mapped(mapped(11)));
    // The remembered save is in the build that is asked for.
    assert_eq!(
        play.does(Event::Asked(Request::Build, ReplyTo::NOBODY)),
        [Action::Build { scope: Scope::Program, replan: false }]
    );
    play.does(Event::Built(Ok(built(1, 3, 1))));
    play.does(Event::Mapped(replaced(11)));
    let said = play.says(Event::Mapped(mapped(12)));
    let [Message::Live { times, .. }] = &said[..] else { panic!("{said:?}") };
    assert!(times.edit_to_live.is_some());
    assert!(play.session.is_paused());
    assert_eq!(play.does(Event::Asked(Request::Resume, ReplyTo::NOBODY)).len(), 2, "nothing is left to build");
}

#[test]
fn a_build_that_is_asked_for_delivers_only_what_changed() {
    let mut play = Play::serving();
    assert_eq!(
        play.does(Event::Asked(Request::Build, ReplyTo(1))),
        [Action::Build { scope: Scope::Program, replan: false }]
    );
    let actions = play.does(Event::Built(Ok(built(1, 1, 1))));
    assert!(matches!(&actions[..], [Action::Say(Message::Unchanged { .. }), Action::Reply(..)]), "{actions:?}");
}

#[test]
fn a_program_that_has_the_terminal_takes_the_session_with_it() {
    let mut play = Play::serving();
    play.session = std::mem::take(&mut play.session).with_own_end(OwnEnd::Ends);
    // An end that the session asked for is none of its own.
    play.edit(built(2, 2, 1));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(2, 2, 1))]);
    play.does(Event::Started { pid: PID });
    play.does(Event::Mapped(mapped(11)));
    let actions = play.does(Event::Exited(Ending::Code(7)));
    assert_eq!(actions, [Action::Say(Message::Over(Ending::Code(7))), Action::End]);
}

#[test]
fn a_program_that_ends_during_a_build_ends_the_session_after_it() {
    let mut play = Play::serving();
    play.session = std::mem::take(&mut play.session).with_own_end(OwnEnd::Ends);
    play.save();
    let actions = play.does(Event::Exited(Ending::Signal(3)));
    assert_eq!(actions, [Action::Say(Message::Over(Ending::Signal(3))), Action::CancelBuild]);
    assert_eq!(play.does(Event::Built(Err("cancelled".into()))), [Action::End]);
}

/// Ctrl+C in a terminal that the program has: it reloads when it likes.
#[test]
fn a_reload_that_somebody_else_asked_for_is_no_riddle() {
    let mut play = Play::serving();
    // Between the end of the build and our look, the program has taken the new code already.
    play.edit(built(1, 2, 1));
    assert_eq!(play.does(Event::Mapped(mapped(11)))[0], Action::Signal(ProgramSignal::Reload));
    assert!(matches!(play.says(Event::Mapped(mapped(11)))[..], [Message::Live { .. }]));
    // While nothing was built, it has mapped the same file anew.
    assert_eq!(play.does(Event::Mapped(mapped(11))), []);
    assert_eq!(play.edit(built(1, 3, 1)), [Action::Look]);
    play.does(Event::Mapped(replaced(11)));
    assert!(matches!(play.says(Event::Mapped(mapped(12)))[..], [Message::Live { .. }]));
}

#[test]
fn a_build_that_a_save_has_cancelled_before_the_pause_is_no_failure() {
    let mut play = Play::serving();
    play.save();
    assert_eq!(play.save(), [Action::CancelBuild]);
    play.does(Event::Asked(Request::Pause, ReplyTo::NOBODY));
    assert_eq!(play.does(Event::Built(Err("cancelled".into()))), []);
    play.now += SETTLE;
    let actions = play.does(Event::Asked(Request::Resume, ReplyTo::NOBODY));
    assert!(matches!(actions[2..], [Action::Build { .. }]), "{actions:?}");
}
