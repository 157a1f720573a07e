//! The program's side of a [`Session`]: bringing a build in, and seeing that it is there.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::config::values::Strategy;
use crate::events::record::Record;
use crate::plan::roles::Role;
use crate::session::delivery::{Built, Delivery, Loaded, decide, not_loaded};
use crate::session::event::{Action, ProgramSignal, Timer};
use crate::session::explaining::{SIGN_DEADLINE, Trouble};
use crate::session::message::{How, Message, Times};
use crate::session::patching::Patching;
use crate::session::verify::{Expectation, Mapping, replaced_inode, unmet};
use crate::session::{Force, STOP_DEADLINE, Session};

/// How long the program may take to swap its modules before it counts as stuck.
pub const RELOAD_DEADLINE: Duration = Duration::from_secs(20);
/// How long a started program may take to load its modules.
pub const START_DEADLINE: Duration = Duration::from_secs(30);
/// How often the program's mappings are looked at while code is on its way.
pub const LOOK_EVERY: Duration = Duration::from_millis(4);

/// A good build and its times.
#[derive(Debug, Clone)]
pub(super) struct Finished {
    pub(super) number: u32,
    pub(super) built: Built,
    pub(super) build: Duration,
    pub(super) ended: Instant,
    pub(super) saved: Option<Instant>,
    pub(super) origin: Origin,
}

/// Where a build comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Cargo has just made it.
    Cargo,
    /// It was live before.
    Kept,
}

/// The running program.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) pid: u32,
    pub(super) loaded: Loaded,
    /// Modules that it had not loaded when its time to start was over.
    pub(super) missing: BTreeSet<PathBuf>,
    /// Modules of it were unloaded.
    pub(super) has_reloaded: bool,
    pub(super) stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    /// It does its work.
    Serving,
    /// What it has mapped is being looked up, before it is told to reload.
    BeforeReload(Delivering),
    /// It is looked at whether it, or a new process in its place, can load the new code.
    Foreseeing(Delivering),
    /// A patch is being put into it.
    Patching(Patching),
    /// New code is on its way.
    Delivering(Delivering),
    /// New code did not get in, and it is looked at why.
    Explaining,
    /// It was told to stop, to be started again or for good.
    Stopping(Option<Box<Delivering>>),
}

/// Code on its way into the program.
#[derive(Debug, Clone)]
pub(super) struct Delivering {
    pub(super) how: How,
    pub(super) finished: Finished,
    pub(super) expected: Vec<Expectation>,
    /// Those of the expected files whose new code was seen already.
    pub(super) arrived: BTreeSet<PathBuf>,
    /// The code of the program's modules that was mapped before it was told to reload.
    pub(super) before: Vec<Mapping>,
    /// That is still mapped, all of it.
    pub(super) is_untouched: bool,
    /// Whether it was looked at already what the program does about the signal.
    pub(super) has_listened: bool,
    pub(super) began: Instant,
}

impl Delivering {
    pub(super) fn start(how: How, finished: Finished, now: Instant) -> Self {
        let expected = finished.built.expected_at_start();
        Self::new(how, finished, expected, now)
    }

    fn new(how: How, finished: Finished, expected: Vec<Expectation>, now: Instant) -> Self {
        let (arrived, before) = (BTreeSet::new(), Vec::new());
        Self { how, finished, expected, arrived, before, is_untouched: false, has_listened: false, began: now }
    }

    /// What is mapped of the modules.
    fn of_modules(&self, mappings: &[Mapping]) -> Vec<Mapping> {
        let is_module = |mapping: &&Mapping| self.finished.built.modules().any(|it| it.image.path == mapping.path);
        mappings.iter().filter(is_module).cloned().collect()
    }

    /// Whether the program has had time enough to give a sign, and it was not looked at yet why there is none.
    fn has_to_listen(&mut self, after: Duration) -> bool {
        let is_reload = matches!(self.how, How::Reloaded { .. });
        let is_due = is_reload && self.is_untouched && !self.has_listened && after >= SIGN_DEADLINE;
        self.has_listened |= is_due;
        is_due
    }

    fn deadline(&self) -> Duration {
        if matches!(self.how, How::Reloaded { .. }) { RELOAD_DEADLINE } else { START_DEADLINE }
    }

