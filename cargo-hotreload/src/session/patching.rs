//! The part of a [`Session`] that patches: only the edited crates are compiled, their code is put into the program, and
//! a build of everything brings cargo's files up to date afterwards.
//!
//! 1. [`Scope::Crates`] instead of a build, as long as the program runs and nothing was refused;
//! 2. [`Action::Patch`], when the program is not busy;
//! 3. [`Scope::Settle`]: what the program runs is now built as a whole, and linked; the next edit cancels it.
//!
//! Where a patch is refused, the build is an ordinary one and the program is restarted, for that reason.

use std::mem;
use std::time::Instant;

use crate::config::values::Strategy;
use crate::events::record::{CallersFollowed, Record};
use crate::session::delivery::Loaded;
use crate::session::event::{Action, Crates, NoCrates, Owner, Scope};
use crate::session::landed::{Landed, Patch};
use crate::session::message::Message;
use crate::session::stage::{Finished, Patching, Stage};
use crate::session::{Building, Force, Session, Unbuilt};

impl Session {
    /// What is to be compiled for a patch, if this can be one.
    pub(super) fn scope_of_patch(&self) -> Option<Scope> {
        let is_possible = self.strategy == Strategy::Patch
            && self.program.is_some()
            && self.refused.is_none()
            && self.reason_against_patches().is_none()
            && self.forced != Some(Force::Restart)
            && !self.dirty.contains(&Owner::Plan);
        is_possible.then_some(if self.dirty.is_empty() { Scope::Settle } else { Scope::Crates })
    }

    /// The edited crates were compiled, or not.
    pub(super) fn crates(&mut self, result: Result<Crates, NoCrates>, now: Instant) -> Vec<Action> {
        let Some(building) = self.building.take() else { return Vec::new() };
        let Building { number, began, saved, compiled, .. } = building;
        if let Some(actions) = self.without_news(&building, now) {
            return actions;
        }
        let ended = compiled.unwrap_or(now);
        match result {
            // What is started anew needs cargo's build.
            Ok(_) if self.wants_restart() => self.rebuild(saved, now),
            Ok(Crates { names }) => {
                if self.unbuilt.is_none() {
                    self.dirty.clear();
                }
                let build = ended - began;
                if names.is_empty() {
                    self.forced = None;
                    let mut actions = vec![Action::Record(Record::Unchanged { build: number, build_ms: build.into() })];
                    actions.extend(self.succeed(Message::Unchanged { build }));
                    if self.is_unsettled {
                        actions.extend(self.after_patch(now));
                    }
                    return actions;
                }
                self.ready_patch =
                    Some(Patching { number, crates: names, build: Some(build), ended, saved, began: now });
                self.patch(now)
            }
            Err(NoCrates::Wrong(reason)) => {
                self.forced = None;
                self.fail(Message::BuildFailed { reason, running: self.program.is_some() })
            }
            Err(NoCrates::ForCargo(why)) => self.refuse(why, saved, now),
        }
    }

    /// Puts the newest compiled crates into the program, unless that is busy: then this is called again later.
    pub(super) fn patch(&mut self, now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else {
            // It ended meanwhile: a whole build starts it again.
            return self.ready_patch.take().map_or_else(Vec::new, |patching| self.rebuild(patching.saved, now));
        };
        if !matches!(program.stage, Stage::Serving) {
            return Vec::new();
        }
        let Some(patching) = self.ready_patch.take() else { return Vec::new() };
        program.stage = Stage::Patching(Patching { began: now, ..patching });
        vec![Action::Patch]
    }

    /// What was being put into the program, whose process id it is; it serves again.
    pub(super) fn end_of_patching(&mut self) -> Option<(Patching, u32)> {
        let program = self.program.as_mut()?;
        match mem::replace(&mut program.stage, Stage::Serving) {
            Stage::Patching(patching) => Some((patching, program.pid())),
            other => {
                program.stage = other;
                None
            }
        }
    }

