//! The edited crates are compiled, and what comes of it waits for the processes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::commands::run::arrival::Arrival;
use crate::commands::run::front::ABOVE;
use crate::commands::run::patching::code::read_crate;
use crate::commands::run::patching::compilation::{Carried, CompilationEnded, Compiling, Show};
use crate::commands::run::patching::directories::remove;
use crate::commands::run::patching::instance::Moment;
use crate::commands::run::patching::keeper::{Keeper, Task};
use crate::commands::run::patching::planning::Planned;
use crate::commands::run::patching::views::Syntax;
use crate::effects::rustc::compile::{Cause, Compilation, Compiled, Failure, Outcome, Told};
use crate::events::record::Diagnostic;
use crate::live::Crate;
use crate::patch::rustc::plan::Plan;
use crate::patch::rustc::recorded::{Key, Recorded};
use crate::session::event::{Crates, NoCrates};
use crate::ui::say;
use crate::workspace::graph::HostIndex;

impl Keeper {
    /// Compiles what was edited; what is known without that is told at once.
    pub(super) fn compile(&mut self, number: u64, show: Show, to_itself: &Sender<Task>) {
        let planned = if self.cancelling.is_unwanted(number) {
            Err(NoCrates::Wrong("it was cancelled".to_owned()))
        } else {
            let files = self.files();
            self.plan(&files).map_err(|error| NoCrates::ForCargo(format!("{error:#}")))
        };
        let began = self.now;
        let (plan, compiling) = match planned {
            Err(why) => return self.tell(vec![Err(why); self.instances()], None, false, Instant::now()),
            Ok(Planned { plan: None, refused, views, .. }) => {
                self.is_compiled(began, &refused, views);
                let results = self.results(&refused);
                return self.tell(results, None, true, Instant::now());
            }
            Ok(Planned { plan: Some(plan), refused, callers_follow, views }) => {
                let plan = Arc::new(plan);
                (Arc::clone(&plan), Compiling { plan, began, refused, callers_follow, views })
            }
        };
        let names = plan.steps.iter().map(|step| step.crate_name.as_str()).collect::<Vec<_>>().join(" ");
        drop(self.arrivals.send(Arrival::Compiling(names)));
        self.compiling = Some(compiling);
        if let Err(error) = self.carry_out(number, plan, show, to_itself.clone()) {
            self.compiled(Carried { outcome: Err(error), diagnostics: Vec::new(), at: Instant::now() });
        }
    }

    fn carry_out(&mut self, number: u64, plan: Arc<Plan>, show: Show, to_itself: Sender<Task>) -> Result<()> {
        let (sender, receiver) = channel();
        let run = move || {
            let compilation = Compilation::new(&plan);
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
            drop(to_itself.send(Task::Compiled(Carried { outcome, diagnostics, at: Instant::now() })));
        };
        let thread = thread::Builder::new().name("compile".into()).spawn(run).context("cannot start a thread")?;
        self.threads.push(thread);
        self.cancelling.edited(number, receiver.recv()?);
        Ok(())
    }

    /// Compilers have ended: what they made is read, and waits for the processes.
    pub(super) fn compiled(&mut self, carried: Carried) {
        let Carried { outcome, diagnostics, at } = carried;
        let Some(Compiling { plan, began, refused, callers_follow, views }) = self.compiling.take() else { return };
        let result = match outcome {
            Ok(Outcome::Done(compiled)) => {
                self.read(&compiled).map_err(|error| NoCrates::ForCargo(format!("{error:#}")))
            }
            Ok(Outcome::Failed(failure)) => Err(reason(failure)),
            Ok(Outcome::Cancelled) => Err(NoCrates::Wrong("it was cancelled".to_owned())),
            Err(error) => Err(NoCrates::ForCargo(format!("{error:#}"))),
        };
        let is_good = result.is_ok();
        let results = match result {
            Ok(crates) => {
                self.wait_for_processes(began, &crates, &callers_follow);
                self.is_compiled(began, &refused, views);
                self.goes_on_from(&plan);
                self.results(&refused)
            }
            Err(why) => vec![Err(why); self.instances()],
        };
        self.tell(results, Some(diagnostics), is_good, at);
    }

