//! Files as memory: what is not looked at is not read, and what is takes no memory of its own.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;
use memmap2::MmapOptions;

/// The content of the file at `path`, which nobody may write to as long as this is used: a compiler replaces what it has
/// written, as it is no good half written. All of it is read at once.
///
/// # Errors
/// If it cannot be read.
pub fn map(path: &Path) -> io::Result<Bytes> {
    with(&File::open(path)?, MmapOptions::new().populate())
}

/// The same, of which little will be looked at: that is read then.
///
/// # Errors
/// If it cannot be read.
pub fn map_sparsely(path: &Path) -> io::Result<Bytes> {
    map_open(&File::open(path)?)
}

/// The same of a file that is open already.
///
/// # Errors
/// If it cannot be read.
pub fn map_open(file: &File) -> io::Result<Bytes> {
    with(file, &MmapOptions::new())
}

fn with(file: &File, options: &MmapOptions) -> io::Result<Bytes> {
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    #[expect(
        unsafe_code,
        reason = "the file is another process' until it is removed; rustc renames what it has written"
    )]
    // SAFETY: no reference outlives the mapping, which `Bytes` owns. Bytes that change would be a wrong patch at worst
    // if readers did not check what they read; a file that is cut off ends the process.
    let mapped = unsafe { options.map(file)? };
    Ok(Bytes::from_owner(mapped))
}
