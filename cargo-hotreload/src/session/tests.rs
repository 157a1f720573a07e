//! Sequences of events and what the session wants done about them. No process, no clock.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::config::values::Strategy;
use crate::events::record::Record;
use crate::plan::roles::Role;
use crate::session::delivery::{Built, Image, Library};
use crate::session::event::{Action, Change, Event, Owner, ProgramSignal, Scope, Timer};
use crate::session::exit::Ending;
use crate::session::foresight::Fault;
use crate::session::message::{How, Message, When};
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::stage::START_DEADLINE;
use crate::session::verify::Mapping;
use crate::session::{STOP_DEADLINE, Session};

mod asked;
mod failed;
mod foresight;
mod patches_back;
mod patching;
mod records;
mod rollback;

/// A session and the time that passes in it.
struct Play {
    session: Session,
    now: Instant,
    /// What will keep the next build out of the program.
    faults: Vec<Fault>,
}

const PID: u32 = 77;

impl Play {
    fn new() -> Self {
        Self { session: Session::default(), now: Instant::now(), faults: Vec::new() }
    }

    /// A session whose program serves, with `core`, `api` and `host` as given by [`built`].
    fn serving() -> Self {
        let mut play = Self::new();
        assert_eq!(play.does(Event::Begin), [Action::Build { scope: Scope::Program, replan: false }]);
        assert_eq!(play.does(Event::Built(Ok(built(1, 1, 1)))), [Action::Start(built(1, 1, 1))]);
        assert_eq!(play.does(Event::Started { pid: PID }), [Action::Look]);
        let said = play.says(Event::Mapped(mapped(10)));
        assert!(matches!(&said[..], [Message::Live { how: How::Started { modules: 1 }, pid: PID, .. }]), "{said:?}");
        assert_eq!(play.session.state(), "running");
        play
    }

    /// What is to be done about `event`; what is recorded of it is left out.
    fn does(&mut self, event: Event) -> Vec<Action> {
        self.acts(event).into_iter().filter(|action| !matches!(action, Action::Record(_) | Action::Keep(_))).collect()
    }

    fn records(&mut self, event: Event) -> Vec<Record> {
        let actions = self.acts(event).into_iter();
        actions.filter_map(|action| if let Action::Record(record) = action { Some(record) } else { None }).collect()
    }

    fn acts(&mut self, event: Event) -> Vec<Action> {
        self.now += Duration::from_millis(1);
        let mut actions = self.session.handle(event, self.now);
        // The program can load what it is given, unless the test says otherwise.
        let asked = actions.iter().position(|action| matches!(action, Action::Foresee(_)));
        if let Some(asked) = asked {
            let faults = std::mem::take(&mut self.faults);
            let rest = self.session.handle(Event::Foreseen(faults), self.now);
            actions.splice(asked..=asked, rest);
        }
        actions
    }

    fn says(&mut self, event: Event) -> Vec<Message> {
        let actions = self.does(event).into_iter();
        actions.filter_map(|action| if let Action::Say(message) = action { Some(message) } else { None }).collect()
    }

    fn save_of(&mut self, owners: impl Into<BTreeSet<Owner>>) -> Vec<Action> {
        self.does(Event::Saved(Change { at: self.now, paths: vec![], owners: owners.into() }))
    }

    fn save(&mut self) -> Vec<Action> {
        self.save_of([Owner::Program])
    }

    /// Saves and builds `built`.
    fn edit(&mut self, built: Built) -> Vec<Action> {
        assert_eq!(self.save(), [Action::Build { scope: Scope::Program, replan: false }]);
        self.does(Event::Built(Ok(built)))
    }
}

/// `core` is resident, `api` a module.
pub(super) fn built(core: u64, api: u64, host: u64) -> Built {
    let image = |name: &str, content| Image { path: PathBuf::from(format!("/t/{name}")), content };
    let library =
        |name: &str, role, content| Library { package: name.into(), role, image: image(name, content), used: None };
    Built {
        executable: image("host", host),
        libraries: vec![library("core", Role::Resident, core), library("api", Role::Module, api)],
        carried: vec![],
    }
}

/// `api` is mapped from the inode `inode`.
pub(super) fn mapped(inode: u64) -> Vec<Mapping> {
    vec![Mapping { path: PathBuf::from("/t/api"), inode, deleted: false }]
}

