//! Which builds the programs of a session may want again.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use crate::session::delivery::Built;

/// What each program, by its number, may want again.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// The contents of files.
    contents: BTreeMap<usize, BTreeSet<u64>>,
    has_changed: bool,
    /// Which programs have gone back since somebody last asked for it, and to what.
    went_back: Vec<(usize, Built)>,
}

impl Wanted {
    /// The program `index` wants `builds`, and no others.
    pub(super) fn only(&mut self, index: usize, builds: &[Built]) {
        let contents = builds.iter().flat_map(Built::mapped).map(|image| image.content);
        self.contents.insert(index, contents.collect());
        self.has_changed = true;
    }

    /// What all programs want, if that has changed since this was last asked.
    pub(super) fn changed(&mut self) -> Option<BTreeSet<u64>> {
        mem::take(&mut self.has_changed).then(|| self.contents.values().flatten().copied().collect())
    }

    /// Somebody asks for former builds.
    pub(super) fn begin_to_go_back(&mut self) {
        self.went_back.clear();
    }

    /// The program `index` has gone back to `built`.
    pub(super) fn went_back(&mut self, index: usize, built: Built) {
        self.went_back.push((index, built));
    }

    /// The program that has gone back to a build with which `built` cannot be on disk at a time.
    pub(super) fn contradicted(&self, built: &Built) -> Option<usize> {
        self.went_back.iter().find(|(_, other)| other.contradicts(built)).map(|(index, _)| *index)
    }
}
