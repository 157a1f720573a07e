//! Sessions that patch.

use std::time::Instant;

use super::{PID, Play, mapped};
use crate::config::values::Strategy;
use crate::session::Session;
use crate::session::delivery::{Built, Image};
use crate::session::event::{Action, Crates, Event, NoCrates, Owner, ProgramSignal, Scope, Timer};
use crate::session::exit::Ending;
use crate::session::landed::{Landed, Patch};
use crate::session::message::{How, Message};
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::verify::Mapping;

/// A program without modules.
pub(super) fn built(content: u64) -> Built {
    let executable = Image { path: "/t/host".into(), content };
    Built { executable, libraries: Vec::new(), carried: Vec::new() }
}

pub(super) fn serving() -> Play {
    let mut play = Play { session: Session::new(Strategy::Patch), now: Instant::now(), faults: vec![] };
    assert_eq!(play.does(Event::Begin), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(1)))), [Action::Start(built(1))]);
    assert_eq!(play.does(Event::Started { pid: PID }), [Action::Look]);
    let host = Mapping { path: "/t/host".into(), inode: 1, deleted: false };
    assert_eq!(play.says(Event::Mapped(vec![host])).len(), 1);
    play
}

pub(super) fn build(scope: Scope) -> Action {
    Action::Build { scope, replan: false }
}

pub(super) fn crates() -> Event {
    Event::Crates(Ok(Crates { names: vec!["api".into()] }))
}

pub(super) fn patched() -> Event {
    Event::Patched(Ok(Patch { functions: 2, ..Patch::default() }))
}

pub(super) fn save(play: &mut Play) -> Vec<Action> {
    play.save_of([Owner::Library("api".into())])
}

/// An edit that is patched in; what comes next is a build of everything.
pub(super) fn patch(play: &mut Play) {
    assert_eq!(save(play), [build(Scope::Crates)]);
    assert_eq!(play.does(crates()), [Action::Patch]);
    let actions = play.does(patched());
    let [
        Action::Say(Message::Live { how: How::Patched { crates, patch: Patch { functions: 2, .. } }, pid: PID, times }),
        last,
    ] = &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!((&crates[..], last), (&["api".to_owned()][..], &build(Scope::Settle)));
    assert!(times.edit_to_live.is_some());
}

#[test]
fn an_edit_is_compiled_patched_in_and_settled() {
    let mut play = serving();
    patch(&mut play);
    // What comes out of the whole build is what runs, whatever its bytes are.
    assert_eq!(play.does(Event::Built(Ok(built(2)))), [Action::Compare]);
    assert_eq!(play.session.state(), "running");
    patch(&mut play);
    assert_eq!(play.does(Event::Built(Ok(built(3)))), [Action::Compare]);
    // If it is something else after all, the program is restarted.
    let why = "cargo made something else of `api`";
    assert_eq!(play.does(Event::Diverged(why.into())), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(3))))[0], Action::Signal(ProgramSignal::Stop));
    let ended = play.session.record_of_end(None);
    assert_eq!(ended.to_string(), "the session has ended: 2 patches, 0 restarts");
    let told = play.does(Event::Asked(Request::Status, ReplyTo(3)));
    assert!(matches!(told[..], [Action::Reply(_, Answer::Status { reloads: 0, patches: 2, .. })]), "{told:?}");
}

#[test]
fn the_next_edit_cancels_the_whole_build() {
    let mut play = serving();
    patch(&mut play);
    assert_eq!(save(&mut play), [Action::CancelBuild]);
    let after = play.does(Event::Built(Err("cancelled".into())));
    let [Action::After(time, Timer::Settle)] = after[..] else { panic!("{after:?}") };
    play.now += time;
    assert_eq!(play.does(Event::Due(Timer::Settle)), [build(Scope::Crates)]);
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert_eq!(play.says(patched()).len(), 1);
}

