//! A thread that knows one process, and puts patches into it.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::commands::run::arrival::Arrival;
use crate::commands::run::patching::base::OwnCode;
use crate::commands::run::patching::cancelling::Cancelling;
use crate::commands::run::patching::code::{archive, archives};
use crate::commands::run::patching::instance::Given;
use crate::commands::run::patching::report::told;
use crate::commands::run::patching::settling::{Settled, Settling};
use crate::effects::rustc::cached::Cached;
use crate::live::{Crate, Live};
use crate::patch::rustc::recorded::Recorded;
use crate::session::landed::{Landed, Patch};

/// What the thread is asked for.
#[derive(Debug)]
pub(super) enum Task {
    /// To put this into the process.
    Patch(Given),
    /// To take back what was put in last.
    TakeBack,
    /// To compare what cargo has built with what the process runs.
    Compare(Settled),
}

/// What the process was started from.
pub(super) struct Base {
    /// Its crates that may be edited, with the libraries among them.
    pub(super) local: Vec<(Recorded, Option<PathBuf>)>,
    /// The code of the program's own crate.
    pub(super) own: Arc<OwnCode>,
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
    /// What ends compilations.
    pub(super) cancelling: Arc<Cancelling>,
    /// Whom to tell that nothing is compiled for it any more.
    pub(super) turn: Turn,
}

/// As long as it is there, cargo has to wait: it would compile the same crate.
pub(super) struct Turn(pub(super) Sender<Arrival>);

impl Drop for Turn {
    fn drop(&mut self) {
        drop(self.0.send(Arrival::Turn));
    }
}

/// Starts a thread for the process `pid` of the program of the number `index`. It ends with what it is told through.
pub(super) fn start(
    index: usize,
    pid: u32,
    base: Base,
    arrivals: Sender<Arrival>,
) -> std::io::Result<(Sender<Task>, JoinHandle<()>)> {
    let (sender, tasks) = channel();
    let work = move || {
        let mut process = attach(pid, base);
        if let Ok(Process { live, .. }) = &mut process {
            // What is wrong with a library is told when it is needed.
            drop(live.prepare());
        }
        for task in tasks {
            let told = match (task, &mut process) {
                (Task::Patch(_), Err(error)) => {
                    Some(Arrival::Patched(index, Err(format!("it cannot be patched: {error:#}"))))
                }
                (Task::Patch(given), Ok(process)) => Some(Arrival::Patched(index, process.patch(given))),
                (Task::TakeBack, Err(error)) => Some(Arrival::TakenBack(index, Err(format!("{error:#}")))),
                (Task::TakeBack, Ok(process)) => Some(Arrival::TakenBack(index, process.take_back())),
                (Task::Compare(_), Err(_)) => None,
                (Task::Compare(settled), Ok(process)) => match process.settle(&settled) {
                    Settling::Same => None,
                    Settling::Followed(followed) => Some(Arrival::Followed(index, followed)),
                    Settling::Diverged(why) => Some(Arrival::Diverged(index, why)),
                },
            };
            if let Some(told) = told {
                drop(arrivals.send(told));
            }
            if let Ok(Process { live, .. }) = &mut process {
                live.take_note();
            }
        }
    };
    thread::Builder::new().name("patches".into()).spawn(work).map(|thread| (sender, thread))
}

/// A process, and what is known of it.
struct Process {
    live: Live,
    /// What its own crate was linked from, if rustc's cache had it.
    own: Option<Cached>,
    /// Whether callers of what was patched tell old lines.
    callers_follow: bool,
    /// The newest code of each crate that is in the process.
    crates: BTreeMap<String, Crate>,
    /// What the last patch replaced.
    former: Vec<Crate>,
}

