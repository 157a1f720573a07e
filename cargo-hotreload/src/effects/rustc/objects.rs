//! The linker that does not link: it keeps the objects that rustc would have removed afterwards.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::{Object, ObjectSymbol};

use crate::effects::mapped::map;

/// rustc's own object that only mentions names, so that no linker leaves them out.
const NAMES: &str = "symbols.o";
/// It is in each object that rustc makes to connect the standard library with an allocator, and in no other.
const ALLOCATOR: &str = "__rust_no_alloc_shim_is_unstable";

/// The machine code of a crate that would have been linked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Objects {
    /// Of the crate itself.
    pub code: Vec<PathBuf>,
    /// What connects the standard library with the allocator.
    pub allocator: Option<PathBuf>,
    /// What mentions names for the linker.
    pub names: Option<PathBuf>,
}

/// Keeps in `directory` what rustc would have linked from the crate itself: the linker was called with `arguments`.
pub fn keep(directory: &Path, arguments: &[OsString]) -> Result<()> {
    let output = arguments.iter().position(|argument| argument == "-o").and_then(|at| arguments.get(at + 1));
    let output = output.map(Path::new).context("the linker was called without an output")?;
    let results = output.parent();
    let is_own = |path: &&Path| {
        let is_names = path.file_name() == Some(OsStr::new(NAMES));
        let parent = path.parent();
        // Others were compiled from other languages, or are options.
        path.extension() == Some(OsStr::new("o"))
            && (parent == results || (is_names && parent.and_then(Path::parent) == results))
    };
    for path in arguments.iter().map(Path::new).filter(is_own) {
        let kept = directory.join(path.file_name().unwrap_or_default());
        keep_one(path, &kept).with_context(|| format!("cannot keep the object `{}`", path.display()))?;
    }
    Ok(())
}

pub(super) fn keep_one(path: &Path, kept: &Path) -> io::Result<()> {
    match fs::hard_link(path, kept) {
        Ok(()) => Ok(()),
        // A crate of several types is linked several times.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // A file system without links.
        Err(_) => fs::copy(path, kept).map(|_| ()),
    }
}

/// What was kept in `directory`.
pub(super) fn kept(directory: &Path) -> Result<Objects> {
    let mut objects = Objects::default();
    let cannot = || format!("cannot read the objects in `{}`", directory.display());
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut paths: Vec<PathBuf> = entries.with_context(cannot)?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        if path.file_name() == Some(OsStr::new(NAMES)) {
            objects.names = Some(path);
        } else if objects.allocator.is_none()
            && map(&path).map_err(Into::into).and_then(|bytes| is_allocator(&bytes)).with_context(cannot)?
        {
            objects.allocator = Some(path);
        } else {
            objects.code.push(path);
        }
    }
    Ok(objects)
}

pub(super) fn is_allocator(object: &[u8]) -> Result<bool> {
    let file = object::File::parse(object)?;
    let mut defined = file.symbols().filter(ObjectSymbol::is_definition);
    Ok(defined.any(|symbol| symbol.name().is_ok_and(|name| name.contains(ALLOCATOR))))
}