    fn live(&self, pid: u32, now: Instant) -> Message {
        let edit_to_live = self.finished.saved.map(|saved| now.saturating_duration_since(saved));
        let build = (self.finished.origin == Origin::Cargo).then_some(self.finished.build);
        let times = Times { build, delivery: now - self.began, edit_to_live };
        Message::Live { how: self.how.clone(), pid, times }
    }
}

impl Program {
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn state(&self) -> &'static str {
        match &self.stage {
            Stage::Serving => "running",
            Stage::Patching(_) => "patching",
            Stage::Stopping(_) => "restarting",
            Stage::BeforeReload(_) | Stage::Explaining => "reloading",
            Stage::Foreseeing(delivering) => match delivering.how {
                How::Restarted { .. } => "restarting",
                How::Reloaded { .. } | How::Started { .. } | How::Patched { .. } => "reloading",
            },
            Stage::Delivering(delivering) => match delivering.how {
                How::Reloaded { .. } => "reloading",
                How::Started { .. } | How::Patched { .. } | How::Restarted { .. } => "starting",
            },
        }
    }

    pub(super) fn is_stopping(&self, pid: u32) -> bool {
        self.pid == pid && matches!(self.stage, Stage::Stopping(_))
    }

    /// Tells the program to stop; `again` is what is started afterwards.
    pub(super) fn stop(&mut self, again: Option<Box<Delivering>>) -> Vec<Action> {
        self.stage = Stage::Stopping(again);
        let timer = Timer::Stop { pid: self.pid };
        vec![Action::Signal(ProgramSignal::Stop), Action::After(STOP_DEADLINE, timer)]
    }
}

/// Why the modules on disk cannot join what is mapped: they are bound to a resident library that was built again,
/// even if it came out the same. A careful loader refuses to mix the two.
fn replaced_resident(delivering: &Delivering, mappings: &[Mapping]) -> Option<String> {
    let residents = delivering.finished.built.libraries.iter().filter(|library| library.role == Role::Resident);
    let is_replaced = |path: &PathBuf| mappings.iter().any(|mapping| mapping.deleted && mapping.path == *path);
    let replaced = residents.map(|library| (&library.package, &library.image.path)).find(|(_, path)| is_replaced(path));
    replaced.map(|(package, _)| format!("{package} is resident and was built again"))
}

impl Session {
    /// Brings the newest good build into the program, unless that is busy: then this is called again later.
    pub(super) fn deliver(&mut self, now: Instant) -> Vec<Action> {
        let is_busy = self.starting.is_some()
            || self.explaining.is_some()
            || self.mourned.is_some()
            || self.program.as_ref().is_some_and(|program| !matches!(program.stage, Stage::Serving));
        if is_busy {
            return Vec::new();
        }
        let Some(finished) = self.ready.take() else { return Vec::new() };
        let (forced, refused) = (self.forced.take(), self.refused.take());
        let Some(program) = &self.program else {
            let how = How::Started { modules: finished.built.modules().count() };
            return self.start(Delivering::start(how, finished, now));
        };
        let delivery = decide(&finished.built, &program.loaded);
        // What could not be patched in may have been undone.
        if let Some(why) = refused.filter(|_| delivery != Delivery::Nothing || forced == Some(Force::Restart)) {
            return self.restart(why, finished, forced, now);
        }
        match (delivery, forced) {
            (Delivery::Restart { .. } | Delivery::Signal { .. }, _) if self.strategy == Strategy::Restart => {
                self.restart("that is the strategy".into(), finished, forced, now)
            }
            (Delivery::Nothing, Some(Force::Reload))
                if matches!(self.strategy, Strategy::Restart | Strategy::Patch) =>
            {
                self.unchanged(&finished)
            }
            (Delivery::Restart { why }, _) => self.restart(why, finished, forced, now),
            (_, Some(Force::Restart)) => self.restart("it was asked for".into(), finished, forced, now),
            (Delivery::Signal { modules }, _) => match not_loaded(&finished.built, &modules, &program.missing) {
                Some(why) => self.restart(why, finished, forced, now),
                None => self.reload(modules, finished, now),
            },
            (Delivery::Nothing, Some(Force::Reload)) => self.reload(Vec::new(), finished, now),
            (Delivery::Nothing, None) => self.unchanged(&finished),
        }
    }

