//! `Cargo.lock` while cargo is asked about a workspace: cargo may write it.
//!
//! Before `enable` and `run` ask, a note of what it said is left in the state directory. From then on the journal has it,
//! or the note goes with what cargo did. What a killed command has left is undone by the next one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::effects::{files, journal, state_directory};
use crate::error::ErrorKind;
use crate::plan::disable::{Action, restore_lock};
use crate::workspace::STATE_DIRECTORY;

/// What `Cargo.lock` said before cargo was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `None` if there was no such file.
    pub lock: Option<String>,
}

/// Where it is.
#[must_use]
pub fn path(root: &Path) -> PathBuf {
    root.join("Cargo.lock")
}

/// What `Cargo.lock` says before cargo is asked; [`put_back`] takes it.
///
/// # Errors
/// If it could not be put back.
pub fn before(root: &Path) -> Result<Option<String>> {
    state_directory::path(root)?;
    files::read_optional(&path(root))
}

/// Takes note of `Cargo.lock` of the workspace at `root`, whose lock we have, unless its journal has done that; undoes
/// what a command that was killed made of it.
pub fn remember(root: &Path) -> Result<()> {
    settle(root)?;
    if journal::read(root)?.is_none() {
        let note = Note { lock: before(root)? };
        files::generate(&note_path(root), &serde_json::to_string(&note)?)?;
    }
    Ok(())
}

/// Undoes what a command that was killed before it wrote a journal has made of `Cargo.lock`.
pub fn settle(root: &Path) -> Result<()> {
    let Some(note) = noted(root)? else { return Ok(()) };
    if journal::read(root)?.is_none() {
        let current = files::read_optional(&path(root))?;
        match restore_lock(note.lock.as_deref(), current.as_deref()) {
            Action::Keep => {}
            Action::Restore(text) | Action::Strip(text) => put_back(root, Some(&text))?,
            Action::Remove => put_back(root, None)?,
        }
    }
    forget(root)
}

/// What is noted.
pub fn noted(root: &Path) -> Result<Option<Note>> {
    let path = note_path(root);
    let Some(text) = files::read_optional(&path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        let why = format!("is damaged: {error}");
        ErrorKind::Journal { path, why }.into()
    })
}

/// Removes the note: `Cargo.lock` is as it was, or the journal says what it was.
pub fn forget(root: &Path) -> Result<()> {
    files::remove_file(&note_path(root))
}

/// Gives `Cargo.lock` of the workspace at `root` the text that it had `before`, or takes it away if it was not there; if
/// it did not change, it is left alone.
pub fn put_back(root: &Path, before: Option<&str>) -> Result<()> {
    let path = path(root);
    let Some(before) = before else { return files::remove_file(&path) };
    if files::read_optional(&path)?.as_deref() == Some(before) {
        return Ok(());
    }
    // Nothing of ours ever lies beside the user's own files, even if we are killed.
    let state = state_directory::path(root)?;
    let is_made = fs::create_dir(&state).is_ok();
    let replaced = files::replace(&[(&path, before.as_bytes())], &state);
    if is_made {
        // It fails if somebody works there meanwhile.
        let _ = fs::remove_dir(&state);
    }
    replaced
}

fn note_path(root: &Path) -> PathBuf {
    root.join(STATE_DIRECTORY).join("cargo-lock.json")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{noted, put_back, remember, settle};

    #[test]
    fn what_a_killed_command_left_is_undone_once() {
        for before in [None, Some("version = 4\n")] {
            let root = tempfile::tempdir().expect("a temporary directory");
            let lock = root.path().join("Cargo.lock");
            if let Some(text) = before {
                fs::write(&lock, text).expect("write");
            }
            let read = || fs::read_to_string(&lock).ok();
            remember(root.path()).expect("noted");
            fs::write(&lock, "version = 4\n\n[[package]]\nname = \"hotreload-group-1\"\nversion = \"0.0.0\"\n")
                .expect("write");
            settle(root.path()).expect("undone");
            assert_eq!(read().as_deref(), before);
            assert!(noted(root.path()).expect("readable").is_none());
            fs::write(&lock, "mine").expect("write");
            settle(root.path()).expect("nothing to undo");
            assert_eq!(read().as_deref(), Some("mine"));
        }
    }

    #[test]
    fn putting_back_leaves_nothing_beside() {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::write(root.path().join("Cargo.lock"), "new").expect("write");
        put_back(root.path(), Some("old")).expect("put back");
        assert_eq!(fs::read_to_string(root.path().join("Cargo.lock")).expect("read"), "old");
        assert_eq!(fs::read_dir(root.path()).expect("list").count(), 1);
    }
}
