//! Where the dynamic linker looks for a library.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::plan::library_cache;

/// Where it looks at last.
const DEFAULT_DIRECTORIES: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// The places that are the same for all files of a process.
#[derive(Debug)]
pub(super) struct Search {
    /// What `LD_LIBRARY_PATH` was when the process began: it is read once.
    directories: Vec<PathBuf>,
    /// What a path is seen from.
    current: PathBuf,
    cache: Vec<u8>,
}

impl Search {
    /// Those of the process `pid`.
    pub(super) fn of(pid: u32) -> Self {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let variable = environment.split(|byte| *byte == 0).find_map(|it| it.strip_prefix(b"LD_LIBRARY_PATH="));
        let entries = variable.unwrap_or_default().split(|byte| matches!(byte, b':' | b';'));
        let directories = entries.filter(|entry| !entry.is_empty()).map(|entry| OsStr::from_bytes(entry).into());
        Self {
            directories: directories.collect(),
            current: format!("/proc/{pid}/cwd").into(),
            cache: fs::read("/etc/ld.so.cache").unwrap_or_default(),
        }
    }

    /// The files that `name` may be, where these directories are looked into as well.
    pub(super) fn candidates<'path>(
        &'path self,
        name: &str,
        run_path: impl Iterator<Item = &'path PathBuf>,
    ) -> Vec<PathBuf> {
        if name.contains('/') {
            return vec![self.current.join(name)];
        }
        let first = run_path.chain(&self.directories).map(|directory| self.current.join(directory).join(name));
        let cached = library_cache::paths(&self.cache, name);
        let last = DEFAULT_DIRECTORIES.iter().map(|directory| Path::new(directory).join(name));
        first.chain(cached).chain(last).filter(|path| path.exists()).collect()
    }
}
