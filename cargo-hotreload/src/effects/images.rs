//! The files that a process has loaded, kept open: what they say is still there to be read when they were unloaded, and
//! replaced by others.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use crate::effects::maps::{self, Map, Named};
use crate::effects::signs::{self, first_address};
use crate::session::verify::Mapping;
use crate::why::facts::Signs;

/// So many versions of a module are kept, the newest included. A thread may sleep for long before it wakes up in old code,
/// but files that are kept take their place on the disk.
const VERSIONS: usize = 3;

/// Where a file is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The file's path.
    pub path: PathBuf,
    /// The file's inode.
    pub inode: u64,
    /// It was removed or replaced since.
    pub deleted: bool,
    /// The first address.
    pub begin: u64,
    /// The first address behind it.
    pub end: u64,
}

impl Range {
    /// Whether it is of the same file at the same place.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.path, self.inode, self.begin) == (&other.path, other.inode, other.begin)
    }

    /// The file that is loaded there, if it is still at its path.
    #[must_use]
    pub fn open(&self) -> Option<File> {
        if self.deleted { None } else { File::open(&self.path).ok() }
    }
}

/// The files whose code the process `pid` has loaded, each with everything of it that lies side by side.
#[must_use]
pub fn loaded(pid: u32) -> Vec<Range> {
    side_by_side(maps::of(pid).unwrap_or_default())
}

/// The files whose code is among `maps`, each with everything of it that lies side by side.
pub(crate) fn side_by_side(maps: Vec<Map>) -> Vec<Range> {
    let mut ranges: Vec<(Range, bool)> = Vec::new();
    for map in maps {
        let is_code = map.is_code;
        let Some(range) = range(map) else { continue };
        match ranges.last_mut() {
            Some((last, has_code))
                if last.path == range.path && last.inode == range.inode && last.end == range.begin =>
            {
                last.end = range.end;
                *has_code |= is_code;
            }
            _ => ranges.push((range, is_code)),
        }
    }
    // Debuggers and backtraces map whole files to read them.
    ranges.into_iter().filter(|(_, has_code)| *has_code).map(|(range, _)| range).collect()
}

fn range(map: Map) -> Option<Range> {
    let Named { path, deleted } = map.file?;
    Some(Range { path, inode: map.inode, deleted, begin: map.addresses.start, end: map.addresses.end })
}

/// The module files of one process: those that it has loaded now, and those that it had.
#[derive(Debug, Default)]
pub struct Images(Vec<(Range, File)>);

impl Images {
    /// Keeps those of the files at the paths `modules` that the process `pid` has loaded since this was last called;
    /// `mappings` is what it has loaded.
    pub fn keep(&mut self, pid: u32, modules: &[PathBuf], mappings: &[Mapping]) {
        let is_new = |mapping: &&Mapping| {
            let known = |(range, _): &(Range, File)| range.path == mapping.path && range.inode == mapping.inode;
            !mapping.deleted && modules.contains(&mapping.path) && !self.0.iter().any(known)
        };
        if mappings.iter().find(is_new).is_none() {
            return;
        }
        let ranges: Vec<Range> = loaded(pid).into_iter().filter(|range| modules.contains(&range.path)).collect();
        for range in ranges {
            let is_known = self.0.iter().any(|(known, _)| known.is_same(&range));
            if let Some(file) = range.open().filter(|_| !is_known) {
                self.0.push((range, file));
            }
        }
        for path in modules {
            let versions = self.0.iter().filter(|(range, _)| range.path == *path).count();
            let mut excess = versions.saturating_sub(VERSIONS);
            self.0.retain(|(range, _)| {
                let is_excess = excess > 0 && range.path == *path;
                excess -= usize::from(is_excess);
                !is_excess
            });
        }
    }

    /// Those that are `now` loaded no more, the newest first.
    pub fn gone<'images>(
        &'images self,
        now: &'images [Range],
    ) -> impl Iterator<Item = (&'images Range, &'images File)> {
        let is_gone = |(range, _): &&(Range, File)| !now.iter().any(|now| now.is_same(range));
        self.0.iter().rev().filter(is_gone).map(|(range, file)| (range, file))
    }

    /// The file that is or was loaded there, opened anew.
    #[must_use]
    pub fn open(&self, range: &Range) -> Option<File> {
        self.file(range).and_then(|file| file.try_clone().ok()).or_else(|| range.open())
    }

    /// The file that is or was loaded there.
    #[must_use]
    pub fn file(&self, range: &Range) -> Option<&File> {
        self.0.iter().find(|(known, _)| known.is_same(range)).map(|(_, file)| file)
    }
}

/// What files say, each read once.
#[derive(Debug, Default)]
pub struct Read(BTreeMap<(PathBuf, u64), Option<(Signs, u64)>>);

impl Read {
    /// What the file says that is or was loaded at `range`, and the first address that it was linked for.
    pub fn of(&mut self, range: &Range, images: &Images) -> Option<&(Signs, u64)> {
        let read = || {
            let file = images.open(range)?;
            let first = first_address(&file).ok()?;
            Some((signs::read(&file).ok()?, first))
        };
        self.0.entry((range.path.clone(), range.inode)).or_insert_with(read).as_ref()
    }

    /// What is at `address` of the process, and whether it begins there.
    pub fn symbol(&mut self, address: u64, range: &Range, images: &Images) -> Option<(String, bool)> {
        let (name, begin) = self.function(address, range, images)?;
        Some((name, begin == address))
    }

    /// What is at `address` of the process, and where it begins there.
    pub fn function(&mut self, address: u64, range: &Range, images: &Images) -> Option<(String, u64)> {
        let (signs, first) = self.of(range, images)?;
        let symbol = signs.at(address - range.begin + first)?;
        Some((symbol.name.clone(), range.begin + symbol.address - first))
    }
}

/// The package of the file at `path`, by `packages`, or the file's name.
#[must_use]
pub fn name_of(path: &Path, packages: &BTreeMap<PathBuf, String>) -> String {
    let file = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    packages.get(path).cloned().unwrap_or_else(file)
}

#[cfg(test)]
mod tests {
    use super::{Images, Read, loaded};
    use crate::effects::probe::executable_mappings;

    #[test]
    fn what_is_loaded_is_kept_and_read() {
        let own = std::env::current_exe().expect("our path");
        let (pid, mut images) = (std::process::id(), Images::default());
        images.keep(pid, std::slice::from_ref(&own), &executable_mappings(pid));
        let now = loaded(pid);
        let range = now.iter().find(|range| range.path == own).expect("our own range");
        assert!(images.file(range).is_some());
        assert_eq!(images.gone(&now).count(), 0);
        assert_eq!(images.gone(&[]).count(), 1);
        let here = what_is_loaded_is_kept_and_read as fn() as usize as u64;
        let (name, is_begin) = Read::default().symbol(here, range, &images).expect("this function");
        assert!(name.contains("what_is_loaded_is_kept_and_read") && is_begin, "{name}");
    }
}
