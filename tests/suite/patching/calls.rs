//! System calls of a program that is stopped again and again.

use std::thread::sleep;
use std::time::Duration;

use cargo_hotreload::patch::placed::Placed;

use super::{patch, tell};
use crate::support::patched::Program;

/// 20 threads wait in a system call each for what comes only at the end, 14 for a time that is over again and again.
#[test]
fn no_system_call_is_interrupted() {
    let mut calls = Program::compile("calls.c", &[]).start(&[]);
    let mut all = Vec::new();
    for _ in 0..200 {
        all.push(patch(&calls, &Placed::default()));
        sleep(Duration::from_millis(3));
    }
    tell("200 times stopped in system calls", &all);
    assert!(all.iter().all(|applied| applied.threads == 35));
    assert_eq!(calls.started.ask("again"), "expired");
    calls.started.end_input();
    assert_eq!(calls.started.line(), "done");
}
