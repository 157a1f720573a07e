//! What is compiled for several programs: one thing at a time, and each program that wants it takes part.
//!
//! 1. A program that wants something waits ([`Runs::want`]) until nothing runs, or joins what runs if that will do.
//! 2. Edited crates come first: who has a process keeps it by them. Cargo's build for those that have none is next, and
//!    does for everybody who wants one.
//! 3. What comes out is told to those who take part, and to nobody else: the others have not asked for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::session::event::Scope;

/// What runs, and what is wanted besides.
#[derive(Debug, Default)]
pub(super) struct Runs {
    /// The number of the newest one.
    number: u32,
    running: Option<Run>,
    waiting: BTreeMap<usize, Want>,
}

/// What is being compiled.
#[derive(Debug)]
struct Run {
    scope: Scope,
    /// Who takes part.
    members: BTreeSet<usize>,
    /// Who does not want it any more.
    left: BTreeSet<usize>,
    is_cancelled: bool,
    /// Something was saved since it began.
    is_old: bool,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Next {
    /// This begins.
    Begin {
        /// What has to be up to date afterwards.
        scope: Scope,
        /// Whether a manifest changed.
        replan: bool,
        /// Who takes part.
        members: Vec<usize>,
    },
    /// These take part in what runs.
    Join(Vec<usize>),
    /// What runs is ended.
    Cancel,
}

#[derive(Debug, Clone, Copy)]
struct Want {
    scope: Scope,
    replan: bool,
}

impl Runs {
    /// The program of this number wants a build.
    pub(super) fn want(&mut self, index: usize, scope: Scope, replan: bool) {
        self.waiting.insert(index, Want { scope, replan });
    }

    /// The program of this number does not want its build any more. If that has not begun, this is its end.
    #[must_use]
    pub(super) fn leave(&mut self, index: usize) -> bool {
        if self.waiting.remove(&index).is_some() {
            return true;
        }
        if let Some(run) = self.running.as_mut().filter(|run| run.members.contains(&index)) {
            run.left.insert(index);
        }
        false
    }

    /// Something was saved.
    pub(super) fn saved(&mut self) {
        if let Some(run) = &mut self.running {
            run.is_old = true;
        }
    }

    /// Who takes part in what runs.
    pub(super) fn members(&self) -> BTreeSet<usize> {
        self.running.as_ref().map(|run| run.members.clone()).unwrap_or_default()
    }

    /// Cargo would say the same as rustc did of the crates that run: who waits for it does so no longer.
    pub(super) fn dismiss(&mut self) -> Vec<usize> {
        let is_over = self.running.as_ref().is_some_and(|run| run.is_cancelled);
        let dismissed = self.waiting.extract_if(.., |_, want| !is_over && want.scope == Scope::Program);
        dismissed.map(|(index, _)| index).collect()
    }

    /// What runs has ended, well or not. If it was ended for something that does for more, its members go on to wait, and
    /// nobody is told.
    pub(super) fn end(&mut self, is_good: bool) -> BTreeSet<usize> {
        let Some(run) = self.running.take() else { return BTreeSet::new() };
        if is_good || !run.is_cancelled || !run.left.is_empty() {
            return run.members;
        }
        let again = run.members.into_iter().map(|index| (index, Want { scope: run.scope, replan: false }));
        self.waiting.extend(again);
        BTreeSet::new()
    }

    /// What is to be done now, where the programs `staying` still want to be built.
    pub(super) fn next(&mut self, staying: &[usize]) -> Option<Next> {
        if self.running.is_some() {
            return self.go_on(staying);
        }
        let has_crates = self.waiting.values().any(|want| want.scope == Scope::Crates);
        let begins = |_: &usize, want: &mut Want| !has_crates || want.scope == Scope::Crates;
        let chosen: BTreeMap<usize, Want> = self.waiting.extract_if(.., begins).collect();
        let scope = chosen.values().map(|want| want.scope).max()?;
        let replan = chosen.values().any(|want| want.replan);
        self.number += 1;
        let members: BTreeSet<usize> = chosen.into_keys().collect();
        let begins = Next::Begin { scope, replan, members: members.iter().copied().collect() };
        self.running = Some(Run { scope, members, left: BTreeSet::new(), is_cancelled: false, is_old: false });
        Some(begins)
    }

    fn go_on(&mut self, staying: &[usize]) -> Option<Next> {
        let run = self.running.as_mut().filter(|run| !run.is_cancelled)?;
        // A program that leaves takes nobody's build away.
        let is_wanted = staying.iter().any(|index| run.members.contains(index) && !run.left.contains(index));
        // What is done with low priority is not what somebody should wait for.
        let is_slow = run.scope == Scope::Settle && self.waiting.values().any(|want| want.scope == Scope::Program);
        if is_slow || (!is_wanted && !run.left.is_empty()) {
            run.is_cancelled = true;
            return Some(Next::Cancel);
        }
        let is_current = !run.is_old;
        let will_do = |_: &usize, want: &mut Want| {
            is_current
                && match want.scope {
                    Scope::Settle => matches!(run.scope, Scope::Settle | Scope::Program),
                    Scope::Program => run.scope == Scope::Program && !want.replan,
                    Scope::Modules | Scope::Crates => false,
                }
        };
        let joined: Vec<usize> = self.waiting.extract_if(.., will_do).map(|(index, _)| index).collect();
        run.members.extend(&joined);
        (!joined.is_empty()).then_some(Next::Join(joined))
    }

    /// The number of the newest one.
    pub(super) fn number(&self) -> u32 {
        self.number
    }
}