pub(super) fn replaced(inode: u64) -> Vec<Mapping> {
    vec![Mapping { path: PathBuf::from("/t/api"), inode, deleted: true }]
}

#[test]
fn an_edit_of_a_module_is_signalled_and_verified() {
    let mut play = Play::serving();
    assert_eq!(play.edit(built(1, 2, 1)), [Action::Look]);
    let actions = play.does(Event::Mapped(replaced(10)));
    assert_eq!(actions[0], Action::Signal(ProgramSignal::Reload));
    assert!(matches!(actions[1], Action::After(_, Timer::Look)));
    assert_eq!(play.does(Event::Due(Timer::Look)), [Action::Look]);
    // The old code is still there, then nothing, then the new code.
    assert!(play.says(Event::Mapped(replaced(10))).is_empty());
    assert!(play.says(Event::Mapped(Vec::new())).is_empty());
    let said = play.says(Event::Mapped(mapped(11)));
    let [Message::Live { how: How::Reloaded { modules, total: 1 }, pid: PID, times }] = &said[..] else {
        panic!("{said:?}")
    };
    assert_eq!(modules, &["api"]);
    assert!(times.edit_to_live.is_some_and(|time| time >= times.build.unwrap_or_default() + times.delivery));
    // What is live is now what later builds are compared with.
    assert!(matches!(play.edit(built(1, 2, 1))[..], [Action::Say(Message::Unchanged { .. })]));
}

#[test]
fn a_changed_resident_restarts() {
    let mut play = Play::serving();
    let actions = play.edit(built(2, 2, 1));
    assert_eq!(actions[0], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(2, 2, 1))]);
    play.does(Event::Started { pid: PID + 1 });
    let said = play.says(Event::Mapped(mapped(11)));
    let [Message::Live { how: How::Restarted { why }, pid, .. }] = &said[..] else { panic!("{said:?}") };
    assert!(why.contains("core"), "{why}");
    assert_eq!(*pid, PID + 1);
}

#[test]
fn modules_are_not_mixed_with_a_resident_that_was_built_again() {
    let mut play = Play::serving();
    play.edit(built(1, 2, 1));
    let core = Mapping { path: PathBuf::from("/t/core"), inode: 5, deleted: true };
    let actions = play.does(Event::Mapped([replaced(10), vec![core]].concat()));
    assert_eq!(actions[0], Action::Signal(ProgramSignal::Stop));
}

#[test]
fn a_module_that_was_never_loaded_restarts() {
    let mut play = Play::new();
    play.does(Event::Begin);
    play.does(Event::Built(Ok(built(1, 1, 1))));
    play.does(Event::Started { pid: PID });
    play.now += START_DEADLINE;
    assert!(matches!(play.says(Event::Mapped(Vec::new()))[..], [Message::NotLoaded { .. }]));
    assert_eq!(play.edit(built(1, 2, 1))[0], Action::Signal(ProgramSignal::Stop));
}

#[test]
fn a_failed_build_leaves_the_program_alone() {
    let mut play = Play::serving();
    play.save();
    let said = play.says(Event::Built(Err("broken".into())));
    assert_eq!(said, [Message::BuildFailed { reason: "broken".into(), running: true }]);
    assert_eq!(play.session.state(), "running");
    assert_eq!(play.edit(built(1, 2, 1)), [Action::Look]);
}

#[test]
fn a_save_during_a_build_cancels_it_once_and_builds_again() {
    let mut play = Play::serving();
    play.save();
    assert_eq!(play.save(), [Action::CancelBuild]);
    assert_eq!(play.save(), []);
    assert_eq!(play.save_of([Owner::Plan]), []);
    assert_eq!(play.save(), []);
    // One of the saves was a manifest's.
    play.now += Duration::from_secs(1);
    assert_eq!(
        play.does(Event::Built(Err("cancelled".into()))),
        [Action::Build { scope: Scope::Program, replan: true }]
    );
}

