//! The machine code of crates, as rustc and cargo leave it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::effects::mapped::map;
use crate::effects::rustc::compile::{Code, Compiled};
use crate::live::{Content, Crate};

/// Reads the machine code of a crate.
pub(super) fn read_crate(compiled: &Compiled) -> Result<Crate> {
    match &compiled.code {
        Code::Archive(path) => archive(compiled.unit.path(), &compiled.crate_name, path),
        Code::Objects(objects) => {
            let read = |path: &PathBuf| {
                map(path).map(Content::new).with_context(|| format!("cannot read `{}`", path.display()))
            };
            let objects = objects.code.iter().map(read).collect::<Result<_>>()?;
            let key = compiled.unit.path().display().to_string();
            Ok(Crate { key, name: compiled.crate_name.clone(), objects })
        }
    }
}

/// The library at `path`, of the crate `name` that is known by `key`.
pub(super) fn archive(key: &Path, name: &str, path: &Path) -> Result<Crate> {
    let data = map(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Crate::of_archive(key.display().to_string(), name, &data)
}

/// All libraries in `directory`.
pub(super) fn archives(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read `{}`", directory.display()))?;
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|ending| ending == "rlib")).collect())
}
