//! Several programs that are patched: what each gets by itself, and what is built for all.

use std::time::{Duration, Instant};

use super::{NAMES, Play, build, pid};
use crate::config::values::Strategy;
use crate::session::Session;
use crate::session::delivery::{Built, Image};
use crate::session::event::{Action, Crates, Event, NoCrates, Owner, ProgramSignal, Scope};
use crate::session::exit::Ending;
use crate::session::fleet::Whom::{All, One};
use crate::session::fleet::{Fleet, Order, Tidings};
use crate::session::landed::Patch;
use crate::session::message::{How, Message};
use crate::session::verify::Mapping;

/// A program without modules.
fn program(content: u64) -> Built {
    let executable = Image { path: "/t/host".into(), content };
    Built { executable, libraries: Vec::new(), carried: Vec::new() }
}

fn serving() -> Play {
    let fleet = Fleet::new(NAMES.map(str::to_owned), || Session::new(Strategy::Patch));
    let mut play = Play { fleet, now: Instant::now() };
    assert_eq!(play.all(Event::Begin), [(All, build(Scope::Program))]);
    play.all(Event::Built(Ok(program(1))));
    for index in 0..3 {
        starts(&mut play, index, 1);
    }
    play
}

fn starts(play: &mut Play, index: usize, inode: u64) {
    play.one(index, Event::Started { pid: pid(index) });
    let host = Mapping { path: "/t/host".into(), inode, deleted: false };
    assert_eq!(play.says(Tidings::One(index, Event::Mapped(vec![host]))).len(), 1);
}

/// The crates of each program, by their names.
fn crates(names: [&[&str]; 3]) -> Tidings {
    let of = |names: &[&str]| Crates { names: names.iter().map(|&name| name.to_owned()).collect() };
    Tidings::Each(names.map(|names| Event::Crates(Ok(of(names)))).into())
}

fn patched(functions: usize) -> Event {
    Event::Patched(Ok(Patch { functions, ..Patch::default() }))
}

fn save(play: &mut Play) -> Vec<Order> {
    play.save_of(Owner::Library("api".into()))
}

#[test]
fn one_compilation_is_patched_into_each_by_itself() {
    let mut play = serving();
    assert_eq!(save(&mut play), [(All, build(Scope::Crates))]);
    // The last one does not consist of it, and nothing is said of that.
    let orders = play.does(crates([&["api"], &["api"], &[]]));
    assert_eq!(orders, [(One(0), Action::Patch), (One(1), Action::Patch)]);
    let orders = play.one(1, patched(1));
    let [(One(1), Action::Say(Message::Live { how: How::Patched { .. }, .. })), settle] = &orders[..] else {
        panic!("{orders:?}")
    };
    assert_eq!(*settle, (All, build(Scope::Settle)));
    // The whole build is the other's as well.
    let orders = play.one(0, patched(1));
    assert!(matches!(orders[..], [(One(0), Action::Say(Message::Live { .. }))]), "{orders:?}");
    let orders = play.all(Event::Built(Ok(program(2))));
    assert_eq!(orders, [(One(0), Action::Compare), (One(1), Action::Compare)]);
    // What comes next is not a build too much or too little for anybody.
    assert_eq!(save(&mut play), [(All, build(Scope::Crates))]);
    let orders = play.does(crates([&[], &[], &["own"]]));
    assert_eq!(orders, [(One(2), Action::Patch)]);
}

#[test]
fn one_that_is_refused_is_restarted_alone() {
    let mut play = serving();
    save(&mut play);
    play.does(crates([&["api"], &["api"], &["api"]]));
    assert_eq!(play.one(0, patched(1))[1], (All, build(Scope::Settle)));
    // What has low priority is given up for what somebody waits for.
    assert_eq!(play.one(1, Event::Patched(Err("no room".into()))), [(All, Action::CancelBuild)]);
    assert_eq!(play.one(2, patched(1)).len(), 1);
    assert_eq!(play.all(Event::Built(Err("cancelled".into()))), [(All, build(Scope::Program))]);
    let orders = play.all(Event::Built(Ok(program(2))));
    assert_eq!(orders[0], (One(0), Action::Compare));
    assert_eq!(orders[1], (One(1), Action::Signal(ProgramSignal::Stop)));
    assert_eq!(orders.last(), Some(&(One(2), Action::Compare)));
    assert_eq!(play.one(1, Event::Exited(Ending::Code(0))), [(One(1), Action::Start(program(2)))]);
    starts(&mut play, 1, 2);
    assert_eq!(play.fleet.state(), "running");
}

