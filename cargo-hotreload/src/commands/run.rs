//! `cargo hotreload run`.

use std::path::Path;
use std::sync::mpsc::channel;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::Run;
use crate::commands::Outcome;
use crate::commands::enable::Planned;
use crate::commands::run::arrival::Arrival;
use crate::commands::run::choosing::{Chosen, choose, lock};
use crate::commands::run::driver::Driver;
use crate::commands::run::facts::{Facts, instances_of};
use crate::commands::run::front::Front;
use crate::config::Settings;
use crate::config::values::{Strategy, Wanted};
use crate::effects::control::Control;
use crate::effects::events::EventLog;
use crate::effects::toolchain::Toolchains;
use crate::effects::{cargo, cargo_lock, enabling, journal, locate, settings};
use crate::error::ErrorKind;
use crate::plan::configured_linker::Override;
use crate::plan::disable::outcome;
use crate::plan::environment::obstacle;
use crate::plan::instances::repeated;
use crate::plan::journal::Lifetime;
use crate::plan::linker::Linker;
use crate::plan::toolchain::Toolchain;
use crate::session::event::Event;
use crate::ui::color::Color;
use crate::ui::labels::Labels;
use crate::ui::say;
use crate::workspace::Workspace;

mod arrival;
mod building;
mod causes;
mod choosing;
mod driver;
mod explaining;
mod facts;
mod foreseeing;
mod front;
mod keeping;
mod keyboard;
mod linking;
mod modules;
mod owners;
mod patches;
mod patching;
mod program;
mod recorded;
mod recording;
mod starting;
mod suspension;
mod turns;
mod view;
mod wanted;

/// Builds, starts and watches the program until it is told to stop; then leaves the workspace as it found it.
pub fn run(arguments: &Run, color: Color) -> Result<Outcome> {
    let toolchains = Toolchains::read();
    let root = locate::root(&arguments.selection.manifest, &toolchains)?;
    let mut settings = settings::read(&root, &arguments.selection, &arguments.conduct)?;
    check_number(arguments, &settings)?;
    let (arrivals, inbox) = channel();
    // Signals first: from here on Ctrl+C ends the session in order, manifests included.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT]).context("cannot catch signals")?;
    let interrupts = arrivals.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        signals.forever().for_each(|_| drop(interrupts.send(Arrival::Event(Event::Interrupted))));
    })?;

    let _lock = lock(&root, &settings)?;
    let undo = UndoSession { root: &root };
    let chosen = match choose(&root, &toolchains, &mut settings) {
        // Ctrl+C reaches the cargo that is asked here as well: its failure is no news then.
        Err(_) if inbox.try_recv().is_ok() => return Ok(Outcome::Done),
        chosen => chosen?,
    };
    let Chosen { toolchain, prepared, is_by_enabling } = chosen;
    check_place(&prepared.workspace)?;
    if let Some(changed) = prepared.enabled {
        let plural = if changed == 1 { "" } else { "s" };
        say::note(&format!("enabled for this session: {changed} manifest{plural} changed, put back when it ends"));
        if let Some(own) = &prepared.workspace.own_profile {
            say::note(&own.to_string());
        }
    }
    let (log, begun) = EventLog::begin(&root, arguments.message_format);
    if let Err(error) = begun {
        say::warning(&format!("{error:#}"));
    }
    let requests = arrivals.clone();
    let control = Control::listen(&root, move |request, reply| {
        drop(requests.send(Arrival::Event(Event::Asked(request, reply))));
    })?;
    let Prepared { workspace, linker, linker_override, has_modules, .. } = prepared;
    let instances = instances_of(&workspace, &settings);
    let facts =
        Facts { toolchain, settings, workspace, linker, linker_override, has_modules, is_by_enabling, instances };
    let front = Front::open(arguments, color, Labels::new(facts.names()), &arrivals)?;
    let driven = Driver::new(arguments, facts, control, log, arrivals, front)?.drive(&inbox);
    undo.now().and(driven)
}

