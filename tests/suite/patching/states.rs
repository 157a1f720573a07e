//! Programs in states in which they are hard to stop.

use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use cargo_hotreload::effects::child::{ending, wait_for_end_or_stops};
use cargo_hotreload::effects::patching::{Refusal, apply};
use cargo_hotreload::effects::threads::{Failure, Untraceable};
use cargo_hotreload::patch::placed::Placed;
use cargo_hotreload::session::exit::Ending;
use procfs::process::Process;
use rustix::process::Signal;

use super::patch;
use super::threads::Counters;
use crate::support::patched::{Program, returning};
use crate::support::poll::{SOON, until};

fn process(pid: u32) -> Process {
    Process::new(i32::try_from(pid).expect("a process id")).expect("the process")
}

fn states(pid: u32) -> Vec<char> {
    process(pid)
        .tasks()
        .expect("its threads")
        .map(|task| task.expect("a thread").stat().expect("its state").state)
        .collect()
}

/// Who waits for the end and for stops sees those and nothing else, while the program is stopped for patches.
#[test]
fn a_stopped_program_is_patched_and_stays_stopped() {
    let hot = Program::compile("hot.c", &[]).start(&["2", "0", "0"]);
    let (pid, running) = (hot.agent.pid(), hot.started.running().pid());
    let (sender, events) = channel();
    let waiting = thread::spawn(move || {
        wait_for_end_or_stops(running, |signal| sender.send(signal).expect("somebody listens"));
    });
    let back = hot.undo("answer");
    let there = hot.redirect("answer", 0, &returning(42));
    for _ in 0..20 {
        patch(&hot, &there);
        patch(&hot, &back);
    }
    for _ in 0..3 {
        hot.started.running().signal(Signal::STOP);
        assert_eq!(events.recv_timeout(SOON), Ok(Signal::STOP.as_raw()));
        until(SOON, "all threads stopped", || states(pid).iter().all(|state| *state == 'T').then_some(()));
        patch(&hot, &there);
        until(SOON, "all threads stopped again", || states(pid).iter().all(|state| *state == 'T').then_some(()));
        hot.started.running().signal(Signal::CONT);
        assert_eq!(hot.started.ask("call"), "42");
        patch(&hot, &back);
        assert_eq!(hot.started.ask("call"), "1");
    }
    assert!(events.try_recv().is_err() && !hot.started.running().has_ended());
    assert_eq!(Counters::of(&hot).others, 0);
    hot.started.running().signal(Signal::KILL);
    waiting.join().expect("it ends");
}

#[test]
fn a_program_whose_main_thread_has_ended_is_patched() {
    let program = Program::compile("states.c", &[]).start(&["leaderless"]);
    until(SOON, "its main thread ended", || states(program.agent.pid()).contains(&'Z').then_some(()));
    let applied = patch(&program, &program.redirect("answer", 0, &returning(42)));
    assert_eq!(applied.threads, 2);
    assert_eq!(program.started.ask("call"), "42");
}

/// A thread that waits for a child which shares its memory cannot be stopped; the child could be in the code.
#[test]
fn a_child_that_shares_the_memory_is_waited_for() {
    let program = Program::compile("states.c", &[]).start(&["vfork"]);
    until(SOON, "the child is there", || states(program.agent.pid()).contains(&'D').then_some(()));
    let applied = patch(&program, &program.redirect("answer", 0, &returning(42)));
    assert!(applied.rounds > 1, "{applied:?}");
    assert_eq!(program.started.ask("call"), "42");
}

/// Nobody but us traces it, each time it is tried.
#[test]
fn a_child_that_shares_the_memory_for_long_is_the_reason() {
    let program = Program::compile("states.c", &[]).start(&["long"]);
    until(SOON, "the child is there", || states(program.agent.pid()).contains(&'D').then_some(()));
    let applied = apply(&program.agent, &program.redirect("answer", 0, &returning(42)));
    let Err(Refusal::Threads(Failure::Late { state, .. })) = applied else { panic!("{applied:?}") };
    assert_eq!((state, program.started.ask("call").as_str()), ('D', "1"));
}

/// It goes on there when the handler returns, in the middle of the bytes that are replaced.
#[test]
fn what_a_handler_interrupted_is_waited_for() {
    const NOP: u8 = 0x90;
    let program = Program::compile("states.c", &[]).start(&["handler"]);
    let there = program.redirect("trapped", 0, &returning(42));
    let agent = &program.agent;
    let first = || agent.memory().read(there.redirects[0].address, 1).expect("its first byte");
    thread::scope(|scope| {
        let applying = scope.spawn(|| apply(agent, &there).expect("applied"));
        let written = || agent.memory().read(there.writes[0].address, 6).expect("the slot") == returning(42);
        until(SOON, "it has begun", || written().then_some(()));
        thread::sleep(Duration::from_millis(50));
        assert_eq!(first(), [NOP]);
        program.started.tell("go");
        assert_eq!(program.started.line(), "returned 1");
        applying.join().expect("it does not panic");
    });
    assert_eq!(program.started.ask("trapped"), "42");
}

