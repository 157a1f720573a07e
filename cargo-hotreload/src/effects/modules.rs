//! What the modules say that were built for a workspace.

use std::fs::File;
use std::path::PathBuf;

use crate::effects::build::{library_directories, linked};
use crate::effects::signs;
use crate::plan::roles::{Role, file_name, role_of};
use crate::why::facts::{Library, Part};
use crate::workspace::Workspace;

/// The modules of the programs of `workspace`, as far as they were built; `None` if no program was.
#[must_use]
pub fn built(workspace: &Workspace) -> Option<Vec<Library>> {
    let linked = linked(workspace)?;
    let directories: Vec<PathBuf> =
        workspace.hosts.iter().flat_map(|host| library_directories(&workspace.executable(host))).collect();
    let module = |index: usize| {
        let library = &workspace.graph.libraries[index];
        let file = file_name(library);
        if role_of(&file, Some(&linked)) != Role::Module {
            return None;
        }
        let path = directories.iter().map(|directory| directory.join(&file)).find(|path| path.exists())?;
        let signs = signs::read(&File::open(path).ok()?).ok()?;
        let (name, krate) = (library.package.clone(), library.crate_name.clone());
        Some(Library { name, krate, file, part: Part::Module, signs })
    };
    let modules: Vec<Library> = workspace.graph.local().filter_map(module).collect();
    (!modules.is_empty()).then_some(modules)
}
