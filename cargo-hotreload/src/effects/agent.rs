//! The agent: the library that is preloaded into the program for it to be patched, seen from the tool.
//!
//! It is compiled by `build.rs` from `agent/agent.rs` and is part of our executable; [`install`] makes a file of it.

use std::io;
use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use object::read::elf::{ElfFile64, FileHeader};
use object::{Endianness, Object, ObjectSymbol};
use procfs::ProcError;
use procfs::process::Process;
use rustix::io::Errno;
use thiserror::Error;

use crate::effects::maps::{self, Map, Named};
use crate::effects::memory::Memory;
use crate::effects::{elf, files};
use crate::patch::agent_state::{MAGIC, Region, SYMBOL, State, VERSION};

const LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/agent.so"));
/// What the names of all agents' files begin with, whichever their version is.
const PREFIX: &str = "libhotreload-agent-";

/// Why a process cannot be patched.
#[derive(Debug, Error)]
pub enum Missing {
    /// There is no such process, or it has ended.
    #[error("process {pid} has ended")]
    Ended {
        /// The process.
        pid: u32,
    },
    /// Its executable has no dynamic linker that could preload anything.
    #[error("`{}` is linked statically, so nothing can be preloaded into it", executable.display())]
    Static {
        /// The executable.
        executable: PathBuf,
    },
    /// Preloading is for the user's own programs: not for those that change user, not after an `exec` without our
    /// variables.
    #[error("the agent is not in process {pid} (`{}`): it was started without it, or replaced itself by another program, or runs with other privileges than its user", executable.display())]
    NotLoaded {
        /// The process.
        pid: u32,
        /// Its executable.
        executable: PathBuf,
    },
    /// The process is being started: its constructors did not run yet. It is worth asking again.
    #[error("the agent in process {pid} is not ready yet")]
    NotReady {
        /// The process.
        pid: u32,
    },
    /// The process was started by another version of this tool.
    #[error("the agent in process {pid} is of another version of cargo-hotreload (`{}`)", file.display())]
    OtherVersion {
        /// The process.
        pid: u32,
        /// The agent's file.
        file: PathBuf,
    },
    /// The process was forked off the one that the agent was loaded into.
    #[error("process {pid} was forked off process {parent}")]
    Forked {
        /// The process.
        pid: u32,
        /// The process that the agent was loaded into.
        parent: u32,
    },
    /// The agent found no address space for patches.
    #[error("there is no room within 2 GiB of the executable of process {pid}")]
    NoRoom {
        /// The process.
        pid: u32,
    },
    /// The kernel does not let us at its memory.
    #[error("the memory of process {pid} cannot be read: {source}")]
    NotPermitted {
        /// The process.
        pid: u32,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Makes the agent's file in `directory` and says where it is. A file of this version that is there is used again.
///
/// # Errors
/// Where it cannot be written.
pub fn install(directory: &Path) -> Result<PathBuf> {
    let path = directory.join(file_name());
    files::generate(&path, LIBRARY)?;
    Ok(path)
}

fn file_name() -> String {
    format!("{PREFIX}{:016x}.so", files::hash(LIBRARY))
}

/// The agent in a running process.
#[derive(Debug)]
pub struct Agent {
    pid: u32,
    memory: Memory,
    /// Where its [`State`] is.
    address: u64,
    code: Region,
    constants: Region,
    variables: Region,
    /// What does not change either, and is not read again: the program may write over it.
    thread_locals: i64,
    thread_creation: i64,
    thread_locals_image: u64,
    debugger: u64,
    /// Only the tool changes it.
    count: AtomicU64,
}

/// What has become of a program in which the agent was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It goes on.
    There,
    /// It goes on, and has written over the agent's variables.
    Overwritten,
    /// It has replaced itself by another program.
    Replaced,
    /// It has ended.
    Ended,
}

impl Agent {
    /// Finds the agent in the process `pid`.
    pub fn find(pid: u32) -> Result<Self, Missing> {
        let (memory, maps) = opened(pid)?;
        let (base, file) = mapped(pid, maps)?;
        if file.file_name().is_none_or(|name| name != file_name().as_str()) {
            return Err(Missing::OtherVersion { pid, file });
        }
        let address = base + state_symbol();
        Self::read(pid, memory, address).map_err(|source| missing(pid, source))?
    }

