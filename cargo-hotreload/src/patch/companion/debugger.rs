//! How GDB finds the file of a patch: by its interface for compilers that compile at run time.
//!
//! The agent has a descriptor under a name that GDB knows, with a list of images in memory, which GDB reads when it
//! attaches. It cannot be attached while a patch is written, because a process has one tracer; so nobody has to be told.
//! Debug information is much larger than code. What is put into memory is therefore an image that has only unwind
//! tables, and says which file has the debug information (`.gnu_debuglink`). GDB moves what is in the file to where the
//! sections of the image are.
//!
//! <https://sourceware.org/gdb/current/onlinedocs/gdb.html/JIT-Interface.html>

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use anyhow::Result;

use crate::patch::companion::Companion;
use crate::patch::companion::image::{self, Section};
use crate::patch::placed::Write;

/// Bytes of an entry of the list: the next, the one before, where the image is, and its length.
const ENTRY: u64 = 32;
/// Where an entry says which one comes before it.
const BEFORE: u64 = 8;
/// Where the descriptor says which entry is the first.
const FIRST: u64 = 16;

/// The list of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Address of the descriptor.
    pub descriptor: u64,
    /// Address of the first entry, 0 if there is none.
    pub first: u64,
}

/// An entry for a patch.
#[derive(Debug)]
pub struct Entry {
    image: Vec<u8>,
}

impl Entry {
    /// An entry that leads to the companion's image in `file`, an absolute path.
    pub fn new(companion: &Companion<'_>, file: &Path) -> Result<Self> {
        let mut bytes = file.as_os_str().as_bytes().to_vec();
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(crc32fast::hash(&companion.image).to_le_bytes());
        // From the file it takes none.
        let frames = companion.frames.iter().map(|frames| Section {
            name: ".eh_frame",
            address: Some(frames.address),
            bytes: frames.bytes.clone(),
        });
        let link = Section { name: ".gnu_debuglink", address: None, bytes };
        let sections: Vec<_> = frames.chain([link]).collect();
        Ok(Self { image: image::write(companion.target, 0, &companion.extents, &[], &sections)? })
    }

    /// Bytes of the program's memory that it takes.
    #[must_use]
    pub fn size(&self) -> u64 {
        ENTRY + self.image.len() as u64
    }

    /// What is written to put it, at the address `at`, before all others in `list`; and the list with it. The list can
    /// be read after each write.
    #[must_use]
    pub fn register(&self, at: u64, list: List) -> (Vec<Write>, List) {
        let entry = [list.first, 0, at + ENTRY, self.image.len() as u64];
        let bytes = entry.iter().flat_map(|word| word.to_le_bytes()).chain(self.image.iter().copied()).collect();
        let mut writes = vec![Write { address: at, bytes }];
        let address = |address, to: u64| Write { address, bytes: to.to_le_bytes().to_vec() };
        if list.first != 0 {
            writes.push(address(list.first + BEFORE, at));
        }
        writes.push(address(list.descriptor + FIRST, at));
        (writes, List { first: at, ..list })
    }
}