    fn unchanged(&mut self, finished: &Finished) -> Vec<Action> {
        let record = Record::Unchanged { build: finished.number, build_ms: finished.build.into() };
        let mut actions = vec![Action::Record(record)];
        actions.extend((self.strategy == Strategy::Patch).then_some(Action::Current));
        actions.extend(self.succeed(match finished.origin {
            Origin::Cargo => Message::Unchanged { build: finished.build },
            Origin::Kept => Message::NotRolledBack { reason: "its code is the same".into() },
        }));
        actions
    }

    fn reload(&mut self, modules: Vec<String>, finished: Finished, now: Instant) -> Vec<Action> {
        let changed = finished.built.modules().filter(|module| modules.contains(&module.package));
        let expected = changed.map(|module| Expectation { path: module.image.path.clone(), old: None }).collect();
        let how = How::Reloaded { modules, total: finished.built.modules().count() };
        let delivering = Delivering::new(how, finished, expected, now);
        if let Some(stage) = self.in_stage() {
            *stage = Stage::BeforeReload(delivering);
        }
        vec![Action::Look]
    }

    pub(super) fn look_again(&mut self) -> Vec<Action> {
        let is_delivering = self.in_stage().is_some_and(|stage| matches!(stage, Stage::Delivering(_)));
        if is_delivering { vec![Action::Look] } else { Vec::new() }
    }

    pub(super) fn mapped(&mut self, mappings: &[Mapping], now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else { return Vec::new() };
        match std::mem::replace(&mut program.stage, Stage::Serving) {
            Stage::BeforeReload(mut delivering) => {
                if let Some(why) = replaced_resident(&delivering, mappings) {
                    return self.restart(why, delivering.finished, None, now);
                }
                for expectation in &mut delivering.expected {
                    expectation.old = replaced_inode(&expectation.path, mappings);
                }
                delivering.before = delivering.of_modules(mappings);
                self.foresee_reload(delivering, now)
            }
            Stage::Delivering(delivering) => self.check(delivering, mappings, now),
            other => {
                program.stage = other;
                Vec::new()
            }
        }
    }

    /// Whether the new code is live, not yet, or not in time.
    fn check(&mut self, mut delivering: Delivering, mappings: &[Mapping], now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else { return Vec::new() };
        let unmet = unmet(&delivering.expected, mappings);
        delivering.is_untouched = delivering.before == delivering.of_modules(mappings);
        let after = now - delivering.began;
        let mut actions = delivering.arrivals(&unmet, mappings, after);
        if unmet.is_empty() {
            program.loaded = Loaded::from(&delivering.finished.built);
            self.history.is_live();
            let message = delivering.live(program.pid, now);
            actions.push(delivering.live_record(program.pid, now));
            match delivering.how {
                How::Started { .. } | How::Patched { .. } => {}
                How::Reloaded { .. } => {
                    program.has_reloaded = true;
                    self.counts.reloads += 1;
                }
                How::Restarted { .. } => self.counts.restarts += 1,
            }
            actions.extend(self.settled(message, now));
            return actions;
        }
        if after < delivering.deadline() {
            actions.extend(delivering.has_to_listen(after).then_some(Action::Listen));
            program.stage = Stage::Delivering(delivering);
            actions.push(Action::After(LOOK_EVERY, Timer::Look));
            return actions;
        }
        if matches!(delivering.how, How::Reloaded { .. }) {
            program.stage = Stage::Explaining;
            let pid = program.pid;
            actions.extend(self.explain(pid, delivering, Trouble::Unmet(unmet), now));
            return actions;
        }
        actions.extend(delivering.not_started(&unmet, after));
        program.missing = unmet.iter().map(|unmet| unmet.path().clone()).collect();
        actions.extend(self.fail(Message::NotLoaded { unmet, after }));
        actions.extend(self.deliver(now));
        actions
    }

    fn settled(&mut self, message: Message, now: Instant) -> Vec<Action> {
        let mut actions = self.succeed(message);
        // What was built meanwhile is next.
        actions.extend(self.deliver(now));
        actions.extend(self.patch(now));
        actions
    }
}
