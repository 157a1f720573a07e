//! A thread that knows one process, and puts patches into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::commands::run::arrival::Arrival;
use crate::effects::dep_info;
use crate::effects::rustc::cached;
use crate::effects::rustc::compile::{Code, Compilation, Compiled, Outcome};
use crate::events::record;
use crate::live::{Crate, Live, Patched};
use crate::patch::content::Optimised;
use crate::patch::rustc::plan::Plan;
use crate::patch::rustc::recorded::{Kind, Recorded};
use crate::patch::rustc::replay::Results;
use crate::patch::set::members;
use crate::session::event::Patch;

/// What the thread is asked for.
#[derive(Debug)]
pub(super) enum Task {
    /// To put these crates into the process.
    Patch(Arc<Vec<Crate>>),
    /// To compare these crates, which cargo has built, with what the process runs.
    Compare(Vec<Recorded>),
}

/// What the process was started from.
#[derive(Debug)]
pub(super) struct Base {
    /// Its crates that may be edited.
    pub(super) local: Vec<Recorded>,
    /// Directories of which one may have the objects of the program's own crate.
    pub(super) cached: Vec<PathBuf>,
    /// How that crate is compiled once more if none has.
    pub(super) program: Result<Plan, String>,
    /// When the build began: everything that was read must be older.
    pub(super) began: SystemTime,
    /// Where Rust's own libraries are.
    pub(super) toolchain: PathBuf,
    /// Where the process looks for files that describe its patches.
    pub(super) directory: PathBuf,
    /// The cargo profile.
    pub(super) profile: String,
    /// Where cargo has all others.
    pub(super) dependencies: PathBuf,
}

impl Base {
    /// The program's own crate from rustc's cache, with whether it is optimised.
    fn own(&self, live: &Live) -> Result<Option<(Crate, Optimised)>> {
        let Some(unit) = self.local.iter().find(|unit| unit.kind() == Kind::Program) else { return Ok(None) };
        for directory in &self.cached {
            let objects = cached::read(directory)?;
            let key = unit.key().path().display().to_string();
            let own = Crate { key, name: unit.crate_name.clone(), objects };
            if live.may_be_of(&own)? {
                return Ok(Some((own, unit.optimised())));
            }
        }
        Ok(None)
    }
}

/// Starts a thread for the process `pid` of the program of the number `index`. It ends with what it is told through.
pub(super) fn start(index: usize, pid: u32, base: Base, arrivals: Sender<Arrival>) -> std::io::Result<Sender<Task>> {
    let (sender, tasks) = channel();
    let work = move || {
        let mut live = attach(pid, &base);
        for task in tasks {
            let told = match (task, &mut live) {
                (Task::Patch(_), Err(error)) => {
                    Some(Arrival::Patched(index, Err(format!("it cannot be patched: {error:#}"))))
                }
                (Task::Patch(crates), Ok(live)) => {
                    let result = live.patch(&crates).map_err(|refused| refused.to_string());
                    let result = result.map(told);
                    Some(Arrival::Patched(index, result))
                }
                (Task::Compare(_), Err(_)) => None,
                (Task::Compare(units), Ok(live)) => diverged(live, &units).map(|why| Arrival::Diverged(index, why)),
            };
            if let Some(told) = told {
                drop(arrivals.send(told));
            }
        }
    };
    thread::Builder::new().name("patches".into()).spawn(work).map(|_| sender)
}

/// What the session is told of a patch.
fn told(patched: Patched) -> Patch {
    let applied = patched.applied.as_ref();
    let took = record::Patch {
        bytes: patched.bytes,
        threads: applied.map_or(0, |applied| applied.threads),
        stopped_ms: applied.map(|applied| applied.stopped).unwrap_or_default().into(),
        rounds: applied.map_or(0, |applied| applied.rounds),
        planning_ms: patched.planning.into(),
        writing_ms: patched.writing.into(),
    };
    let (functions, running) = (patched.functions.len(), patched.running());
    Patch { functions, running, begun: patched.begun, took }
}

