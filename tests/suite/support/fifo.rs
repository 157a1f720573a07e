//! A build that does not end by itself: rustc reads a named pipe that nobody writes to.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

/// The pipe. Dropping it lets every reader go on.
#[derive(Debug)]
pub(crate) struct Fifo {
    path: PathBuf,
    /// That it is in, if that is gone with it.
    directory: Option<tempfile::TempDir>,
}

impl Fifo {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("never");
        let mut pipe = Self::at(path);
        pipe.directory.replace(directory);
        pipe
    }

    /// One at `path`, where it is as long as this.
    pub(crate) fn at(path: PathBuf) -> Self {
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("mkfifo");
        Self { path, directory: None }
    }

    /// A line of Rust at which the compiler waits.
    pub(crate) fn waiting_item(&self) -> String {
        format!("const _: &[u8] = include_bytes!({:?});\n", self.path.to_string_lossy())
    }

    /// Waits until a compiler reads it. It goes on waiting as long as what this returns is there.
    pub(crate) fn until_read(&self) -> File {
        OpenOptions::new().write(true).open(&self.path).expect("the pipe")
    }

    fn release(path: &Path) {
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("a small number");
        // It fails if nobody reads, which is the good case.
        drop(OpenOptions::new().write(true).custom_flags(flags).open(path));
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        Self::release(&self.path);
        drop(std::fs::remove_file(&self.path));
    }
}
