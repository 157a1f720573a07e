//! Which files count, and what they said when they were last looked at.
//!
//! 1. Every manifest, the lock file and cargo's configuration count, and every build script.
//! 2. Until a build was good, all files in the source directories of the local packages count.
//! 3. A good build names the files that it read, wherever they are; from then on these count, and files that appear in
//!    a source directory. In a package with a build script everything goes on counting: a script that names nothing
//!    reads everything.
//! 4. A file is saved when its content is not what was last seen: a touch, a formatter that changes nothing, and our
//!    own reading are no saves.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use ignore::WalkBuilder;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::effects::watch::{Inputs, Saved};
use crate::effects::{files, overlooked};
use crate::plan::lockfile;
use crate::workspace::{Place, nearest};

/// By how much a file's time stamp may be behind the clock: the kernel takes it from its last tick.
const TICK: Duration = Duration::from_millis(20);

/// The watched files and their content.
pub(super) struct Sources {
    watcher: RecommendedWatcher,
    places: Vec<Place>,
    watched: BTreeSet<PathBuf>,
    seen: BTreeMap<PathBuf, u64>,
    /// Files in source directories that the last good build did not read.
    unread: BTreeSet<PathBuf>,
}

impl Sources {
    /// The files of the packages at `places`, as they are now.
    pub(super) fn new(watcher: RecommendedWatcher, places: Vec<Place>) -> Result<Self> {
        let nothing = BTreeSet::<PathBuf>::new;
        let mut sources = Self { watcher, places, watched: nothing(), seen: BTreeMap::new(), unread: nothing() };
        sources.scan()?;
        Ok(sources)
    }

    /// Watches every source directory that is not watched yet, and takes its files as seen. Returns the files that
    /// were not known before.
    fn scan(&mut self) -> Result<Vec<PathBuf>> {
        let mut fresh = Vec::new();
        for place in self.places.clone() {
            let Place { directory, sources, .. } = &place;
            self.watch(directory)?;
            let mut files: Vec<PathBuf> = settings_files(&place).into_iter().filter(|file| file.is_file()).collect();
            for file in &files {
                self.watch(file.parent().unwrap_or(directory))?;
            }
            for source in sources.iter().chain([&directory.join("src")]) {
                files.extend(self.source_files(source, directory)?);
            }
            fresh.extend(files.into_iter().filter(|file| self.see(file)));
        }
        Ok(fresh)
    }

    /// Takes the content of `file` as seen, if it was not known; returns whether that is so.
    fn see(&mut self, file: &Path) -> bool {
        let content = content(file).filter(|_| !self.seen.contains_key(file));
        content.is_some_and(|content| self.seen.insert(file.to_owned(), content).is_none())
    }

    fn watch(&mut self, directory: &Path) -> Result<()> {
        if self.watched.insert(directory.to_owned()) {
            let watched = self.watcher.watch(directory, RecursiveMode::NonRecursive);
            watched.with_context(|| format!("cannot watch `{}`", directory.display()))?;
        }
        Ok(())
    }