#[test]
fn a_program_in_a_debugger_is_left_alone() {
    let program = Program::compile("states.c", &[]).start(&["plain"]);
    let pid = program.agent.pid();
    let mut gdb = Command::new("gdb");
    gdb.args(["-nx", "-q", "-p", &pid.to_string()]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut gdb) = gdb.spawn() else {
        println!("SKIPPED: there is no gdb here");
        return;
    };
    let tracer = || process(pid).status().expect("its status").tracerpid.unsigned_abs();
    until(SOON, "gdb traces it", || (tracer() == gdb.id()).then_some(()));
    let refusal = apply(&program.agent, &program.redirect("answer", 0, &returning(42))).expect_err("it is traced");
    let Refusal::Threads(Failure::Untraceable { source: Untraceable::Traced { tracer: found }, .. }) = refusal else {
        panic!("{refusal}")
    };
    assert_eq!(found, gdb.id());
    drop(gdb.stdin.take());
    gdb.wait().expect("gdb ends");
    assert_eq!(program.started.ask("call"), "1");
    patch(&program, &program.redirect("answer", 0, &returning(42)));
    assert_eq!(program.started.ask("call"), "42");
}

/// Killed at any moment while it is patched in a loop: that is told, and whoever waits for its end sees it.
#[test]
fn a_program_that_is_killed_while_it_is_stopped_has_ended() {
    let program = Program::compile("hot.c", &[]);
    for milliseconds in 0..10 {
        let mut hot = program.clone().start(&["2", "1", "1"]);
        let there = hot.redirect("answer", 0, &returning(42));
        let running = hot.started.take();
        let pid = running.pid();
        let killing = thread::spawn(move || {
            thread::sleep(Duration::from_millis(milliseconds));
            running.signal(Signal::KILL);
            running.wait().expect("reaped")
        });
        let refusal = loop {
            if let Err(refusal) = apply(&hot.agent, &there) {
                break refusal;
            }
        };
        assert!(matches!(refusal, Refusal::Ended | Refusal::Threads(Failure::Ended)), "{refusal}");
        assert_eq!(ending(killing.join().expect("it ends")), Ending::Signal(9));
        assert!(rustix::process::test_kill_process(pid).is_err(), "it was reaped");
    }
}

/// What was meant for the one is not written into the other, and neither waits for ever.
#[test]
fn a_program_that_replaces_itself_while_it_is_stopped_has_ended() {
    let program = Program::compile("states.c", &[]);
    for microseconds in 0..20 {
        let program = program.clone().start(&["plain"]);
        let (agent, there) = (&program.agent, program.redirect("answer", 0, &returning(42)));
        thread::scope(|scope| {
            let applying = scope.spawn(|| {
                loop {
                    if let Err(refusal) = apply(agent, &there) {
                        break refusal;
                    }
                }
            });
            thread::sleep(Duration::from_micros(microseconds * 100));
            assert_eq!(program.started.ask("exec"), "replaced");
            let refusal = applying.join().expect("it does not panic");
            assert!(
                matches!(refusal, Refusal::Replaced | Refusal::Ended | Refusal::Threads(Failure::Ended)),
                "{refusal}"
            );
        });
    }
}

#[test]
fn a_patch_that_does_not_fit_is_refused_before_anything_is_written() {
    let program = Program::compile("states.c", &[]).start(&["plain"]);
    let refused = |placed: &Placed| {
        let refusal = apply(&program.agent, placed).expect_err("it does not fit");
        assert!(matches!(refusal, Refusal::Misplaced { .. }), "{refusal}");
    };
    let mut outside = program.redirect("answer", 0, &returning(42));
    outside.writes[0].address = program.agent.code().start - 3;
    refused(&outside);
    let mut too_far = program.redirect("answer", 0, &returning(42));
    too_far.thread_locals = vec![too_far.writes[0].clone()];
    refused(&too_far);
    // Memory that is not there is noticed before the first redirect.
    let mut nowhere = program.redirect("answer", 0, &returning(42));
    nowhere.redirects.push(cargo_hotreload::patch::placed::Write { address: 0x10, bytes: vec![0] });
    let refusal = apply(&program.agent, &nowhere).expect_err("nothing is there");
    assert!(matches!(refusal, Refusal::Memory { address: 0x10, .. }), "{refusal}");
    assert_eq!(program.started.ask("call"), "1");
}
