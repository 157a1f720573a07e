//! How many threads all compilers together may use: what make and cargo call a job server.
//!
//! Without one, each rustc takes up to 32 threads for its code generation. It is a pipe with a byte for each thread beyond
//! the first of a process. rustc opens it by the name that the kernel gives it, so no descriptor is inherited and
//! nothing is left behind.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::AsRawFd;
use std::process;

/// A job server for compilers that this process starts.
#[derive(Debug)]
pub(super) struct JobServer {
    _reader: PipeReader,
    writer: PipeWriter,
}

impl JobServer {
    /// One for `threads` at a time.
    pub(super) fn new(threads: usize) -> io::Result<Self> {
        let (reader, mut writer) = io::pipe()?;
        // A pipe takes 65,536 bytes before it blocks.
        writer.write_all(&vec![b'+'; threads.saturating_sub(1).min(4096)])?;
        Ok(Self { _reader: reader, writer })
    }

    /// The value of `CARGO_MAKEFLAGS`.
    pub(super) fn flags(&self) -> String {
        format!("-j --jobserver-auth=fifo:/proc/{}/fd/{}", process::id(), self.writer.as_raw_fd())
    }
}
