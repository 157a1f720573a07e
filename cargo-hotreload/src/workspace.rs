//! The user's workspace as facts: its root, the program to run, and the libraries that the program is made of.
//!
//! 1. [`locate`](crate::effects::locate) finds the root;
//! 2. [`crate::effects::cargo`] asks `cargo metadata` and `cargo build --unit-graph`;
//! 3. [`Workspace::new`] reduces both to plain data, from which everything is planned.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, Package};

use crate::config::{Settings, profile};
use crate::error::ErrorKind;
use crate::plan::own_profile::OwnProfile;
use crate::workspace::exclusion::exclude;
use crate::workspace::graph::{Graph, LibraryIndex};
use crate::workspace::helpers::{Helper, helpers};
use crate::workspace::program::{Kind, Program};
use crate::workspace::unit_graph::{Unit, UnitGraph, UnitKey};

mod exclusion;
pub mod graph;
pub mod helpers;
pub mod program;
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
    /// The profile that is built.
    pub profile: String,
    /// The programs that are run; at least one.
    pub hosts: Vec<Host>,
    /// The libraries below the programs.
    pub graph: Graph,
    /// Names of the members that the program does not link: proc-macros, build helpers, other programs.
    pub others: Vec<String>,
    /// Local packages whose code runs while the program is compiled.
    pub helpers: Vec<Helper>,
    /// Everything that is compiled for the program, but for what is ours.
    pub units: BTreeSet<UnitKey>,
    /// What the program's profile sets that no dylib can be built with.
    pub obstacles: Vec<String>,
    /// Whether a local crate of the programs has full debug information.
    pub is_described: bool,
    /// The target of the programs, unless that is the compiler's own.
    pub target: Option<String>,
    /// Every local package: procedural macros and build helpers shape the program too.
    pub places: Vec<Place>,
    /// The workspace's own developer profile, where that is used instead of our flags.
    pub own_profile: Option<OwnProfile>,
}

/// Where the files of a local package are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The package's name; the root of a workspace need not be a package.
    pub package: Option<String>,
    /// The directory of its manifest.
    pub directory: PathBuf,
    /// Whether it has a build script.
    pub build_script: bool,
    /// The directories of its libraries' and programs' source files; usually `src` alone.
    pub sources: BTreeSet<PathBuf>,
}

/// The package and the binary or example that is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Package name.
    pub package: String,
    /// Name of the binary or example.
    pub bin: String,
    /// Which of both it is.
    pub kind: Kind,
    /// The package's `Cargo.toml`.
    pub manifest: PathBuf,
    /// The program's root source file.
    pub source: PathBuf,
    /// Activated features.
    pub features: Vec<String>,
    /// Whether the package has a build script.
    pub build_script: bool,
    /// The local library of the same package, if it has one that the binary uses.
    pub library: Option<LibraryIndex>,
}

impl Host {
    fn new(program: &Program, unit: &Unit, metadata: &Metadata, graph: &Graph) -> Self {
        let package = &metadata[&program.id];
        Self {
            package: program.package.clone(),
            bin: program.name.clone(),
            kind: program.kind,
            manifest: package.manifest_path.clone().into_std_path_buf(),
            source: program.source.clone(),
            features: unit.features.clone(),
            build_script: package.targets.iter().any(cargo_metadata::Target::is_custom_build),
            library: graph.local().find(|&index| graph.libraries[index].package == program.package),
        }
    }
}

