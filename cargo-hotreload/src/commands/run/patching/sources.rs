//! Which crates a file is a source of, by what rustc read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::effects::dep_info;
use crate::patch::rustc::recorded::{Key, Recorded};
use crate::patch::rustc::replay::Results;
use crate::patch::rustc::units::Units;

/// The crates that read each file.
#[derive(Debug, Default)]
pub(super) struct Sources(BTreeMap<PathBuf, BTreeSet<Key>>);

impl Sources {
    /// What rustc said of each of `units` when cargo called it.
    pub(super) fn read(units: &Units) -> Self {
        let mut sources = Self::default();
        for unit in units.all() {
            let results = Results::of(unit, &unit.absolute(&unit.out_dir));
            if let Some(dep_info) = results.dep_info {
                sources.add(unit, &dep_info);
            }
        }
        sources
    }

    /// Adds what `dep_info` says of `unit`.
    pub(super) fn add(&mut self, unit: &Recorded, dep_info: &Path) {
        for path in dep_info::inputs([dep_info], &unit.call.directory) {
            self.0.entry(path).or_default().insert(unit.key());
        }
    }

    /// The crates that read `path`.
    pub(super) fn units_of(&self, path: &Path) -> Vec<&Key> {
        self.0.get(path).into_iter().flatten().collect()
    }
}
