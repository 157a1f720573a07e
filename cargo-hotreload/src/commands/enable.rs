//! `cargo hotreload enable`.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::thread;

use anstream::{print, println};
use anyhow::{Context, Error, Result};

use crate::cli::{Conduct, Enable};
use crate::commands::Outcome;
use crate::config::Settings;
use crate::effects::lock::Lock;
use crate::effects::toolchain::Toolchains;
use crate::effects::{
    cargo, cargo_config, cargo_lock, doctor, enabling, files, journal, linkers, locate, settings, signals, stubs,
};
use crate::error::ErrorKind;
use crate::plan::checks::{self, Verdict};
use crate::plan::configured_linker::{self, Override};
use crate::plan::enable::{EnablePlan, manifests};
use crate::plan::group_crate::Linkers;
use crate::plan::journal::{Journal, Lifetime};
use crate::plan::linker::Linker;
use crate::plan::own_profile::FlagSource;
use crate::plan::roles::{Role, roles};
use crate::plan::rustflags::Rustflags;
use crate::plan::toolchain::Toolchain;
use crate::ui::table::table;
use crate::workspace::Workspace;
use crate::workspace::graph::Library;

/// Rewrites the manifests, or with `--dry-run` shows what would be rewritten.
pub fn enable(arguments: &Enable) -> Result<Outcome> {
    let selection = &arguments.selection;
    let toolchains = Toolchains::read();
    let root = locate::root(&selection.manifest, &toolchains)?;
    let settings = settings::read(&root, selection, &Conduct::default())?;
    let toolchain = toolchains.find(settings.toolchain.as_deref())?;
    if arguments.dry_run {
        let planned = Planned::read(&root, &toolchain, &settings)?;
        planned.put_lock_file_back()?;
        print!("{}", planned.plan);
        return Ok(Outcome::Done);
    }
    let _lock = Lock::take(&root)?;
    cargo_lock::remember(&root)?;
    let planned = Planned::read(&root, &toolchain, &settings)?;
    let was_enabled = planned.journal.is_some();
    let held = signals::hold()?;
    let changed = planned.carry_out(&toolchain, Lifetime::Explicit)?;
    drop(held);
    if was_enabled && changed == 0 {
        println!("hot reloading is enabled already, nothing changed");
    } else {
        report(&planned);
    }
    println!("`cargo hotreload run` starts the program, `cargo hotreload disable` puts every file back");
    Ok(Outcome::Done)
}

/// A workspace and what enabling it means.
#[derive(Debug)]
pub struct Planned {
    /// The workspace.
    pub workspace: Workspace,
    /// What is to be written.
    pub plan: EnablePlan,
    /// What joins the local crates.
    pub linker: Linker,
    /// How cargo's configuration is kept from taking the place of our linker.
    pub linker_override: Option<Override>,
    /// What an earlier `enable` left.
    pub journal: Option<Journal>,
    /// `Cargo.lock` before cargo was asked anything.
    lock_file: Option<String>,
}

impl Planned {
    /// Reads the workspace at `root` and plans for it; writes nothing, though cargo may have updated `Cargo.lock`.
    ///
    /// # Errors
    /// [`ErrorKind::Unservable`] if its crates cannot become dylibs. `Cargo.lock` is as it was then.
    pub fn read(root: &Path, toolchain: &Toolchain, settings: &Settings) -> Result<Self> {
        let lock_file = cargo_lock::before(root)?;
        let journal = journal::read(root)?;
        let is_enabled = journal.is_some();
        Self::ask(root, toolchain, settings, journal, lock_file.clone()).map_err(|error| {
            if is_enabled {
                return error;
            }
            let undone = cargo_lock::put_back(root, lock_file.as_deref()).and_then(|()| cargo_lock::forget(root));
            if undone.is_ok() { error } else { unfinished(&error) }
        })
    }

    fn ask(
        root: &Path,
        toolchain: &Toolchain,
        settings: &Settings,
        journal: Option<Journal>,
        lock_file: Option<String>,
    ) -> Result<Self> {
        // Each takes cargo about as long as it takes to read all manifests.
        let (workspace, cfg) = thread::scope(|scope| {
            let cfg = scope.spawn(|| doctor::target_cfg(toolchain, root));
            let workspace = cargo::workspace(toolchain, root, &as_enabled(settings, journal.as_ref()));
            (workspace, cfg.join().expect("it does not panic"))
        });
        let workspace = workspace?;
        let cfg = cfg?;
        let cargo_settings = cargo_config::settings(root);
        refuse_unservable(&workspace, &cfg, &cargo_settings)?;
        // What was rewritten earlier and is no part of the program any more has to get its text back.
        let earlier = journal.iter().flat_map(|journal| &journal.manifests).map(|entry| root.join(&entry.path));
        let earlier = earlier.filter(|path| path.exists());
        let texts = enabling::texts(manifests(&workspace).into_iter().chain(earlier).collect())?;
        let linker = linkers::choose(settings, toolchain, &workspace.target_directory)?;
        let flags = Rustflags::read()?.linked_by(linker, &toolchain.host);
        let tool = env::current_exe().context("cannot tell our own path")?;
        let configured = configured_linker::configured(&cargo_settings, &toolchain.host, &cfg);
        let real = configured.as_deref().unwrap_or(OsStr::new(configured_linker::DEFAULT));
        let plan = EnablePlan::new(&workspace, &flags, &texts, Linkers { tool: &tool, real })?;
        let script = plan.generated.iter().find(|file| file.executable).filter(|_| configured.is_some());
        let linker_override = script.map(|script| Override::new(&toolchain.host, &script.path));
        Ok(Self { workspace, plan, linker, linker_override, journal, lock_file })
    }

