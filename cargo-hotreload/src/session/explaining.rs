//! The part of a [`Session`] that is about a reload which did not work.
//!
//! 1. The time is over, or the program died: [`Action::Explain`] asks for facts that only the machine knows;
//! 2. [`Event::Explained`](crate::session::event::Event::Explained) brings them, and the verdict is said;
//! 3. the program is restarted, or left as it is until the next edit: that is [`OnStuck`].
//!
//! A program that gives no sign at all is looked at sooner: [`Action::Listen`] asks what it does about the signal.

use std::time::{Duration, Instant};

use crate::config::values::OnStuck;
use crate::events::record::{Next, Record, ReloadFailed, ReloadOutcome};
use crate::session::Session;
use crate::session::event::Action;
use crate::session::exit::Ending;
use crate::session::message::{How, Message};
use crate::session::stage::{Delivering, Stage};
use crate::session::trouble::{Explanation, Question, Reason, Trouble};
use crate::session::verdict::{Circumstances, Finding, Reception, Verdict, verdict};
use crate::session::verify::Unmet;

/// A reload that did not work, while it is looked at.
#[derive(Debug, Clone)]
pub(super) struct Explaining {
    pid: u32,
    delivering: Delivering,
    trouble: Trouble,
    after: Duration,
}

impl Session {
    /// The same session, which does `on_stuck` with a program that is stuck or dies in a reload.
    #[must_use]
    pub fn with_on_stuck(self, on_stuck: OnStuck) -> Self {
        Self { on_stuck, ..self }
    }

    /// Asks why the reload did not work.
    pub(super) fn explain(&mut self, pid: u32, delivering: Delivering, trouble: Trouble, now: Instant) -> Vec<Action> {
        let modules = match &delivering.how {
            How::Reloaded { modules, .. } => modules.clone(),
            How::Started { .. } | How::Patched { .. } | How::Restarted { .. } => Vec::new(),
        };
        let question = Question { pid, built: delivering.finished.built.clone(), modules, trouble: trouble.clone() };
        let after = now - delivering.began;
        self.explaining = Some(Box::new(Explaining { pid, delivering, trouble, after }));
        vec![Action::Explain(question)]
    }

    /// The program gave no sign, and this is what it does about the signal.
    pub(super) fn listened(&mut self, reception: &Reception, now: Instant) -> Vec<Action> {
        let Some(program) = &mut self.program else { return Vec::new() };
        let pid = program.pid();
        match std::mem::replace(&mut program.stage, Stage::Serving) {
            Stage::Delivering(delivering) if delivering.is_untouched && reception.is_unheard() => {
                program.stage = Stage::Explaining;
                let expected = delivering.expected.iter().map(|expected| Unmet::OldMapped(expected.path.clone()));
                let trouble = Trouble::Unmet(expected.collect());
                self.explain(pid, delivering, trouble, now)
            }
            other => {
                program.stage = other;
                Vec::new()
            }
        }
    }

    /// The facts are there: says the verdict, and does what follows.
    pub(super) fn explained(&mut self, explanation: Explanation, now: Instant) -> Vec<Action> {
        let Some(explaining) = self.explaining.take() else { return Vec::new() };
        let Explaining { pid, delivering, trouble, after } = *explaining;
        match trouble {
            _ if self.ending => Vec::new(),
            Trouble::Died(ending) => self.died(pid, ending, delivering, explanation.reasons, now),
            Trouble::Unmet(unmet) => {
                let is_waiting = self.in_stage().is_some_and(|stage| matches!(stage, Stage::Explaining));
                if is_waiting { self.stuck(pid, (unmet, after), delivering, explanation, now) } else { Vec::new() }
            }
        }
    }

    /// The program has ended while this was looked at: that is the trouble now.
    pub(super) fn died_meanwhile(&mut self, ending: Ending, now: Instant) -> Vec<Action> {
        match self.explaining.take() {
            Some(explaining) => self.explain(explaining.pid, explaining.delivering, Trouble::Died(ending), now),
            None => Vec::new(),
        }
    }

    fn died(
        &mut self,
        pid: u32,
        ending: Ending,
        delivering: Delivering,
        reasons: Vec<Reason>,
        now: Instant,
    ) -> Vec<Action> {
        let mut actions = vec![self.failure(pid, &delivering, ReloadOutcome::Died, &reasons)];
        match self.on_stuck {
            // The build is good, only the swap was not: a new process runs it.
            OnStuck::Restart => {
                let why = format!("the old process died during the reload ({ending})");
                let again = Delivering::start(How::Restarted { why }, delivering.finished, now);
                actions.push(Action::Say(Message::Died { ending, reasons, next: Next::Restart }));
                actions.extend(self.start(again));
            }
            OnStuck::Warn => {
                actions.extend(self.fail(Message::Died { ending, reasons, next: Next::Left }));
                actions.extend(self.deliver(now));
            }
        }
        actions
    }

    fn stuck(
        &mut self,
        pid: u32,
        (unmet, after): (Vec<Unmet>, Duration),
        delivering: Delivering,
        Explanation { reception, reasons }: Explanation,
        now: Instant,
    ) -> Vec<Action> {
        let circumstances = Circumstances {
            is_untouched: delivering.is_untouched,
            reception: reception.as_ref(),
            is_explained: reasons.iter().any(|reason| reason.is_proof),
        };
        let finding = |unmet: Unmet| Finding {
            package: delivering.package_of(unmet.path()),
            verdict: verdict(&unmet, circumstances),
            unmet,
        };
        let findings: Vec<Finding> = unmet.into_iter().map(finding).collect();
        let mut actions = delivering.stuck(&findings, after);
        actions.push(self.failure(pid, &delivering, outcome(&findings), &reasons));
        let next = self.next();
        let unmet: Vec<Unmet> = findings.iter().map(|finding| finding.unmet.clone()).collect();
        let message = Message::NotReloaded { findings, reception, reasons, after, next };
        match self.on_stuck {
            OnStuck::Restart => {
                actions.push(Action::Say(message));
                // Whether it can be loaded was looked at before the program was told.
                actions.extend(self.restart_now("it did not take the new code".into(), delivering.finished, now));
            }
            OnStuck::Warn => {
                if let Some(program) = &mut self.program {
                    program.loaded.took(&delivering.finished.built, &unmet);
                    program.stage = Stage::Serving;
                }
                actions.extend(self.fail(message));
                // What was built meanwhile is tried next.
                actions.extend(self.deliver(now));
            }
        }
        actions
    }

    fn next(&self) -> Next {
        match self.on_stuck {
            OnStuck::Restart => Next::Restart,
            OnStuck::Warn => Next::Left,
        }
    }

    fn failure(&self, pid: u32, delivering: &Delivering, outcome: ReloadOutcome, reasons: &[Reason]) -> Action {
        Action::Record(Record::ReloadFailed(ReloadFailed {
            build: delivering.finished.number,
            pid,
            outcome,
            reasons: reasons.iter().map(|reason| reason.text.clone()).collect(),
            next: self.next(),
        }))
    }
}

/// What the findings are together.
fn outcome(findings: &[Finding]) -> ReloadOutcome {
    let has = |wanted| findings.iter().any(|finding| finding.verdict == wanted);
    match () {
        () if has(Verdict::Stuck) => ReloadOutcome::Stuck,
        () if has(Verdict::NotLoaded) => ReloadOutcome::NotLoaded,
        () if has(Verdict::NotPickedUp) => ReloadOutcome::NotPickedUp,
        () => ReloadOutcome::Refused,
    }
}