    /// What was compiled is compiled against from here on, if callers see it. What nobody needs any more goes: edit after
    /// edit may come before cargo has built everything.
    fn goes_on_from(&mut self, plan: &Plan) {
        let Some(known) = &mut self.known else { return };
        known.base = known.base.after(plan);
        let needed: BTreeSet<PathBuf> = known.base.directories().into_iter().chain(known.kept.directories()).collect();
        for directory in self.results.extract_if(.., |directory| !needed.contains(directory)) {
            remove(&directory);
        }
    }

    /// Everything that was edited before `began` is compiled, but for programs that only cargo can build.
    fn is_compiled(&mut self, began: Moment, refused: &BTreeMap<HostIndex, String>, views: Vec<(Key, Option<Syntax>)>) {
        let Some(known) = &mut self.known else { return };
        known.views.update(views);
        for (index, host) in known.programs.hosts.iter().enumerate() {
            if self.workers.contains_key(&index) && !refused.contains_key(host) {
                self.missing[index].compiled_since(began);
            }
        }
    }

    /// Reads the machine code of `compiled`, and what it was made of.
    fn read(&mut self, compiled: &[Compiled]) -> Result<Vec<(Key, Arc<Crate>)>> {
        if let Some(known) = &mut self.known {
            for Compiled { unit, dep_info, .. } in compiled {
                if let (Some(recorded), Some(dep_info)) = (known.units.get(unit), dep_info) {
                    known.sources.add(recorded, dep_info);
                }
            }
        }
        compiled.iter().map(|compiled| Ok((compiled.unit.clone(), Arc::new(read_crate(compiled)?)))).collect()
    }

    /// Each program gets those of `crates` that it has.
    fn wait_for_processes(
        &mut self,
        began: Moment,
        crates: &[(Key, Arc<Crate>)],
        callers_follow: &BTreeSet<HostIndex>,
    ) {
        let Some(known) = &self.known else { return };
        let parts = |host| -> BTreeSet<Key> {
            let parts = known.program(host).map(|program| known.units.parts(program)).unwrap_or_default();
            parts.units.into_iter().map(Recorded::key).collect()
        };
        let mut of_hosts: BTreeMap<HostIndex, BTreeSet<Key>> = BTreeMap::new();
        for index in self.workers.keys() {
            let Some(&host) = known.programs.hosts.get(*index) else { continue };
            let parts = of_hosts.entry(host).or_insert_with(|| parts(host));
            let missing = &mut self.missing[*index];
            for (key, compiled) in crates.iter().filter(|(key, _)| parts.contains(key)) {
                missing.add(key.clone(), began, Arc::clone(compiled));
            }
            if callers_follow.contains(&host) {
                missing.callers_follow();
            }
        }
    }

    /// What there is for each program.
    fn results(&self, refused: &BTreeMap<HostIndex, String>) -> Vec<Result<Crates, NoCrates>> {
        let hosts = self.known.iter().flat_map(|known| &known.programs.hosts);
        let result = |(index, host): (usize, &HostIndex)| match refused.get(host) {
            Some(why) => Err(NoCrates::ForCargo(why.clone())),
            None => Ok(Crates { names: self.missing[index].names() }),
        };
        hosts.enumerate().map(result).collect()
    }

    fn instances(&self) -> usize {
        self.known.as_ref().map_or(0, |known| known.programs.hosts.len())
    }

    fn tell(
        &self,
        results: Vec<Result<Crates, NoCrates>>,
        diagnostics: Option<Vec<Diagnostic>>,
        is_good: bool,
        at: Instant,
    ) {
        drop(self.arrivals.send(Arrival::Compiled(CompilationEnded { results, diagnostics, is_good, at })));
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
