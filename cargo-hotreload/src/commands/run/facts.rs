//! What a session knows of the workspace and the machine.

use crate::config::Settings;
use crate::plan::configured_linker::Override;
use crate::plan::linker::Linker;
use crate::plan::toolchain::Toolchain;
use crate::workspace::Workspace;

/// What a session goes by; a changed manifest may change it.
pub(super) struct Facts {
    pub(super) toolchain: Toolchain,
    pub(super) settings: Settings,
    pub(super) workspace: Workspace,
    /// What joins the local crates.
    pub(super) linker: Linker,
    /// How cargo's configuration is kept from taking the place of our linker.
    pub(super) linker_override: Option<Override>,
    /// Whether its libraries are modules; else they are what the user made them.
    pub(super) has_modules: bool,
}
