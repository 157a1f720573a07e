//! Pure planning: from facts to plain data that says what to do. Nothing here touches files or processes.

pub mod checks;
pub mod command;
pub mod completions;
pub mod configured_linker;
pub mod configured_wrapper;
pub mod diff;
pub mod disable;
pub mod enable;
pub mod environment;
pub mod generated;
pub mod group_crate;
pub mod groups;
pub mod instances;
pub mod journal;
pub mod link_line;
pub mod linker;
pub mod lockfile;
pub mod man;
pub mod manifest;
pub mod native;
pub mod own_profile;
pub mod path;
pub mod roles;
pub mod rustflags;
pub mod template;
pub mod toolchain;
