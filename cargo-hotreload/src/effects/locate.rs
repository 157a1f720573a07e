//! Where the workspace root is.
//!
//! Cargo knows best, but undoing must work when it cannot read the manifests any more: then the directory that
//! `enable` leaves in the root tells, or the marks that it leaves in the manifests.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap_cargo::Manifest;

use crate::effects::cargo::refusal;
use crate::effects::toolchain::Toolchains;
use crate::effects::{files, process};
use crate::error::ErrorKind;
use crate::plan::manifest;
use crate::workspace::STATE_DIRECTORY;

/// The root of the workspace that `manifest` or the current directory belongs to.
pub fn root(manifest: &Manifest, toolchains: &Toolchains) -> Result<PathBuf> {
    let start = start(manifest.manifest_path.as_deref())?;
    ask_cargo(&start, toolchains).or_else(|error| {
        let with_state = start.ancestors().find(|directory| is_marked(directory));
        // The root's manifest is always among the rewritten ones, so it is the topmost.
        let with_marks = || start.ancestors().filter(|directory| is_rewritten(directory)).last();
        with_state.or_else(with_marks).map(Path::to_owned).ok_or(error)
    })
}

/// Whether an earlier command of ours left its directory here.
fn is_marked(directory: &Path) -> bool {
    directory.join(STATE_DIRECTORY).is_dir() && directory.join("Cargo.toml").exists()
}

/// Whether the manifest here carries additions of ours.
fn is_rewritten(directory: &Path) -> bool {
    let text = files::read_bytes_optional(&directory.join("Cargo.toml"));
    text.ok().flatten().is_some_and(|text| manifest::has_additions(&text))
}

fn start(manifest: Option<&Path>) -> Result<PathBuf> {
    let current = std::env::current_dir().context("cannot tell the current directory")?;
    let Some(manifest) = manifest else { return Ok(current) };
    let manifest = current.join(manifest);
    let directory = if manifest.is_dir() { Some(manifest.as_path()) } else { manifest.parent() };
    match directory {
        Some(directory) if directory.join("Cargo.toml").exists() => {
            directory.canonicalize().with_context(|| format!("cannot open `{}`", directory.display()))
        }
        _ => Err(ErrorKind::NoWorkspace { directory: manifest }.into()),
    }
}

fn ask_cargo(start: &Path, toolchains: &Toolchains) -> Result<PathBuf> {
    let line = toolchains.cargo(start).args(["locate-project", "--workspace", "--message-format", "plain"]);
    let captured = process::capture(&line).with_context(|| format!("cannot run `{line}`"))?;
    if !captured.status.success() {
        return Err(refusal(&captured.stderr, start).into());
    }
    let manifest = PathBuf::from(captured.stdout.trim_end_matches('\n'));
    manifest.parent().map(Path::to_owned).with_context(|| format!("`{}` has no directory", manifest.display()))
}
