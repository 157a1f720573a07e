//! Restarts that would be the program's end: it is looked at that before.

use super::patching::{build, crates, patch, patched, save, serving};
use super::{PID, Play, built, mapped, replaced};
use crate::events::record::{ExitedWhen, Next, Record, ReloadOutcome};
use crate::session::OwnEnd;
use crate::session::delivery::Built;
use crate::session::event::{Action, Event, NoCrates, ProgramSignal, Scope, Timer};
use crate::session::exit::Ending;
use crate::session::foresight::{Aim, Fault, Missing, Prospect};
use crate::session::message::{How, Message, When};
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::verify::Mapping;

fn faults() -> Vec<Fault> {
    let missing = Missing::Library("libgone.so".into());
    vec![Fault { wanted_by: "host".into(), missing, lost_by: None }]
}

impl Play {
    /// A session that waits to hear whether a new process could load what it has just built.
    fn asking() -> Self {
        let mut play = Self::serving();
        play.save();
        let actions = play.session.handle(Event::Built(Ok(built(1, 1, 2))), play.now);
        let [Action::Foresee(prospect)] = &actions[..] else { panic!("{actions:?}") };
        let wanted = Prospect { built: built(1, 1, 2), aim: Aim::Restart, live: Some(built(1, 1, 1)) };
        assert_eq!((prospect, play.session.state()), (&wanted, "restarting"));
        play
    }

    /// Builds `built`, which could not be loaded, and sees that the program is let alone.
    fn refuses(&mut self, built: Built) -> String {
        self.faults = faults();
        let actions = self.does(Event::Built(Ok(built)));
        let Some(Action::Say(message @ Message::NotLoadable { .. })) = actions.first() else { panic!("{actions:?}") };
        assert!(!actions.iter().any(|action| matches!(action, Action::Signal(_))), "{actions:?}");
        assert_eq!(self.session.state(), "running");
        message.to_string()
    }
}

#[test]
fn what_could_not_start_stops_nothing_and_the_next_edit_is_tried() {
    let mut play = Play::serving();
    play.does(Event::Asked(Request::Build, ReplyTo(4)));
    play.faults = faults();
    let actions = play.acts(Event::Built(Ok(built(1, 1, 2))));
    let [Action::Record(Record::ReloadFailed(failed)), Action::Say(message), Action::Reply(_, Answer::Failed(_))] =
        &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!((failed.outcome, failed.next, failed.pid), (ReloadOutcome::NotLoadable, Next::Left, PID));
    let text = "not restarted, the program goes on with the old code, for the new one cannot be loaded: host links \
                `libgone.so`, which the dynamic linker does not find\n  help: `cargo hotreload restart`, or the key `R`, \
                restarts it all the same";
    assert_eq!(message.to_string(), text);
    assert_eq!(play.session.state(), "running");
    // What runs is what it was: a module of it is reloaded, an undone edit is nothing new, a mended one restarts.
    assert!(matches!(play.edit(built(1, 1, 1))[..], [Action::Say(Message::Unchanged { .. })]));
    assert_eq!(play.edit(built(1, 2, 1)), [Action::Look]);
    assert_eq!(play.does(Event::Mapped(replaced(10)))[0], Action::Signal(ProgramSignal::Reload));
    play.does(Event::Mapped(mapped(11)));
    assert_eq!(play.edit(built(1, 2, 3))[0], Action::Signal(ProgramSignal::Stop));
}

#[test]
fn who_asks_for_a_restart_gets_it_whatever_becomes_of_it() {
    let mut play = Play::serving();
    play.save();
    play.refuses(built(1, 1, 2));
    play.does(Event::Asked(Request::Restart, ReplyTo(1)));
    let actions = play.session.handle(Event::Built(Ok(built(1, 1, 2))), play.now);
    assert_eq!(actions[0], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(1, 1, 2))]);
    // It dies of it, and then there is nothing to keep.
    play.does(Event::Started { pid: PID + 1 });
    let said = play.says(Event::Exited(Ending::Code(127)));
    assert_eq!(said, [Message::Ended { ending: Ending::Code(127), when: When::Starting, has_former: true }]);
    play.faults = faults();
    assert_eq!(play.edit(built(1, 1, 3)), [Action::Start(built(1, 1, 3))]);
}

#[test]
fn a_program_that_ends_while_it_is_looked_at_is_started_with_the_new_code() {
    let mut play = Play::asking();
    let actions = play.acts(Event::Exited(Ending::Code(3)));
    let [Action::Record(Record::ProgramExited(exited)), Action::Say(message), _, start] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(exited.when, ExitedWhen::Running);
    assert_eq!(message, &Message::Ended { ending: Ending::Code(3), when: When::Running, has_former: false });
    assert_eq!(start, &Action::Start(built(1, 1, 2)));
    // The answer is about a process that is gone.
    assert_eq!(play.does(Event::Foreseen(faults())), []);
    play.does(Event::Started { pid: PID + 1 });
    assert!(matches!(play.says(Event::Mapped(mapped(11)))[..], [Message::Live { how: How::Started { .. }, .. }]));

    let mut play = Play::asking();
    play.session.own_end = OwnEnd::Ends;
    assert_eq!(play.does(Event::Exited(Ending::Code(3))), [Action::Say(Message::Over(Ending::Code(3))), Action::End]);
}

