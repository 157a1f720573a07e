//! `cargo hotreload`: carry every edit of a Cargo workspace into the running program.
//!
//! The code is in three layers, each of which knows only those before it:
//!
//! 1. **facts**: [`config`] (the settings), [`workspace`] (cargo metadata and unit graph, reduced to plain data),
//!    [`plan::toolchain`];
//! 2. **plan**: [`plan`] (text to text and data to data: manifests, dependency groups, flags), [`patch`] (new machine
//!    code for a running program), [`session`] (the loop as a state machine: event in, actions out) and [`graph`]
//!    (pictures), all without any input or output;
//! 3. **effects**: [`effects`] is the sole door to files, processes, signals and sockets.
//!
//! [`live`] is a process that takes patches: it reads the facts, and has effects write the plan. [`commands`] has one
//! file a subcommand and reads like prose: gather facts, plan, carry out, say what was done.
//! [`ui`] is what the terminal shows, [`error`] what can go wrong and with which exit code.

pub mod cli;
pub mod commands;
pub mod config;
pub mod effects;
pub mod error;
pub mod events;
#[cfg(test)]
mod fuzz;
pub mod graph;
pub mod live;
pub mod patch;
pub mod plan;
pub mod report;
pub mod session;
pub mod shell;
pub mod ui;
pub mod why;
pub mod workspace;
