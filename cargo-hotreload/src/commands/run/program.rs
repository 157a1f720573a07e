//! How the program and its build are called.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::commands::run::facts::Facts;
use crate::effects::build::search_directories;
use crate::plan::command::CommandLine;
use crate::plan::configured_linker::Override;
use crate::plan::environment::{LIBRARY_PATH, MODULES, joined, library_path};
use crate::plan::instances::{Instance, VARIABLE};
use crate::session::delivery::Built;
use crate::workspace::Workspace;

/// The cargo invocation that builds the programs and their modules.
#[must_use]
pub(super) fn build_line(facts: &Facts) -> CommandLine {
    let Facts { settings, workspace, .. } = facts;
    let own_features = workspace.own_profile.as_ref().map(|own| own.features.as_slice()).unwrap_or_default();
    let programs = workspace.hosts.iter().flat_map(|host| ["--package", &host.package, host.kind.flag(), &host.bin]);
    outputs(facts, build(facts).args(programs)).args(settings.features.with(own_features).arguments())
}

/// The cargo invocation that builds the packages `modules` and what is below them, just as a build of the programs does:
/// it selects the programs' packages as well, for their features, but none of their programs.
#[must_use]
pub(super) fn modules_line(facts: &Facts, modules: &[String]) -> CommandLine {
    let line = modules_selection(facts, modules, build(facts));
    outputs(facts, line)
}

/// The same invocation for what it would build, as cargo's unit graph.
#[must_use]
pub(super) fn modules_unit_graph(facts: &Facts, modules: &[String]) -> CommandLine {
    // This is asked beside everything else: the manifests may be put back meanwhile, and then no lock file may be
    // written for those that were there before. The build that has just ended has brought it up to date.
    modules_selection(facts, modules, build(facts)).args(["--unit-graph", "-Zunstable-options", "--locked"])
}

fn modules_selection(facts: &Facts, modules: &[String], line: CommandLine) -> CommandLine {
    let Workspace { graph, hosts, .. } = &facts.workspace;
    let of_hosts: BTreeSet<&String> = hosts.iter().map(|host| &host.package).collect();
    let own = hosts.iter().flat_map(|host| host.features.iter().map(|feature| format!("{}/{feature}", host.package)));
    let libraries = graph.local().map(|index| &graph.libraries[index]);
    let libraries =
        libraries.filter(|library| modules.contains(&library.package) && !of_hosts.contains(&library.package));
    // Selected packages get their default features, which the program may do without: each is named.
    let features: Vec<String> = own
        .chain(libraries.flat_map(|library| library.features.iter().map(|it| format!("{}/{it}", library.package))))
        .collect();
    let packages = of_hosts.into_iter().chain(modules);
    line.args(packages.flat_map(|package| ["--package", package])).args([
        "--lib",
        "--no-default-features",
        "--features",
        &features.join(","),
    ])
}

/// `cargo build`, with everything that is the same for all of ours.
fn build(facts: &Facts) -> CommandLine {
    let Facts { toolchain, workspace, .. } = facts;
    let mut line = toolchain.cargo(&workspace.root);
    if let Some(Override { variable, linker }) = &facts.linker_override {
        line = line.env(variable, linker);
    }
    line.args(["build", "--profile", &workspace.profile])
}

fn outputs(facts: &Facts, line: CommandLine) -> CommandLine {
    line
        // Standard output has the list of files and the diagnostics, which we show: a linker's words are wanted.
        .args(["--message-format", "json-diagnostic-rendered-ansi"])
        .args([OsString::from("--target-dir"), facts.workspace.target_directory.clone().into()])
}

/// The program itself, with everything that its loader and the dynamic linker have to know; build scripts have libraries
/// looked for in the directories `searched`.
#[must_use]
pub(super) fn program_line<'path>(
    facts: &Facts,
    instance: &Instance,
    built: &Built,
    searched: impl IntoIterator<Item = &'path PathBuf>,
    directory: &Path,
    arguments: &[OsString],
) -> CommandLine {
    let Facts { toolchain, settings, .. } = facts;
    let mut directories: Vec<PathBuf> = search_directories(&built.executable.path, searched);
    directories.push(toolchain.library_directory.clone());
    let own = settings.env.get(LIBRARY_PATH).map(OsString::from);
    let inherited = own.or_else(|| env::var_os(LIBRARY_PATH));
    let mut line = CommandLine::new(&built.executable.path, directory)
        .args(settings.args.iter().cloned())
        .args(arguments.iter().cloned());
    for (name, value) in settings.env.iter() {
        line = line.env(name, value);
    }
    // These come last: the program does not start, or has no modules, without what we put there.
    line.env(VARIABLE, instance.number.to_string())
        .env(LIBRARY_PATH, library_path(&directories, inherited.as_deref()))
        .env(MODULES, joined(built.modules().map(|module| module.image.path.as_path())))
}
