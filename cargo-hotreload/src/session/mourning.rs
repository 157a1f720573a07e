//! The part of a [`Session`] that is about what a reload leaves behind: threads in old code, and a program that dies some
//! time after, maybe because of it.

use std::time::Instant;

use crate::events::record::{ProgramExited, Record};
use crate::session::Session;
use crate::session::event::Action;
use crate::session::exit::Ending;
use crate::session::message::{Message, When};
use crate::session::stage::{Program, Stage};
use crate::session::trouble::{Behind, Reason};

/// A program that has died, while it is looked at why.
#[derive(Debug)]
pub(super) struct Mourned {
    ending: Ending,
    exited: ProgramExited,
}

impl Session {
    /// New code is live: whether all threads have left the old modules, and whether there are copies of the program, is
    /// looked at, unless newer ones are on their way.
    pub(super) fn look_behind(&mut self) -> Vec<Action> {
        let is_serving = self.program.as_ref().is_some_and(|program| matches!(program.stage, Stage::Serving));
        if is_serving && !self.ending { vec![Action::LookBehind] } else { Vec::new() }
    }

    /// These threads have not, or these processes.
    pub(super) fn left_behind(&mut self, Behind { threads, processes }: Behind) -> Vec<Action> {
        let Some(program) = &self.program else { return Vec::new() };
        let mut actions = Vec::new();
        if !threads.is_empty() {
            let reasons = threads.iter().map(|reason| reason.text.clone()).collect();
            actions.push(Action::Record(Record::LeftBehind { pid: program.pid(), reasons }));
            actions.push(Action::Say(Message::LeftBehind { reasons: threads }));
        }
        if !processes.is_empty() {
            let reasons = || vec![format!("new code reaches only process {}, which began it", program.pid())];
            let record = |pid: &u32| Action::Record(Record::LeftBehind { pid: *pid, reasons: reasons() });
            actions.extend(processes.iter().map(record));
            actions.push(Action::Say(Message::CopiesBehind { processes }));
        }
        actions
    }

    /// Asks why `program` has died, if a reload may be the cause.
    pub(super) fn mourn(&mut self, program: &Program, ending: Ending) -> Option<Action> {
        let is_possible = program.has_reloaded && matches!(program.stage, Stage::Serving) && !self.ending;
        if !is_possible || !matches!(ending, Ending::Signal(_)) {
            return None;
        }
        self.mourned = Some(Mourned { ending, exited: program.exited(ending) });
        Some(Action::ExplainEnd(ending))
    }

    /// The answer is there.
    pub(super) fn end_explained(&mut self, reasons: Vec<Reason>, now: Instant) -> Vec<Action> {
        let Some(Mourned { ending, mut exited }) = self.mourned.take() else { return Vec::new() };
        exited.reasons = reasons.iter().map(|reason| reason.text.clone()).collect();
        let mut actions = vec![Action::Record(Record::ProgramExited(exited))];
        if self.ending {
            return actions;
        }
        let is_unknown = reasons.is_empty();
        let known = Message::DiedLater { ending, reasons };
        let has_former = self.history.former().is_some();
        let unknown = Message::Ended { ending, when: When::Running, has_former };
        actions.extend(self.fail(if is_unknown { unknown } else { known }));
        actions.extend(self.deliver(now));
        actions
    }
}
