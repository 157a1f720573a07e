//! Compiling the edited crates, beside the loop.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use anyhow::Result;

use crate::commands::run::arrival::Arrival;
use crate::commands::run::driver::Driver;
use crate::commands::run::front::ABOVE;
use crate::commands::run::patching::Compiling;
use crate::effects::rustc::compile::{Cause, Compilation, Failure, Outcome, Told};
use crate::events::gather;
use crate::events::record::{self, BuildFinished, Diagnostic, Record};
use crate::patch::rustc::plan::Plan;
use crate::plan::command::CommandLine;
use crate::session::event::{Crates, Event, NoCrates};
use crate::session::fleet::{Tidings, Whom};
use crate::ui::say;

/// How a compilation of crates ended, and what was said of the sources.
#[derive(Debug)]
pub(in crate::commands::run) struct CompilationEnded {
    outcome: Result<Outcome>,
    diagnostics: Vec<Diagnostic>,
}

impl Driver<'_> {
    /// Compiles the edited crates; what is known without that is told at once.
    pub(in crate::commands::run) fn compile(&mut self) {
        let Some(patching) = &mut self.patching else { return };
        self.cancelled = false;
        self.front.build_begins();
        patching.take_edits();
        let known = match patching.plan(&self.facts) {
            Ok(Some(plan)) => match self.start_compiling(Arc::new(plan)) {
                Ok(()) => return,
                Err(error) => Err(NoCrates::ForCargo(format!("{error:#}"))),
            },
            Ok(None) => Ok(Crates { names: Vec::new() }),
            Err(why) => Err(NoCrates::ForCargo(why)),
        };
        if let Some(patching) = &mut self.patching {
            patching.settle_edits(known.is_ok());
        }
        self.queue.push_back(Tidings::All(Event::Crates(known)));
    }

    fn start_compiling(&mut self, plan: Arc<Plan>) -> Result<()> {
        let what = plan.steps.iter().map(|step| step.crate_name.as_str()).collect::<Vec<_>>().join(" ");
        // The whole call is long, and cargo's.
        self.record_build(&CommandLine::new("rustc", ".").args(["--crate-name", &what]));
        let (arrivals, show) = (self.arrivals.clone(), self.front.diagnostics());
        let (sender, receiver) = channel();
        let shared = Arc::clone(&plan);
        let run = move || {
            let compilation = Compilation::new(&shared);
            drop(sender.send(compilation.canceller()));
            let mut diagnostics = Vec::new();
            let outcome = compilation.run(|told| match told {
                Told::Said(rendered, recorded) => {
                    diagnostics.push(recorded);
                    show(rendered);
                }
                Told::Printed(text) => say::lines(&text),
                Told::Began(_) | Told::Metadata(_) | Told::Ended(..) => {}
            });
            drop(arrivals.send(Arrival::Compiled(CompilationEnded { outcome, diagnostics })));
        };
        thread::Builder::new().name("compile".into()).spawn(run)?;
        let canceller = receiver.recv()?;
        if let Some(patching) = &mut self.patching {
            patching.compiling = Some(Compiling { canceller, plan });
        }
        Ok(())
    }

    /// The compilation has ended.
    pub(in crate::commands::run) fn compiled(&mut self, ended: CompilationEnded) -> Event {
        let CompilationEnded { outcome, diagnostics } = ended;
        let is_good = matches!(outcome, Ok(Outcome::Done(_)));
        self.front.build_ended(is_good, self.cancelled);
        self.record_compiled(diagnostics, is_good);
        let Some(patching) = &mut self.patching else { return Event::Crates(Ok(Crates { names: Vec::new() })) };
        let compiling = patching.compiling.take();
        patching.settle_edits(is_good);
        let result = match outcome {
            Ok(Outcome::Done(compiled)) => {
                patching.read(&compiled).map_err(|error| NoCrates::ForCargo(format!("{error:#}")))
            }
            Ok(Outcome::Failed(failure)) => Err(reason(failure)),
            Ok(Outcome::Cancelled) => Err(NoCrates::Wrong("it was cancelled".to_owned())),
            Err(error) => Err(NoCrates::ForCargo(format!("{error:#}"))),
        };
        Event::Crates(result.map(|crates| {
            let names = crates.iter().map(|compiled| compiled.name.clone()).collect();
            patching.compiled = Arc::new(crates);
            if let Some(Compiling { plan, .. }) = compiling {
                patching.next_base = patching.base.after(&plan);
            }
            Crates { names }
        }))
    }

    fn record_compiled(&mut self, diagnostics: Vec<Diagnostic>, is_good: bool) {
        let outcome = match (is_good, self.cancelled) {
            (true, _) => record::Outcome::Success,
            (false, true) => record::Outcome::Cancelled,
            (false, false) => record::Outcome::Failed,
        };
        let (diagnostics, left_out) = gather::foremost(diagnostics);
        let finished = self.recorded.finished(outcome);
        self.record(Whom::All, Record::BuildFinished(BuildFinished { diagnostics, left_out, ..finished }));
    }
}

fn reason(Failure { cause, crate_name }: Failure) -> NoCrates {
    match cause {
        Cause::Source => NoCrates::Wrong(ABOVE.to_owned()),
        Cause::Libraries => NoCrates::ForCargo(format!("the libraries of `{crate_name}` do not belong together")),
        Cause::Compiler { status, printed } => {
            NoCrates::Wrong(format!("rustc ended with {status}: {}", printed.trim()))
        }
    }
}
