//! What the process of a program has not got yet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::live::Crate;
use crate::patch::rustc::recorded::Key;

/// When something happened, as the thread that patches counts.
pub(super) type Moment = u64;

/// What the process of a program has not got yet: every file that was saved is here until it is compiled, and every crate
/// that was compiled until it is given to the process.
#[derive(Debug, Default)]
pub(super) struct Missing {
    saved: BTreeMap<PathBuf, Moment>,
    /// Those of which it is not known what the process has got of them.
    uncertain: BTreeSet<PathBuf>,
    /// Those that what waits for the process was compiled from.
    sources: BTreeSet<PathBuf>,
    /// Lowest first.
    compiled: Vec<(Key, Moment, Arc<Crate>)>,
    /// Callers of what was compiled tell old lines.
    callers_follow: bool,
}

/// What is given to a process.
#[derive(Debug)]
pub(super) struct Given {
    /// Crates, lowest first.
    pub(super) crates: Vec<Arc<Crate>>,
    /// Whether their callers tell old lines, until they get what cargo makes of them.
    pub(super) callers_follow: bool,
    /// What they were compiled from.
    pub(super) sources: BTreeSet<PathBuf>,
}

impl Missing {
    /// A file was saved.
    pub(super) fn saved(&mut self, path: &Path, now: Moment) {
        self.saved.insert(path.to_owned(), now);
    }

    /// The files that were saved and not compiled, with the time of their last save.
    pub(super) fn files(&self) -> impl Iterator<Item = (&PathBuf, Moment)> {
        self.saved.iter().map(|(path, saved)| (path, *saved))
    }

    /// Whether it is not known what the process has got of a file.
    pub(super) fn is_uncertain(&self, path: &Path) -> bool {
        self.uncertain.contains(path)
    }

    /// What was saved before `began` is compiled.
    pub(super) fn compiled_since(&mut self, began: Moment) {
        let compiled: Vec<PathBuf> =
            self.saved.extract_if(.., |_, saved| *saved <= began).map(|(path, _)| path).collect();
        self.uncertain.retain(|path| !compiled.contains(path));
        self.sources.extend(compiled);
    }

    /// What was compiled from `sources` may be in the process or not.
    pub(super) fn taken_back(&mut self, sources: &BTreeSet<PathBuf>, now: Moment) {
        self.saved.extend(sources.iter().map(|path| (path.clone(), now)));
        self.uncertain.extend(sources.iter().cloned());
    }

    /// The newest code of a crate of this program, compiled since `began`.
    pub(super) fn add(&mut self, key: Key, began: Moment, compiled: Arc<Crate>) {
        match self.compiled.iter_mut().find(|(known, ..)| *known == key) {
            Some(known) => *known = (key, began, compiled),
            None => self.compiled.push((key, began, compiled)),
        }
    }

    /// The names of the crates that wait for the process.
    pub(super) fn names(&self) -> Vec<String> {
        self.compiled.iter().map(|(.., compiled)| compiled.name.clone()).collect()
    }

    /// Callers of what waits are not compiled with it.
    pub(super) fn callers_follow(&mut self) {
        self.callers_follow = true;
    }

    /// What waits for the process, which gets it now.
    pub(super) fn take(&mut self) -> Given {
        let crates = self.compiled.drain(..).map(|(.., compiled)| compiled).collect();
        let sources = std::mem::take(&mut self.sources);
        Given { crates, callers_follow: std::mem::take(&mut self.callers_follow), sources }
    }

    /// The process runs what cargo built since `began`.
    pub(super) fn has_what_was_built(&mut self, began: Moment) {
        self.compiled_since(began);
        self.sources.clear();
        self.compiled.retain(|(_, compiled, _)| *compiled > began);
        self.callers_follow &= !self.compiled.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use bytes::Bytes;

    use super::Missing;
    use crate::live::{Content, Crate};
    use crate::patch::rustc::recorded::Key;

    fn key(name: &str) -> Key {
        Key::of_library(Path::new(&format!("/t/lib{name}-1.rlib"))).expect("a library")
    }

    fn content(object: u8) -> Content {
        Content::new(Bytes::from(vec![object]))
    }

    fn compiled(name: &str, object: u8) -> Arc<Crate> {
        Arc::new(Crate { key: name.to_owned(), name: name.to_owned(), objects: vec![content(object)] })
    }

    #[test]
    fn every_crate_waits_in_its_newest_state() {
        let mut missing = Missing::default();
        missing.add(key("base"), 1, compiled("base", 1));
        missing.add(key("api"), 1, compiled("api", 1));
        missing.add(key("base"), 2, compiled("base", 2));
        assert_eq!(missing.names(), ["base", "api"]);
        let taken: Vec<Vec<Content>> = missing.take().crates.iter().map(|compiled| compiled.objects.clone()).collect();
        assert_eq!(taken, [[content(2)], [content(1)]]);
        assert!(missing.take().crates.is_empty());
    }

    #[test]
    fn what_a_new_process_has_is_not_missing_and_what_came_later_is() {
        let mut missing = Missing::default();
        missing.saved(Path::new("/old.rs"), 1);
        missing.add(key("base"), 2, compiled("base", 1));
        missing.saved(Path::new("/new.rs"), 4);
        missing.add(key("api"), 5, compiled("api", 1));
        missing.has_what_was_built(3);
        assert_eq!(missing.files().collect::<Vec<_>>(), [(&"/new.rs".into(), 4)]);
        assert_eq!(missing.names(), ["api"]);
        missing.compiled_since(4);
        assert_eq!(missing.files().count(), 0);
    }
}
