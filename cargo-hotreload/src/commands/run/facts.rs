//! What a session knows of the workspace and the machine.

use crate::config::Settings;
use crate::plan::configured_linker::Override;
use crate::plan::instances::{Instance, instances};
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
    /// The strategy was left to us, and the workspace is enabled: not said yet what that means without a loader.
    pub(super) is_by_enabling: bool,
    /// The processes that are run.
    pub(super) instances: Vec<Instance>,
}

impl Facts {
    /// The names of the processes that are run.
    pub(super) fn names(&self) -> Vec<String> {
        self.instances.iter().map(|instance| instance.name.clone()).collect()
    }
}

/// The processes to run of `workspace`, by `settings`.
pub(super) fn instances_of(workspace: &Workspace, settings: &Settings) -> Vec<Instance> {
    instances(workspace.hosts.iter().map(|host| host.bin.as_str()), settings.instances.count())
}