#[test]
fn an_end_of_the_session_waits_for_no_answer() {
    let mut play = Play::asking();
    let actions = play.does(Event::Interrupted);
    assert_eq!(actions[1], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(Event::Foreseen(vec![])), []);
    let stopped = Action::Say(Message::Stopped(Ending::Code(0)));
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [stopped, Action::End]);
}

#[test]
fn a_newer_build_is_tried_instead_of_one_that_cannot_be_loaded() {
    let mut play = Play::asking();
    assert_eq!(play.edit(built(1, 1, 3)), []);
    let actions = play.session.handle(Event::Foreseen(faults()), play.now);
    let [Action::Record(_), Action::Say(Message::NotLoadable { .. }), Action::Foresee(newer)] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!(newer.built, built(1, 1, 3));
    assert_eq!(play.does(Event::Foreseen(vec![]))[0], Action::Signal(ProgramSignal::Stop));
    // And one that comes later still is started in its place.
    assert_eq!(play.edit(built(1, 1, 4)), []);
    assert_eq!(play.does(Event::Exited(Ending::Code(0))), [Action::Start(built(1, 1, 4))]);
}

/// A program without modules, whose executable has this content.
fn host(content: u64) -> Built {
    super::patching::built(content)
}

#[test]
fn nothing_is_patched_in_on_top_of_what_does_not_run() {
    let mut play = serving();
    save(&mut play);
    let why = "`api/build.rs` was edited";
    assert_eq!(play.does(Event::Crates(Err(NoCrates::ForCargo(why.into())))), [build(Scope::Program)]);
    play.refuses(host(2));
    // Another edit, which could be patched in alone, is built with the rest, and is refused with it.
    assert_eq!(save(&mut play), [build(Scope::Program)]);
    play.refuses(host(3));
    assert_eq!(save(&mut play), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(host(4))))[0], Action::Signal(ProgramSignal::Stop));
    play.does(Event::Exited(Ending::Code(0)));
    play.does(Event::Started { pid: PID });
    let mapped = vec![Mapping { path: "/t/host".into(), inode: 2, deleted: false }];
    let said = play.says(Event::Mapped(mapped));
    assert!(matches!(&said[..], [Message::Live { how: How::Restarted { why: said }, .. }] if said == why), "{said:?}");
    patch(&mut play);
}

#[test]
fn what_could_not_start_and_was_undone_restarts_nothing_and_is_patched_again() {
    let mut play = serving();
    save(&mut play);
    play.does(Event::Crates(Err(NoCrates::ForCargo("`build.rs` was edited".into()))));
    play.refuses(host(2));
    assert_eq!(save(&mut play), [build(Scope::Program)]);
    let actions = play.does(Event::Built(Ok(host(1))));
    assert!(matches!(actions[..], [Action::Current, Action::Say(Message::Unchanged { .. })]), "{actions:?}");
    patch(&mut play);

    // What was patched in is in none of cargo's files: the code of the start is not what runs.
    assert_eq!(save(&mut play), [Action::CancelBuild]);
    let after = play.does(Event::Built(Err("cancelled".into())));
    let [Action::After(time, Timer::Settle)] = after[..] else { panic!("{after:?}") };
    play.now += time;
    play.does(Event::Due(Timer::Settle));
    assert_eq!(play.does(crates()), [Action::Patch]);
    assert_eq!(play.does(Event::Patched(Err("its layout".into()))), [build(Scope::Program)]);
    play.refuses(host(2));
    assert_eq!(save(&mut play), [build(Scope::Program)]);
    assert_eq!(play.does(Event::Built(Ok(host(1))))[0], Action::Signal(ProgramSignal::Stop));
}

#[test]
fn who_asks_for_a_restart_of_what_cannot_be_patched_gets_it_as_well() {
    let mut play = serving();
    save(&mut play);
    play.does(Event::Crates(Err(NoCrates::ForCargo("`build.rs` was edited".into()))));
    play.refuses(host(2));
    assert_eq!(play.does(Event::Asked(Request::Restart, ReplyTo(1))), [build(Scope::Program)]);
    let actions = play.session.handle(Event::Built(Ok(host(2))), play.now);
    assert_eq!(actions[0], Action::Signal(ProgramSignal::Stop));
    assert_eq!(play.does(patched()), []);
}
