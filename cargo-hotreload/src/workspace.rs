//! The user's workspace as facts: its root, the program to run, and the libraries that the program is made of.
//!
//! 1. [`locate`](crate::effects::locate) finds the root;
//! 2. [`crate::effects::cargo`] asks `cargo metadata` and `cargo build --unit-graph`;
//! 3. [`Workspace::new`] reduces both to plain data, from which everything is planned.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, Package};

use crate::error::ErrorKind;
use crate::plan::own_profile::OwnProfile;
use crate::workspace::graph::{Graph, LibraryIndex};
use crate::workspace::unit_graph::UnitGraph;

pub mod graph;
pub mod unit_graph;

/// Directory in the workspace root that holds everything generated. It ignores itself for git.
pub const STATE_DIRECTORY: &str = ".hotreload";

/// A workspace and the program in it.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Where the root manifest is.
    pub root: PathBuf,
    /// Our own target directory, so that editors and shells do not wait for our builds.
    pub target_directory: PathBuf,
    /// The program.
    pub host: Host,
    /// The libraries below the program.
    pub graph: Graph,
    /// Names of the members that the program does not link: proc-macros, build helpers, other programs.
    pub others: Vec<String>,
    /// What the program's profile sets that no dylib can be built with.
    pub obstacles: Vec<String>,
    /// The workspace's own developer profile, where that is used instead of our flags.
    pub own_profile: Option<OwnProfile>,
}

/// The package and binary that is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Package name.
    pub package: String,
    /// Binary name.
    pub bin: String,
    /// The package's `Cargo.toml`.
    pub manifest: PathBuf,
    /// Whether the package has a build script.
    pub build_script: bool,
    /// The local library of the same package, if it has one that the binary uses.
    pub library: Option<LibraryIndex>,
}

impl Workspace {
    /// Reduces what cargo printed; `bin` is the binary that [`binary`] found.
    ///
    /// # Errors
    /// [`ErrorKind::CargoRefused`] if the unit graph has no such binary, for instance because of `required-features`.
    pub fn new(metadata: &Metadata, units: &UnitGraph, bin: &Binary) -> Result<Self, ErrorKind> {
        let root = metadata.workspace_root.clone().into_std_path_buf();
        let host = units.roots.iter().copied().find(|&root| units.units[root].is_binary(&bin.name));
        let host = host.ok_or_else(|| ErrorKind::CargoRefused {
            message: format!("it builds no binary `{}` with these features", bin.name),
        })?;
        let state = root.join(STATE_DIRECTORY);
        let is_group = |package: &Package| package.manifest_path.starts_with(&state);
        let graph = Graph::new(units, host, metadata, is_group);
        let others = others(metadata, &graph, &bin.package, is_group);
        let package = &metadata[&bin.id];
        let profile = &units.units[host].profile;
        let own_library = graph.local().find(|&index| graph.libraries[index].package == bin.package);
        Ok(Self {
            target_directory: own_target_directory(metadata.target_directory.as_std_path(), &root),
            host: Host {
                package: bin.package.clone(),
                bin: bin.name.clone(),
                manifest: package.manifest_path.clone().into_std_path_buf(),
                build_script: package.targets.iter().any(cargo_metadata::Target::is_custom_build),
                library: own_library,
            },
            obstacles: obstacles(&profile.lto, &profile.panic),
            own_profile: None,
            root,
            graph,
            others,
        })
    }

    /// `.hotreload/` of this workspace.
    #[must_use]
    pub fn state_directory(&self) -> PathBuf {
        self.root.join(STATE_DIRECTORY)
    }

    /// `path` as seen from the workspace root, if it is inside.
    #[must_use]
    pub fn relative<'path>(&self, path: &'path Path) -> &'path Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// A target directory shared by several workspaces must not be shared by their dylibs, whose file names carry no
/// hash: there the workspace's own name and path go into the name.
fn own_target_directory(cargos: &Path, root: &Path) -> PathBuf {
    if cargos.starts_with(root) {
        return cargos.join("hotreload");
    }
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    cargos.join(format!("hotreload-{name}-{:08x}", hasher.finish() >> 32))
}

