//! Puts one event after the other to the builds that they belong to.

use std::time::Duration;

use crate::events::record::{BuildFinished, Change, ExitedWhen, Live, LiveHow, Outcome, Record};
use crate::events::time::{Millis, Time};
use crate::report::rounds::{Cause, Entry, InProgram, Parts, Round, RoundResult};
use crate::session::request::Request;

/// What was told so far, and what waits for the next build.
#[derive(Debug, Default)]
pub(super) struct Telling {
    entries: Vec<Entry>,
    /// What was saved since the last build began, and when.
    saved: Option<(Change, Time)>,
    requested: Option<Request>,
}

impl Telling {
    /// Everything, in order.
    pub(super) fn entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Goes on with `record`, which is about the program `name` where there are several.
    pub(super) fn tell(&mut self, record: &Record, time: Time, name: Option<&str>) {
        match record {
            Record::Change(change) => self.saved(change, time),
            Record::Requested { request } if *request != Request::Rollback => self.requested = Some(*request),
            Record::BuildStarted { build, .. } => self.begin(*build, time),
            Record::BuildFinished(finished) => self.built(finished, time),
            Record::ModuleStuck { .. } => {
                // A later record tells if it came to a good end after all.
                self.break_off(record, name);
            }
            Record::ProgramNotStarted { .. } => self.break_off(record, name),
            Record::ReloadFailed(failed) => {
                if !failed.reasons.is_empty() {
                    self.break_off(record, name);
                }
            }
            Record::Live(live) => self.live(live, name),
            Record::Unchanged { build, build_ms } => {
                if let Some(round) = self.round(*build) {
                    let parts = Parts { build: build_ms.0, ..round.parts };
                    round.settle(name, RoundResult::Unchanged, parts);
                }
            }
            Record::ProgramExited(exited) => match exited.when {
                ExitedWhen::Stopped => {}
                ExitedWhen::Starting | ExitedWhen::Reloading => self.break_off(record, name),
                ExitedWhen::Running => {
                    let name = name.map(str::to_owned);
                    self.entries.push(Entry::Exited { at: time, exited: exited.clone(), name });
                }
            },
            // Nothing is built for it.
            Record::Requested { .. }
            | Record::SessionStarted(_)
            | Record::ProgramStarted { .. }
            | Record::ReloadSent { .. }
            | Record::ModuleReloaded { .. }
            | Record::CallersFollowed(_)
            | Record::LeftBehind { .. }
            | Record::Restarted { .. }
            | Record::SessionEnded(_)
            | Record::Unknown => {}
        }
    }

    fn saved(&mut self, change: &Change, time: Time) {
        let (mut all, _) =
            self.saved.take().unwrap_or((Change { paths: vec![], packages: vec![], ..change.clone() }, time));
        for (into, more) in [(&mut all.paths, &change.paths), (&mut all.packages, &change.packages)] {
            into.extend(more.iter().filter(|one| !into.contains(one)).cloned().collect::<Vec<_>>());
        }
        all.manifest |= change.manifest;
        // What counts for its author is the last save.
        self.saved = Some((all, time.before(change.since_save_ms.0)));
    }

    fn begin(&mut self, number: u32, time: Time) {
        if self.round(number).is_some() {
            return;
        }
        let requested = self.requested.take();
        let (cause, at) = match (self.saved.take(), requested) {
            (Some((change, at)), _) => (Cause::Saved(change), at),
            (None, Some(request)) => (Cause::Requested(request), time),
            (None, None) => (Cause::First, time),
        };
        let parts = Parts { watch: time.since(at), ..Parts::default() };
        self.entries.push(Entry::Round(Box::new(Round {
            number,
            cause,
            at,
            parts,
            result: RoundResult::Open,
            programs: Vec::new(),
            compiled: Vec::new(),
            diagnostics: Vec::new(),
            notes: Vec::new(),
        })));
    }

    fn built(&mut self, finished: &BuildFinished, time: Time) {
        // What could not be built at all was not begun either.
        self.begin(finished.build, time.before(finished.took_ms.0));
        let Some(round) = self.round(finished.build) else { return };
        round.parts.build += finished.took_ms.0;
        round.compiled.extend(finished.compiled.iter().cloned());
        round.diagnostics.clone_from(&finished.diagnostics);
        round.result = match finished.outcome {
            Outcome::Success => RoundResult::Open,
            Outcome::Failed => RoundResult::Failed { reason: finished.reason.clone() },
            Outcome::Cancelled => RoundResult::Overtaken,
        };
    }

