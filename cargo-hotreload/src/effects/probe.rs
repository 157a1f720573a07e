//! What a running process has mapped, from `/proc/PID/maps`.

use crate::effects::maps::{self, Map, Named};
use crate::session::verify::Mapping;

/// The files of which the process has code mapped. Empty once it has ended.
///
/// Mappings without execute permission are left out: debuggers and backtraces map whole files to read them.
#[must_use]
pub fn executable_mappings(pid: u32) -> Vec<Mapping> {
    executable(maps::of(pid).unwrap_or_default())
}

/// The files whose code is among `maps`.
pub(crate) fn executable(maps: Vec<Map>) -> Vec<Mapping> {
    let mapping = |Map { inode, file, .. }| {
        let Named { path, deleted } = file?;
        Some(Mapping { path, inode, deleted })
    };
    maps.into_iter().filter(|map| map.is_code).filter_map(mapping).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{self, File};
    use std::os::unix::ffi::OsStrExt;

    use memmap2::MmapOptions;

    use super::executable_mappings;

    #[test]
    fn our_own_executable_is_mapped() {
        let own = std::env::current_exe().expect("our path");
        let mappings = executable_mappings(std::process::id());
        assert!(mappings.iter().any(|mapping| mapping.path == own && !mapping.deleted));
    }

    /// The name of one file does not hide all others.
    #[test]
    fn a_file_whose_name_is_no_text_is_mapped() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join(OsStr::from_bytes(b"plugin \xff "));
        fs::write(&path, [0; 16]).expect("written");
        let file = File::open(&path).expect("opened");
        #[expect(unsafe_code, reason = "nobody writes to it, and nothing of it is run")]
        // SAFETY: nobody looks at what is mapped.
        let _mapped = unsafe { MmapOptions::new().map_exec(&file) }.expect("mapped");
        let mappings = executable_mappings(std::process::id());
        assert!(mappings.iter().any(|mapping| mapping.path == path), "{mappings:?}");
    }

    #[test]
    fn a_process_that_is_not_there_has_nothing_mapped() {
        assert!(executable_mappings(u32::MAX / 2).is_empty());
    }
}