/// Whether a program can be run from where it will be built.
fn check_place(workspace: &Workspace) -> Result<(), ErrorKind> {
    let found = obstacle(&workspace.root, &workspace.target_directory);
    found.map_or(Ok(()), |(path, obstacle)| Err(ErrorKind::Place { path: path.to_owned(), obstacle }))
}

/// Whether so many programs can be run as are wanted.
fn check_number(arguments: &Run, settings: &Settings) -> Result<(), ErrorKind> {
    let names: Vec<&str> = settings.hosts.iter().map(Wanted::name).collect();
    if let Some(name) = repeated(&names) {
        let help = format!("`cargo hotreload run --bin {name} --instances 2` runs it twice");
        return Err(settings.hosts.fault(format!("the program `{name}` is named twice"), help));
    }
    match (arguments.foreground, names.len(), settings.instances.count()) {
        (false, ..) | (true, 0 | 1, 1) => Ok(()),
        (true, 0 | 1, count) => {
            let message = format!("`--foreground` gives the terminal to one process, and {count} are wanted");
            Err(settings.instances.fault(message, "`cargo hotreload run --foreground --instances 1` runs one"))
        }
        (true, count, _) => {
            let message = format!("`--foreground` gives the terminal to one program, and {count} are wanted");
            let help = format!("`cargo hotreload run --foreground --instances 1 --bin {}` runs one", names[0]);
            Err(settings.hosts.fault(message, help))
        }
    }
}

/// A workspace that can be built.
struct Prepared {
    workspace: Workspace,
    /// What joins the local crates.
    linker: Linker,
    /// How cargo's configuration is kept from taking the place of our linker.
    linker_override: Option<Override>,
    /// How many manifests changed, if the workspace was not enabled before.
    enabled: Option<usize>,
    /// Whether its libraries are modules now.
    has_modules: bool,
}

/// Reads the workspace, and brings its manifests up to date unless they are to stay as they are.
fn prepare(root: &Path, toolchain: &Toolchain, settings: &Settings) -> Result<Prepared> {
    if matches!(*settings.strategy, Strategy::Restart | Strategy::Patch) {
        let lock_file = cargo_lock::before(root)?;
        let workspace = match cargo::workspace(toolchain, root, settings) {
            Ok(workspace) => workspace,
            Err(error) => {
                // Cargo may have written it when it was asked.
                cargo_lock::put_back(root, lock_file.as_deref())?;
                return Err(error);
            }
        };
        let has_modules = journal::read(root)?.is_some();
        return Ok(Prepared { workspace, linker: Linker::Default, linker_override: None, enabled: None, has_modules });
    }
    cargo_lock::remember(root)?;
    let planned = Planned::read(root, toolchain, settings)?;
    let changed = planned.carry_out(toolchain, Lifetime::Session)?;
    let enabled = planned.journal.is_none().then_some(changed);
    let Planned { workspace, linker, linker_override, .. } = planned;
    Ok(Prepared { workspace, linker, linker_override, enabled, has_modules: true })
}

/// Puts the manifests back when the session ends, also by an error or a panic; an explicit `enable` stays.
struct UndoSession<'root> {
    root: &'root Path,
}

impl UndoSession<'_> {
    fn now(self) -> Result<()> {
        let undone = undo(self.root);
        std::mem::forget(self);
        undone
    }
}

impl Drop for UndoSession<'_> {
    fn drop(&mut self) {
        if let Err(error) = undo(self.root) {
            say::warning(&format!("{error:#}; `cargo hotreload disable` puts the files back"));
        }
    }
}

fn undo(root: &Path) -> Result<()> {
    let is_ours = journal::read(root)?.is_some_and(|journal| journal.lifetime == Lifetime::Session);
    if is_ours {
        let plan = enabling::plan_disable(root)?;
        enabling::disable(&plan, root)?;
        say::note(outcome(&plan));
    }
    Ok(())
}