    fn live(&mut self, live: &Live, name: Option<&str>) {
        let Live { build, how, modules, why, times, rolled_back, .. } = live.clone();
        if rolled_back {
            return self.rolled_back(build, name);
        }
        for entry in &mut self.entries {
            match entry {
                Entry::Round(round) if round.number < build && round.result == RoundResult::Open => {
                    round.result = RoundResult::Overtaken;
                }
                Entry::Round(round) if round.number == build => {
                    let part = |time: Option<Millis>| time.map_or(Duration::ZERO, |time| time.0);
                    let parts = Parts {
                        watch: part(times.save_to_build_ms),
                        build: times.build_ms.0,
                        tool: times.build_to_signal_ms.0,
                        reload: times.signal_to_mapped_ms.0,
                    };
                    if let Some(RoundResult::Broken { why }) = round.result_in(name) {
                        let why = why.clone();
                        round.notes.push(why);
                    }
                    let result = RoundResult::Live { how, modules: modules.clone(), why: why.clone() };
                    round.settle(name, result, parts);
                }
                Entry::Round(_) | Entry::Exited { .. } => {}
            }
        }
    }

    /// The code of an earlier build runs again.
    fn rolled_back(&mut self, build: u32, name: Option<&str>) {
        let newest = self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Round(round) => Some(&mut **round),
            Entry::Exited { .. } => None,
        });
        let of = name.map_or_else(String::new, |name| format!("[{name}] "));
        if let Some(round) = newest {
            round.notes.push(format!("{of}rolled back: the code of build {build} runs again"));
        }
    }

    /// The newest good build does not run, and this is why.
    fn break_off(&mut self, why: &Record, name: Option<&str>) {
        let rounds = self.entries.iter_mut().rev().filter_map(|entry| match entry {
            Entry::Round(round) => Some(&mut **round),
            Entry::Exited { .. } => None,
        });
        let is_on_its_way = |round: &Round| {
            let is_built = !matches!(round.result, RoundResult::Failed { .. } | RoundResult::Overtaken);
            let here = round.result_in(name);
            is_built && matches!(here, None | Some(RoundResult::Open | RoundResult::Broken { .. }))
        };
        // A build that is still under way is not what the program was given.
        let mut given = rounds.filter(|round| is_on_its_way(round) && !round.parts.build.is_zero());
        let Some(round) = given.next() else { return };
        if let Some(RoundResult::Broken { why }) = round.result_in(name) {
            let earlier = why.clone();
            round.notes.push(earlier);
        }
        let why = name.map_or_else(|| why.to_string(), |name| format!("[{name}] {why}"));
        round.settle(name, RoundResult::Broken { why }, round.parts);
    }

    fn round(&mut self, number: u32) -> Option<&mut Round> {
        self.entries.iter_mut().rev().find_map(|entry| match entry {
            Entry::Round(round) if round.number == number => Some(&mut **round),
            Entry::Round(_) | Entry::Exited { .. } => None,
        })
    }
}

impl Round {
    /// What came of it in the program `name`, or in the only one.
    fn result_in(&self, name: Option<&str>) -> Option<&RoundResult> {
        match name {
            None => Some(&self.result),
            Some(name) => self.programs.iter().find(|program| program.name == name).map(|program| &program.result),
        }
    }

    /// This came of it in the program `name`, or in the only one.
    fn settle(&mut self, name: Option<&str>, result: RoundResult, parts: Parts) {
        let Some(name) = name else {
            (self.result, self.parts) = (result, parts);
            return;
        };
        self.programs.retain(|program| program.name != name);
        self.programs.push(InProgram { name: name.to_owned(), result, parts });
        // It is live when it is live everywhere, and as good as in the worst place.
        let worst = self.programs.iter().max_by_key(|program| trouble(&program.result));
        let slowest = self.programs.iter().max_by_key(|program| program.parts.sum());
        if let (Some(worst), Some(slowest)) = (worst, slowest) {
            (self.result, self.parts) = (worst.result.clone(), slowest.parts);
        }
    }
}

/// The more, the worse it came out.
fn trouble(result: &RoundResult) -> u8 {
    match result {
        RoundResult::Open | RoundResult::Overtaken => 0,
        RoundResult::Unchanged => 1,
        RoundResult::Live { how: LiveHow::Reloaded | LiveHow::Patched, .. } => 2,
        RoundResult::Live { how: LiveHow::Started, .. } => 3,
        RoundResult::Live { how: LiveHow::Restarted, .. } => 4,
        RoundResult::Broken { .. } => 5,
        RoundResult::Failed { .. } => 6,
    }
}
