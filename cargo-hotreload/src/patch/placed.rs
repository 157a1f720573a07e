//! A patch that is ready to be written: every byte and every address is known.

use crate::patch::agent_state::{Region, Unwind};

/// A finished patch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// What nobody uses yet: code, constants and variables of the patch, zeros too. A patch that was refused may have left
    /// other bytes there.
    pub writes: Vec<Write>,
    /// How its functions are unwound. `None` if it has none that can be.
    pub unwind: Option<Unwind>,
    /// What new thread-locals begin with, in every thread that there is and will be. Addresses count from the begin of
    /// the agent's bytes in each thread.
    pub thread_locals: Vec<Write>,
    /// The entries of running functions that have a new body. Nobody may be inside of these bytes, past the first, when
    /// they are written.
    pub redirects: Vec<Write>,
    /// What may be running while it is replaced.
    pub replaced: Vec<Replaced>,
}

/// A function that does something else from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Its name, for people.
    pub name: String,
    /// Where its bodies are: the program's own, and those of patches.
    pub bodies: Vec<Region>,
    /// What it means that a thread is in one of them.
    pub running: WhileRunning,
}

/// What it means for a patch that a thread is in an old body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WhileRunning {
    /// The thread goes on in it until it returns, and calls the new bodies of others.
    Tell,
    /// It was compiled together with what it calls, and may rely on what these did.
    Wait,
    /// Nobody calls it again.
    Refuse,
}

/// Bytes for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Address of the first byte.
    pub address: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}