fn attach(pid: u32, base: &Base) -> Result<Live> {
    let mut libraries = archives(&base.dependencies)?;
    libraries.extend(archives(&base.toolchain)?);
    let mut live = Live::attach(pid, libraries, &base.directory, &base.profile)?;
    for unit in &base.local {
        if !matches!(unit.debug_info.as_deref(), Some("2" | "full")) {
            live.is_blind_for(&unit.crate_name);
        }
    }
    for unit in base.local.iter().filter(|unit| unit.kind() == Kind::Library) {
        let results = Results::of_cargo(unit);
        let Some(rlib) = results.rlib else { continue };
        check_age(&rlib, pid)?;
        live.runs(&archive(unit.key().path(), &unit.crate_name, &rlib)?, unit.optimised())?;
    }
    if let Some(own) = base.own(&live)? {
        return live.runs(&own.0, own.1).map(|()| live);
    }
    let plan = base.program.as_ref().map_err(|why| anyhow::anyhow!("{why}"))?;
    fs::create_dir_all(&plan.out_dir).context("cannot make a directory")?;
    let Outcome::Done(compiled) = Compilation::new(plan).run(|_| {})? else {
        bail!("the program's own crate could not be compiled once more");
    };
    for compiled in &compiled {
        if let Some(unit) = base.local.iter().find(|unit| unit.key() == compiled.unit) {
            if let Some(dep_info) = &compiled.dep_info {
                check_sources(dep_info, &unit.call.directory, base.began)?;
            }
            live.runs(&read_crate(compiled)?, unit.optimised())?;
        }
    }
    Ok(live)
}

/// Why what cargo has built is not what `live` runs.
fn diverged(live: &Live, units: &[Recorded]) -> Option<String> {
    for unit in units.iter().filter(|unit| unit.kind() == Kind::Library) {
        let results = Results::of_cargo(unit);
        let read = results.rlib.map(|rlib| archive(unit.key().path(), &unit.crate_name, &rlib));
        // What is gone is being built again.
        let Some(Ok(built)) = read else { continue };
        if let Ok(Some(item)) = live.difference(&built) {
            return Some(format!("cargo made something else of `{item}` than what was patched in"));
        }
    }
    None
}

/// Cargo must not have built the library again since the program was linked. Its sources may have been saved since.
fn check_age(rlib: &Path, pid: u32) -> Result<()> {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    let linked = modified(Path::new(&format!("/proc/{pid}/exe"))).context("the program has ended")?;
    let built = modified(rlib).with_context(|| format!("cannot read `{}`", rlib.display()))?;
    if built > linked {
        bail!("`{}` was built again since the program was linked", rlib.display());
    }
    Ok(())
}

fn check_sources(dep_info: &Path, directory: &Path, began: SystemTime) -> Result<()> {
    for path in dep_info::inputs([dep_info], directory) {
        let changed = fs::metadata(&path).and_then(|metadata| metadata.modified());
        if changed.is_ok_and(|changed| changed > began) {
            bail!("`{}` was saved while the program was started", path.display());
        }
    }
    Ok(())
}

/// Reads the machine code of a crate.
pub(super) fn read_crate(compiled: &Compiled) -> Result<Crate> {
    match &compiled.code {
        Code::Archive(path) => archive(compiled.unit.path(), &compiled.crate_name, path),
        Code::Objects(objects) => {
            let read = |path: &PathBuf| fs::read(path).with_context(|| format!("cannot read `{}`", path.display()));
            let objects = objects.code.iter().map(read).collect::<Result<_>>()?;
            let key = compiled.unit.path().display().to_string();
            Ok(Crate { key, name: compiled.crate_name.clone(), objects })
        }
    }
}

fn archive(key: &Path, name: &str, path: &Path) -> Result<Crate> {
    let data = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let objects = members(&data)?.into_iter().map(|(_, object)| object.to_vec()).collect();
    Ok(Crate { key: key.display().to_string(), name: name.to_owned(), objects })
}

fn archives(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read `{}`", directory.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|ending| ending == "rlib")).collect())
}
