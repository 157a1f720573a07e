//! Whose file a path is.

use std::path::Path;

use crate::session::event::Owner;
use crate::workspace::Workspace;
use crate::workspace::graph::{HostIndex, LibraryIndex};

/// Whose file `path` is, as seen from the program `host`.
pub(super) fn owner(workspace: &Workspace, path: &Path, host: HostIndex) -> Owner {
    let Workspace { hosts, graph, .. } = workspace;
    let Some(package) = workspace.package_of(path) else { return Owner::Program };
    if hosts[host].package == package {
        return Owner::Program;
    }
    let is_it = |index: LibraryIndex| graph.libraries[index].package == package;
    let is_ours = graph.below_host(host).into_iter().any(is_it);
    // Macros and build helpers are part of no program, and shape all.
    let is_others = hosts.iter().any(|host| host.package == package) || (0..graph.libraries.len()).any(is_it);
    if is_others && !is_ours { Owner::Other } else { Owner::Library(package.to_owned()) }
}
