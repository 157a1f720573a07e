//! Watches the sources of the local crates and reports a burst of saves as one change.
//!
//! Editors save in bursts and by rename, so directories are watched, not files. A file counts as saved only if its
//! content differs from what was last seen: a touch, a formatter that changes nothing, and our own reading do not.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::effects::files;
use crate::workspace::Place;
use anyhow::{Context, Result};
use ignore::WalkBuilder;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// A burst of saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// When the last of them was saved.
    pub at: Instant,
    /// The files, in order.
    pub paths: Vec<PathBuf>,
    /// Whether a `Cargo.toml` is among them.
    pub manifest: bool,
}

/// Starts to watch the local packages at `places`, and calls `report` for each burst, which is over when nothing was
/// saved for the time `quiet`.
///
/// The content as it is now counts as seen. Watching ends when the returned guard is dropped; nothing is reported
/// after that.
pub fn start(places: Vec<Place>, quiet: Duration, report: impl Fn(Saved) + Send + 'static) -> Result<Watch> {
    let (sender, receiver) = channel();
    let events = sender.clone();
    let watcher = notify::recommended_watcher(move |event| drop(events.send(Signal::Event(event))));
    let watcher = watcher.context("cannot watch files (inotify)")?;
    let mut sources = Sources { watcher, places, watched: BTreeSet::new(), seen: BTreeMap::new() };
    sources.scan()?;
    thread::Builder::new().name("watch".into()).spawn(move || follow(sources, &receiver, quiet, report))?;
    Ok(Watch { stop: sender })
}

/// Keeps the watching going until it is dropped.
#[derive(Debug)]
pub struct Watch {
    stop: Sender<Signal>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        // The thread may have ended by itself.
        let _ = self.stop.send(Signal::Stop);
    }
}

/// What the watching thread waits for.
#[derive(Debug)]
enum Signal {
    Event(notify::Result<notify::Event>),
    Stop,
}

