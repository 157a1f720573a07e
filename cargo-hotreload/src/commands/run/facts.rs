//! What a session knows of the workspace and the machine.

use crate::config::Settings;
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
    /// Whether its libraries are modules; else they are what the user made them.
    pub(super) has_modules: bool,
}
