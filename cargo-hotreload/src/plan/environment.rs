//! The program's environment: the user's, plus the variables here.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Tells the module loader which libraries to open, lowest first, separated by `:`.
pub const MODULES: &str = "HOTRELOAD_MODULES";

/// `LD_LIBRARY_PATH` with `directories` before what it was: empty entries, which mean the current directory, are
/// left out.
#[must_use]
pub fn library_path(directories: &[PathBuf], inherited: Option<&OsStr>) -> OsString {
    let inherited: Vec<PathBuf> = inherited.map(|value| env::split_paths(value).collect()).unwrap_or_default();
    let all = directories.iter().chain(&inherited).filter(|directory| !directory.as_os_str().is_empty());
    joined(all.map(PathBuf::as_path))
}

/// Paths with `:` between them. A path that contains one cannot be listed; cargo refuses target directories with it.
#[must_use]
pub fn joined<'path>(paths: impl Iterator<Item = &'path Path>) -> OsString {
    paths.map(Path::as_os_str).collect::<Vec<_>>().join(OsStr::new(":"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use super::library_path;

    #[test]
    fn no_entry_is_empty() {
        let own = [PathBuf::from("/std")];
        assert_eq!(library_path(&own, None), "/std");
        assert_eq!(library_path(&own, Some(OsStr::new(""))), "/std");
        assert_eq!(library_path(&own, Some(OsStr::new("/a::/b:"))), "/std:/a:/b");
    }
}