impl Workspace {
    /// Reduces what cargo printed; `programs` is what [`program::find`] found.
    ///
    /// # Errors
    /// [`ErrorKind::CargoRefused`] if the unit graph has no such program, for instance because of `required-features`;
    /// [`ErrorKind::Setting`] for an exclusion that cannot be.
    pub fn new(
        metadata: &Metadata,
        units: &UnitGraph,
        programs: &[Program],
        settings: &Settings,
    ) -> Result<Self, ErrorKind> {
        let root = metadata.workspace_root.clone().into_std_path_buf();
        let host_units = programs.iter().map(|program| program.unit(units)).collect::<Result<Vec<_>, _>>()?;
        let state = root.join(STATE_DIRECTORY);
        let is_group = |package: &Package| package.manifest_path.starts_with(&state);
        let mut graph = Graph::new(units, &host_units, metadata, is_group);
        exclude(&mut graph, &settings.exclude, programs, metadata)?;
        let others = others(metadata, &graph, programs, is_group);
        let profile = &units.units[host_units[0]].profile;
        let local: BTreeSet<&str> = metadata
            .packages
            .iter()
            .filter(|package| package.source.is_none() && !is_group(package))
            .map(|package| package.id.repr.as_str())
            .collect();
        let hosts = programs.iter().zip(&host_units);
        let hosts = hosts.map(|(program, &unit)| Host::new(program, &units.units[unit], metadata, &graph)).collect();
        Ok(Self {
            target_directory: (*settings.target_dir)
                .clone()
                .unwrap_or_else(|| own_target_directory(metadata.target_directory.as_std_path(), &root)),
            profile: settings.profile.value.clone(),
            hosts,
            obstacles: obstacles(&settings.profile, &profile.lto, &profile.panic),
            units: units.keys(is_generated),
            own_profile: None,
            is_described: units.units.iter().any(|unit| unit.is_described() && local.contains(unit.pkg_id.as_str())),
            target: units.units[host_units[0]].platform.clone(),
            places: places(metadata, &root, is_group),
            helpers: helpers(units, &host_units, metadata, &graph),
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

    /// The first program.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.hosts[0]
    }

    /// The profile's own directory in the target directory.
    #[must_use]
    pub fn profile_directory(&self) -> PathBuf {
        self.target_directory.join(profile::directory(&self.profile))
    }

    /// Where cargo puts `host`.
    #[must_use]
    pub fn executable(&self, host: &Host) -> PathBuf {
        let directory = self.profile_directory();
        match host.kind {
            Kind::Binary => directory.join(&host.bin),
            Kind::Example => directory.join("examples").join(&host.bin),
        }
    }

    /// The local package in whose directory `path` is.
    #[must_use]
    pub fn package_of(&self, path: &Path) -> Option<&str> {
        nearest(&self.places, path)?.package.as_deref()
    }

    /// `path` as seen from the workspace root, if it is inside.
    #[must_use]
    pub fn relative<'path>(&self, path: &'path Path) -> &'path Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// A target directory shared by several workspaces must not be shared by their dylibs, whose file names carry no
/// hash: there the workspace's own name and path go into the name.
pub(crate) fn own_target_directory(cargos: &Path, root: &Path) -> PathBuf {
    if cargos.starts_with(root) {
        return cargos.join("hotreload");
    }
    let mut hasher = DefaultHasher::new();
    root.hash(&mut hasher);
    let name = root.file_name().unwrap_or_default().to_string_lossy();
    cargos.join(format!("hotreload-{name}-{:08x}", hasher.finish() >> 32))
}

fn obstacles(profile: &str, lto: &str, panic: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !matches!(lto, "false" | "off") {
        found.push(format!("`lto = {lto}` in the {profile} profile: rustc makes no dylib with link-time optimisation"));
    }
    if panic == "abort" {
        found.push(format!("`panic = \"abort\"` in the {profile} profile: the dylib of std unwinds"));
    }
    found
}

/// The one of `places` that `path` belongs to: a package may lie within another one's directory, and the root of the
/// workspace may be a package.
#[must_use]
pub fn nearest<'places>(places: &'places [Place], path: &Path) -> Option<&'places Place> {
    let around = places.iter().filter(|place| path.starts_with(&place.directory));
    around.max_by_key(|place| (place.directory.components().count(), place.package.is_some()))
}

/// Whether the package of this id is one of the dependency groups.
#[must_use]
pub fn is_generated(id: &str) -> bool {
    id.contains(concat!("/", ".hotreload", "/groups/"))
}

/// The local packages of `metadata`, and the root, whose manifest counts even where it is no package.
fn places(metadata: &Metadata, root: &Path, is_group: impl Fn(&Package) -> bool) -> Vec<Place> {
    let local = metadata.packages.iter().filter(|package| package.source.is_none() && !is_group(package));
    let parent = |path: &cargo_metadata::camino::Utf8Path| path.parent().map(|path| path.as_std_path().to_owned());
    let place = |package: &Package| {
        let targets = package.targets.iter().filter(|target| !target.is_test() && !target.is_bench());
        let targets = targets.filter(|target| !target.is_custom_build());
        let sources = targets.filter_map(|target| parent(&target.src_path)).collect();
        Some(Place {
            package: Some(package.name.to_string()),
            directory: parent(&package.manifest_path)?,
            build_script: package.targets.iter().any(cargo_metadata::Target::is_custom_build),
            sources,
        })
    };
    let packages = local.filter_map(place);
    let top = Place { package: None, directory: root.to_owned(), build_script: false, sources: BTreeSet::new() };
    packages.chain([top]).collect()
}

fn others(
    metadata: &Metadata,
    graph: &Graph,
    programs: &[Program],
    is_group: impl Fn(&Package) -> bool,
) -> Vec<String> {
    let in_graph: BTreeSet<&str> = graph.local().map(|index| graph.libraries[index].package.as_str()).collect();
    let members = metadata.workspace_packages().into_iter().filter(|package| !is_group(package));
    let names = members.map(|package| package.name.to_string());
    let is_program = |name: &String| programs.iter().any(|program| program.package == *name);
    names.filter(|name| !is_program(name) && !in_graph.contains(name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::{Place, nearest, obstacles, own_target_directory};

    #[test]
    fn a_target_directory_of_the_workspace_gets_a_subdirectory() {
        let own = own_target_directory(Path::new("/w/target"), Path::new("/w"));
        assert_eq!(own, PathBuf::from("/w/target/hotreload"));
    }

    #[test]
    fn a_file_belongs_to_the_innermost_package_and_in_the_root_to_the_package_there() {
        let place = |package: Option<&str>, directory: &str, build_script| Place {
            package: package.map(str::to_owned),
            directory: PathBuf::from(directory),
            build_script,
            sources: BTreeSet::new(),
        };
        // The root stands last, as a place of its own.
        let places =
            [place(Some("app"), "/w", true), place(Some("inner"), "/w/inner", false), place(None, "/w", false)];
        let package =
            |path: &str| nearest(&places, Path::new(path)).map(|place| (place.package.as_deref(), place.build_script));
        assert_eq!(package("/w/src/main.rs"), Some((Some("app"), true)));
        assert_eq!(package("/w/inner/src/lib.rs"), Some((Some("inner"), false)));
        assert_eq!(package("/elsewhere"), None);
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
        assert!(obstacles("dev", "false", "unwind").is_empty());
        assert_eq!(obstacles("dev", "thin", "abort").len(), 2);
    }
}
