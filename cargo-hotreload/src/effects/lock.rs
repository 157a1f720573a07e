//! One command at a time changes a workspace: an advisory lock that the kernel takes back when its holder dies.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::effects::{cargo_lock, journal, state_directory};
use crate::error::ErrorKind;
use crate::plan::holder::Holder;
use crate::workspace::STATE_DIRECTORY;

/// The lock of a workspace. When it is dropped and nothing is enabled, the state directory goes too.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    root: PathBuf,
}

impl Lock {
    /// Takes the lock of the workspace at `root`.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] if another process has it.
    pub fn take(root: &Path) -> Result<Self> {
        loop {
            let path = state_directory::make(root)?.join("lock");
            let cannot = || format!("cannot lock `{}`", path.display());
            let options = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = options().with_context(cannot)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(ErrorKind::Busy { holder: holder(&mut file) }.into()),
                Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
            }
            // The last holder may have removed the directory between our opening and locking the file.
            if is_still(&path, &file) {
                file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).with_context(cannot)?;
                return Ok(Self { _file: file, root: root.to_owned() });
            }
        }
    }
}

/// Waits until no other process has the lock of the workspace at `root`.
pub fn wait_until_free(root: &Path) {
    // No file, or one that cannot be opened, is nothing to wait for.
    if let Ok(file) = File::open(root.join(STATE_DIRECTORY).join("lock")) {
        let _ = file.lock_shared();
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let is_needed =
            !matches!(journal::read(&self.root), Ok(None)) || !matches!(cargo_lock::noted(&self.root), Ok(None));
        if !is_needed {
            let _ = fs::remove_dir_all(self.root.join(STATE_DIRECTORY));
        }
    }
}

/// Who has written its process id into the file. It may not have done so yet, and then an earlier one stands there.
fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    let pid = text.trim().parse().ok()?;
    Holder::new(pid, &fs::read(format!("/proc/{pid}/cmdline")).ok()?)
}

fn is_still(path: &Path, file: &File) -> bool {
    match (fs::metadata(path), file.metadata()) {
        (Ok(there), Ok(ours)) => (there.dev(), there.ino()) == (ours.dev(), ours.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use crate::error;

    #[test]
    fn a_second_lock_is_refused() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let first = Lock::take(root.path()).expect("free");
        let refused = Lock::take(root.path()).expect_err("taken");
        assert_eq!(error::exit_code(&refused), 18);
        drop(first);
        assert!(!root.path().join(".hotreload").exists(), "nothing is left behind");
        Lock::take(root.path()).expect("free again");
    }
}
