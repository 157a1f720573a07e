//! Which way edits get into the program: where that is left to us, the best that the workspace allows.
//!
//! 1. A workspace that was enabled has modules.
//! 2. Everything else is patched: an ordinary build, and no manifest is touched.
//! 3. Where no patch is possible, each edit restarts the program, and the reason is told.

use std::env::consts::ARCH;
use std::path::Path;

use anyhow::Result;

use crate::commands::run::{Prepared, prepare, undo};
use crate::config::Settings;
use crate::config::values::Strategy;
use crate::effects::lock::Lock;
use crate::effects::toolchain::Toolchains;
use crate::effects::{cargo_config, cargo_lock, journal};
use crate::plan::journal::Lifetime;
use crate::plan::patchable::{Building, Obstacle, obstacle};
use crate::plan::toolchain::Toolchain;
use crate::ui::say;
use crate::workspace::Workspace;

/// How a session begins.
pub(super) struct Chosen {
    pub(super) toolchain: Toolchain,
    pub(super) prepared: Prepared,
    /// It was left to us, and the workspace is enabled.
    pub(super) is_by_enabling: bool,
}

/// Chooses the strategy, which `settings` have from then on, and prepares the workspace at `root` for it.
pub(super) fn choose(root: &Path, toolchains: &Toolchains, settings: &mut Settings) -> Result<Chosen> {
    let wanted = *settings.strategy;
    let is_enabled = journal::read(root)?.is_some();
    if wanted == Strategy::Auto {
        settings.strategy.value = if is_enabled { Strategy::Modules } else { Strategy::Patch };
    } else if wanted == Strategy::Patch && is_enabled {
        let message = "a patch needs an ordinary build, and the libraries of this workspace are enabled as modules";
        let help = "`cargo hotreload disable`, or `cargo hotreload run --strategy modules`";
        return Err(settings.strategy.fault(message, help).into());
    }
    let needs_nightly = is_enabled || *settings.strategy == Strategy::Modules;
    let toolchain =
        if needs_nightly { toolchains.find(named(settings))? } else { toolchains.find_any(named(settings))? };
    let prepared = prepare(root, &toolchain, settings)?;
    if *settings.strategy == Strategy::Patch
        && let Some(Obstacle { reason, help }) = obstacle_of(root, &toolchain, &prepared.workspace)
    {
        if wanted == Strategy::Patch {
            return Err(settings.strategy.fault(reason, help).into());
        }
        say::note(&format!("each edit restarts the program, because {reason} (help: {help})"));
        settings.strategy.value = Strategy::Restart;
    }
    Ok(Chosen { toolchain, prepared, is_by_enabling: wanted == Strategy::Auto && is_enabled })
}

fn named(settings: &Settings) -> Option<&str> {
    settings.toolchain.as_deref()
}

/// Takes the lock of the workspace. What a session left that was killed is put back, unless the next one has modules, too.
pub(super) fn lock(root: &Path, settings: &Settings) -> Result<Lock> {
    let lock = Lock::take(root)?;
    cargo_lock::settle(root)?;
    let is_left = journal::read(root)?.is_some_and(|journal| journal.lifetime == Lifetime::Session);
    if !is_left || !matches!(*settings.strategy, Strategy::Auto | Strategy::Patch) {
        return Ok(lock);
    }
    undo(root)?;
    // The file of the lock went with everything else.
    drop(lock);
    Lock::take(root)
}

fn obstacle_of(root: &Path, toolchain: &Toolchain, workspace: &Workspace) -> Option<Obstacle> {
    obstacle(&Building {
        machine: ARCH,
        target: workspace.target.as_deref().unwrap_or(&toolchain.host),
        profile: &workspace.profile,
        is_described: workspace.is_described,
        linked_statically: &cargo_config::settings(root).crt_static(),
    })
}
