//! The code of a program's own crate, of which cargo leaves no objects: rustc's cache has them, else it is compiled once
//! more, once for all of its processes.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, bail};

use crate::commands::run::patching::cancelling::Cancelling;
use crate::commands::run::patching::code::read_crate;
use crate::commands::run::patching::directories::remove;
use crate::effects::rustc::cached::Cached;
use crate::effects::rustc::compile::{Compilation, Outcome};
use crate::effects::{dep_info, overlooked};
use crate::live::{Content, Crate};
use crate::patch::rustc::plan::Plan;
use crate::patch::rustc::recorded::Recorded;

/// The code of a program's own crate, as far as it is known.
#[derive(Debug)]
pub(super) struct OwnCode {
    /// What rustc's cache may have of it.
    cached: Vec<Cached>,
    /// What it is called, where it runs and by a person.
    key: String,
    name: String,
    /// How it is compiled.
    plan: Result<Plan, String>,
    /// The directory of the recorded call.
    directory: PathBuf,
    compiled: OnceLock<Result<Compiled, String>>,
}

#[derive(Debug)]
struct Compiled {
    crates: Vec<Crate>,
    sources: BTreeSet<PathBuf>,
}

impl OwnCode {
    /// One of `cached`, or what comes of `plan`, of the program `unit`.
    pub(super) fn new(unit: &Recorded, cached: Vec<Cached>, plan: Result<Plan, String>) -> Arc<Self> {
        let (key, name) = (unit.key().path().display().to_string(), unit.crate_name.clone());
        Arc::new(Self { cached, key, name, plan, directory: unit.call.directory.clone(), compiled: OnceLock::new() })
    }

    /// What the process `pid` may have been linked from.
    pub(super) fn candidates(&self, pid: u32) -> Vec<(&Cached, Crate)> {
        let of_process = self.cached.iter().filter(|cached| cached.may_run_in(pid).unwrap_or(false));
        of_process.filter_map(|cached| Some((cached, self.read(cached).ok()?))).collect()
    }

    /// What rustc's cache has of the same crate as `former`, of an earlier build. Without that, there must not be two.
    pub(super) fn successor(&self, former: Option<&Cached>) -> Option<Crate> {
        let successor = match (former, &self.cached[..]) {
            (Some(former), cached) => cached.iter().find(|cached| cached.is_of_same_crate(former)),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        self.read(successor?).ok()
    }

    fn read(&self, cached: &Cached) -> Result<Crate> {
        let objects = cached.objects()?.into_iter().map(Content::new).collect();
        Ok(Crate { key: self.key.clone(), name: self.name.clone(), objects })
    }

    /// The code for a process of a build that began at `began`. Who asks first compiles it, and the others wait.
    pub(super) fn get(&self, began: SystemTime, cancelling: &Cancelling) -> Result<&[Crate]> {
        let compile = || self.compile(cancelling).map_err(|error| format!("{error:#}"));
        let compiled = self.compiled.get_or_init(compile).as_ref().map_err(|why| anyhow!("{why}"))?;
        for path in &compiled.sources {
            if overlooked::changed_at(path).is_ok_and(|changed| changed > began) {
                bail!("`{}` was saved while the program was started", path.display());
            }
        }
        Ok(&compiled.crates)
    }

    fn compile(&self, cancelling: &Cancelling) -> Result<Compiled> {
        let plan = self.plan.as_ref().map_err(|why| anyhow!("{why}"))?;
        let compilation = Compilation::new(plan);
        cancelling.own(compilation.canceller());
        let Outcome::Done(compiled) = compilation.run(|_| {})? else {
            bail!("the program's own crate could not be compiled once more");
        };
        let crates = compiled.iter().map(read_crate).collect::<Result<_>>().context("cannot read what rustc made")?;
        let sources = dep_info::inputs(compiled.iter().filter_map(|it| it.dep_info.as_deref()), &self.directory);
        remove(&plan.out_dir);
        Ok(Compiled { crates, sources })
    }
}
