//! The directory in a workspace for everything that is ours: journal, lock, generated files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::effects::files;
use crate::error::ErrorKind;
use crate::workspace::STATE_DIRECTORY;

/// Where the state directory is, or will be.
///
/// # Errors
/// [`ErrorKind::StateDirectory`]: a workspace may come with a link there, and then others' files would be written.
pub fn path(root: &Path) -> Result<PathBuf> {
    let state = root.join(STATE_DIRECTORY);
    match fs::symlink_metadata(&state) {
        Ok(metadata) if !metadata.is_dir() => Err(ErrorKind::StateDirectory { path: state }.into()),
        _ => Ok(state),
    }
}

/// Makes the state directory, which git is told to ignore.
///
/// # Errors
/// [`ErrorKind::StateDirectory`].
pub fn make(root: &Path) -> Result<PathBuf> {
    let state = path(root)?;
    files::make_synced_directory(&state)?;
    files::generate(&state.join(".gitignore"), "*\n")?;
    Ok(state)
}