#[test]
fn what_is_refused_is_built_as_a_whole_and_restarted_for_that_reason() {
    let mut play = serving();
    assert_eq!(save(&mut play), [build(Scope::Crates)]);
    assert_eq!(play.does(crates()), [Action::Patch]);
    let why = "the layout of `api::Config` changed";
    assert_eq!(play.does(Event::Patched(Err(why.into()))), [build(Scope::Program)]);
    let stopped = play.does(Event::Built(Ok(built(2))));
    assert_eq!(stopped[0], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(2))]);
    play.does(Event::Started { pid: PID });
    let host = Mapping { path: "/t/host".into(), inode: 2, deleted: false };
    let said = play.says(Event::Mapped(vec![host]));
    assert!(matches!(&said[..], [Message::Live { how: How::Restarted { why: said }, .. }] if said == why), "{said:?}");
    patch(&mut play);
}

#[test]
fn what_only_cargo_can_build_is_no_patch() {
    let mut play = serving();
    save(&mut play);
    let refused = Event::Crates(Err(NoCrates::ForCargo("`api` is used while the program is built".into())));
    assert_eq!(play.does(refused), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(2))))[0], Action::Signal(ProgramSignal::Stop));
    let mut play = serving();
    let replan = Action::Build { scope: Scope::Program, replan: true };
    assert_eq!(play.save_of([Owner::Plan]), [replan]);
}

#[test]
fn wrong_sources_leave_the_program_alone() {
    let mut play = serving();
    save(&mut play);
    let said = play.says(Event::Crates(Err(NoCrates::Wrong("above".into()))));
    assert_eq!(said, [Message::BuildFailed { reason: "above".into(), running: true }]);
    patch(&mut play);
}

#[test]
fn an_edit_that_changes_no_code_is_told() {
    let mut play = serving();
    save(&mut play);
    let said = play.says(Event::Crates(Ok(Crates { names: Vec::new() })));
    assert!(matches!(said[..], [Message::Unchanged { .. }]), "{said:?}");
    save(&mut play);
    assert_eq!(play.does(crates()), [Action::Patch]);
    let actions = play.does(Event::Patched(Ok(Patch::default())));
    assert!(matches!(actions[..], [Action::Say(Message::Unchanged { .. }), Action::Build { .. }]), "{actions:?}");
}

#[test]
fn a_save_while_a_patch_is_written_is_the_next_one() {
    let mut play = serving();
    save(&mut play);
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert_eq!(save(&mut play), [build(Scope::Crates)]);
    // The second is compiled before the first is in.
    assert_eq!(play.does(crates()), []);
    let actions = play.does(patched());
    assert!(matches!(actions[..], [Action::Say(Message::Live { .. }), Action::Patch]), "{actions:?}");
    assert_eq!(play.does(patched())[1], build(Scope::Settle));
}

#[test]
fn a_refusal_makes_what_is_being_compiled_useless() {
    let mut play = serving();
    save(&mut play);
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert_eq!(save(&mut play), [build(Scope::Crates)]);
    assert_eq!(play.does(Event::Patched(Err("no room".into()))), [Action::CancelBuild]);
    let after = play.does(Event::Crates(Err(NoCrates::Wrong("cancelled".into()))));
    let after = match after[..] {
        [Action::After(time, Timer::Settle)] => {
            play.now += time;
            play.does(Event::Due(Timer::Settle))
        }
        _ => after,
    };
    assert_eq!(after, [build(Scope::Program)]);
}

