//! Carries out `enable` and `disable`, so that a crash at any point can be undone.
//!
//! `enable`: 1. generated files, which nothing refers to yet; 2. the journal, synced; 3. the manifests, each replaced
//! as a whole. `disable`: 1. the manifests and `Cargo.lock`; 2. the state directory with the journal. Either can stop
//! after any step and `disable` still finds everything it needs.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ignore::WalkBuilder;

use crate::effects::{cargo_lock, files, journal, state_directory};
use crate::error::ErrorKind;
use crate::plan::bytes;
use crate::plan::disable::{self, Action, Restoration};
use crate::plan::enable::EnablePlan;
use crate::plan::journal::{Journal, Lifetime};
use crate::plan::manifest;
use crate::workspace::STATE_DIRECTORY;

/// The texts of `paths`.
pub fn texts(paths: BTreeSet<PathBuf>) -> Result<BTreeMap<PathBuf, String>> {
    paths.into_iter().map(|path| files::read(&path).map(|text| (path, text))).collect()
}

/// Refuses `plan` where a manifest may not be written.
///
/// # Errors
/// [`ErrorKind::ReadOnly`].
pub fn check_writable(plan: &EnablePlan) -> Result<()> {
    plan.rewritten().try_for_each(|rewrite| files::check_writable(&rewrite.path))
}

/// Carries out `plan` and returns how many manifests changed; `lock` is what `Cargo.lock` said before cargo was
/// asked about the workspace.
pub fn enable(plan: &EnablePlan, root: &Path, lock: Option<String>, lifetime: Lifetime) -> Result<usize> {
    let state = state_directory::make(root)?;
    for file in &plan.generated {
        files::generate_timeless(file)?;
    }
    journal::write(root, &Journal::new(plan, root, lock, lifetime))?;
    cargo_lock::forget(root)?;
    let mut changed = Vec::new();
    for rewrite in &plan.manifests {
        if files::read(&rewrite.path)? != rewrite.after {
            changed.push((rewrite.path.as_path(), rewrite.after.as_bytes()));
        }
    }
    files::replace(&changed, &state)?;
    Ok(changed.len())
}

/// What `disable` has to do in the workspace at `root`.
pub fn plan_disable(root: &Path) -> Result<Vec<Restoration>> {
    let journal = journal::read(root)?;
    let entries = journal.iter().flat_map(|journal| &journal.manifests);
    let entries: BTreeMap<PathBuf, _> = entries.map(|entry| (normal(&root.join(&entry.path)), entry)).collect();
    let mut plan = Vec::new();
    for path in entries.keys().cloned().chain(marked_manifests(root)).collect::<BTreeSet<_>>() {
        // A member that was deleted meanwhile stays deleted.
        let Some(current) = files::read_bytes_optional(&path)? else { continue };
        let action = disable::restore_manifest(entries.get(&path).copied(), &current);
        plan.push(Restoration { path, action });
    }
    let path = cargo_lock::path(root);
    let current = files::read_optional(&path)?;
    let before = match journal {
        Some(journal) => Some(journal.lock),
        None => cargo_lock::noted(root)?.map(|note| note.lock),
    };
    let action = match before {
        Some(before) => disable::restore_lock(before.as_deref(), current.as_deref()),
        // The file is taken to have been there: only what is ours goes.
        None => disable::strip_lock(current.as_deref()),
    };
    plan.push(Restoration { path, action });
    Ok(plan)
}

/// Carries out what [`plan_disable`] planned, then removes everything generated.
pub fn disable(plan: &[Restoration], root: &Path) -> Result<()> {
    for restoration in plan.iter().filter(|restoration| restoration.action != Action::Keep) {
        files::check_writable(&restoration.path)?;
    }
    carry_out(plan, root).map_err(|error| ErrorKind::Unfinished { cause: format!("{error:#}") }.into())
}

fn carry_out(plan: &[Restoration], root: &Path) -> Result<()> {
    let replaced: Vec<(&Path, Cow<'_, [u8]>)> = plan
        .iter()
        .filter_map(|Restoration { path, action }| match action {
            Action::Restore(text) | Action::Strip(text) => Some((path.as_path(), bytes::encode(text))),
            Action::Keep | Action::Remove => None,
        })
        .collect();
    let replaced: Vec<(&Path, &[u8])> = replaced.iter().map(|(path, bytes)| (*path, &**bytes)).collect();
    if !replaced.is_empty() {
        files::replace(&replaced, &state_directory::make(root)?)?;
    }
    for Restoration { path, .. } in plan.iter().filter(|restoration| restoration.action == Action::Remove) {
        files::remove_file(path)?;
    }
    cargo_lock::forget(root)?;
    journal::remove(root)?;
    files::remove_directory(&root.join(STATE_DIRECTORY))
}

/// `a/../b` as `b`: two names of one manifest must not be taken for two files.
fn normal(path: &Path) -> PathBuf {
    match (path.parent().map(fs::canonicalize), path.file_name()) {
        (Some(Ok(directory)), Some(name)) => directory.join(name),
        _ => path.to_owned(),
    }
}

/// Every manifest below `root` that carries additions of ours, whether or not the journal knows it.
fn marked_manifests(root: &Path) -> Vec<PathBuf> {
    let top = root.to_owned();
    // Another workspace in a subdirectory is undone by its own `disable`.
    let is_other = move |path: &Path| path != top && path.join(STATE_DIRECTORY).exists();
    let is_output = |path: &Path| path.ends_with(STATE_DIRECTORY) || path.join("CACHEDIR.TAG").exists();
    let walk = WalkBuilder::new(root)
        .standard_filters(false)
        .filter_entry(move |entry| entry.file_name() != ".git" && !is_output(entry.path()) && !is_other(entry.path()))
        .build();
    let manifests = walk.filter_map(Result::ok).filter(|entry| entry.file_name() == "Cargo.toml");
    let marked =
        |path: &PathBuf| matches!(files::read_bytes_optional(path), Ok(Some(text)) if manifest::has_additions(&text));
    manifests.map(ignore::DirEntry::into_path).filter(marked).map(|path| normal(&path)).collect()
}
