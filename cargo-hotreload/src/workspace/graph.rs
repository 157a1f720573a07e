//! The library crates below the host and who depends on whom: plain data, made from cargo's unit graph.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use cargo_metadata::{Metadata, Package};

use crate::workspace::unit_graph::UnitGraph;

/// Index of a [`Library`] in [`Graph::libraries`].
pub type LibraryIndex = usize;

/// Index of a host in [`Graph::hosts`] and [`Workspace::hosts`](crate::workspace::Workspace::hosts).
pub type HostIndex = usize;

/// The libraries that the hosts are made of. Dependency groups are left out: they are ours, not the user's.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Every library below a host, each after all of its dependencies.
    pub libraries: Vec<Library>,
    /// What each host depends on directly.
    pub hosts: Vec<Vec<LibraryIndex>>,
}

/// One library crate as it is built for the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// Package name.
    pub package: String,
    /// Name in Rust source and in file names.
    pub crate_name: String,
    /// Exact version.
    pub version: String,
    /// Where the source comes from.
    pub origin: Origin,
    /// Whether the package has a build script: it may carry native code then.
    pub build_script: bool,
    /// Activated features.
    pub features: Vec<String>,
    /// Direct dependencies among the libraries.
    pub dependencies: Vec<LibraryIndex>,
}

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A workspace member or path dependency.
    Local {
        /// Its `Cargo.toml`.
        manifest: PathBuf,
    },
    /// A local package that is excluded: like a third-party crate, but found by its path.
    Excluded {
        /// Its `Cargo.toml`.
        manifest: PathBuf,
    },
    /// A registry; `None` is crates.io.
    Registry {
        /// Address of the registry's index.
        index: Option<String>,
    },
    /// A git repository.
    Git {
        /// Address of the repository.
        url: String,
        /// `branch`, `tag` or `rev` with its value, where the manifest names one.
        reference: Option<(String, String)>,
    },
}

impl Library {
    /// The manifest of a local crate.
    #[must_use]
    pub fn local(&self) -> Option<&PathBuf> {
        match &self.origin {
            Origin::Local { manifest } => Some(manifest),
            Origin::Excluded { .. } | Origin::Registry { .. } | Origin::Git { .. } => None,
        }
    }

    /// The manifest of a crate whose source is the user's, excluded or not.
    #[must_use]
    pub fn manifest(&self) -> Option<&PathBuf> {
        match &self.origin {
            Origin::Local { manifest } | Origin::Excluded { manifest } => Some(manifest),
            Origin::Registry { .. } | Origin::Git { .. } => None,
        }
    }
}

impl Graph {
    /// The local crates, lowest first: the order in which modules are loaded.
    pub fn local(&self) -> impl Iterator<Item = LibraryIndex> {
        (0..self.libraries.len()).filter(|&index| self.libraries[index].local().is_some())
    }

    /// Everything that `library` needs, itself not included.
    #[must_use]
    pub fn below(&self, library: LibraryIndex) -> BTreeSet<LibraryIndex> {
        self.closure(&self.libraries[library].dependencies)
    }

    /// Everything that `host` needs.
    #[must_use]
    pub fn below_host(&self, host: HostIndex) -> BTreeSet<LibraryIndex> {
        self.closure(&self.hosts[host])
    }

    /// The local crates that a crate from elsewhere depends on; `[patch]` brings that about.
    #[must_use]
    pub fn below_third_parties(&self) -> Vec<LibraryIndex> {
        let third_parties = (0..self.libraries.len()).filter(|&index| self.libraries[index].local().is_none());
        let below = self.closure(&third_parties.collect::<Vec<_>>());
        below.into_iter().filter(|&index| self.libraries[index].local().is_some()).collect()
    }

    /// Makes the local crates `named` static, and every local crate below them: what they call could not be unloaded
    /// from under them.
    pub fn exclude(&mut self, named: &[LibraryIndex]) {
        for index in self.closure(named) {
            let library = &mut self.libraries[index];
            if let Origin::Local { manifest } = &library.origin {
                library.origin = Origin::Excluded { manifest: manifest.clone() };
            }
        }
    }

    fn closure(&self, from: &[LibraryIndex]) -> BTreeSet<LibraryIndex> {
        let mut found = BTreeSet::new();
        let mut open = from.to_vec();
        while let Some(index) = open.pop() {
            if found.insert(index) {
                open.extend(&self.libraries[index].dependencies);
            }
        }
        found
    }