#[test]
fn callers_that_follow_are_told_and_restart_nothing() {
    let mut play = serving();
    assert_eq!(save(&mut play), [build(Scope::Crates)]);
    assert_eq!(play.does(crates()), [Action::Patch]);
    let patch = Patch { functions: 1, callers_follow: true, ..Patch::default() };
    let said = play.says(Event::Patched(Ok(patch)));
    assert!(said[0].to_string().contains("callers tell its new lines after cargo's build"), "{said:?}");
    assert_eq!(play.does(Event::Built(Ok(built(2)))), [Action::Compare]);
    let patch = Patch { functions: 3, ..Patch::default() };
    let said = play.says(Event::Followed(Landed { crates: vec!["app".into(), "top".into()], patch }));
    let text = "app, top followed: 3 functions with the new lines";
    assert_eq!(said.iter().map(ToString::to_string).collect::<Vec<_>>(), [text]);
    assert_eq!(play.session.state(), "running");
    // It is too late for a process that ended.
    play.does(Event::Exited(Ending::Code(0)));
    assert_eq!(play.does(Event::Followed(Landed { crates: vec!["app".into()], patch: Patch::default() })), []);
}

#[test]
fn a_whole_that_does_not_build_is_told() {
    let mut play = serving();
    patch(&mut play);
    let said = play.says(Event::Built(Err("above".into())));
    assert_eq!(said, [Message::NotSettled { reason: "above".into() }]);
}

#[test]
fn a_program_that_dies_is_started_by_a_whole_build() {
    let mut play = serving();
    save(&mut play);
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert!(matches!(play.says(Event::Exited(Ending::Signal(11)))[..], [Message::Ended { .. }]));
    assert_eq!(play.does(patched()), [], "it is too late for that");
    assert_eq!(save(&mut play), [build(Scope::Program)]);
    // It may die between compilation and patch, too.
    let mut play = serving();
    save(&mut play);
    play.does(Event::Exited(Ending::Signal(11)));
    assert_eq!(play.does(crates()), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(2)))), [Action::Start(built(2))]);
}

#[test]
fn what_is_asked_for_is_answered() {
    let mut play = serving();
    let reply = ReplyTo::NOBODY;
    assert_eq!(play.does(Event::Asked(Request::Reload, reply)), [build(Scope::Settle)]);
    let actions = play.does(Event::Built(Ok(built(1))));
    assert!(
        matches!(actions[..], [Action::Compare, Action::Say(Message::Unchanged { .. }), Action::Reply(..)]),
        "{actions:?}"
    );
    assert_eq!(play.does(Event::Asked(Request::Restart, reply)), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(1))))[0], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Mapped(mapped(1))), []);
}

/// Waits for the end of what is being done, but comes whatever that is.
#[test]
fn a_restart_that_is_asked_for_while_something_is_patched_is_no_patch() {
    let restart = || Event::Asked(Request::Restart, ReplyTo::NOBODY);
    let is_restarted = |play: &mut Play| {
        let actions = play.does(Event::Built(Ok(built(2))));
        assert_eq!(actions[0], Action::Signal(ProgramSignal::Stop));
    };
    // Compiling.
    let mut play = serving();
    save(&mut play);
    assert_eq!(play.does(restart()), []);
    assert_eq!(play.does(crates()), [build(Scope::Program)]);
    is_restarted(&mut play);
    // Writing: nobody is answered before it is done.
    let mut play = serving();
    save(&mut play);
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert_eq!(play.does(restart()), [build(Scope::Program)]);
    let actions = play.does(patched());
    assert!(matches!(actions[..], [Action::Say(Message::Live { .. })]), "{actions:?}");
    is_restarted(&mut play);
    // The same, and the build is over first.
    let mut play = serving();
    save(&mut play);
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert_eq!(play.does(restart()), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(2)))), []);
    let actions = play.does(patched());
    assert!(matches!(actions[1], Action::Signal(ProgramSignal::Stop)), "{actions:?}");
    // Building the whole.
    let mut play = serving();
    patch(&mut play);
    assert_eq!(play.does(restart()), []);
    is_restarted(&mut play);
    play.does(Event::Exited(Ending::Code(0)));
    play.does(Event::Started { pid: PID });
    let host = Mapping { path: "/t/host".into(), inode: 2, deleted: false };
    let said = play.says(Event::Mapped(vec![host]));
    let [Message::Live { how: How::Restarted { why }, .. }] = &said[..] else { panic!("{said:?}") };
    assert_eq!(why, "it was asked for");
}
