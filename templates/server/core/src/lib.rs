//! What outlives a reload.
//!
//! The executable links this crate, so it stays where it is until the program ends: a change here
//! needs a restart. Everything above it (`database`, `service`, `api`, `router`) can be replaced
//! while the program runs, so nothing of theirs may be kept here: no callback, no trait object, no
//! type of theirs. It would point into unmapped memory after the next reload.

mod context;
mod error;
mod generation;

pub use context::{Connection, Context};
pub use error::OpenError;
pub use generation::{Entry, Generation, StopSignal};

/// Starts the logger, which is resident: modules only use the `log` facade in front of it.
pub fn start_logger() {
    let environment = env_logger::Env::default().default_filter_or("info");
    env_logger::Builder::from_env(environment).init();
}
