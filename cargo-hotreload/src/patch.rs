//! Live patching: an edit gets into an ordinary, statically linked program while it runs.
//!
//! Only the edited crates are compiled. Their machine code is put into the running process beside the old, bound to
//! the functions, statics and thread-locals that run there, and the entries of the functions that changed are
//! redirected. Nothing is unloaded, so nothing dangles; what cannot be proven safe is refused, with the reason.
//!
//! Everything in here is data to data; [`crate::effects`] reads the files and writes into the process.
//!
//! 1. [`placed`] is the result: bytes for known addresses, and which entries are redirected;
//! 2. [`agent_state`] is what the small library inside the program says of itself, and where it is told of patches;
//! 3. [`view`] tells whether other crates can see an edit, so that they have to be compiled as well.

pub mod agent_state;
pub mod placed;
pub mod view;
