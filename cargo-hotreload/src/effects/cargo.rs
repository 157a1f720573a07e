//! Facts from cargo: metadata and unit graph.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::Metadata;

use crate::config::Settings;
use crate::config::values::{Features, Strategy};
use crate::effects::files;
use crate::effects::process::{self, Captured};
use crate::effects::toolchain::Toolchains;
use crate::error::ErrorKind;
use crate::plan::command::CommandLine;
use crate::plan::enable;
use crate::plan::own_profile::{FlagSource, OwnProfile};
use crate::plan::toolchain::Toolchain;
use crate::workspace::program::{self, Program};
use crate::workspace::unit_graph::{UnitGraph, UnitKey};
use crate::workspace::{Workspace, is_generated, own_target_directory};

/// The workspace that `settings` speak of, seen from the directory `root`.
pub fn workspace(toolchain: &Toolchain, root: &Path, settings: &Settings) -> Result<Workspace> {
    let mut metadata = self::metadata(toolchain, root, &settings.features)?;
    let programs = program::find(&metadata, &settings.hosts)?;
    let own_profile = match *settings.strategy {
        // It is for modules.
        Strategy::Patch => None,
        _ => own_profile(root, &metadata, &programs, *settings.flags)?,
    };
    let own_features = own_profile.as_ref().map(|own| own.features.as_slice()).unwrap_or_default();
    let features = settings.features.with(own_features);
    if !own_features.is_empty() {
        // They may bring in packages that were left out without them.
        metadata = self::metadata(toolchain, root, &features)?;
    }
    let selected =
        programs.iter().flat_map(|program| ["--package", program.id.repr.as_str(), program.kind.flag(), &program.name]);
    let line = toolchain
        .cargo(root)
        .args(["build", "--unit-graph", "-Zunstable-options", "--profile", &settings.profile])
        .args(selected)
        .args(features.arguments());
    // Cargo can print it in each release, but says so only in a nightly. Nothing is built here.
    let line = if toolchain.is_nightly() { line } else { line.env("RUSTC_BOOTSTRAP", "1") };
    let printed = output(&line, root)?;
    let units: UnitGraph =
        serde_json::from_str(&printed).with_context(|| format!("cannot read what `{line}` printed"))?;
    Ok(Workspace { own_profile, ..Workspace::new(&metadata, &units, &programs, settings)? })
}

/// The workspace's own profile, if it has one and nobody wants ours.
fn own_profile(
    root: &Path,
    metadata: &Metadata,
    programs: &[Program],
    wanted: Option<FlagSource>,
) -> Result<Option<OwnProfile>> {
    if wanted == Some(FlagSource::Builtin) {
        return Ok(None);
    }
    let path = root.join("Cargo.toml");
    let offered = programs.iter().flat_map(|program| metadata[&program.id].features.keys().map(String::as_str));
    let found = OwnProfile::detect(&files::read(&path)?, offered).map_err(|error| enable::fault(&path, &error))?;
    match (found, wanted) {
        (None, Some(FlagSource::Own)) => Err(ErrorKind::NoOwnProfile { root: root.to_owned() }.into()),
        (found, _) => Ok(found),
    }
}

/// Whether the build `line`, which prints its unit graph, compiles nothing but what is among `units`.
///
/// # Errors
/// What cargo says if it does not take the line.
pub fn builds_only(line: &CommandLine, units: &BTreeSet<UnitKey>) -> Result<bool> {
    let graph: UnitGraph = serde_json::from_str(&process::read(line)?)?;
    Ok(graph.keys(is_generated).is_subset(units))
}

fn metadata(toolchain: &Toolchain, root: &Path, features: &Features) -> Result<Metadata> {
    let line = toolchain.cargo(root).args(["metadata", "--format-version", "1"]).args(features.arguments());
    let printed = output(&line, root)?;
    serde_json::from_str(&printed).with_context(|| format!("cannot read what `{line}` printed"))
}

/// Where builds of the workspace at `root` go; asks cargo only where `settings` do not say.
pub fn target_directory(toolchains: &Toolchains, root: &Path, settings: &Settings) -> Result<PathBuf> {
    if let Some(directory) = &*settings.target_dir {
        return Ok(directory.clone());
    }
    let line = toolchains.cargo(root).args(["metadata", "--format-version", "1", "--no-deps"]);
    let printed = output(&line, root)?;
    let metadata: Metadata =
        serde_json::from_str(&printed).with_context(|| format!("cannot read what `{line}` printed"))?;
    Ok(own_target_directory(metadata.target_directory.as_std_path(), metadata.workspace_root.as_std_path()))
}

fn output(line: &CommandLine, root: &Path) -> Result<String> {
    let Captured { status, stdout, stderr } = process::capture(line).with_context(|| format!("cannot run `{line}`"))?;
    if status.success() { Ok(stdout) } else { Err(refusal(&stderr, root).into()) }
}

/// The error kind behind what cargo printed.
#[must_use]
pub fn refusal(stderr: &str, directory: &Path) -> ErrorKind {
    let message = stderr.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or(stderr.trim());
    if message.starts_with("could not find `Cargo.toml`") {
        return ErrorKind::NoWorkspace { directory: directory.to_owned() };
    }
    // rustc-style place of a fault: ` --> member/Cargo.toml:3:6`
    let place = stderr.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
    match place.filter(|place| place.contains("Cargo.toml")) {
        // Cargo prints paths as seen from where it runs.
        Some(place) => {
            ErrorKind::Manifest { place: directory.join(place).display().to_string(), message: message.to_owned() }
        }
        None => ErrorKind::CargoRefused { message: stderr.trim().trim_start_matches("error: ").to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::refusal;
    use crate::error::ErrorKind;

    #[test]
    fn a_manifest_fault_has_file_and_line() {
        let stderr = "error: duplicate key\n --> b/Cargo.toml:5:1\n  |\n5 | version\n";
        let ErrorKind::Manifest { place, message } = refusal(stderr, Path::new("/w")) else { panic!("wrong kind") };
        assert_eq!((place.as_str(), message.as_str()), ("/w/b/Cargo.toml:5:1", "duplicate key"));
    }

    #[test]
    fn a_missing_workspace_is_told_apart() {
        let stderr = "error: could not find `Cargo.toml` in `/` or any parent directory\n";
        assert!(matches!(refusal(stderr, Path::new("/")), ErrorKind::NoWorkspace { .. }));
    }

    #[test]
    fn anything_else_is_quoted_whole() {
        let stderr = "error: no matching package named `x` found\nlocation searched: y\n";
        let ErrorKind::CargoRefused { message } = refusal(stderr, Path::new("/")) else { panic!("wrong kind") };
        assert!(message.contains("location searched"));
    }
}
