//! The end-to-end suite: the built command, real cargo and nightly rustc, a real server, real HTTP and signals.
//!
//! Tests of the server share one workspace, whose build output is kept, and take turns by a file lock ([`support::server`]).
//! Tests of manifests make tiny workspaces of their own without third-party crates ([`support::fixture`]).
#![allow(clippy::disallowed_methods, reason = "the tests write sources as an editor does: in place")]

mod anywhere;
mod choosing;
mod completions;
#[cfg(target_arch = "x86_64")]
mod conformance;
mod control;
mod corpus;
mod declining;
mod demo;
mod doctor;
mod errors;
mod events;
mod failure;
#[cfg(target_arch = "x86_64")]
mod faults;
mod fleet;
mod foreground;
mod foresight;
mod foresight_of_restarts;
mod graph;
mod idioms;
mod intruders;
mod keys;
mod linker;
mod live_patching;
mod live_patching_children;
mod live_patching_faults;
mod live_patching_fleet;
mod live_patching_midway;
mod live_patching_split;
mod live_patching_tokio;
mod manifests;
mod native;
mod new;
mod old_files;
mod own_profile;
#[cfg(target_arch = "x86_64")]
mod patching;
mod places;
mod release;
mod reload;
#[cfg(target_arch = "x86_64")]
mod reload_safety;
mod reload_under_load;
mod report;
mod restart;
mod rollback;
mod rollback_fleet;
mod rustc;
mod rustc_chain;
mod screen;
mod settings;
#[cfg(target_arch = "x86_64")]
mod surroundings;
mod suspension;
mod toolchain;
#[cfg(target_arch = "x86_64")]
mod turns;
mod undo;
mod wrapper;

mod support {
    pub(crate) mod command;
    pub(crate) mod console;
    pub(crate) mod events;
    pub(crate) mod fifo;
    pub(crate) mod fixture;
    pub(crate) mod http;
    pub(crate) mod output;
    pub(crate) mod pair;
    #[cfg(target_arch = "x86_64")]
    pub(crate) mod patched;
    pub(crate) mod place;
    pub(crate) mod poll;
    pub(crate) mod processes;
    pub(crate) mod recording;
    pub(crate) mod schema;
    pub(crate) mod server;
    pub(crate) mod session;
    pub(crate) mod session_of_patches;
    pub(crate) mod terminal;
    #[cfg(target_arch = "x86_64")]
    pub(crate) mod traced;
    pub(crate) mod tree;
    #[cfg(target_arch = "x86_64")]
    pub(crate) mod unwind_table;
}
