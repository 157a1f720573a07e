//! Going back in sessions that patch.

use std::time::Duration;

use super::patching::{build, built, crates, patch, save, serving};
use super::{PID, Play};
use crate::events::record::Record;
use crate::session::event::{Action, Event, ProgramSignal, Scope, Timer};
use crate::session::exit::Ending;
use crate::session::foresight::{Fault, Missing};
use crate::session::landed::{Landed, Patch};
use crate::session::message::{How, Message};
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::verify::Mapping;

const BACK: Event = Event::Asked(Request::Rollback, ReplyTo(5));

fn taken_back() -> Event {
    let patch = Patch { functions: 2, ..Patch::default() };
    Event::TakenBack(Ok(Landed { crates: vec!["api".into()], patch }))
}

#[test]
fn a_patch_is_taken_back_while_cargo_builds_the_whole_and_the_next_edit_brings_it_again() {
    let mut play = serving();
    patch(&mut play);
    assert_eq!(play.does(BACK), [Action::CancelBuild, Action::TakeBack]);
    assert_eq!(play.does(Event::Built(Err("cancelled".into()))), []);
    let actions = play.does(taken_back());
    let [Action::Say(Message::Live { .. }), Action::Reply(ReplyTo(5), Answer::Done(text))] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(
        text,
        "rolled back: patched api: 2 functions, state kept: patch 2 ms; the next build brings the newest code again"
    );
    // There and back again, with nothing to cancel.
    assert_eq!(play.does(BACK), [Action::TakeBack]);
    let actions = play.acts(taken_back());
    assert!(
        matches!(&actions[0], Action::Record(Record::Live(live)) if live.rolled_back && live.build == 2),
        "{actions:?}"
    );
    // Even if nothing is saved: the sources are not what runs.
    assert_eq!(play.does(Event::Asked(Request::Build, ReplyTo::NOBODY)), [build(Scope::Crates)]);
}

#[test]
fn what_cannot_be_taken_back_stays_and_nothing_is_taken_back_twice_at_a_time() {
    let mut play = serving();
    let refused = play.does(BACK);
    assert!(matches!(&refused[..], [Action::Reply(_, Answer::Failed(why)), _] if why.contains("nothing was patched")));
    patch(&mut play);
    assert_eq!(play.does(Event::Built(Ok(built(2)))), [Action::Compare]);
    assert_eq!(play.does(BACK), [Action::TakeBack]);
    let again = play.does(BACK);
    assert!(
        matches!(&again[..], [Action::Reply(_, Answer::Failed(why)), _] if why.contains("on its way")),
        "{again:?}"
    );
    // What is saved meanwhile waits until the process can take it.
    assert_eq!(save(&mut play), [build(Scope::Crates)]);
    assert_eq!(play.does(crates()), []);
    let actions = play.does(Event::TakenBack(Err("no room".into())));
    assert!(
        matches!(&actions[0], Action::Say(Message::NotRolledBack { reason }) if reason == "no room"),
        "{actions:?}"
    );
    assert_eq!(actions.last(), Some(&Action::Patch));
}

/// An edit that is restarted; `play` serves the build `content` then.
fn restart(play: &mut Play, content: u64) {
    save(play);
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert_eq!(play.does(Event::Patched(Err("no room".into()))), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(content))))[0], Action::Signal(ProgramSignal::Stop));
    comes_back_as(play, content);
}

/// The program was told to stop, and is started as the build `content`.
fn comes_back_as(play: &mut Play, content: u64) -> Vec<Message> {
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(content))]);
    play.does(Event::Started { pid: PID });
    play.says(Event::Mapped(vec![Mapping { path: "/t/host".into(), inode: content, deleted: false }]))
}

const PUT_BACK: Event = Event::PutBack(Ok(()));

#[test]
fn a_restart_is_gone_back_from_and_the_next_edit_is_another_one() {
    let mut play = serving();
    patch(&mut play);
    let actions = play.acts(Event::Built(Ok(built(2))));
    assert_eq!(actions, [Action::Keep(vec![built(2)]), Action::Compare]);
    restart(&mut play, 3);
    // What cargo has built of the patched program is what ran before.
    assert_eq!(play.does(BACK), [Action::PutBack(built(2))]);
    assert_eq!(play.does(PUT_BACK)[0], Action::Signal(ProgramSignal::Stop));
    let said = comes_back_as(&mut play, 2);
    assert!(matches!(&said[..], [Message::Live { how: How::Restarted { .. }, .. }]), "{said:?}");
    // No objects of its crates are left: it is no base for a patch.
    assert_eq!(save(&mut play), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(built(4))))[0], Action::Signal(ProgramSignal::Stop));
    let said = comes_back_as(&mut play, 4);
    let [Message::Live { how: How::Restarted { why }, .. }] = &said[..] else { panic!("{said:?}") };
    assert_eq!(why, "what ran was brought back by a rollback");
    patch(&mut play);
}

#[test]
fn going_forward_again_is_patched_again() {
    let mut play = serving();
    restart(&mut play, 2);
    assert_eq!(play.does(BACK), [Action::PutBack(built(1))]);
    play.does(PUT_BACK);
    comes_back_as(&mut play, 1);
    assert_eq!(play.does(BACK), [Action::PutBack(built(2))]);
    play.does(PUT_BACK);
    comes_back_as(&mut play, 2);
    patch(&mut play);
}

#[test]
fn a_build_that_kills_the_program_is_left_behind_in_a_session_of_patches() {
    let mut play = serving();
    save(&mut play);
    play.does(crates());
    play.does(Event::Patched(Err("no room".into())));
    play.does(Event::Built(Ok(built(2))));
    play.does(Event::Exited(Ending::Code(0)));
    play.does(Event::Started { pid: PID });
    play.does(Event::Exited(Ending::Signal(6)));
    assert_eq!(play.does(BACK), [Action::PutBack(built(1))]);
    assert_eq!(play.does(PUT_BACK), [Action::Start(built(1))]);
}

#[test]
fn what_was_never_built_as_a_whole_is_not_gone_back_to() {
    let mut play = serving();
    patch(&mut play);
    // Saved before cargo has built what was patched in.
    assert_eq!(save(&mut play), [Action::CancelBuild]);
    play.does(Event::Built(Err("cancelled".into())));
    play.now += Duration::from_secs(1);
    assert_eq!(play.does(Event::Due(Timer::Settle)), [build(Scope::Crates)]);
    play.does(crates());
    play.does(Event::Patched(Err("no room".into())));
    play.does(Event::Built(Ok(built(3))));
    comes_back_as(&mut play, 3);
    let refused = play.does(BACK);
    assert!(
        matches!(&refused[..], [Action::Reply(_, Answer::Failed(why)), _] if why.contains("built as a whole")),
        "{refused:?}"
    );
}

#[test]
fn a_rollback_that_cannot_be_loaded_changes_nothing() {
    let mut play = serving();
    restart(&mut play, 2);
    assert_eq!(play.does(BACK), [Action::PutBack(built(1))]);
    let missing = Missing::Library("libz.so.1".into());
    play.faults = vec![Fault { wanted_by: "host".into(), missing, lost_by: None }];
    let said = play.says(PUT_BACK);
    assert!(matches!(said[..], [Message::NotRolledBack { .. }]), "{said:?}");
    patch(&mut play);
}
