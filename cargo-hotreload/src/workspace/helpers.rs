//! Local packages that help to build the program without being part of it: procedural macros, what build scripts use.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Metadata, Package};

use crate::plan::groups::Seer;
use crate::workspace::graph::Graph;
use crate::workspace::unit_graph::UnitGraph;

/// A local package whose code runs while the program is compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Helper {
    /// Package name. The program may link a library of this package as well.
    pub package: String,
    /// Who is compiled with its help.
    pub used_by: BTreeSet<Seer>,
}

/// The helpers of the crates in `graph` and of the units `hosts`.
pub(super) fn helpers(units: &UnitGraph, hosts: &[usize], metadata: &Metadata, graph: &Graph) -> Vec<Helper> {
    let local = metadata.packages.iter().filter(|package| package.source.is_none());
    let local: BTreeMap<&str, &Package> = local.map(|package| (package.id.repr.as_str(), package)).collect();
    let libraries = graph.libraries.iter().enumerate().filter(|(_, library)| library.manifest().is_some());
    let libraries: BTreeMap<&str, Seer> =
        libraries.map(|(index, library)| (library.package.as_str(), Seer::Library(index))).collect();
    let mut found: BTreeMap<&str, BTreeSet<Seer>> = BTreeMap::new();
    for (index, unit) in units.units.iter().enumerate() {
        let Some(user) = local.get(unit.pkg_id.as_str()) else { continue };
        let host = hosts.iter().position(|&host| host == index).map(Seer::Host);
        let library = libraries.get(user.name.as_str()).filter(|_| unit.is_library()).copied();
        let Some(seer) = host.or(library) else { continue };
        for package in below_tools(units, index) {
            if let Some(helper) = local.get(package).filter(|helper| helper.id != user.id) {
                found.entry(&helper.name).or_default().insert(seer);
            }
        }
    }
    found.into_iter().map(|(package, used_by)| Helper { package: package.to_owned(), used_by }).collect()
}

/// Packages of everything that has to be built and run before the compiler can work on `unit`.
fn below_tools(units: &UnitGraph, unit: usize) -> BTreeSet<&str> {
    let children = |unit: usize| units.units[unit].dependencies.iter().map(|dependency| dependency.index);
    let mut open: Vec<usize> = children(unit).filter(|&child| !units.units[child].is_library()).collect();
    let mut seen = BTreeSet::new();
    while let Some(next) = open.pop() {
        if seen.insert(next) {
            open.extend(children(next));
        }
    }
    seen.into_iter().map(|unit| units.units[unit].pkg_id.as_str()).collect()
}
