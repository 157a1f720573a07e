//! How the program and its build are called.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::Selection;
use crate::effects::build::library_directories;
use crate::effects::cargo::feature_arguments;
use crate::plan::command::CommandLine;
use crate::plan::environment::{MODULES, joined, library_path};
use crate::plan::toolchain::Toolchain;
use crate::session::delivery::Built;
use crate::workspace::Workspace;

/// The cargo invocation that builds the program and its modules.
#[must_use]
pub(super) fn build_line(toolchain: &Toolchain, workspace: &Workspace, selection: &Selection) -> CommandLine {
    let own_features = workspace.own_profile.as_ref().map(|own| own.features.as_slice()).unwrap_or_default();
    toolchain
        .cargo(&workspace.root)
        .args(["build", "--package", &workspace.host.package, "--bin", &workspace.host.bin])
        .args(feature_arguments(&selection.with_features(own_features)))
        // Diagnostics come rendered on standard error, the list of files on standard output.
        .args(["--message-format", "json-render-diagnostics"])
        .args([OsString::from("--target-dir"), workspace.target_directory.clone().into()])
}

/// The program itself, with everything that its loader and the dynamic linker have to know.
#[must_use]
pub(super) fn program_line(
    toolchain: &Toolchain,
    built: &Built,
    directory: &Path,
    arguments: &[OsString],
) -> CommandLine {
    let mut directories: Vec<PathBuf> = library_directories(&built.executable.path);
    directories.push(toolchain.library_directory.clone());
    let inherited = env::var_os("LD_LIBRARY_PATH");
    CommandLine::new(&built.executable.path, directory)
        .args(arguments.iter().cloned())
        .env("LD_LIBRARY_PATH", library_path(&directories, inherited.as_deref()))
        .env(MODULES, joined(built.modules().map(|module| module.image.path.as_path())))
}
