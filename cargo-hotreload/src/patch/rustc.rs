//! Compiling one crate without cargo: cargo's own call of rustc, repeated.
//!
//! 1. [`stand_in`]: builds of a session run with a wrapper around rustc that writes down each call, a [`call::Call`];
//! 2. [`recorded`] reads out of the call what crate it compiles, how and from what;
//! 3. [`units`] puts the calls together to the program's graph;
//! 4. [`plan`] says for some edited crates which calls to repeat, in which order, and against which of the results;
//! 5. [`replay`] is one repeated call: cargo's, but for where results go and that nothing is linked;
//! 6. [`background`]: cargo's own build, which takes over later, steps back behind everything else.

pub mod background;
pub mod call;
pub mod plan;
pub mod recorded;
pub mod replay;
pub mod stand_in;
pub mod units;