    /// Writes what was planned and returns how many manifests changed.
    ///
    /// # Errors
    /// [`ErrorKind::ReadOnly`], or what the system said. A workspace that was not enabled is as it was then.
    pub fn carry_out(&self, toolchain: &Toolchain, lifetime: Lifetime) -> Result<usize> {
        let root = &self.workspace.root;
        let (lock_file, earlier) = match &self.journal {
            Some(journal) => (journal.lock.clone(), journal.lifetime),
            None => (self.lock_file.clone(), Lifetime::Session),
        };
        // What the user enabled stays enabled, whoever refreshes it.
        let lifetime = if earlier == Lifetime::Explicit { earlier } else { lifetime };
        if let Err(refused) = enabling::check_writable(&self.plan) {
            return Err(if self.journal.is_some() { refused } else { self.undone(refused) });
        }
        let stubs = stubs::make(toolchain, &self.plan.stubs, &self.workspace.state_directory());
        let written = stubs.and_then(|()| enabling::enable(&self.plan, root, lock_file, lifetime));
        written.map_err(|error| self.undone(error))
    }

    /// Undoes what was written before `error`, and returns what the user is told.
    fn undone(&self, error: Error) -> Error {
        let root = &self.workspace.root;
        if self.journal.is_some() {
            return unfinished(&error);
        }
        let undone = enabling::plan_disable(root).and_then(|plan| enabling::disable(&plan, root));
        if undone.is_ok() { error } else { unfinished(&error) }
    }

    /// Undoes what cargo did to `Cargo.lock` when it was asked about the workspace.
    pub fn put_lock_file_back(&self) -> Result<()> {
        if self.journal.is_some() {
            return Ok(());
        }
        cargo_lock::put_back(&self.workspace.root, self.lock_file.as_deref())
    }

    /// The manifest of each crate, as seen from the workspace root.
    fn file_of(&self, package: &str) -> PathBuf {
        let workspace = &self.workspace;
        let mut libraries = workspace.graph.libraries.iter().filter(|library| library.package == package);
        let host = || workspace.hosts.iter().find(|host| host.package == package).map(|host| &host.manifest);
        let manifest = libraries.find_map(Library::local).or_else(host);
        manifest.map(|manifest| workspace.relative(manifest).to_owned()).unwrap_or_default()
    }
}

/// What the user is told where the way back from `cause` is barred, too.
fn unfinished(cause: &Error) -> Error {
    ErrorKind::Unfinished { cause: format!("{cause:#}") }.into()
}

/// The user's choice of flags; without one, what is enabled with our flags stays so.
fn as_enabled(settings: &Settings, journal: Option<&Journal>) -> Settings {
    let builtin = journal.map(|journal| journal.flags).filter(|flags| *flags == FlagSource::Builtin);
    let mut settings = settings.clone();
    settings.flags.value = settings.flags.value.or(builtin);
    settings
}

/// Refuses what no dylib can be built with, as `doctor` finds it; `cfg` is what `cargo rustc --print cfg` printed.
fn refuse_unservable(workspace: &Workspace, cfg: &str, found: &checks::settings::Settings) -> Result<()> {
    let target = [checks::workspace::crt_static(cfg, found), checks::workspace::target(cfg, found)];
    let mut all = checks::workspace::profile(&workspace.obstacles, found);
    all.extend(target);
    for host in &workspace.hosts {
        let name = workspace.relative(&host.source).display().to_string();
        all.push(checks::workspace::program(&name, &files::read(&host.source)?));
    }
    match all.into_iter().find(|check| check.outcome == Verdict::Failed) {
        None => Ok(()),
        Some(check) => {
            let help = check.help.unwrap_or_else(|| "`cargo hotreload doctor` shows more".into());
            Err(ErrorKind::Unservable { reason: check.found, help }.into())
        }
    }
}

fn report(planned: &Planned) {
    let linked = roles(&planned.workspace, None).into_iter().filter(|(_, role)| *role != Role::Static);
    let crates = linked.map(|(name, role)| {
        let file = planned.file_of(&name).display().to_string();
        [name, role.to_string(), file]
    });
    let groups = planned.plan.groups.iter().map(|group| {
        let count = group.crates.len();
        let role = format!("group of {count} crate{}", if count == 1 { "" } else { "s" });
        [group.package(), role, format!(".hotreload/groups/{}/Cargo.toml", group.number)]
    });
    let rows: Vec<[String; 3]> = crates.chain(groups).collect();
    print!("{}", table(["crate", "role", "file"], &rows));
    if let Some(own) = &planned.workspace.own_profile {
        println!("{own}");
    }
    println!("the first build shows which libraries the program links itself: those are resident");
}
