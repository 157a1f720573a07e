//! Calls of rustc: written down while cargo builds, repeated when only an edited crate has to be compiled.
//! What is called and why is decided in [`crate::patch::rustc`].

pub mod background;
pub mod cached;
pub mod compile;
mod job_server;
mod link;
pub mod objects;
mod process;
pub mod record;
pub mod records;
