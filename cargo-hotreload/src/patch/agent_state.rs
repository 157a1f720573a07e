//! What the agent, a small library that is preloaded into the program, and the tool tell each other.
//!
//! This file is compiled twice: as a module of the tool, and into the agent, which has no standard library. The agent
//! reserves address space and publishes where it is in one [`State`], which it exports under the name [`SYMBOL`]; the
//! tool reads that and writes what it has to tell straight into the program's memory. The agent has no thread, opens no
//! file and no socket.

/// The name under which the agent exports its [`State`].
pub const SYMBOL: &str = "hotreload_agent_state";
/// What [`State::magic`] is once the agent is ready: ASCII for `HOTRELOD`.
pub const MAGIC: u64 = 0x484f_5452_454c_4f44;
/// Changes with every change in this file.
pub const VERSION: u32 = 2;
/// Environment variable with the directory of the files of debug information: the file of slot 7 is called `7`. Without
/// it the agent does nothing.
pub const DIRECTORY_VARIABLE: &str = "HOTRELOAD_PATCHES";
/// What [`PRELOAD_VARIABLE`] has before `LD_PRELOAD`.
pub const PRELOAD_PREFIX: &str = "HOTRELOAD_";
/// Environment variable with the user's own `LD_PRELOAD`, if there is one: it stands behind the agent in the one that
/// the program is started with, and the agent puts it back for the program's children.
pub const PRELOAD_VARIABLE: &str = "HOTRELOAD_LD_PRELOAD";
/// The most patches that a process can take.
pub const CAPACITY: usize = 4096;
/// Bytes of code that one file of debug information speaks for; a patch's code begins at a multiple of it.
pub const SLOT: u64 = 64 << 10;
/// How far below the code the addresses in such a file count from: 0 stands for what was not loaded.
pub const BELOW: u64 = SLOT;
/// Bytes of address space for machine code.
pub const CODE: u64 = SLOT * CAPACITY as u64;
/// Bytes of address space for constants, unwind tables among them.
pub const CONSTANTS: u64 = 128 << 20;
/// Bytes of address space for variables.
pub const VARIABLES: u64 = 64 << 20;
/// Bytes in each thread for thread-locals that come with patches.
pub const THREAD_LOCALS: usize = 32 << 10;

/// A part of the address space.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Region {
    /// Address of its first byte.
    pub start: u64,
    /// Bytes.
    pub length: u64,
}

/// How the functions of one patch are unwound.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unwind {
    /// The patch's code.
    pub code: Region,
    /// Address of its `.eh_frame_hdr`, with a binary search table.
    pub header: u64,
}

/// The agent's variables, at the symbol [`SYMBOL`].
#[repr(C)]
#[derive(Debug)]
pub struct State {
    /// [`MAGIC`], written last.
    pub magic: u64,
    /// [`VERSION`].
    pub version: u32,
    /// The process that the agent was loaded into; a forked child keeps its parent's.
    pub pid: u32,
    /// Readable and executable; 0 bytes if no room near the executable was found.
    pub code: Region,
    /// Readable.
    pub constants: Region,
    /// Readable and writable.
    pub variables: Region,
    /// Where the [`THREAD_LOCALS`] bytes of each thread are, as seen from its thread pointer.
    pub thread_locals: i64,
    /// Where each thread counts how deep it is in `pthread_create`, as seen from its thread pointer: between the copy of
    /// `thread_locals_image` and the start of the thread, the thread is nowhere to be found.
    pub thread_creation: i64,
    /// Address of the bytes that a new thread's thread-locals begin with.
    pub thread_locals_image: u64,
    /// Address of the list of images that GDB reads.
    pub debugger: u64,
    /// How many entries of `unwind` count; written by the tool, after them.
    pub count: u64,
    /// What the patches' functions are unwound by, lowest address first; written by the tool.
    pub unwind: [Unwind; CAPACITY],
}
