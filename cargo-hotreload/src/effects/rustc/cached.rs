//! The objects of a program that cargo has linked. rustc removes them, but its incremental cache has them as well, until
//! the crate is compiled once more.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use bytes::Bytes;

use crate::effects::mapped::map;
use crate::effects::rustc::objects::{is_allocator, keep_one};
use crate::patch::rustc::recorded::Recorded;

/// What rustc has not finished has this at its end.
const UNFINISHED: &str = "-working";

/// What rustc's cache has of a crate that may be the one that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    directory: PathBuf,
    finished: SystemTime,
}

/// Keeps in `directory` what rustc's cache has for the program `unit`, which cargo has just built. The cache says nothing
/// of what it is for but the crate's name, so that there may be several candidates.
pub fn keep(unit: &Recorded, directory: &Path) -> io::Result<Vec<Cached>> {
    let Some(cache) = &unit.incremental else { return Ok(Vec::new()) };
    let begin = format!("{}-", unit.crate_name);
    let mut kept = Vec::new();
    for crates in fs::read_dir(unit.absolute(cache))? {
        let crates = crates?;
        if !crates.file_name().to_string_lossy().starts_with(&begin) {
            continue;
        }
        if let Some((session, finished)) = newest(&crates.path())? {
            let directory = directory.join(crates.file_name());
            keep_objects(&session, &directory)?;
            kept.push(Cached { directory, finished });
        }
    }
    Ok(kept)
}

/// The newest finished compilation in `directory`, with when that was.
fn newest(directory: &Path) -> io::Result<Option<(PathBuf, SystemTime)>> {
    let mut newest = None;
    for session in fs::read_dir(directory)? {
        let session = session?;
        if !session.file_type()?.is_dir() || session.file_name().to_string_lossy().ends_with(UNFINISHED) {
            continue;
        }
        let finished = session.metadata()?.modified()?;
        if newest.as_ref().is_none_or(|(_, other)| finished > *other) {
            newest = Some((session.path(), finished));
        }
    }
    Ok(newest)
}

fn keep_objects(session: &Path, into: &Path) -> io::Result<()> {
    fs::create_dir_all(into)?;
    for path in objects_in(session)? {
        keep_one(&path, &into.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

impl Cached {
    /// Whether the process `pid` may run it. rustc finishes what is for its cache before it links: what is newer was
    /// compiled for something else.
    pub fn may_run_in(&self, pid: u32) -> io::Result<bool> {
        Ok(self.finished <= fs::metadata(format!("/proc/{pid}/exe"))?.modified()?)
    }

    /// Whether both are of one crate, compiled in one way: rustc names its directories by that.
    #[must_use]
    pub fn is_of_same_crate(&self, other: &Self) -> bool {
        self.directory.file_name() == other.directory.file_name()
    }

    /// Its objects, as contents of files; without what rustc adds to each program.
    pub fn objects(&self) -> Result<Vec<Bytes>> {
        let mut objects = Vec::new();
        for path in objects_in(&self.directory)? {
            let bytes = map(&path)?;
            if !is_allocator(&bytes)? {
                objects.push(bytes);
            }
        }
        Ok(objects)
    }
}

fn objects_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: Vec<DirEntry> = fs::read_dir(directory)?.collect::<io::Result<_>>()?;
    let paths = entries.iter().map(DirEntry::path).filter(|path| path.extension() == Some(OsStr::new("o")));
    Ok(paths.collect())
}
