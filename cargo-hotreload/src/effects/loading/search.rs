//! Where the dynamic linker looks for a library.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::plan::library_cache;

/// Where it looks at last.
const DEFAULT_DIRECTORIES: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// Where a directory has what is for certain processors only.
const FOR_PROCESSORS: &str = "glibc-hwcaps";

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
        Self::new(variable.unwrap_or_default(), format!("/proc/{pid}/cwd").into())
    }

    /// Those of a process that is started with `LD_LIBRARY_PATH` as given, in the directory `current`.
    pub(super) fn new(library_path: &[u8], current: PathBuf) -> Self {
        let entries = library_path.split(|byte| matches!(byte, b':' | b';')).filter(|entry| !entry.is_empty());
        let directories = entries.map(|entry| OsStr::from_bytes(entry).into()).collect();
        Self { directories, current, cache: fs::read("/etc/ld.so.cache").unwrap_or_default() }
    }

    /// The files that `name` may be, where the directories `run_path` are looked into as well.
    pub(super) fn candidates(&self, name: &str, run_path: &[PathBuf]) -> Vec<PathBuf> {
        if name.contains('/') {
            return vec![self.current.join(name)];
        }
        let first = run_path.iter().chain(&self.directories).map(|directory| self.current.join(directory));
        let last = DEFAULT_DIRECTORIES.iter().map(PathBuf::from);
        let of_directory = |directory: PathBuf| {
            let special = fs::read_dir(directory.join(FOR_PROCESSORS)).into_iter().flatten().flatten();
            special
                .map(|entry| entry.path())
                .chain([directory])
                .map(|directory| directory.join(name))
                .collect::<Vec<_>>()
        };
        let cached = library_cache::paths(&self.cache, name);
        let all = first.flat_map(of_directory).chain(cached).chain(last.flat_map(of_directory));
        all.filter(|path| path.exists()).collect()
    }

    /// Whether a library that is not found may be there all the same: a directory hangs on the machine.
    pub(super) fn is_uncertain(&self, run_path: &[PathBuf]) -> bool {
        run_path.iter().chain(&self.directories).any(|directory| directory.as_os_str().as_bytes().contains(&b'$'))
    }
}
