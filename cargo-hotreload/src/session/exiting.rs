//! The part of a [`Session`] that is about the end of the program's process.

use std::time::Instant;

use crate::events::record::Record;
use crate::session::event::Action;
use crate::session::exit::Ending;
use crate::session::message::{How, Message, When};
use crate::session::stage::{Program, Stage};
use crate::session::trouble::Trouble;
use crate::session::{OwnEnd, Session};

impl Session {
    /// The program has ended by itself, and with it the session.
    fn over(&mut self, ending: Ending) -> Vec<Action> {
        let mut actions = self.fail(Message::Over(ending));
        actions.extend(self.end());
        actions
    }

    pub(super) fn exited(&mut self, ending: Ending, now: Instant) -> Vec<Action> {
        let Some(program) = self.program.take() else { return Vec::new() };
        if self.own_end == OwnEnd::Waits
            && let Some(question) = self.mourn(&program, ending)
        {
            return vec![question];
        }
        let mut actions = vec![Action::Record(Record::ProgramExited(program.exited(ending)))];
        let is_own = !self.ending && !matches!(program.stage, Stage::Stopping(_));
        actions.extend(match self.own_end {
            OwnEnd::Ends if is_own => self.over(ending),
            OwnEnd::Ends | OwnEnd::Waits => self.without_program(program, ending, now),
        });
        actions
    }

    fn without_program(&mut self, program: Program, ending: Ending, now: Instant) -> Vec<Action> {
        let has_former = self.history.former().is_some();
        let ended = |when| Message::Ended { ending, when, has_former };
        let mut actions = match program.stage {
            Stage::Stopping(None) => vec![Action::Say(Message::Stopped(ending))],
            // A newer build than the one that asked for the restart is started instead, for the same reason.
            Stage::Stopping(Some(mut delivering)) if !self.ending => {
                if let Some(newer) = self.ready.take() {
                    delivering.expected = newer.built.expected_at_start();
                    delivering.finished = newer;
                }
                return self.start(*delivering);
            }
            Stage::Delivering(delivering) | Stage::BeforeReload(delivering) | Stage::Foreseeing(delivering)
                if matches!(delivering.how, How::Reloaded { .. }) && !self.ending =>
            {
                return self.explain(program.pid, delivering, Trouble::Died(ending), now);
            }
            Stage::Explaining if !self.ending => return self.died_meanwhile(ending, now),
            // What was to take its place is started, as a good build is.
            Stage::Foreseeing(delivering) if !self.ending => {
                self.ready.get_or_insert(delivering.finished);
                vec![Action::Say(ended(When::Running))]
            }
            Stage::Delivering(_) | Stage::BeforeReload(_) => self.fail(ended(When::Starting)),
            Stage::Serving | Stage::Patching(_) | Stage::Foreseeing(_) | Stage::Stopping(_) | Stage::Explaining => {
                self.fail(ended(When::Running))
            }
        };
        actions.extend(if self.ending { self.end_when_idle() } else { self.deliver(now) });
        actions
    }
}
