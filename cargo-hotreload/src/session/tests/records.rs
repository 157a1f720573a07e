//! What is recorded of those sequences.

use std::time::Duration;

use super::{PID, Play, built, mapped, replaced};
use crate::events::record::{ExitedWhen, LiveHow, Record, Times};
use crate::session::event::Event;
use crate::session::exit::Ending;
use crate::session::request::{ReplyTo, Request};
use crate::session::trouble::Explanation;

/// The whole of a way into the program, and the sum of its parts.
fn whole_and_sum(times: &Times) -> (Duration, Duration) {
    let parts =
        [times.save_to_build_ms.expect("a save"), times.build_ms, times.build_to_signal_ms, times.signal_to_mapped_ms];
    (times.edit_to_live_ms.expect("a save").0, parts.iter().map(|part| part.0).sum())
}

#[test]
fn a_reload_is_recorded_with_its_modules_inodes_and_times() {
    let mut play = Play::serving();
    play.edit(built(1, 2, 1));
    let modules = vec!["api".to_owned()];
    let sent = Record::ReloadSent { pid: PID, signal: None, modules: modules.clone() };
    assert_eq!(play.records(Event::Mapped(replaced(10))), [sent]);
    assert!(play.records(Event::Mapped(replaced(10))).is_empty());
    let recorded = play.records(Event::Mapped(mapped(11)));
    let [Record::ModuleReloaded { package, path, old_inode, inode, after_ms }, Record::Live(live)] = &recorded[..]
    else {
        panic!("{recorded:?}")
    };
    assert_eq!((package.as_str(), path.as_str(), *old_inode, *inode), ("api", "/t/api", Some(10), Some(11)));
    assert_eq!(after_ms.0, Duration::from_millis(2));
    assert_eq!(
        (live.build, live.how, live.pid, &live.modules, live.modules_total),
        (2, LiveHow::Reloaded, PID, &modules, 1)
    );
    let (whole, sum) = whole_and_sum(&live.times);
    assert_eq!(whole, sum);
    assert_eq!(live.times.signal_to_mapped_ms, *after_ms);
}

#[test]
fn a_start_has_no_edit() {
    let mut play = Play::new();
    play.does(Event::Begin);
    play.does(Event::Built(Ok(built(1, 1, 1))));
    let started = Record::ProgramStarted { pid: PID, modules: vec!["api".into()] };
    assert_eq!(play.records(Event::Started { pid: PID }), [started]);
    let recorded = play.records(Event::Mapped(mapped(10)));
    let [Record::Live(live)] = &recorded[..] else { panic!("{recorded:?}") };
    assert_eq!((live.build, live.how, live.times.edit_to_live_ms), (1, LiveHow::Started, None));
}

#[test]
fn a_restart_is_recorded_with_its_reason_and_without_a_gap_in_its_times() {
    let mut play = Play::serving();
    play.edit(built(2, 2, 1));
    // A newer build is ready before the old process has ended.
    play.edit(built(3, 2, 1));
    let recorded = play.records(Event::Exited(Ending::Code(0)));
    let [Record::ProgramExited(exited)] = &recorded[..] else { panic!("{recorded:?}") };
    assert_eq!((exited.pid, exited.exit_code, exited.when), (PID, Some(0), ExitedWhen::Stopped));
    let recorded = play.records(Event::Started { pid: PID + 1 });
    let [Record::ProgramStarted { .. }, Record::Restarted { pid, why }] = &recorded[..] else { panic!("{recorded:?}") };
    assert!(*pid == PID + 1 && why.starts_with("core is resident"), "{why}");
    let recorded = play.records(Event::Mapped(mapped(11)));
    let [Record::Live(live)] = &recorded[..] else { panic!("{recorded:?}") };
    assert_eq!((live.build, live.how, live.why.is_some()), (3, LiveHow::Restarted, true));
    let (whole, sum) = whole_and_sum(&live.times);
    assert_eq!(whole, sum);
}

#[test]
fn a_death_is_recorded_with_its_time() {
    let when = |play: &mut Play| {
        let recorded = play.records(Event::Exited(Ending::Signal(11)));
        let [Record::ProgramExited(exited)] = &recorded[..] else { panic!("{recorded:?}") };
        assert_eq!((exited.exit_code, exited.signal.as_deref()), (None, Some("SIGSEGV")));
        exited.when
    };
    let mut play = Play::serving();
    play.edit(built(1, 2, 1));
    play.does(Event::Mapped(replaced(10)));
    assert_eq!(when(&mut play), ExitedWhen::Reloading);
    play.does(Event::Explained(Explanation::default()));
    play.does(Event::Started { pid: PID + 1 });
    assert_eq!(when(&mut play), ExitedWhen::Starting);
    assert_eq!(when(&mut Play::serving()), ExitedWhen::Running);
}

#[test]
fn what_was_asked_for_and_what_came_of_it_is_recorded() {
    let mut play = Play::serving();
    let recorded = play.records(Event::Asked(Request::Reload, ReplyTo(1)));
    assert_eq!(recorded, [Record::Requested { request: Request::Reload }]);
    assert!(play.records(Event::Asked(Request::Status, ReplyTo(2))).is_empty());
    play.does(Event::Built(Ok(built(1, 1, 1))));
    play.does(Event::Mapped(mapped(10)));
    play.does(Event::Mapped(mapped(10)));
    play.save();
    let recorded = play.records(Event::Built(Ok(built(1, 1, 1))));
    assert!(matches!(recorded[..], [Record::Unchanged { build: 3, .. }]), "{recorded:?}");
    let Record::SessionEnded(ended) = play.session.record_of_end(None) else { panic!("another record") };
    assert_eq!((ended.reloads, ended.restarts), (1, 0));
}

#[test]
fn a_program_that_cannot_be_started_is_recorded() {
    let mut play = Play::new();
    play.does(Event::Begin);
    play.does(Event::Built(Ok(built(1, 1, 1))));
    let recorded = play.records(Event::NotStarted { reason: "no such file".into() });
    assert_eq!(recorded, [Record::ProgramNotStarted { reason: "no such file".into() }]);
}