    /// The files below `source`, a source directory of `package`. A `src` is full of sources; the package's own
    /// directory holds anything, data that the program writes too: there only Rust files count.
    fn source_files(&mut self, source: &Path, package: &Path) -> Result<Vec<PathBuf>> {
        let is_output = |path: &Path| path.join("CACHEDIR.TAG").exists();
        let counts = |path: &Path| source != package || path.extension() == Some(OsStr::new("rs"));
        let mut files = Vec::new();
        let walk = WalkBuilder::new(source).filter_entry(move |entry| !is_output(entry.path())).build();
        for entry in walk.filter_map(Result::ok) {
            if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                self.watch(entry.path())?;
            } else if !is_editors(entry.path()) && counts(entry.path()) {
                files.push(entry.into_path());
            }
        }
        Ok(files)
    }

    /// Takes in what a build read, and tells what of it was saved too late to be read.
    pub(super) fn read(&mut self, Inputs { files, since }: Inputs) -> Option<Saved> {
        let fresh: Vec<PathBuf> = files.iter().filter(|file| self.see(file)).cloned().collect();
        for directory in files.iter().filter_map(|file| file.parent()) {
            // Without its watch a file is still looked at whenever anything happens.
            let _ = self.watch(directory);
        }
        let is_always_read =
            |file: &PathBuf| nearest(&self.places, file).is_some_and(|place| place.build_script) || is_settings(file);
        self.unread =
            self.seen.keys().filter(|file| !files.contains(*file) && !is_always_read(file)).cloned().collect();
        let since = since.checked_sub(TICK).unwrap_or(since);
        let is_late = |file: &PathBuf| overlooked::changed_at(file).is_ok_and(|at| at > since);
        saved(fresh.into_iter().filter(is_late).collect(), Instant::now())
    }

    /// Which of `paths`, touched until `last`, mean new content.
    pub(super) fn changed(&mut self, paths: &BTreeSet<PathBuf>, last: Instant) -> Option<Saved> {
        // A directory that was removed and made again has lost its watch.
        self.watched.retain(|directory| directory.is_dir() && !paths.contains(directory));
        let mut changed = self.scan().unwrap_or_default();
        let everything = paths.contains(Path::new("/"));
        let known: Vec<PathBuf> =
            self.seen.keys().filter(|path| everything || paths.contains(*path) || !path.exists()).cloned().collect();
        for path in known {
            let now = content(&path);
            if now != self.seen.get(&path).copied() {
                match now {
                    Some(now) => self.seen.insert(path.clone(), now),
                    None => self.seen.remove(&path),
                };
                changed.push(path);
            }
        }
        changed.retain(|path| !self.unread.contains(path));
        saved(changed, last)
    }
}

fn saved(mut paths: Vec<PathBuf>, last: Instant) -> Option<Saved> {
    paths.sort();
    paths.dedup();
    let at = paths.iter().filter_map(|path| saved_at(path)).max().unwrap_or(last);
    let manifest = paths.iter().any(|path| is_settings(path) && !path.ends_with("build.rs"));
    (!paths.is_empty()).then_some(Saved { at, paths, manifest })
}

/// What counts in a package's directory, apart from its sources.
fn settings_files(place: &Place) -> Vec<PathBuf> {
    // The place that is no package is the root of the workspace.
    let of_root = place.package.is_none().then_some(["Cargo.lock", ".cargo/config.toml"]);
    let names = ["Cargo.toml", "build.rs"].into_iter().chain(of_root.into_iter().flatten());
    names.map(|name| place.directory.join(name)).collect()
}

fn is_settings(path: &Path) -> bool {
    ["Cargo.toml", "build.rs", "Cargo.lock", ".cargo/config.toml"].iter().any(|name| path.ends_with(name))
}

/// A hash of what a file says. What `enable` adds to the lock file is left out: cargo writes it in our builds.
fn content(path: &Path) -> Option<u64> {
    if path.ends_with("Cargo.lock") {
        let text = files::read_optional(path).ok().flatten()?;
        return Some(files::hash(lockfile::without_groups(&text).as_bytes()));
    }
    files::content(path).ok()
}

/// Swap, backup and lock files of editors.
fn is_editors(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ends = ["~", ".swp", ".swx", ".swo", ".tmp", ".bak"].iter().any(|end| name.ends_with(end));
    ends || name.starts_with('.') || name.starts_with('#') || name == "4913"
}

/// When the file was written, if that was just now: a checkout or a copy may bring any old time along.
fn saved_at(path: &Path) -> Option<Instant> {
    let age = SystemTime::now().duration_since(fs::metadata(path).ok()?.modified().ok()?).ok()?;
    (age < Duration::from_secs(2)).then(|| Instant::now().checked_sub(age)).flatten()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::is_editors;

    #[test]
    fn editors_files_are_left_out() {
        for name in ["lib.rs~", ".lib.rs.swp", "4913", "#lib.rs#", ".#lib.rs"] {
            assert!(is_editors(&PathBuf::from("src").join(name)), "{name}");
        }
        assert!(!is_editors(&PathBuf::from("src/lib.rs")));
    }
}
