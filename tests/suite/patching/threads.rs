//! Redirects and thread-locals, under threads that are in the functions most of the time.

use std::time::{Duration, Instant};

use cargo_hotreload::patch::placed::Write;

use super::{patch, tell};
use crate::support::patched::{Patched, Program, returning};

/// What `tests/programs/hot.c` counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    pub(super) ones: u64,
    pub(super) fortytwos: u64,
    pub(super) others: u64,
    pub(super) made: u64,
    pub(super) queued: u64,
    pub(super) pinged: u64,
}

impl Counters {
    #[track_caller]
    pub(super) fn of(patched: &Patched) -> Self {
        Self::parse(&patched.started.ask("count")).expect("six numbers")
    }

    pub(super) fn parse(line: &str) -> Option<Self> {
        let numbers: Vec<u64> = line.split(' ').map_while(|word| word.parse().ok()).collect();
        let [ones, fortytwos, others, made, queued, pinged] = numbers.try_into().ok()?;
        Some(Self { ones, fortytwos, others, made, queued, pinged })
    }
}

#[test]
fn a_function_that_four_threads_are_in_is_replaced_and_put_back_five_hundred_times() {
    let hot = Program::compile("hot.c", &[]).start(&["4", "0", "1"]);
    let back = hot.undo("answer");
    let there = hot.redirect("answer", 0, &returning(42));
    let mut all = Vec::new();
    for round in 0..250 {
        all.push(patch(&hot, &there));
        if round % 50 == 0 {
            assert_eq!(hot.started.ask("call"), "42");
        }
        all.push(patch(&hot, &back));
    }
    assert_eq!(hot.started.ask("call"), "1");
    tell("500 times replaced in a hot loop", &all);
    let counters = Counters::of(&hot);
    assert_eq!(counters.others, 0, "{counters:?}");
    assert!(counters.ones > 0 && counters.fortytwos > 0 && counters.queued > 100, "{counters:?}");
    // Five callers, the one who sends signals and the main thread.
    assert!(all.iter().all(|applied| applied.threads == 6));
}

/// `mov eax, fs:[DISTANCE]; ret`
fn thread_local(distance: i64) -> Vec<u8> {
    let distance = i32::try_from(distance).expect("a static thread-local");
    [&[0x64, 0x8b, 0x04, 0x25], &distance.to_le_bytes()[..], &[0xc3]].concat()
}

#[test]
fn new_thread_locals_are_there_in_old_threads_and_in_new_ones() {
    const PATCHES: u64 = 40;
    let hot = Program::compile("hot.c", &[]).start(&["2", "2", "1"]);
    let begin = hot.agent.thread_locals();
    let mut all = Vec::new();
    for number in 0..PATCHES {
        // A thread that was made from old bytes, or not told of the new ones, would find 0.
        let place = number * 4;
        let code = thread_local(begin + place.cast_signed());
        let mut placed = hot.redirect("answer", number, &code);
        placed.thread_locals = vec![Write { address: place, bytes: 42_u32.to_ne_bytes().to_vec() }];
        all.push(patch(&hot, &placed));
    }
    tell("40 new thread-locals while threads come and go", &all);
    let before = Counters::of(&hot);
    assert_eq!(before.others, 0, "{before:?}");
    let begin = Instant::now();
    let mut after = Counters::of(&hot);
    while after.made < before.made + 20 && begin.elapsed() < Duration::from_secs(30) {
        after = Counters::of(&hot);
    }
    assert!(after.made >= before.made + 20, "threads are made: {before:?} {after:?}");
    assert!(after.others == 0 && after.fortytwos > before.fortytwos, "{before:?} {after:?}");
}
