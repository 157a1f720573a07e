//! The loop of `cargo hotreload run` as a state machine: [`Session::handle`] takes an event and says what to do.
//!
//! Nothing here reads a clock, a file or a process, so every sequence of events can be tested as such. One cycle:
//!
//! 1. [`Event::Saved`] -> [`Action::Build`]; a save during a build cancels it and starts the newer one;
//! 2. [`Event::Built`] -> [`delivery::decide`] compares what was built with what runs;
//! 3. the program is signalled or restarted, and [`Action::Look`] is repeated until [`verify::unmet`] finds the new
//!    code mapped and the old code gone, or the deadline passes (`session::delivering`);
//! 4. the outcome is said, and answered to whoever asked for it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::config::values::{OnStuck, Strategy};
use crate::events::record::{Record, SessionEnded};
use crate::session::asked::Watching;
use crate::session::delivery::{Built, Loaded};
use crate::session::event::{Action, Change, Event, Owner, Scope, Timer};
use crate::session::explaining::Explaining;
use crate::session::history::History;
use crate::session::message::Message;
use crate::session::mourning::Mourned;
use crate::session::request::{Answer, ReplyTo};
use crate::session::stage::Patching;
use crate::session::stage::{Delivering, Finished, Origin, Program, Stage};
use crate::session::taking_back::Patches;

mod asked;
mod delivering;
pub mod delivery;
mod ending;
pub mod event;
pub mod exit;
mod exiting;
mod explaining;
pub mod fleet;
mod foreseeing;
pub mod foresight;
mod history;
pub mod landed;
pub mod message;
mod mourning;
mod patching;
mod records;
pub mod request;
mod rollback;
pub mod stage;
mod starting;
mod taking_back;
#[cfg(test)]
mod tests;
pub mod trouble;
pub mod verdict;
pub mod verify;

/// How long the program may take to stop before it is killed.
pub const STOP_DEADLINE: Duration = Duration::from_secs(15);

/// The longest time for which a build waits for saves that may follow, after one was cancelled by a save.
const SETTLE: Duration = Duration::from_millis(300);

/// The state of one session.
#[derive(Debug, Default)]
pub struct Session {
    strategy: Strategy,
    own_end: OwnEnd,
    on_stuck: OnStuck,
    watching: Watching,
    building: Option<Building>,
    /// The number of the newest build.
    builds: u32,
    /// Whose files were saved since the last good build.
    dirty: BTreeSet<Owner>,
    /// What the program can swap, by the last good build.
    modules: BTreeSet<String>,
    /// What was saved since the running build began, since the last one was cancelled, or in a pause.
    unbuilt: Option<Unbuilt>,
    last_saved: Option<Instant>,
    /// When no more saves are expected to follow the last one.
    settled: Option<Instant>,
    /// The newest good build, while the program is too busy to take it.
    ready: Option<Finished>,
    /// The newest compiled crates, while the program is too busy to take them.
    ready_patch: Option<Patching>,
    /// Something was patched in that cargo has not built since.
    is_unsettled: bool,
    /// The builds whose code the running program has, and had before the last patch.
    patches: Patches,
    /// Why what was edited last cannot be patched in: the next build is an ordinary one, and a restart.
    refused: Option<String>,
    /// What is being started, until its process id is known.
    starting: Option<Delivering>,
    program: Option<Program>,
    /// The reload that did not work, while it is looked at why.
    explaining: Option<Box<Explaining>>,
    history: History,
    /// What died after a reload, while it is looked at why.
    mourned: Option<Mourned>,
    /// The session is about to end.
    ending: bool,
    /// Who waits for the outcome of the next delivery.
    asked: Vec<ReplyTo>,
    /// What is done with the next build even if nothing changed.
    forced: Option<Force>,
    counts: Counts,
    last: String,
}

/// What it means for the session that the program ends without having been asked to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OwnEnd {
    /// The next good build starts it again.
    #[default]
    Waits,
    /// The session ends with it: it had the terminal, and its user has ended it.
    Ends,
}

/// What somebody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Force {
    Reload,
    Restart,
}

/// What the session did so far.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    reloads: u32,
    patches: u32,
    restarts: u32,
}

#[derive(Debug)]
struct Building {
    number: u32,
    scope: Scope,
    began: Instant,
    saved: Option<Instant>,
    /// A save has made it useless.
    is_cancelled: bool,
    /// When cargo ended, if that is known.
    compiled: Option<Instant>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Unbuilt {
    saved: Option<Instant>,
    replan: bool,
}

impl Session {
    /// A session that delivers by `strategy`.
    #[must_use]
    pub fn new(strategy: Strategy) -> Self {
        Self { strategy, ..Self::default() }
    }

