//! The file in which `perf` finds the names of functions that were loaded from no file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

/// `/tmp/perf-PID.map`, from the first patch on until the program is no business of ours any more.
///
/// Source: `tools/perf/Documentation/jit-interface.txt` of the kernel.
#[derive(Debug)]
pub(super) struct PerfMap {
    path: PathBuf,
    is_there: bool,
}

impl PerfMap {
    pub(super) fn of(pid: u32) -> Self {
        Self { path: PathBuf::from(format!("/tmp/perf-{pid}.map")), is_there: false }
    }

    /// Adds `lines`.
    ///
    /// # Errors
    /// If there is such a file of somebody else's: a program that compiles at run time writes one itself.
    pub(super) fn add(&mut self, lines: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        // Everybody may write into this directory: what is there already is not ours.
        options.append(true).create_new(!self.is_there).mode(0o600);
        let mut file = options.open(&self.path)?;
        self.is_there = true;
        file.write_all(lines.as_bytes())
    }
}

impl Drop for PerfMap {
    fn drop(&mut self) {
        if self.is_there {
            drop(fs::remove_file(&self.path));
        }
    }
}
