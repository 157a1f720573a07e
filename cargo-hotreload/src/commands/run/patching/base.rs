//! The code of a program's own crate, of which cargo leaves no objects: it is compiled once more, once for all of its
//! processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, bail};

use crate::commands::run::patching::cancelling::Cancelling;
use crate::commands::run::patching::remove;
use crate::commands::run::patching::worker::read_crate;
use crate::effects::dep_info;
use crate::effects::rustc::compile::{Compilation, Outcome};
use crate::live::Crate;
use crate::patch::rustc::plan::Plan;

/// The code of a program's own crate, as far as it is known.
#[derive(Debug)]
pub(super) struct OwnCode {
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
    /// What comes of `plan`, whose paths are as seen from `directory`.
    pub(super) fn new(plan: Result<Plan, String>, directory: &Path) -> Arc<Self> {
        Arc::new(Self { plan, directory: directory.to_owned(), compiled: OnceLock::new() })
    }

    /// The code for a process of a build that began at `began`. Who asks first compiles it, and the others wait.
    pub(super) fn get(&self, began: SystemTime, cancelling: &Cancelling) -> Result<&[Crate]> {
        let compile = || self.compile(cancelling).map_err(|error| format!("{error:#}"));
        let compiled = self.compiled.get_or_init(compile).as_ref().map_err(|why| anyhow!("{why}"))?;
        for path in &compiled.sources {
            let changed = fs::metadata(path).and_then(|metadata| metadata.modified());
            if changed.is_ok_and(|changed| changed > began) {
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
