//! Live patching: an edit gets into an ordinary, statically linked program while it runs.
//!
//! Only the edited crates are compiled. Their machine code is put into the running process beside the old, bound to
//! the functions, statics and thread-locals that run there, and the entries of the functions that changed are
//! redirected. Nothing is unloaded, so nothing dangles; what cannot be proven safe is refused, with the reason.
//!
//! Everything in here is data to data; [`crate::effects`] reads the files and writes into the process.
//!
//! 1. [`rustc`] compiles the edited crates, without cargo and without a linker;
//! 2. [`object`] and [`set`]: the objects of a compiled crate as plain data; [`running`]: what the program has, and where;
//! 3. [`outline`]: what one object consists of, [`outlining`] makes it; [`fingerprint`]: what each function and static is made
//!    of, whatever it is called and wherever it lies; [`content`]: a whole crate;
//! 4. [`pairing`]: which of them is which one of the running program, and what is new; [`moved`] follows references,
//!    [`references`] knows who may hold a function's address;
//! 5. [`link`] loads what is new, binds it to what runs, and makes unwind tables ([`frames`]); [`relocate`] knows the
//!    architecture, [`jump`] whether an old entry can become a jump;
//! 6. [`placed`] is the result: bytes for known addresses;
//! 7. [`companion`] describes it for debuggers, profilers and backtraces;
//! 8. [`agent_state`] is what the small library inside the program says of itself, and where it is told of patches;
//! 9. [`layout`] finds the types whose data would be misread by new code;
//! 10. [`view`] tells whether other crates can see an edit, so that they have to be compiled as well.
//!
//! [`world`] keeps what is known from one patch to the next; a [`refusal`] says why there is none.

pub mod agent_state;
pub mod companion;
pub mod content;
pub mod fingerprint;
pub mod found;
pub mod frames;
pub mod jump;
pub mod layout;
pub mod link;
pub mod moved;
pub mod names;
pub mod object;
pub mod outline;
pub mod outlining;
pub mod pairing;
pub mod placed;
pub mod references;
pub mod refusal;
pub mod relocate;
pub mod running;
pub mod rustc;
pub mod scope;
pub mod set;
pub mod view;
pub mod world;