    /// Reduces cargo's unit graph to the libraries below the units `hosts`.
    ///
    /// `is_group` tells the packages that `enable` generated; neither they nor paths through them count.
    #[must_use]
    pub fn new(units: &UnitGraph, hosts: &[usize], metadata: &Metadata, is_group: impl Fn(&Package) -> bool) -> Self {
        let packages: HashMap<&str, &Package> =
            metadata.packages.iter().map(|package| (package.id.repr.as_str(), package)).collect();
        let wanted = |index: usize| {
            let unit = &units.units[index];
            let package = packages.get(unit.pkg_id.as_str()).copied();
            package.filter(|package| unit.is_library() && !is_group(package))
        };
        let children = |index: usize| -> Vec<usize> {
            let dependencies = units.units[index].dependencies.iter().map(|dependency| dependency.index);
            let mut found: Vec<usize> = dependencies.filter(|&index| wanted(index).is_some()).collect();
            // Cargo orders units by hashes of paths; load order and group numbers should not hang on them.
            found
                .sort_by_key(|&index| wanted(index).map(|package| (package.name.to_string(), package.version.clone())));
            found.dedup();
            found
        };
        let order = post_order(hosts, children);
        let position: BTreeMap<usize, LibraryIndex> =
            order.iter().enumerate().map(|(place, &unit)| (unit, place)).collect();
        let places = |unit: usize| children(unit).iter().map(|child| position[child]).collect();
        let libraries = order.iter().filter_map(|&index| {
            wanted(index).map(|package| library(&units.units[index].features, package, places(index)))
        });
        Self { libraries: libraries.collect(), hosts: hosts.iter().map(|&host| places(host)).collect() }
    }
}

/// Every node reachable from `roots`, these themselves excluded, each after its children.
fn post_order(roots: &[usize], children: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut order = Vec::new();
    let mut seen: BTreeSet<usize> = roots.iter().copied().collect();
    for &root in roots {
        let mut stack = vec![(root, children(root).into_iter())];
        while let Some((node, rest)) = stack.last_mut() {
            match rest.next() {
                Some(child) if seen.insert(child) => stack.push((child, children(child).into_iter())),
                Some(_) => {}
                None => {
                    order.push(*node);
                    stack.pop();
                }
            }
        }
        // The root itself.
        order.pop();
    }
    order
}

fn library(features: &[String], package: &Package, dependencies: Vec<LibraryIndex>) -> Library {
    let target = package.targets.iter().find(|target| !target.is_bin() && !target.is_custom_build() && is_lib(target));
    let crate_name = target.map_or_else(|| package.name.to_string(), |target| target.name.clone());
    // An implicit feature of an optional dependency may be active without being named by the package.
    let named = features.iter().filter(|feature| package.features.contains_key(*feature));
    Library {
        package: package.name.to_string(),
        crate_name: crate_name.replace('-', "_"),
        version: package.version.to_string(),
        origin: origin(package),
        build_script: package.targets.iter().any(cargo_metadata::Target::is_custom_build),
        features: named.cloned().collect(),
        dependencies,
    }
}

fn is_lib(target: &cargo_metadata::Target) -> bool {
    target.is_lib() || target.is_rlib() || target.is_dylib()
}

fn origin(package: &Package) -> Origin {
    let Some(source) = &package.source else {
        return Origin::Local { manifest: package.manifest_path.clone().into_std_path_buf() };
    };
    if let Some(git) = source.repr.strip_prefix("git+") {
        let address = git.split('#').next().unwrap_or(git);
        let (url, query) = address.split_once('?').unwrap_or((address, ""));
        let reference = query.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        return Origin::Git { url: url.to_owned(), reference };
    }
    Origin::Registry { index: (!source.is_crates_io()).then(|| source.repr.clone()) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Graph, Library, Origin, post_order};

    fn library(package: &str, dependencies: &[usize]) -> Library {
        Library {
            package: package.into(),
            crate_name: package.into(),
            version: "0.1.0".into(),
            origin: Origin::Local { manifest: PathBuf::from(format!("/w/{package}/Cargo.toml")) },
            build_script: false,
            features: vec![],
            dependencies: dependencies.to_vec(),
        }
    }

    #[test]
    fn local_crates_below_a_third_party_are_told() {
        let mut graph = Graph {
            libraries: vec![
                library("patched", &[]),
                library("serde", &[0]),
                library("own", &[]),
                library("top", &[0, 1, 2]),
            ],
            hosts: vec![vec![3]],
        };
        graph.libraries[1].origin = Origin::Registry { index: None };
        assert_eq!(graph.below_third_parties(), [0]);
    }

    #[test]
    fn what_an_excluded_crate_calls_is_excluded_with_it() {
        let mut graph = Graph {
            libraries: vec![
                library("low", &[]),
                library("middle", &[0]),
                library("other", &[]),
                library("top", &[1, 2]),
            ],
            hosts: vec![vec![3]],
        };
        graph.exclude(&[1]);
        assert_eq!(graph.local().collect::<Vec<_>>(), [2, 3]);
        assert!(graph.libraries.iter().all(|library| library.manifest().is_some()));
    }

    #[test]
    fn post_order_puts_each_node_after_its_children_once() {
        // 0 -> 1, 2; 1 -> 3; 2 -> 3
        let children = |node| match node {
            0 => vec![1, 2],
            1 | 2 => vec![3],
            _ => vec![],
        };
        assert_eq!(post_order(&[0], children), [3, 1, 2]);
    }
}
