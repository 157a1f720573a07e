//! Watches what the program is made of and reports a burst of saves as one change.
//!
//! Editors save in bursts and by rename, so directories are watched, not files. Which files count, and when they count
//! as saved, is in [`sources`].

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use notify::EventKind;

use crate::effects::watch::sources::Sources;
use crate::workspace::Place;

pub mod sources;

/// A burst of saves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// When the last of them was saved.
    pub at: Instant,
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Whether a manifest, the lock file or cargo's configuration is among them.
    pub manifest: bool,
}

/// What a good build read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    /// The files.
    pub files: BTreeSet<PathBuf>,
    /// When the build began: it need not have seen what was saved later.
    pub since: SystemTime,
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
    let sources = Sources::new(watcher, places)?;
    thread::Builder::new().name("watch".into()).spawn(move || follow(sources, &receiver, quiet, report))?;
    Ok(Watch { stop: sender })
}

/// Keeps the watching going until it is dropped.
#[derive(Debug)]
pub struct Watch {
    stop: Sender<Signal>,
}

impl Watch {
    /// Only what was read and what is new counts from now on.
    pub fn read(&self, inputs: Inputs) {
        // The thread ends with the kernel's watching; then there is nothing to tell it.
        let _ = self.stop.send(Signal::Read(inputs));
    }
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
    Read(Inputs),
    Stop,
}

fn follow(mut sources: Sources, signals: &Receiver<Signal>, quiet: Duration, report: impl Fn(Saved)) {
    loop {
        let saved = match signals.recv() {
            Ok(Signal::Event(first)) => match burst(first, signals, quiet) {
                // Looking for changes opens files, and opening them makes events: looking at each would never end.
                Ok(Burst { paths, .. }) if paths.is_empty() => continue,
                Ok(Burst { paths, last, read }) => {
                    let mut saved = sources.changed(&paths, last);
                    for inputs in read {
                        saved = merged(saved, sources.read(inputs));
                    }
                    saved
                }
                Err(Stopped) => return,
            },
            Ok(Signal::Read(inputs)) => sources.read(inputs),
            Ok(Signal::Stop) | Err(_) => return,
        };
        if let Some(saved) = saved {
            report(saved);
        }
    }
}

/// Events that followed each other quickly.
struct Burst {
    paths: BTreeSet<PathBuf>,
    last: Instant,
    /// What builds read that ended meanwhile.
    read: Vec<Inputs>,
}

/// Nobody wants to know any more.
struct Stopped;

/// Collects what follows `first` until nothing came for the time `quiet`.
fn burst(first: notify::Result<notify::Event>, signals: &Receiver<Signal>, quiet: Duration) -> Result<Burst, Stopped> {
    let mut burst = Burst { paths: BTreeSet::new(), last: Instant::now(), read: Vec::new() };
    collect(first, &mut burst.paths);
    while !burst.paths.is_empty() {
        match signals.recv_timeout(quiet.saturating_sub(burst.last.elapsed())) {
            Ok(Signal::Event(event)) => {
                if collect(event, &mut burst.paths) {
                    burst.last = Instant::now();
                }
            }
            Ok(Signal::Read(inputs)) => burst.read.push(inputs),
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return Err(Stopped),
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    Ok(burst)
}

fn merged(one: Option<Saved>, other: Option<Saved>) -> Option<Saved> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.paths.extend(other.paths);
            Some(Saved { at: one.at.max(other.at), manifest: one.manifest || other.manifest, ..one })
        }
        (one, other) => one.or(other),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::PathBuf;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::{Duration, SystemTime};

    use notify::event::{AccessKind, EventAttributes, ModifyKind};
    use notify::{Event, EventKind};

    use crate::workspace::Place;

    use super::{Inputs, Saved, Watch, collect, start};
    use crate::config::values::DEBOUNCE;

    fn package() -> (tempfile::TempDir, Watch, Receiver<Saved>) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(directory.path().join("src")).expect("mkdir");
        fs::write(directory.path().join("Cargo.toml"), "[package]\n").expect("write");
        fs::write(directory.path().join("src/lib.rs"), "old").expect("write");
        let (sender, receiver) = channel();
        let sources = BTreeSet::from([directory.path().to_owned()]);
        let place = Place { package: None, directory: directory.path().to_owned(), build_script: false, sources };
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
    fn after_a_good_build_what_it_read_counts_wherever_it_is() {
        let (directory, watch, saves) = package();
        let (read, elsewhere) = (directory.path().join("src/lib.rs"), directory.path().join("assets/a.txt"));
        let unread = directory.path().join("src/notes.rs");
        fs::create_dir(directory.path().join("assets")).expect("mkdir");
        fs::write(&unread, "1").expect("write");
        saves.recv_timeout(SOON).expect("a new file may be read by the next build");
        fs::write(&elsewhere, "1").expect("write");
        let files = BTreeSet::from([read.clone(), elsewhere.clone()]);
        let later = SystemTime::now() + Duration::from_mins(1);
        watch.read(Inputs { files: files.clone(), since: later });
        assert!(saves.recv_timeout(NEVER).is_err(), "nothing was saved after that build began");
        fs::write(&unread, "2").expect("write");
        assert!(saves.recv_timeout(NEVER).is_err(), "nobody reads it");
        fs::write(&elsewhere, "2").expect("write");
        assert_eq!(saves.recv_timeout(SOON).expect("a change").paths, [elsewhere]);
        fs::write(&read, "2").expect("write");
        assert_eq!(saves.recv_timeout(SOON).expect("a change").paths, [read]);
    }

    #[test]
    fn what_was_saved_before_it_was_known_to_be_read_is_not_lost() {
        let (directory, watch, saves) = package();
        let since = SystemTime::now();
        let late = directory.path().join("late.txt");
        fs::write(&late, "1").expect("write");
        watch.read(Inputs { files: BTreeSet::from([late.clone()]), since });
        assert_eq!(saves.recv_timeout(SOON).expect("a change").paths, [late]);
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
