//! How the program and its build are called.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::commands::run::facts::Facts;
use crate::effects::build::library_directories;
use crate::plan::command::CommandLine;
use crate::plan::configured_linker::Override;
use crate::plan::environment::{MODULES, joined, library_path};
use crate::session::delivery::Built;

/// Where the dynamic linker looks first.
const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// The cargo invocation that builds the program and its modules.
#[must_use]
pub(super) fn build_line(facts: &Facts) -> CommandLine {
    let Facts { toolchain, settings, workspace, .. } = facts;
    let host = &workspace.host;
    let own_features = workspace.own_profile.as_ref().map(|own| own.features.as_slice()).unwrap_or_default();
    let mut line = toolchain.cargo(&workspace.root);
    if let Some(Override { variable, linker }) = &facts.linker_override {
        line = line.env(variable, linker);
    }
    line.args(["build", "--package", &host.package, host.kind.flag(), &host.bin, "--profile", &workspace.profile])
        .args(settings.features.with(own_features).arguments())
        // Standard output has the list of files and the diagnostics, which we show: a linker's words are wanted.
        .args(["--message-format", "json-diagnostic-rendered-ansi"])
        .args([OsString::from("--target-dir"), workspace.target_directory.clone().into()])
}

/// The program itself, with everything that its loader and the dynamic linker have to know.
#[must_use]
pub(super) fn program_line(facts: &Facts, built: &Built, directory: &Path, arguments: &[OsString]) -> CommandLine {
    let Facts { toolchain, settings, .. } = facts;
    let mut directories: Vec<PathBuf> = library_directories(&built.executable.path);
    directories.push(toolchain.library_directory.clone());
    let own = settings.env.get(LIBRARY_PATH).map(OsString::from);
    let inherited = own.or_else(|| env::var_os(LIBRARY_PATH));
    let mut line = CommandLine::new(&built.executable.path, directory)
        .args(settings.args.iter().cloned())
        .args(arguments.iter().cloned());
    for (name, value) in settings.env.iter() {
        line = line.env(name, value);
    }
    // These two come last: the program does not start, or has no modules, without what we put there.
    line.env(LIBRARY_PATH, library_path(&directories, inherited.as_deref()))
        .env(MODULES, joined(built.modules().map(|module| module.image.path.as_path())))
}
