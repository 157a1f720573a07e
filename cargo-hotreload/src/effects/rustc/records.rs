//! The calls that were written down, and whether they still can be repeated.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

use crate::effects::rustc::record::{EXTENSION, stamp};
use crate::patch::rustc::call::Call;
use crate::patch::rustc::plan::Base;
use crate::patch::rustc::recorded::{Key, Recorded};
use crate::patch::rustc::units::Units;

/// Why a call cannot be repeated. Cargo's own build makes up for each.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Stale {
    /// It was another compiler.
    #[error("`{}` is another compiler than it was", .0.display())]
    Compiler(PathBuf),
    /// The directory in which it was made is gone.
    #[error("the directory `{}` is gone", .0.display())]
    Directory(PathBuf),
    /// The crate's root file is gone.
    #[error("the source `{}` is gone", .0.display())]
    Source(PathBuf),
    /// Where cargo has the results is gone: the target directory was cleaned.
    #[error("the build directory `{}` is gone", .0.display())]
    Results(PathBuf),
    /// What the build script wrote is gone.
    #[error("the build script's output `{}` is gone", .0.display())]
    Generated(PathBuf),
    /// A library that is used is gone.
    #[error("the library `{}` is gone", .0.display())]
    Library(PathBuf),
}

/// Everything that was written into `directory`. What cannot be read, or was written by another version, is as if it had
/// not been recorded.
#[must_use]
pub fn read(directory: &Path) -> Units {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let is_call = |path: &PathBuf| path.extension().is_some_and(|extension| extension == EXTENSION);
    let files = entries.map(|entry| entry.path()).filter(is_call);
    let read = |path: PathBuf| -> Option<(SystemTime, Recorded)> {
        let time = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok()?;
        Some((time, Recorded::new(Call::decode(&fs::read(path).ok()?)?)?))
    };
    let mut all: Vec<_> = files.filter_map(read).collect();
    all.sort_by_key(|(time, _)| *time);
    Units::new(all.into_iter().map(|(_, recorded)| recorded))
}

/// Whether the call `recorded` would do what it did, compiled against `base`.
///
/// # Errors
/// [`Stale`], where it would not.
pub fn check(recorded: &Recorded, base: &Base) -> Result<(), Stale> {
    let there = |path: &Path, gone: fn(PathBuf) -> Stale| {
        if path.exists() { Ok(()) } else { Err(gone(path.to_owned())) }
    };
    there(&recorded.call.directory, Stale::Directory)?;
    there(&recorded.source_file(), Stale::Source)?;
    there(&recorded.absolute(&recorded.out_dir), Stale::Results)?;
    if let Some(generated) = recorded.generated() {
        there(generated, Stale::Generated)?;
    }
    // A build of cargo's that was cancelled may have taken a library away; then there is another one.
    let is_kept = |path: &PathBuf| Key::of_library(path).is_some_and(|key| base.results(&key).is_some());
    let used = recorded.externs.iter().map(|it| recorded.absolute(&it.path));
    used.filter(|path| !is_kept(path)).try_for_each(|path| there(&path, Stale::Library))?;
    let compiler = recorded.compiler();
    if stamp(compiler, recorded.call.variable("PATH")) == recorded.call.compiler {
        Ok(())
    } else {
        Err(Stale::Compiler(compiler.into()))
    }
}
