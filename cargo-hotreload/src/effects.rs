//! The sole door to files, processes, signals and sockets.

pub mod build;
pub mod cargo;
pub mod cargo_config;
pub mod child;
pub mod compile_times;
pub mod control;
pub mod dep_info;
pub mod doctor;
pub mod dylib_probe;
pub mod elf;
pub mod events;
pub mod files;
pub mod http;
pub mod journal;
pub mod linkers;
pub mod locate;
pub mod lock;
pub mod native;
pub mod probe;
pub mod process;
pub mod settings;
pub mod signals;
pub mod stubs;
pub mod toolchain;
pub mod watch;
