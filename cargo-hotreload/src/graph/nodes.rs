//! From the facts of a workspace to the nodes of its picture.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::node::{Node, NodeIndex, Part, Standing};
use crate::plan::groups::{Group, Seer};
use crate::plan::roles::{Linked, Role, file_name, role_of};
use crate::workspace::Workspace;
use crate::workspace::graph::{HostIndex, Library, LibraryIndex, Origin};

/// Nodes in the making, and who became which.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    all: Vec<Node>,
    library: BTreeMap<LibraryIndex, NodeIndex>,
    group: BTreeMap<usize, NodeIndex>,
    place: usize,
}

impl Nodes {
    pub(super) fn collect(
        workspace: &Workspace,
        groups: &[Group],
        linked: Option<&Linked>,
        standing: Standing,
    ) -> Vec<Node> {
        let graph = &workspace.graph;
        let mut nodes = Self::default();
        for group in groups {
            nodes.add_group(group, workspace);
        }
        for helper in workspace.helpers.iter().filter(|helper| is_only_helper(workspace, &helper.package)) {
            nodes.add(&helper.package, Part::Helper);
        }
        for (index, library) in graph.libraries.iter().enumerate().filter(|(_, library)| library.manifest().is_some()) {
            let part = match &library.origin {
                Origin::Excluded { .. } => Part::Excluded { group: group_of(index, groups) },
                _ if standing == Standing::RestartOnly => Part::Unloaded,
                _ => nodes.part(library, linked),
            };
            let node = nodes.add(&library.package, part);
            nodes.library.insert(index, node);
            nodes.connect(node, &library.dependencies, Seer::Library(index), groups);
            if let Part::Excluded { group: Some(number) } = part {
                nodes.all[node].uses.extend(nodes.group.get(&number));
            }
        }
        for name in workspace.others.iter().filter(|name| !nodes.has(name)).collect::<Vec<_>>() {
            nodes.add(name, Part::Unused);
        }
        let mut hosts = Vec::new();
        for (index, host) in workspace.hosts.iter().enumerate() {
            let node = nodes.add(&host.package, Part::Host);
            nodes.all[node].program = Some(host.bin.clone());
            nodes.all[node].carries = only_in_host(workspace, index, groups);
            nodes.connect(node, &graph.hosts[index], Seer::Host(index), groups);
            hosts.push(node);
        }
        nodes.connect_helpers(workspace, &hosts);
        nodes.all
    }

    fn add(&mut self, name: &str, part: Part) -> NodeIndex {
        let node = Node {
            name: name.to_owned(),
            part,
            uses: BTreeSet::new(),
            built_with: BTreeSet::new(),
            program: None,
            carries: Vec::new(),
        };
        self.all.push(node);
        self.all.len() - 1
    }

    fn add_group(&mut self, group: &Group, workspace: &Workspace) {
        let node = self.add(&group.package(), Part::Group { number: group.number });
        self.group.insert(group.number, node);
        self.all[node].uses = group.below.iter().filter_map(|number| self.group.get(number)).copied().collect();
        self.all[node].carries = names(group.crates.iter().map(|&index| &workspace.graph.libraries[index]));
    }

    fn part(&mut self, library: &Library, linked: Option<&Linked>) -> Part {
        match role_of(&file_name(library), linked) {
            Role::Module => {
                self.place += 1;
                Part::Module { place: self.place }
            }
            Role::Undecided => {
                self.place += 1;
                Part::Undecided { place: self.place }
            }
            Role::Resident => Part::Resident,
            Role::Static | Role::Host => Part::Unloaded,
        }
    }

    fn connect(&mut self, node: NodeIndex, dependencies: &[LibraryIndex], seer: Seer, groups: &[Group]) {
        let loaded = groups.iter().filter(|group| group.seen_by.contains(&seer));
        let loaded = loaded.filter_map(|group| self.group.get(&group.number));
        let direct = dependencies.iter().filter_map(|index| self.library.get(index));
        self.all[node].uses = loaded.chain(direct).copied().collect();
    }

    fn connect_helpers(&mut self, workspace: &Workspace, hosts: &[NodeIndex]) {
        for helper in &workspace.helpers {
            let Some(tool) = self.all.iter().position(|node| node.name == helper.package) else { continue };
            for user in &helper.used_by {
                let user = match user {
                    Seer::Host(host) => hosts.get(*host).copied(),
                    Seer::Library(index) => self.library.get(index).copied(),
                };
                // Drawn upwards only: what is also part of the program stands where it is loaded.
                if let Some(user) = user.filter(|&user| user > tool) {
                    self.all[user].built_with.insert(tool);
                }
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.all.iter().any(|node| node.name == name)
    }
}

fn is_only_helper(workspace: &Workspace, package: &str) -> bool {
    let mut libraries = workspace.graph.libraries.iter().filter(|library| library.manifest().is_some());
    workspace.hosts.iter().all(|host| package != host.package) && !libraries.any(|library| library.package == package)
}

fn group_of(library: LibraryIndex, groups: &[Group]) -> Option<usize> {
    groups.iter().find(|group| group.crates.contains(&library)).map(|group| group.number)
}

/// What no group carries, the executable does.
fn only_in_host(workspace: &Workspace, host: HostIndex, groups: &[Group]) -> Vec<String> {
    if workspace.own_profile.is_some() {
        // There are no groups: the compiler puts each crate into some library.
        return Vec::new();
    }
    let seen = workspace.graph.below_host(host).into_iter();
    let libraries = seen.map(|index| (index, &workspace.graph.libraries[index]));
    let foreign =
        libraries.filter(|(index, library)| library.manifest().is_none() && group_of(*index, groups).is_none());
    names(foreign.map(|(_, library)| library))
}

fn names<'library>(libraries: impl Iterator<Item = &'library Library>) -> Vec<String> {
    let names: BTreeSet<String> = libraries.map(|library| library.package.clone()).collect();
    names.into_iter().collect()
}
