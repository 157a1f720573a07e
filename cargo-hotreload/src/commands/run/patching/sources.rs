//! Which crates a file is a source of, by what rustc read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::effects::dep_info;
use crate::patch::rustc::recorded::{Key, Recorded};
use crate::patch::rustc::replay::Results;
use crate::patch::rustc::units::Units;

/// The crates that read each file.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(BTreeMap<PathBuf, BTreeSet<Key>>);

impl Sources {
    /// What rustc said of each of `units` when cargo called it.
    pub(super) fn read<'unit>(units: impl IntoIterator<Item = &'unit Recorded>) -> Self {
        let mut sources = Self::default();
        for unit in units {
            let results = Results::of_cargo(unit);
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

    /// The crates that read `path`. A new source may belong to every crate of the package that it lies in; what else
    /// nobody read is for cargo: a build script may ask for it.
    pub(super) fn units_of<'units>(&'units self, path: &Path, units: &'units Units) -> BTreeSet<&'units Key> {
        match self.0.get(path) {
            Some(known) => known.iter().collect(),
            None if path.extension().is_some_and(|ending| ending == "rs") => self.neighbours(path, units),
            None => BTreeSet::new(),
        }
    }

    fn neighbours<'units>(&'units self, path: &Path, units: &'units Units) -> BTreeSet<&'units Key> {
        let depth = |unit: &Recorded| {
            let directory = unit.package_directory()?;
            path.starts_with(directory).then(|| directory.components().count())
        };
        let known: BTreeSet<&Key> = self.0.values().flatten().collect();
        let near: Vec<(usize, &Key)> =
            known.into_iter().filter_map(|key| Some((depth(units.get(key)?)?, key))).collect();
        let deepest = near.iter().map(|(depth, _)| *depth).max();
        near.into_iter().filter(|(depth, _)| Some(*depth) == deepest).map(|(_, key)| key).collect()
    }

    /// What `unit` read.
    pub(super) fn files_of(&self, unit: &Key) -> Vec<PathBuf> {
        let read = self.0.iter().filter(|(_, readers)| readers.contains(unit));
        read.map(|(path, _)| path.clone()).collect()
    }
}
