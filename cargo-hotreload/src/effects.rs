//! The sole door to files, processes, signals and sockets.

pub mod build;
pub mod cargo;
pub mod cargo_config;
pub mod child;
pub mod control;
pub mod dep_info;
pub mod doctor;
pub mod dylib_probe;
pub mod elf;
pub mod files;
pub mod http;
pub mod journal;
pub mod linkers;
pub mod locate;
pub mod lock;
pub mod native;
pub mod notify;
pub mod probe;
pub mod process;
pub mod pty;
pub mod settings;
pub mod signals;
pub mod stubs;
pub mod terminal;
pub mod toolchain;
pub mod watch;