    /// The same session, for which `own_end` says what the program's own end means.
    #[must_use]
    pub fn with_own_end(self, own_end: OwnEnd) -> Self {
        Self { own_end, ..self }
    }

    /// What to do about `event` at the time `now`.
    pub fn handle(&mut self, event: Event, now: Instant) -> Vec<Action> {
        match event {
            Event::Begin => self.build(Unbuilt::default(), now),
            Event::Saved(change) => self.saved(change, now),
            Event::Compiled { at } => self.compiled(at),
            Event::Built(result) => self.built(result, now),
            Event::Started { pid } => self.started(pid),
            Event::NotStarted { reason } => self.not_started(reason),
            Event::Crates(result) => self.crates(result, now),
            Event::Patched(result) => self.patched(result, now),
            Event::Followed(followed) => self.followed(&followed),
            Event::TakenBack(result) => self.taken_back(result, now),
            Event::Diverged(why) => self.diverged(why, now),
            Event::Mapped(mappings) => self.mapped(&mappings, now),
            Event::Listened(reception) => self.listened(&reception, now),
            Event::Foreseen(faults) => self.foreseen(faults, now),
            Event::PutBack(result) => self.put_back(result, now),
            Event::Explained(explanation) => self.explained(explanation, now),
            Event::Exited(ending) => self.exited(ending, now),
            Event::LeftBehind(reasons) => self.left_behind(reasons),
            Event::EndExplained(reasons) => self.end_explained(reasons, now),
            Event::Asked(request, reply) => self.asked(request, reply, now),
            Event::Stays(reply, stay) => self.stays(reply, stay),
            Event::Interrupted => self.interrupted(),
            Event::Due(Timer::Behind) => self.look_behind(),
            Event::Due(Timer::Settle) => self.build_when_settled(now),
            Event::Due(Timer::Look) => self.look_again(),
            Event::Due(Timer::Stop { pid }) => self.stop_overdue(pid),
        }
    }