#[test]
fn what_only_cargo_can_build_for_one_is_patched_into_the_others() {
    let mut play = serving();
    save(&mut play);
    let patch = |name: &str| Event::Crates(Ok(Crates { names: vec![name.to_owned()] }));
    let refused = Event::Crates(Err(NoCrates::ForCargo("it runs while the program is built".into())));
    let orders = play.does(Tidings::Each(vec![patch("api"), refused, patch("api")]));
    assert_eq!(orders, [(One(0), Action::Patch), (All, build(Scope::Program)), (One(2), Action::Patch)]);
    // It is built for all, as soon as it is wanted.
    assert_eq!(play.one(0, patched(1)).len(), 1);
    assert_eq!(play.one(2, patched(1)).len(), 1);
    let orders = play.all(Event::Built(Ok(program(2))));
    assert_eq!(orders[0], (One(0), Action::Compare));
    assert_eq!(orders[1], (One(1), Action::Signal(ProgramSignal::Stop)));
}

#[test]
fn who_died_is_started_by_a_build_after_the_patches_of_the_others() {
    let mut play = serving();
    play.one(1, Event::Exited(Ending::Signal(9)));
    assert_eq!(save(&mut play), [(All, build(Scope::Crates))]);
    let orders = play.does(crates([&["api"], &["api"], &["api"]]));
    assert_eq!(orders, [(One(0), Action::Patch), (One(2), Action::Patch), (All, build(Scope::Program))]);
    play.one(0, patched(1));
    // Its state stays, whatever is built for the one that died.
    let orders = play.all(Event::Built(Ok(program(2))));
    assert_eq!(orders, [(One(0), Action::Compare), (One(1), Action::Start(program(2)))]);
    // The last one was busy until now, and what was built was not compared with it.
    let orders = play.one(2, patched(1));
    assert_eq!(orders[1], (All, build(Scope::Settle)));
}

#[test]
fn a_save_ends_everything_that_is_built_and_everybody_gets_it() {
    let mut play = serving();
    save(&mut play);
    play.does(crates([&["api"], &["api"], &[]]));
    play.one(0, patched(1));
    // The first one settles, the second is being patched, the third does nothing.
    play.now += Duration::from_secs(1);
    assert_eq!(save(&mut play), [(All, Action::CancelBuild)]);
    play.one(1, patched(1));
    let after = play.all(Event::Built(Err("cancelled".into())));
    assert_eq!(after, [(All, build(Scope::Crates))]);
    let orders = play.does(crates([&["api"], &["api"], &["own"]]));
    assert_eq!(orders, [(One(0), Action::Patch), (One(1), Action::Patch), (One(2), Action::Patch)]);
}

#[test]
fn wrong_sources_are_told_once() {
    let mut play = serving();
    play.one(1, Event::Exited(Ending::Signal(9)));
    save(&mut play);
    let orders = play.all(Event::Crates(Err(NoCrates::Wrong("above".into()))));
    let failed = Message::BuildFailed { reason: "above".into(), running: true };
    assert_eq!(orders, [(All, Action::Say(failed))]);
    assert_eq!(save(&mut play), [(All, build(Scope::Crates))]);
}

#[test]
fn an_interrupt_ends_those_that_wait_for_a_build_as_well() {
    let mut play = serving();
    play.one(1, Event::Exited(Ending::Signal(9)));
    save(&mut play);
    let orders = play.all(Event::Interrupted);
    assert!(orders.contains(&(All, Action::CancelBuild)), "{orders:?}");
    play.one(0, Event::Exited(Ending::Code(0)));
    play.now += Duration::from_secs(1);
    play.one(2, Event::Exited(Ending::Code(0)));
    let orders = play.all(Event::Crates(Err(NoCrates::Wrong("cancelled".into()))));
    assert_eq!(orders, [(All, Action::End)]);
}