fn obstacles(lto: &str, panic: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !matches!(lto, "false" | "off") {
        found.push(format!("`lto = {lto}` in the dev profile: rustc makes no dylib with link-time optimisation"));
    }
    if panic == "abort" {
        found.push("`panic = \"abort\"` in the dev profile: the dylib of std unwinds".into());
    }
    found
}

fn others(metadata: &Metadata, graph: &Graph, host: &str, is_group: impl Fn(&Package) -> bool) -> Vec<String> {
    let in_graph: BTreeSet<&str> = graph.local().map(|index| graph.libraries[index].package.as_str()).collect();
    let members = metadata.workspace_packages().into_iter().filter(|package| !is_group(package));
    let names = members.map(|package| package.name.to_string());
    names.filter(|name| name != host && !in_graph.contains(name.as_str())).collect()
}

/// A binary target of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// Its name.
    pub name: String,
    /// The package that has it.
    pub package: String,
    /// That package's id.
    pub id: cargo_metadata::PackageId,
}

/// The one binary to run: the one named `wanted`, or the only one, or the only `default-run`.
///
/// # Errors
/// [`ErrorKind::NoBinary`] and [`ErrorKind::WhichBinary`].
pub fn binary(metadata: &Metadata, wanted: Option<&str>) -> Result<Binary, ErrorKind> {
    let all = binaries(metadata.workspace_packages());
    if all.is_empty() {
        return Err(ErrorKind::NoBinary { root: metadata.workspace_root.clone().into_std_path_buf() });
    }
    let names = || all.iter().map(|binary| binary.name.clone()).collect();
    if let Some(wanted) = wanted {
        return match all.iter().filter(|binary| binary.name == wanted).collect::<Vec<_>>()[..] {
            [binary] => Ok(binary.clone()),
            [] => Err(ErrorKind::WhichBinary { problem: format!("there is no binary `{wanted}`"), names: names() }),
            _ => Err(ErrorKind::WhichBinary {
                problem: format!("several packages have a binary `{wanted}`"),
                names: all.iter().map(|binary| format!("{} of {}", binary.name, binary.package)).collect(),
            }),
        };
    }
    let packages = metadata.workspace_packages();
    let default_runs: Vec<_> = packages.iter().filter_map(|package| package.default_run.as_deref()).collect();
    match (&all[..], &default_runs[..]) {
        ([binary], _) => Ok(binary.clone()),
        (_, [default]) => binary(metadata, Some(default)),
        _ => Err(ErrorKind::WhichBinary { problem: "there are several binaries".into(), names: names() }),
    }
}

fn binaries(packages: Vec<&Package>) -> Vec<Binary> {
    let of_package = |package: &Package| -> Vec<Binary> {
        let bins = package.targets.iter().filter(|target| target.is_bin());
        bins.map(|target| Binary {
            name: target.name.clone(),
            package: package.name.to_string(),
            id: package.id.clone(),
        })
        .collect()
    };
    packages.into_iter().flat_map(of_package).collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{obstacles, own_target_directory};

    #[test]
    fn a_target_directory_of_the_workspace_gets_a_subdirectory() {
        let own = own_target_directory(Path::new("/w/target"), Path::new("/w"));
        assert_eq!(own, PathBuf::from("/w/target/hotreload"));
    }

    #[test]
    fn workspaces_that_share_a_target_directory_get_different_ones() {
        let shared = Path::new("/cache/target");
        let (one, two) =
            (own_target_directory(shared, Path::new("/a/w")), own_target_directory(shared, Path::new("/b/w")));
        assert_ne!(one, two);
        assert_eq!(one.parent(), Some(shared));
    }

    #[test]
    fn lto_and_abort_stand_in_the_way() {
        assert!(obstacles("false", "unwind").is_empty());
        assert_eq!(obstacles("thin", "abort").len(), 2);
    }
}