    /// Reads what it published. The outer result tells of memory that cannot be read.
    pub(crate) fn read(pid: u32, memory: Memory, address: u64) -> io::Result<Result<Self, Missing>> {
        if memory.word(address + offset(offset_of!(State, magic)))? != MAGIC {
            return Ok(Err(Missing::NotReady { pid }));
        }
        let number = |at: usize| memory.half_word(address + offset(at));
        let region = |at: usize| -> io::Result<Region> {
            let word = |at: usize| memory.word(address + offset(at));
            let (start, length) = (at + offset_of!(Region, start), at + offset_of!(Region, length));
            Ok(Region { start: word(start)?, length: word(length)? })
        };
        let parent = number(offset_of!(State, pid))?;
        let code = region(offset_of!(State, code))?;
        if number(offset_of!(State, version))? != VERSION {
            return Ok(Err(Missing::OtherVersion { pid, file: PathBuf::from(file_name()) }));
        }
        if parent != pid {
            return Ok(Err(Missing::Forked { pid, parent }));
        }
        if code.length == 0 {
            return Ok(Err(Missing::NoRoom { pid }));
        }
        let constants = region(offset_of!(State, constants))?;
        let variables = region(offset_of!(State, variables))?;
        let word = |at: usize| memory.word(address + offset(at));
        let thread_locals = word(offset_of!(State, thread_locals))?.cast_signed();
        let thread_creation = word(offset_of!(State, thread_creation))?.cast_signed();
        let thread_locals_image = word(offset_of!(State, thread_locals_image))?;
        let debugger = word(offset_of!(State, debugger))?;
        let count = word(offset_of!(State, count))?.into();
        Ok(Ok(Self {
            pid,
            memory,
            address,
            code,
            constants,
            variables,
            thread_locals,
            thread_creation,
            thread_locals_image,
            debugger,
            count,
        }))
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The process's memory.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Where the machine code of patches goes.
    #[must_use]
    pub fn code(&self) -> Region {
        self.code
    }

    /// Where the constants of patches go, unwind tables among them.
    #[must_use]
    pub fn constants(&self) -> Region {
        self.constants
    }

    /// Where the variables of patches go.
    #[must_use]
    pub fn variables(&self) -> Region {
        self.variables
    }

    /// Where the thread-locals of patches are, as seen from each thread's thread pointer.
    #[must_use]
    pub fn thread_locals(&self) -> i64 {
        self.thread_locals
    }

    /// Where a thread counts how deep it is in making another one, as seen from its thread pointer.
    #[must_use]
    pub fn thread_creation(&self) -> i64 {
        self.thread_creation
    }

    /// What the thread-locals of later threads begin with.
    #[must_use]
    pub fn thread_locals_image(&self) -> u64 {
        self.thread_locals_image
    }

    /// The address of the list in which debuggers look for patches.
    #[must_use]
    pub fn debugger(&self) -> u64 {
        self.debugger
    }

    /// How many patches can be unwound.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// So many patches can be unwound now.
    pub fn counted(&self, count: u64) {
        self.count.store(count, Ordering::Relaxed);
    }

    /// What the program has for [`Agent::count`].
    pub fn count_there(&self) -> io::Result<u64> {
        self.field(offset_of!(State, count))
    }

    /// The address of the number that [`Agent::count_there`] reads.
    #[must_use]
    pub fn count_address(&self) -> u64 {
        self.address + offset(offset_of!(State, count))
    }

    /// The address of the first entry of [`State::unwind`].
    #[must_use]
    pub fn unwind_address(&self) -> u64 {
        self.address + offset(offset_of!(State, unwind))
    }

    /// What has become of the program.
    #[must_use]
    pub fn presence(&self) -> Presence {
        match self.field(offset_of!(State, magic)) {
            Ok(MAGIC) => Presence::There,
            Ok(_) => Presence::Overwritten,
            // The memory that was opened is that of the program that was there then.
            Err(_) if maps::of(self.pid).is_ok_and(|maps| !maps.is_empty()) => Presence::Replaced,
            Err(_) => Presence::Ended,
        }
    }

    fn field(&self, at: usize) -> io::Result<u64> {
        self.memory.word(self.address + offset(at))
    }
}

fn offset(bytes: usize) -> u64 {
    bytes as u64
}

fn missing(pid: u32, source: io::Error) -> Missing {
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => Missing::Ended { pid },
        _ if source.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Missing::Ended { pid },
        _ => Missing::NotPermitted { pid, source },
    }
}

fn plain(error: ProcError) -> io::Error {
    match error {
        ProcError::NotFound(_) => io::ErrorKind::NotFound.into(),
        ProcError::Io(source, _) => source,
        other => io::Error::other(other),
    }
}

/// The memory of the process `pid`, and what is mapped there.
///
/// A process goes on without its main thread, but what the kernel tells of the process is what it tells of that thread.
/// So any of the threads is asked.
fn opened(pid: u32) -> Result<(Memory, Vec<Map>), Missing> {
    let failed = |error: ProcError| missing(pid, plain(error));
    let process = Process::new(i32::try_from(pid).map_err(|_| Missing::Ended { pid })?).map_err(failed)?;
    let mut last = Missing::Ended { pid };
    for task in process.tasks().map_err(failed)? {
        let open = |thread: i32| Ok((Memory::open(thread.unsigned_abs())?, maps::of(thread)?));
        match task.map_err(plain).and_then(|task| open(task.tid)) {
            Ok((memory, maps)) if !maps.is_empty() => return Ok((memory, maps)),
            Ok(_) => {}
            Err(error) => last = missing(pid, error),
        }
    }
    Err(last)
}

/// Where the agent begins in the process `pid`, and its file.
pub(crate) fn mapped(pid: u32, maps: Vec<Map>) -> Result<(u64, PathBuf), Missing> {
    for map in maps {
        if let Some(Named { path, .. }) = map.file
            && map.offset == 0
            && let Some(name) = path.file_name().and_then(|name| name.to_str())
            && name.starts_with(PREFIX)
        {
            return Ok((map.addresses.start, path));
        }
    }
    let process = Process::new(pid.cast_signed()).map_err(|_| Missing::Ended { pid })?;
    let executable = process.exe().map_err(|_| Missing::Ended { pid })?;
    // By the link, because the file itself may have been replaced by a newer one.
    match elf::is_static(Path::new(&format!("/proc/{pid}/exe"))) {
        Ok(true) => Err(Missing::Static { executable }),
        _ => Err(Missing::NotLoaded { pid, executable }),
    }
}

/// How far behind the agent's begin its [`State`] is.
fn state_symbol() -> u64 {
    let elf = ElfFile64::<Endianness>::parse(LIBRARY).expect("the build script made an ELF file");
    debug_assert!(elf.elf_header().is_class_64());
    let mut symbols = elf.dynamic_symbols();
    let symbol = symbols.find(|symbol| symbol.name() == Ok(SYMBOL)).expect("the agent exports its state");
    symbol.address()
}

#[cfg(test)]
mod tests;
