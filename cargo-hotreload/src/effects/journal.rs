//! The journal of an enabled workspace: what it was like before, written before any manifest is changed.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::effects::files;
use crate::error::ErrorKind;
use crate::plan::journal::Journal;
use crate::workspace::STATE_DIRECTORY;

/// The journal of the workspace at `root`, if there is one.
///
/// # Errors
/// [`ErrorKind::Journal`].
pub fn read(root: &Path) -> Result<Option<Journal>> {
    let path = path(root);
    let Some(text) = files::read_optional(&path)? else { return Ok(None) };
    Journal::parse(&text).map(Some).map_err(|why| ErrorKind::Journal { path, why }.into())
}

/// Writes `journal`; from now on the workspace at `root` is enabled.
pub fn write(root: &Path, journal: &Journal) -> Result<()> {
    files::generate(&path(root), &serde_json::to_string_pretty(journal)?)
}

/// Removes it: there is nothing to undo.
pub fn remove(root: &Path) -> Result<()> {
    files::remove_file(&path(root))
}

fn path(root: &Path) -> PathBuf {
    root.join(STATE_DIRECTORY).join("journal.json")
}