    /// The patch is in the program, or cannot be.
    pub(super) fn patched(&mut self, result: Result<Patch, String>, now: Instant) -> Vec<Action> {
        let Some((patching, pid)) = self.end_of_patching() else { return Vec::new() };
        self.is_unsettled |= result.is_ok();
        match result {
            Ok(Patch { functions: 0, .. }) => {
                let (number, build) = (patching.number, patching.build.unwrap_or_default());
                let mut actions = vec![Action::Record(Record::Unchanged { build: number, build_ms: build.into() })];
                actions.extend(self.say_patched(Message::Unchanged { build }));
                actions.extend(self.after_patch(now));
                actions
            }
            Ok(patch) => {
                self.counts.patches += 1;
                self.patches.patched(patching.number);
                self.runs_no_build();
                self.history.moves_on();
                let mut actions = vec![patching.record(&patch, pid, now)];
                actions.extend(self.say_patched(patching.live(patch, pid, now)));
                actions.extend(self.after_patch(now));
                actions
            }
            Err(why) => self.refuse(why, patching.saved, now),
        }
    }

    /// What the program runs is no build as a whole: nothing that cargo builds is the same for sure.
    pub(super) fn runs_no_build(&mut self) {
        if let Some(program) = &mut self.program {
            program.loaded = Loaded::default();
        }
    }

    /// Callers of what was patched in tell its new lines.
    pub(super) fn followed(&self, followed: &Landed) -> Vec<Action> {
        let Some(program) = &self.program else { return Vec::new() };
        let Landed { crates, patch } = followed;
        let (pid, modules, functions) = (program.pid(), crates.clone(), patch.functions);
        let record = Record::CallersFollowed(CallersFollowed { pid, modules, functions, patch: patch.took });
        vec![Action::Record(record), Action::Say(Message::CallersFollowed { crates: crates.clone(), functions })]
    }

    /// The program does not run what cargo has built, although everything was patched in: nobody knows better than cargo.
    pub(super) fn diverged(&mut self, why: String, now: Instant) -> Vec<Action> {
        let is_current = self.building.is_none() && self.unbuilt.is_none() && !self.ending;
        if !is_current || self.program.is_none() {
            return Vec::new();
        }
        self.runs_no_build();
        self.refuse(why, None, now)
    }

    /// Whether a restart was asked for that is still to come: a patch does not do for it.
    pub(super) fn wants_restart(&self) -> bool {
        self.forced == Some(Force::Restart)
    }

    /// Says what a patch did, which is what was asked for, unless that is a restart.
    fn say_patched(&mut self, message: Message) -> Vec<Action> {
        if self.wants_restart() {
            return vec![Action::Say(message)];
        }
        self.forced = None;
        self.succeed(message)
    }

    fn after_patch(&mut self, now: Instant) -> Vec<Action> {
        if self.ready.is_some() {
            return self.deliver(now);
        }
        let actions = self.patch(now);
        let is_idle = actions.is_empty() && self.building.is_none() && self.unbuilt.is_none() && !self.is_paused();
        if is_idle { self.build(Unbuilt::default(), now) } else { actions }
    }

    /// What was compiled cannot get into the running program.
    fn refuse(&mut self, why: String, saved: Option<Instant>, now: Instant) -> Vec<Action> {
        self.refused = Some(why);
        self.rebuild(saved, now)
    }

    /// Builds everything; what is being compiled has no use any more.
    fn rebuild(&mut self, saved: Option<Instant>, now: Instant) -> Vec<Action> {
        let unbuilt = self.unbuilt.take().unwrap_or(Unbuilt { saved, replan: false });
        match &mut self.building {
            None => self.build(unbuilt, now),
            Some(building) => {
                self.unbuilt = Some(unbuilt);
                building.is_cancelled = true;
                vec![Action::CancelBuild]
            }
        }
    }

    /// The whole was built as the program runs it.
    pub(super) fn settled_build(&mut self, finished: Finished) -> Vec<Action> {
        self.is_unsettled = false;
        if let Some(program) = &mut self.program {
            program.loaded = Loaded::from(&finished.built);
        }
        let is_asked = !self.asked.is_empty() || self.forced.take().is_some();
        let build = finished.build;
        self.history.made(&finished.built);
        self.history.settles(finished);
        let mut actions = vec![Action::Keep(self.history.builds()), Action::Compare];
        if is_asked {
            actions.extend(self.succeed(Message::Unchanged { build }));
        }
        actions
    }
}
