//! Dependency groups: which third-party crates share one generated dylib, and who loads it.
//!
//! Two dylibs that both contain a third-party crate cannot be used together ("`regex` only shows up once"), so every
//! third-party crate has to live in a dylib of its own or in a shared one. One dylib for all does not do: a crate
//! that loads crates it never depended on gets their trait impls into scope, which makes calls ambiguous (E0277).
//! Therefore crates are grouped by *who sees them*:
//!
//! 1. `signature(x)` is the set of local crates, the hosts included, whose dependency closure contains `x`;
//! 2. the crates of one signature form one group, and a local crate loads the groups whose signature contains it;
//! 3. what only hosts see stays in each of them: nothing else can need it.
//!
//! A dependency of `x` is seen by everyone who sees `x`, so it is in the same group or in one with a larger
//! signature: groups never depend on each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::graph::{Graph, HostIndex, LibraryIndex};

/// A crate that can see third-party crates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seer {
    /// An executable.
    Host(HostIndex),
    /// A local library.
    Library(LibraryIndex),
}

/// Third-party crates with the same signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Counted from 1, widest signature first.
    pub number: usize,
    /// The third-party crates in it, each after its dependencies.
    pub crates: Vec<LibraryIndex>,
    /// Who loads it.
    pub seen_by: BTreeSet<Seer>,
    /// Numbers of the groups that its crates depend on.
    pub below: BTreeSet<usize>,
}

impl Group {
    /// Whether a crate of it may carry native code.
    #[must_use]
    pub fn may_be_native(&self, graph: &Graph) -> bool {
        self.crates.iter().any(|&index| graph.libraries[index].build_script)
    }

    /// Package name of the generated dylib.
    #[must_use]
    pub fn package(&self) -> String {
        package(self.number)
    }
}

/// Package name of group `number`.
#[must_use]
pub fn package(number: usize) -> String {
    format!("hotreload-group-{number}")
}

/// Whether `name` is the package name of a group.
#[must_use]
pub fn is_package(name: &str) -> bool {
    name.strip_prefix("hotreload-group-").is_some_and(|number| number.parse::<usize>().is_ok())
}

/// The package name of the group whose dylib is called `file`, if it is one.
#[must_use]
pub fn package_of_file(file: &str) -> Option<String> {
    let package = file.strip_prefix("lib")?.strip_suffix(".so")?.replace('_', "-");
    is_package(&package).then_some(package)
}

/// The crate name of a package name.
#[must_use]
pub fn crate_name(package: &str) -> String {
    package.replace('-', "_")
}

/// The groups that the libraries of `graph` need.
#[must_use]
pub fn groups(graph: &Graph) -> Vec<Group> {
    let signatures = signatures(graph);
    let mut by_signature: BTreeMap<&BTreeSet<Seer>, Vec<LibraryIndex>> = BTreeMap::new();
    for (&index, signature) in &signatures {
        if signature.iter().any(|seer| matches!(seer, Seer::Library(_))) {
            by_signature.entry(signature).or_default().push(index);
        }
    }
    let mut widest_first: Vec<_> = by_signature.into_iter().collect();
    widest_first.sort_by_key(|(signature, crates)| (std::cmp::Reverse(signature.len()), crates[0]));
    let number: BTreeMap<LibraryIndex, usize> = widest_first
        .iter()
        .enumerate()
        .flat_map(|(place, (_, crates))| crates.iter().map(move |&index| (index, place + 1)))
        .collect();
    let group = |(place, (signature, crates)): (usize, (&BTreeSet<Seer>, Vec<LibraryIndex>))| {
        let below = crates.iter().flat_map(|&index| graph.below(index));
        let below = below.filter_map(|index| number.get(&index).copied()).filter(|&other| other != place + 1);
        Group { number: place + 1, below: below.collect(), seen_by: signature.clone(), crates }
    };
    widest_first.into_iter().enumerate().map(group).collect()
}

/// For every third-party crate the set of those who see it.
fn signatures(graph: &Graph) -> BTreeMap<LibraryIndex, BTreeSet<Seer>> {
    let mut signatures: BTreeMap<LibraryIndex, BTreeSet<Seer>> = BTreeMap::new();
    let local = graph.local().map(|index| (Seer::Library(index), graph.below(index)));
    let hosts = (0..graph.hosts.len()).map(|host| (Seer::Host(host), graph.below_host(host)));
    for (seer, below) in local.chain(hosts) {
        for index in below.into_iter().filter(|&index| graph.libraries[index].local().is_none()) {
            signatures.entry(index).or_default().insert(seer);
        }
    }
    signatures
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::{Seer, groups, package_of_file};
    use crate::workspace::graph::{Graph, Library, LibraryIndex, Origin};

    fn library(package: &str, local: bool, dependencies: &[LibraryIndex]) -> Library {
        let origin = if local {
            Origin::Local { manifest: PathBuf::from(format!("/w/{package}/Cargo.toml")) }
        } else {
            Origin::Registry { index: None }
        };
        Library {
            package: package.into(),
            crate_name: package.into(),
            version: "1.0.0".into(),
            origin,
            build_script: false,
            features: vec![],
            dependencies: dependencies.to_vec(),
        }
    }

    /// `regex` is used by `a` and `b`, `memchr` by `regex` and by `a` alone too, `serde` by `b`, `libc` by the host.
    fn diamond() -> Graph {
        Graph {
            libraries: vec![
                library("memchr", false, &[]),
                library("regex", false, &[0]),
                library("serde", false, &[]),
                library("a", true, &[0, 1]),
                library("b", true, &[1, 2]),
                library("libc", false, &[]),
            ],
            hosts: vec![vec![3, 4, 5]],
        }
    }

    #[test]
    fn crates_with_the_same_seers_share_a_group() {
        let found = groups(&diamond());
        let crates: Vec<_> = found.iter().map(|group| group.crates.clone()).collect();
        assert_eq!(crates, [vec![0, 1], vec![2]]);
        assert_eq!(found[0].seen_by, BTreeSet::from([Seer::Host(0), Seer::Library(3), Seer::Library(4)]));
        assert_eq!(found[1].seen_by, BTreeSet::from([Seer::Host(0), Seer::Library(4)]));
    }

    #[test]
    fn a_group_is_known_by_the_name_of_its_file() {
        assert_eq!(package_of_file("libhotreload_group_12.so").as_deref(), Some("hotreload-group-12"));
        for other in ["libhotreload_group_x.so", "libapi.so", "hotreload_group_1.so", "libhotreload_group_1.rlib"] {
            assert_eq!(package_of_file(other), None, "{other}");
        }
    }

    #[test]
    fn what_only_the_host_sees_stays_in_the_host() {
        assert!(groups(&diamond()).iter().all(|group| !group.crates.contains(&5)));
    }

    #[test]
    fn a_group_depends_only_on_groups_with_more_seers() {
        let mut graph = diamond();
        graph.libraries[2].dependencies = vec![0];
        let found = groups(&graph);
        assert_eq!(found[1].below, BTreeSet::from([1]));
        assert!(found[0].below.is_empty());
        assert!(found[0].seen_by.is_superset(&found[1].seen_by));
    }
}
