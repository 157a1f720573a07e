//! The running program, and what is on its way into it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::session::STOP_DEADLINE;
use crate::session::delivery::{Built, Loaded};
use crate::session::event::{Action, ProgramSignal, Timer};
use crate::session::landed::Patch;
use crate::session::message::{How, Message, Times};
use crate::session::verify::{Expectation, Mapping};

/// How long the program may take to swap its modules before it counts as stuck.
pub const RELOAD_DEADLINE: Duration = Duration::from_secs(20);
/// How long a started program may take to load its modules.
pub const START_DEADLINE: Duration = Duration::from_secs(30);
/// How often the program's mappings are looked at while code is on its way.
pub const LOOK_EVERY: Duration = Duration::from_millis(4);
/// How long a program that reloads may give no sign of it, before the signal is looked after.
pub const SIGN_DEADLINE: Duration = Duration::from_secs(2);

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

/// What it is in.
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

/// A patch on its way into the program.
#[derive(Debug, Clone)]
pub(super) struct Patching {
    pub(super) number: u32,
    pub(super) crates: Vec<String>,
    /// `None` if nothing was compiled for it.
    pub(super) build: Option<Duration>,
    pub(super) ended: Instant,
    pub(super) saved: Option<Instant>,
    pub(super) began: Instant,
}

impl Delivering {
    /// All of `finished` is to be in a new process.
    pub(super) fn start(how: How, finished: Finished, now: Instant) -> Self {
        let expected = finished.built.expected_at_start();
        Self::new(how, finished, expected, now)
    }

    /// `expected` of `finished` is to be in the program.
    pub(super) fn new(how: How, finished: Finished, expected: Vec<Expectation>, now: Instant) -> Self {
        let (arrived, before) = (BTreeSet::new(), Vec::new());
        Self { how, finished, expected, arrived, before, is_untouched: false, has_listened: false, began: now }
    }

    /// What is mapped of the modules.
    pub(super) fn of_modules(&self, mappings: &[Mapping]) -> Vec<Mapping> {
        let is_module = |mapping: &&Mapping| self.finished.built.modules().any(|it| it.image.path == mapping.path);
        mappings.iter().filter(is_module).cloned().collect()
    }

    /// Whether the program has had time enough to give a sign, and it was not looked at yet why there is none.
    pub(super) fn has_to_listen(&mut self, after: Duration) -> bool {
        let is_reload = matches!(self.how, How::Reloaded { .. });
        let is_due = is_reload && self.is_untouched && !self.has_listened && after >= SIGN_DEADLINE;
        self.has_listened |= is_due;
        is_due
    }

    /// How long it may take.
    pub(super) fn deadline(&self) -> Duration {
        if matches!(self.how, How::Reloaded { .. }) { RELOAD_DEADLINE } else { START_DEADLINE }
    }

    /// It is live.
    pub(super) fn live(&self, pid: u32, now: Instant) -> Message {
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

    /// A few words for what it does.
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

    /// Whether it is this process, and was told to stop.
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

impl Patching {
    /// From the save until `now`.
    pub(super) fn edit_to_live(&self, now: Instant) -> Option<Duration> {
        self.saved.map(|saved| now.saturating_duration_since(saved))
    }

    /// It is live.
    pub(super) fn live(&self, patch: Patch, pid: u32, now: Instant) -> Message {
        let times = Times { build: self.build, delivery: now - self.began, edit_to_live: self.edit_to_live(now) };
        Message::Live { how: How::Patched { crates: self.crates.clone(), patch }, pid, times }
    }
}