#[test]
fn a_build_that_ends_during_a_reload_is_delivered_after_it() {
    let mut play = Play::serving();
    play.edit(built(1, 2, 1));
    play.does(Event::Mapped(replaced(10)));
    assert_eq!(play.edit(built(1, 3, 1)), []);
    let actions = play.does(Event::Mapped(mapped(11)));
    assert!(matches!(actions[0], Action::Say(Message::Live { .. })));
    assert_eq!(actions[1], Action::Look);
    play.does(Event::Mapped(replaced(11)));
    assert!(matches!(play.says(Event::Mapped(mapped(12)))[..], [Message::Live { .. }]));
}

#[test]
fn a_crash_waits_for_the_next_good_build() {
    let mut play = Play::serving();
    let said = play.says(Event::Exited(Ending::Signal(11)));
    assert_eq!(said, [Message::Ended { ending: Ending::Signal(11), when: When::Running, has_former: false }]);
    assert_eq!(play.session.state(), "waiting for a change");
    assert_eq!(play.edit(built(1, 2, 1)), [Action::Start(built(1, 2, 1))]);
}

#[test]
fn the_first_interrupt_stops_and_the_second_kills() {
    let mut play = Play::serving();
    let actions = play.does(Event::Interrupted);
    let timer = Timer::Stop { pid: PID };
    assert_eq!(
        actions,
        [Action::Say(Message::Stopping), Action::Signal(ProgramSignal::Stop), Action::After(STOP_DEADLINE, timer)]
    );
    assert_eq!(play.does(Event::Interrupted)[1], Action::Signal(ProgramSignal::Kill));
    let actions = play.does(Event::Exited(Ending::Signal(9)));
    assert_eq!(actions, [Action::Say(Message::Stopped(Ending::Signal(9))), Action::End]);
}

#[test]
fn a_program_that_does_not_stop_in_time_is_killed() {
    let mut play = Play::serving();
    play.does(Event::Interrupted);
    assert_eq!(play.does(Event::Due(Timer::Stop { pid: PID + 1 })), []);
    assert_eq!(play.does(Event::Due(Timer::Stop { pid: PID }))[1], Action::Signal(ProgramSignal::Kill));
}

#[test]
fn an_interrupt_during_the_first_build_ends_when_cargo_has_ended() {
    let mut play = Play::new();
    play.does(Event::Begin);
    assert_eq!(play.does(Event::Interrupted), [Action::CancelBuild]);
    assert_eq!(play.does(Event::Built(Err("cancelled".into()))), [Action::End]);
}

#[test]
fn requests_are_answered_when_they_are_done() {
    let mut play = Play::serving();
    let (reload, stop) = (ReplyTo(1), ReplyTo(2));
    assert_eq!(
        play.does(Event::Asked(Request::Reload, reload)),
        [Action::Build { scope: Scope::Program, replan: false }]
    );
    // Nothing changed, but it was asked for: the program is told all the same.
    assert_eq!(play.does(Event::Built(Ok(built(1, 1, 1)))), [Action::Look]);
    play.does(Event::Mapped(mapped(10)));
    let actions = play.does(Event::Mapped(mapped(10)));
    assert!(matches!(&actions[1], Action::Reply(to, Answer::Done(_)) if *to == reload), "{actions:?}");

    play.does(Event::Asked(Request::Stop, stop));
    let actions = play.does(Event::Exited(Ending::Code(0)));
    assert!(matches!(&actions[1], Action::Reply(to, Answer::Done(_)) if *to == stop), "{actions:?}");
    assert_eq!(actions[2], Action::End);
}

#[test]
fn a_request_is_told_when_the_build_fails() {
    let mut play = Play::serving();
    play.does(Event::Asked(Request::Restart, ReplyTo(1)));
    let actions = play.does(Event::Built(Err("broken".into())));
    assert!(matches!(&actions[1], Action::Reply(_, Answer::Failed(why)) if why.contains("broken")), "{actions:?}");
    // The wish ends with it: the next save reloads and does not restart.
    assert_eq!(play.edit(built(1, 2, 1)), [Action::Look]);
}

#[test]
fn a_restart_that_is_asked_for_happens_without_a_change() {
    let mut play = Play::serving();
    play.does(Event::Asked(Request::Restart, ReplyTo(1)));
    assert_eq!(play.does(Event::Built(Ok(built(1, 1, 1))))[0], Action::Signal(ProgramSignal::Stop));
}