    /// A few words for what the session does.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match (&self.program, &self.building) {
            _ if self.ending => "stopping",
            (_, Some(_)) => "building",
            (None, None) if self.starting.is_some() => "starting",
            (None, None) if self.explaining.is_some() => "reloading",
            (Some(program), None) if !matches!(program.stage, Stage::Serving) => program.state(),
            _ if self.is_paused() => "paused",
            (None, None) => "waiting for a change",
            (Some(program), None) => program.state(),
        }
    }

    /// Whether there is a process of the program.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.program.is_some()
    }

    /// Whether it is about to end: it delivers nothing any more.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending
    }

    /// What the session did, as its last record.
    #[must_use]
    pub fn record_of_end(&self, error: Option<String>) -> Record {
        let Counts { reloads, patches, restarts } = self.counts;
        Record::SessionEnded(SessionEnded { reloads, patches, restarts, error })
    }

    /// What it wanted to have built last has this number, where several programs want something.
    pub(crate) fn takes_part_in(&mut self, number: u32) {
        self.builds = number;
        if let Some(building) = &mut self.building {
            building.number = number;
        }
    }

    fn build(&mut self, unbuilt: Unbuilt, now: Instant) -> Vec<Action> {
        self.builds += 1;
        let (number, saved) = (self.builds, unbuilt.saved);
        let scope = self.scope();
        self.building = Some(Building { number, scope, began: now, saved, is_cancelled: false, compiled: None });
        vec![Action::Build { scope, replan: unbuilt.replan }]
    }

    /// What has to be built for what was saved since the last good build.
    fn scope(&self) -> Scope {
        if let Some(scope) = self.scope_of_patch() {
            return scope;
        }
        let is_swapped = |owner: &Owner| match owner {
            Owner::Library(name) => self.modules.contains(name),
            Owner::Other => true,
            Owner::Program | Owner::Plan => false,
        };
        let is_free = self.strategy != Strategy::Restart && self.forced.is_none();
        if is_free && self.program.is_some() && !self.dirty.is_empty() && self.dirty.iter().all(is_swapped) {
            Scope::Modules
        } else {
            Scope::Program
        }
    }

    fn saved(&mut self, change: Change, now: Instant) -> Vec<Action> {
        if self.ending {
            return Vec::new();
        }
        let mut unbuilt = Unbuilt { saved: Some(change.at), replan: change.owners.contains(&Owner::Plan) };
        self.dirty.extend(change.owners);
        let gap = self.last_saved.replace(now).map(|last| now - last);
        // Whoever saves again and again is not done: with every key, or a tool that rewrites file by file.
        let rest = gap.filter(|gap| *gap < SETTLE).map_or(Duration::ZERO, |gap| (gap * 3).min(SETTLE));
        self.settled = Some(now + rest);
        unbuilt.replan |= self.unbuilt.is_some_and(|earlier| earlier.replan);
        match (&mut self.building, self.unbuilt.replace(unbuilt)) {
            _ if self.watching == Watching::Paused => Vec::new(),
            (Some(building), None) => {
                building.is_cancelled = true;
                vec![Action::CancelBuild]
            }
            (None, None) => self.build_unbuilt(now),
            // The running build is cancelled already, or the time until the next one runs.
            (_, Some(_)) => Vec::new(),
        }
    }

    /// Builds what was saved, unless more of it is to be expected.
    fn build_when_settled(&mut self, now: Instant) -> Vec<Action> {
        let left = self.settled.map_or(Duration::ZERO, |settled| settled.saturating_duration_since(now));
        match (&self.building, &self.unbuilt) {
            _ if self.is_paused() => Vec::new(),
            (None, Some(_)) if left.is_zero() => self.build_unbuilt(now),
            (None, Some(_)) => vec![Action::After(left, Timer::Settle)],
            (Some(_), _) | (_, None) => Vec::new(),
        }
    }

    fn build_unbuilt(&mut self, now: Instant) -> Vec<Action> {
        let unbuilt = self.unbuilt.take().unwrap_or_default();
        self.build(unbuilt, now)
    }

    fn compiled(&mut self, at: Instant) -> Vec<Action> {
        if let Some(building) = &mut self.building {
            building.compiled = Some(at);
        }
        Vec::new()
    }

    fn built(&mut self, result: Result<Built, String>, now: Instant) -> Vec<Action> {
        let Some(building) = self.building.take() else { return Vec::new() };
        let Building { number, scope, began, saved, compiled, .. } = building;
        if let Some(actions) = self.without_news(&building, now) {
            return actions;
        }
        if building.is_cancelled && scope == Scope::Settle {
            // What it was to be compared with was taken back meanwhile.
            return Vec::new();
        }
        let ended = compiled.unwrap_or(now);
        let is_settling = scope == Scope::Settle && !self.wants_restart();
        match result {
            Ok(built) => {
                let finished = Finished { number, built, build: ended - began, ended, saved, origin: Origin::Cargo };
                if is_settling { self.settled_build(finished) } else { self.whole_build(finished, scope, now) }
            }
            Err(reason) => {
                self.forced = None;
                let running = self.program.is_some();
                self.fail(if is_settling {
                    Message::NotSettled { reason }
                } else {
                    Message::BuildFailed { reason, running }
                })
            }
        }
    }

    /// Everything was built that was saved.
    fn whole_build(&mut self, finished: Finished, scope: Scope, now: Instant) -> Vec<Action> {
        let built = &finished.built;
        if scope == Scope::Settle
            && let Some(program) = &mut self.program
        {
            // It runs this already, and is started anew all the same.
            program.loaded = Loaded::from(built);
        }
        // What was saved during a pause is not in this build.
        if self.unbuilt.is_none() {
            self.dirty.clear();
        }
        self.is_unsettled = false;
        self.modules = built.modules().map(|module| module.package.clone()).collect();
        self.history.made(built);
        self.ready = Some(finished);
        self.deliver(now)
    }

    /// What is done where the end of `building` says nothing of what is in the files now.
    fn without_news(&mut self, building: &Building, now: Instant) -> Option<Vec<Action>> {
        if self.ending {
            return Some(self.end_when_idle());
        }
        let is_old = self.unbuilt.is_some() && (building.is_cancelled || !self.is_paused());
        is_old.then(|| self.build_when_settled(now))
    }

    /// Says `message` and answers with it that all went well.
    fn succeed(&mut self, message: Message) -> Vec<Action> {
        let answer = Answer::Done(message.to_string());
        self.settle(message, &answer)
    }

    /// Says `message` and answers with it that what was asked for was not done.
    fn fail(&mut self, message: Message) -> Vec<Action> {
        let answer = Answer::Failed(message.to_string());
        self.settle(message, &answer)
    }

    fn settle(&mut self, message: Message, answer: &Answer) -> Vec<Action> {
        self.last = message.to_string();
        let mut actions = vec![Action::Say(message)];
        actions.extend(self.answer(answer));
        actions
    }

    fn answer(&mut self, answer: &Answer) -> Vec<Action> {
        self.asked.drain(..).map(|reply| Action::Reply(reply, answer.clone())).collect()
    }

    fn in_stage(&mut self) -> Option<&mut Stage> {
        self.program.as_mut().map(|program| &mut program.stage)
    }
}
