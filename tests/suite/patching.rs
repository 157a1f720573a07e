//! Patches by hand in real processes: small programs, hand-assembled code, real threads and signals.

use std::time::Duration;

mod agent;
mod calls;
mod garbage;
mod states;
mod storms;
mod threads;
mod unwinding;

use cargo_hotreload::effects::patching::{Applied, Refusal, apply};
use cargo_hotreload::patch::placed::Placed;

use crate::support::patched::Patched;

/// Applies `patch`, which has to succeed.
#[track_caller]
fn patch(patched: &Patched, patch: &Placed) -> Applied {
    apply(&patched.agent, patch).unwrap_or_else(|refusal: Refusal| panic!("{refusal}"))
}

/// Says how long the program stood.
fn tell(what: &str, all: &[Applied]) {
    let mut times: Vec<Duration> = all.iter().map(|applied| applied.stopped).collect();
    times.sort_unstable();
    let rounds = all.iter().map(|applied| applied.rounds).max().unwrap_or_default();
    let threads = all.iter().map(|applied| applied.threads).max().unwrap_or_default();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: {threads} threads stood for {median:?} (median), {longest:?} (longest); {rounds} rounds at most");
}
