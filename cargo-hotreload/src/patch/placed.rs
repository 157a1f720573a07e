//! A patch that is ready to be written: every byte and every address is known.

use crate::patch::agent_state::Unwind;

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
}

/// Bytes for an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Address of the first byte.
    pub address: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}
