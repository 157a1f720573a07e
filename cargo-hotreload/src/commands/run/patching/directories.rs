//! What a session of patches has on disk.

use std::path::{Path, PathBuf};

use crate::effects::files;
use crate::ui::say;

/// Where the process of the program of this number looks for files that describe its patches.
pub(super) fn patches_of(directory: &Path, index: usize) -> PathBuf {
    directory.join(index.to_string())
}

/// Removes what is of no use any more.
pub(super) fn remove(directory: &Path) {
    if let Err(error) = files::remove_directory(directory) {
        say::warning(&format!("{error:#}"));
    }
}