impl Process {
    fn patch(&mut self, given: Given) -> Result<Patch, String> {
        let Given { crates, callers_follow, .. } = given;
        let crates: Vec<Crate> = crates.into_iter().map(Arc::unwrap_or_clone).collect();
        let patched = contained(|| self.live.patch(&crates).map_err(|refused| refused.to_string()))?;
        self.callers_follow |= callers_follow;
        if !patched.functions.is_empty() {
            self.former = self.run(crates);
        }
        Ok(told(patched, callers_follow))
    }

    /// Puts back what the last patch replaced. The next time this takes that back.
    fn take_back(&mut self) -> Result<Landed, String> {
        let patched = contained(|| self.live.patch(&self.former).map_err(|refused| refused.to_string()))?;
        let former = std::mem::take(&mut self.former);
        let crates = former.iter().map(|known| known.name.clone()).collect();
        self.former = self.run(former);
        Ok(Landed { crates, patch: told(patched, false) })
    }

    /// These crates are in the process; gives those that they replaced.
    fn run(&mut self, crates: Vec<Crate>) -> Vec<Crate> {
        crates.into_iter().filter_map(|new| self.crates.insert(new.key.clone(), new)).collect()
    }

    fn settle(&mut self, settled: &Settled) -> Settling {
        if !self.callers_follow {
            return settled.compare(&mut self.live);
        }
        let follow = || Ok(settled.follow(&mut self.live, self.own.as_ref()));
        let (settling, crates) = contained(follow).unwrap_or_else(|why| (Settling::Diverged(why), Vec::new()));
        self.callers_follow = matches!(settling, Settling::Diverged(_));
        self.run(crates);
        settling
    }
}

/// What `work` says. A fault of ours costs the process its state, and not the session its answer: it would wait for ever.
fn contained<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // What was being changed is not used again: the process is started anew.
    let panicked = |_| Err("cargo-hotreload failed at the patch, which is a mistake in it".to_owned());
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked)
}

fn attach(pid: u32, base: Base) -> Result<Process> {
    let Base { local, own, began, toolchain, directory, profile, dependencies, cancelling, turn } = base;
    let candidates = own.candidates(pid);
    if candidates.is_empty() {
        // It is compiled, while cargo waits.
        own.get(began, &cancelling)?;
    }
    drop(turn);
    let mut libraries = archives(&dependencies)?;
    libraries.extend(archives(&toolchain)?);
    let mut live = Live::attach(pid, libraries, &directory, &profile)?;
    for (unit, _) in &local {
        if !matches!(unit.debug_info.as_deref(), Some("2" | "full")) {
            live.is_blind_for(&unit.crate_name);
        }
    }
    let mut crates = BTreeMap::new();
    let mut runs = |live: &mut Live, compiled: &Crate, unit: &Recorded| {
        crates.insert(compiled.key.clone(), compiled.clone());
        live.runs(compiled, unit.optimised())
    };
    for (unit, rlib) in &local {
        let Some(rlib) = rlib else { continue };
        check_age(rlib, pid)?;
        runs(&mut live, &archive(unit.key().path(), &unit.crate_name, rlib)?, unit)?;
    }
    let (cached, own) = match candidates.into_iter().find(|(_, own)| live.may_be_of(own).unwrap_or(false)) {
        Some((cached, own)) => (Some(cached.clone()), &[own][..]),
        None => (None, own.get(began, &cancelling)?),
    };
    for (unit, _) in &local {
        let key = unit.key().path().display().to_string();
        if let Some(own) = own.iter().find(|own| own.key == key) {
            runs(&mut live, own, unit)?;
        }
    }
    Ok(Process { live, own: cached, callers_follow: false, crates, former: Vec::new() })
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

#[cfg(test)]
mod tests {
    use super::contained;

    #[test]
    fn a_panic_is_an_answer_too() {
        assert_eq!(contained(|| Ok(1)), Ok(1));
        assert_eq!(contained(|| Err::<u8, _>("refused".to_owned())), Err("refused".to_owned()));
        let said = contained::<u8>(|| panic!("as wanted")).expect_err("it panicked");
        assert!(said.starts_with("cargo-hotreload failed"), "{said}");
    }
}
