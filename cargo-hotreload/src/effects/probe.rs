//! What a running process has mapped, from `/proc/PID/maps`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use procfs::process::{MMPermissions, MMapPath, MemoryMap, Process};

use crate::session::verify::Mapping;

/// The kernel's remark behind the path of a file that is not there any more.
const DELETED: &[u8] = b" (deleted)";

/// The files of which the process has code mapped. Empty once it has ended.
///
/// Mappings without execute permission are left out: debuggers and backtraces map whole files to read them.
#[must_use]
pub fn executable_mappings(pid: u32) -> Vec<Mapping> {
    let Ok(pid) = i32::try_from(pid) else { return Vec::new() };
    let Ok(maps) = Process::new(pid).and_then(|process| process.maps()) else { return Vec::new() };
    executable(maps)
}

/// The files whose code is among `maps`.
pub(crate) fn executable(maps: impl IntoIterator<Item = MemoryMap>) -> Vec<Mapping> {
    let code = maps.into_iter().filter(|map| map.perms.contains(MMPermissions::EXECUTE));
    code.filter_map(|map| match map.pathname {
        MMapPath::Path(path) => Some(mapping(&path, map.inode)),
        _ => None,
    })
    .collect()
}

/// The mapping of a file that `/proc/PID/maps` shows under `path`.
pub(super) fn mapping(path: &Path, inode: u64) -> Mapping {
    let bytes = path.as_os_str().as_bytes();
    match bytes.strip_suffix(DELETED) {
        Some(before) => Mapping { path: PathBuf::from(OsStr::from_bytes(before)), inode, deleted: true },
        None => Mapping { path: path.to_owned(), inode, deleted: false },
    }
}

#[cfg(test)]
mod tests {
    use super::executable_mappings;

    #[test]
    fn our_own_executable_is_mapped() {
        let own = std::env::current_exe().expect("our path");
        let mappings = executable_mappings(std::process::id());
        assert!(mappings.iter().any(|mapping| mapping.path == own && !mapping.deleted));
    }

    #[test]
    fn a_process_that_is_not_there_has_nothing_mapped() {
        assert!(executable_mappings(u32::MAX / 2).is_empty());
    }
}