fn follow(mut sources: Sources, signals: &Receiver<Signal>, quiet: Duration, report: impl Fn(Saved)) {
    while let Ok(Signal::Event(first)) = signals.recv() {
        let mut paths = BTreeSet::new();
        if !collect(first, &mut paths) {
            // Looking for changes opens files, and opening them makes events: looking at each would never end.
            continue;
        }
        let mut last = Instant::now();
        while !paths.is_empty() {
            match signals.recv_timeout(quiet.saturating_sub(last.elapsed())) {
                Ok(Signal::Event(event)) => {
                    if collect(event, &mut paths) {
                        last = Instant::now();
                    }
                }
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        if let Some(saved) = sources.changed(&paths, last) {
            report(saved);
        }
    }
}

/// The paths of `event`, if it is about content. When the kernel dropped events, everything may have changed: the
/// path `/` stands for that.
///
/// Returns whether there were any.
fn collect(event: notify::Result<notify::Event>, paths: &mut BTreeSet<PathBuf>) -> bool {
    let Ok(event) = event else { return false };
    if event.need_rescan() {
        return paths.insert(PathBuf::from("/"));
    }
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    let is_about_files = !event.paths.is_empty();
    paths.extend(event.paths);
    is_about_files
}

/// The watched files and their content.
struct Sources {
    watcher: RecommendedWatcher,
    places: Vec<Place>,
    watched: BTreeSet<PathBuf>,
    seen: BTreeMap<PathBuf, u64>,
}

impl Sources {
    /// Watches every source directory that is not watched yet, and takes its files as seen. Returns the files that
    /// were not known before.
    fn scan(&mut self) -> Result<Vec<PathBuf>> {
        let mut fresh = Vec::new();
        for Place { directory, sources } in self.places.clone() {
            self.watch(&directory)?;
            let files = ["Cargo.toml", "build.rs"].map(|name| directory.join(name));
            let mut files: Vec<PathBuf> = files.into_iter().filter(|file| file.is_file()).collect();
            for source in sources.iter().chain([&directory.join("src")]) {
                files.extend(self.source_files(source, &directory)?);
            }
            for file in files {
                if !self.seen.contains_key(&file)
                    && let Some(content) = files::content(&file).ok()
                {
                    self.seen.insert(file.clone(), content);
                    fresh.push(file);
                }
            }
        }
        Ok(fresh)
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

    /// Which of `paths`, touched until `last`, mean new content.
    fn changed(&mut self, paths: &BTreeSet<PathBuf>, last: Instant) -> Option<Saved> {
        // A directory that was removed and made again has lost its watch.
        self.watched.retain(|directory| directory.is_dir() && !paths.contains(directory));
        let fresh = self.scan().unwrap_or_default();
        let everything = paths.contains(Path::new("/"));
        let known: Vec<PathBuf> =
            self.seen.keys().filter(|path| everything || paths.contains(*path) || !path.exists()).cloned().collect();
        let mut changed: Vec<PathBuf> = fresh;
        for path in known {
            let now = files::content(&path).ok();
            if now != self.seen.get(&path).copied() {
                match now {
                    Some(now) => self.seen.insert(path.clone(), now),
                    None => self.seen.remove(&path),
                };
                changed.push(path);
            }
        }
        let at = changed.iter().filter_map(|path| saved_at(path)).max().unwrap_or(last);
        let manifest = changed.iter().any(|path| path.ends_with("Cargo.toml"));
        changed.sort();
        changed.dedup();
        (!changed.is_empty()).then_some(Saved { at, paths: changed, manifest })
    }
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
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    use notify::event::{AccessKind, EventAttributes, ModifyKind};
    use notify::{Event, EventKind};

    use crate::workspace::Place;

    use super::{Saved, Watch, collect, is_editors, start};
    use crate::config::values::DEBOUNCE;

    fn package() -> (tempfile::TempDir, Watch, Receiver<Saved>) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(directory.path().join("src")).expect("mkdir");
        fs::write(directory.path().join("Cargo.toml"), "[package]\n").expect("write");
        fs::write(directory.path().join("src/lib.rs"), "old").expect("write");
        let (sender, receiver) = channel();
        let place =
            Place { directory: directory.path().to_owned(), sources: BTreeSet::from([directory.path().to_owned()]) };
        let watch = start(vec![place], DEBOUNCE, move |saved| {
            let _ = sender.send(saved);
        })
        .expect("watching");
        (directory, watch, receiver)
    }

    const SOON: Duration = Duration::from_secs(10);
    const NEVER: Duration = Duration::from_millis(400);

    #[test]
    fn a_burst_is_one_change_and_the_same_content_is_none() {
        let (directory, _watch, saves) = package();
        let file = directory.path().join("src/lib.rs");
        for content in ["a", "b", "new"] {
            fs::write(&file, content).expect("write");
        }
        let burst = saves.recv_timeout(SOON).expect("a change");
        assert_eq!((burst.paths, burst.manifest), (vec![file.clone()], false));
        fs::write(&file, "new").expect("write");
        assert!(saves.recv_timeout(NEVER).is_err(), "the content is the same");
    }

    #[test]
    fn a_rename_over_a_file_and_a_new_directory_are_seen() {
        let (directory, _watch, saves) = package();
        let (file, temporary) = (directory.path().join("src/lib.rs"), directory.path().join("src/lib.rs~"));
        fs::write(&temporary, "new").expect("write");
        fs::rename(&temporary, &file).expect("rename");
        saves.recv_timeout(SOON).expect("a change");
        fs::create_dir(directory.path().join("src/sub")).expect("mkdir");
        fs::write(directory.path().join("src/sub/mod.rs"), "1").expect("write");
        saves.recv_timeout(SOON).expect("a new file");
        // The directory may have been seen before its file was written; wait until the file is known.
        while saves.recv_timeout(NEVER).is_ok() {}
        fs::write(directory.path().join("src/sub/mod.rs"), "2").expect("write");
        saves.recv_timeout(SOON).expect("a change in the new directory");
    }

    #[test]
    fn a_manifest_is_told_apart_and_a_removed_file_counts() {
        let (directory, _watch, saves) = package();
        fs::write(directory.path().join("Cargo.toml"), "[package]\nname = \"x\"\n").expect("write");
        assert!(saves.recv_timeout(SOON).expect("a change").manifest);
        fs::remove_file(directory.path().join("src/lib.rs")).expect("remove");
        assert!(!saves.recv_timeout(SOON).expect("a change").manifest);
    }

    #[test]
    fn reading_files_is_no_reason_to_look_at_them() {
        let event = |kind| Ok(Event { kind, paths: vec![PathBuf::from("src/lib.rs")], attrs: EventAttributes::new() });
        let mut paths = BTreeSet::new();
        assert!(!collect(event(EventKind::Access(AccessKind::Any)), &mut paths) && paths.is_empty());
        assert!(collect(event(EventKind::Modify(ModifyKind::Any)), &mut paths));
    }

    #[test]
    fn editors_files_are_left_out() {
        for name in ["lib.rs~", ".lib.rs.swp", "4913", "#lib.rs#", ".#lib.rs"] {
            assert!(is_editors(&PathBuf::from("src").join(name)), "{name}");
        }
        assert!(!is_editors(&PathBuf::from("src/lib.rs")));
    }

    #[test]
    fn a_source_outside_src_is_seen_and_data_beside_it_is_not() {
        let (directory, _watch, saves) = package();
        fs::write(directory.path().join("mod.rs"), "1").expect("write");
        saves.recv_timeout(SOON).expect("a new source file");
        fs::write(directory.path().join("data.redb"), "1").expect("write");
        assert!(saves.recv_timeout(NEVER).is_err(), "data is no source");
    }
}
