//! `cargo hotreload run`.

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::Run;
use crate::commands::Outcome;
use crate::commands::enable::Planned;
use crate::commands::run::driver::{Arrival, Driver};
use crate::effects::control::Control;
use crate::effects::lock::Lock;
use crate::effects::{journal, locate, toolchain};
use crate::plan::journal::Lifetime;
use crate::session::event::Event;
use crate::ui::say;
use crate::workspace::Workspace;

mod driver;
mod program;

/// Builds, starts and watches the program until it is told to stop; then leaves the workspace as it found it.
pub fn run(arguments: &Run) -> Result<Outcome> {
    let root = locate::root(&arguments.selection.manifest)?;
    let toolchain = toolchain::find(arguments.selection.toolchain.as_deref())?;
    let (arrivals, inbox) = channel();
    // Signals first: from here on Ctrl+C ends the session in order, manifests included.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT]).context("cannot catch signals")?;
    let interrupts = arrivals.clone();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        signals.forever().for_each(|_| drop(interrupts.send(Arrival::Event(Event::Interrupted))));
    })?;

    let _lock = Lock::take(&root)?;
    let planned = match Planned::read(&root, &toolchain, &arguments.selection) {
        // Ctrl+C reaches the cargo that is asked here as well: its failure is no news then.
        Err(_) if inbox.try_recv().is_ok() => return Ok(Outcome::Done),
        read => read?,
    };
    let undo = UndoSession { root: &root };
    let changed = planned.carry_out(&toolchain, Lifetime::Session)?;
    if planned.journal.is_none() {
        let plural = if changed == 1 { "" } else { "s" };
        say::note(&format!("enabled for this session: {changed} manifest{plural} changed, put back when it ends"));
        if let Some(own) = &planned.workspace.own_profile {
            say::note(&own.to_string());
        }
    }
    let requests = arrivals.clone();
    let control = Control::listen(&root, move |request, reply| {
        drop(requests.send(Arrival::Event(Event::Asked(request, reply))));
    })?;
    let driven = Driver::new(arguments, toolchain, planned.workspace, control, arrivals)?.drive(&inbox);
    let undone = undo.now();
    driven.and(undone).map(|()| Outcome::Done)
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
        journal::disable(&journal::plan_disable(root)?, root)?;
        say::note("every file is as it was");
    }
    Ok(())
}

/// The directories whose sources the program is made of.
fn package_directories(workspace: &Workspace) -> Vec<PathBuf> {
    let libraries = workspace.graph.local().filter_map(|index| workspace.graph.libraries[index].local());
    let manifests = libraries.chain([&workspace.host.manifest]);
    let mut directories: Vec<PathBuf> = manifests
        .filter_map(|manifest| manifest.parent().map(Path::to_owned))
        .chain([workspace.root.clone()])
        .collect();
    directories.sort();
    directories.dedup();
    directories
}