#[test]
fn the_strategy_to_restart_never_reloads() {
    let mut play = Play::serving();
    play.session = Session::new(Strategy::Restart);
    play.does(Event::Begin);
    play.does(Event::Built(Ok(built(1, 1, 1))));
    play.does(Event::Started { pid: PID });
    play.does(Event::Mapped(mapped(10)));
    assert_eq!(play.edit(built(1, 2, 1))[0], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(1, 2, 1))]);
    play.does(Event::Started { pid: PID });
    play.does(Event::Mapped(mapped(11)));
    // Nothing new, and nobody who could take it.
    play.does(Event::Asked(Request::Reload, ReplyTo(1)));
    assert!(matches!(play.says(Event::Built(Ok(built(1, 2, 1))))[..], [Message::Unchanged { .. }]));
}

#[test]
fn status_is_answered_at_once() {
    let mut play = Play::serving();
    let actions = play.does(Event::Asked(Request::Status, ReplyTo(9)));
    assert!(matches!(
        &actions[..],
        [Action::Reply(ReplyTo(9), Answer::Status { program: Some(PID), reloads: 0, restarts: 0, .. })]
    ));
}

#[test]
fn an_edit_of_modules_alone_does_not_build_the_program() {
    let modules = [Action::Build { scope: Scope::Modules, replan: false }];
    let program = [Action::Build { scope: Scope::Program, replan: false }];
    let api = Owner::Library("api".into());
    let mut play = Play::serving();
    assert_eq!(play.save_of([api.clone()]), modules);
    play.does(Event::Built(Err("broken".into())));
    // What a failed build leaves open is still to be built, whatever is saved next.
    assert_eq!(play.save_of([Owner::Library("core".into())]), program);
    play.does(Event::Built(Err("broken".into())));
    assert_eq!(play.save_of([api.clone()]), program);
    play.does(Event::Built(Ok(built(1, 1, 1))));
    assert_eq!(play.save_of([api.clone()]), modules);
    // A cancelled build leaves open what it was for.
    play.now += Duration::from_secs(1);
    play.save_of([Owner::Program]);
    assert_eq!(play.does(Event::Built(Err("cancelled".into()))), program);
}

#[test]
fn what_another_program_alone_consists_of_asks_nothing_of_this_one() {
    let modules = [Action::Build { scope: Scope::Modules, replan: false }];
    let mut play = Play::serving();
    assert_eq!(play.save_of([Owner::Other]), modules);
    play.does(Event::Built(Ok(built(1, 1, 1))));
    assert_eq!(play.save_of([Owner::Other, Owner::Library("api".into())]), modules);
    play.does(Event::Built(Ok(built(1, 1, 1))));
    let program = [Action::Build { scope: Scope::Program, replan: false }];
    assert_eq!(play.save_of([Owner::Other, Owner::Library("core".into())]), program);
}

#[test]
fn the_program_is_built_where_it_has_to_be_started() {
    let program = [Action::Build { scope: Scope::Program, replan: false }];
    let mut play = Play::serving();
    play.does(Event::Exited(Ending::Code(0)));
    assert_eq!(play.save_of([Owner::Library("api".into())]), program);
    let mut play = Play::serving();
    let restart = play.does(Event::Asked(Request::Restart, ReplyTo(1)));
    assert_eq!(restart, program);
}

#[test]
fn saves_in_quick_succession_are_waited_for_after_the_first_build_was_cancelled() {
    let mut play = Play::serving();
    assert!(matches!(play.save()[..], [Action::Build { .. }]));
    play.now += Duration::from_millis(50);
    assert_eq!(play.save(), [Action::CancelBuild]);
    let actions = play.does(Event::Built(Err("cancelled".into())));
    let [Action::After(rest, Timer::Settle)] = actions[..] else { panic!("{actions:?}") };
    assert!(rest > Duration::from_millis(100) && rest < Duration::from_millis(200), "{rest:?}");
    for _ in 0..18 {
        play.now += Duration::from_millis(50);
        assert_eq!(play.save(), []);
    }
    assert!(matches!(play.does(Event::Due(Timer::Settle))[..], [Action::After(_, Timer::Settle)]));
    play.now += rest;
    assert!(matches!(play.does(Event::Due(Timer::Settle))[..], [Action::Build { .. }]));
    assert_eq!(play.does(Event::Due(Timer::Settle)), []);
}
