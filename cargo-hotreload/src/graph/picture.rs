//! The crates of a workspace as nodes and edges.

use std::collections::BTreeSet;

use crate::graph::node::{Node, NodeIndex, Part, Standing};
use crate::graph::nodes::Nodes;
use crate::plan::groups::Group;
use crate::plan::roles::Linked;
use crate::workspace::Workspace;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Name of the binary or example that is run.
    pub program: String,
    /// Whether what is drawn is so, or would be so.
    pub standing: Standing,
    /// What the roles are read from.
    pub evidence: Evidence,
    /// Every crate and every dependency group, each after everything that it depends on.
    pub nodes: Vec<Node>,
}

/// What tells modules from residents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The program was built, and has a loader.
    Loader,
    /// The program was built, and opens no libraries: it has no modules.
    NoLoader,
    /// The program was not built yet.
    None,
}

/// A line between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The dependent.
    pub from: NodeIndex,
    /// What it depends on.
    pub to: NodeIndex,
    /// In which way.
    pub kind: EdgeKind,
}

/// In which way one crate depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// It calls its code.
    Uses,
    /// It is compiled with its help.
    BuiltWith,
}

impl Picture {
    /// The picture of `workspace` with these dependency groups; without `linked` the program was not built yet.
    #[must_use]
    pub fn new(workspace: &Workspace, groups: &[Group], linked: Option<&Linked>, standing: Standing) -> Self {
        let evidence = match linked {
            None => Evidence::None,
            Some(linked) if linked.opens_libraries => Evidence::Loader,
            Some(_) => Evidence::NoLoader,
        };
        let program = workspace.hosts.iter().map(|host| host.bin.as_str()).collect::<Vec<_>>().join(", ");
        let groups = if standing == Standing::RestartOnly { &[] } else { groups };
        Self { program, standing, evidence, nodes: Nodes::collect(workspace, groups, linked, standing) }
    }

    /// The nodes that are called `name`: crates by package or crate name, groups by theirs or that of a third-party
    /// crate in them. A package that has both a library and the program means its library.
    #[must_use]
    pub fn find(&self, name: &str) -> Vec<NodeIndex> {
        let wanted = name.replace('_', "-");
        let is_wanted = |other: &String| other.replace('_', "-") == wanted;
        let own = self.nodes.iter().position(|node| is_wanted(&node.name));
        let program = || self.nodes.iter().position(|node| node.program.as_ref().is_some_and(is_wanted));
        if let Some(own) = own.or_else(program) {
            return vec![own];
        }
        let carriers = self.nodes.iter().enumerate().filter(|(_, node)| node.carries.iter().any(is_wanted));
        carriers.map(|(index, _)| index).collect()
    }

    /// What a node is called where there is little room: `group 1`; the program by its own name and its package's.
    #[must_use]
    pub fn label(&self, node: NodeIndex) -> String {
        let Node { name, part, program, .. } = &self.nodes[node];
        match part {
            Part::Group { number } => format!("group {number}"),
            Part::Host => match program {
                Some(program) if program != name => format!("{program} ({name})"),
                Some(_) | None => name.clone(),
            },
            _ => name.clone(),
        }
    }

    /// The node of the executable.
    #[must_use]
    pub fn host(&self) -> Option<NodeIndex> {
        self.nodes.iter().position(|node| node.part == Part::Host)
    }

    /// The numbers of the groups that `edges` lead to from `node`; the one that carries it says its part already.
    #[must_use]
    pub fn groups_of(&self, node: NodeIndex, edges: &[Edge]) -> Vec<usize> {
        if matches!(self.nodes[node].part, Part::Excluded { .. }) {
            return Vec::new();
        }
        let used = edges.iter().filter(|edge| edge.from == node).map(|edge| self.nodes[edge.to].part);
        let number = |part| if let Part::Group { number } = part { Some(number) } else { None };
        used.filter_map(number).collect()
    }

    /// Every node that the program has something to do with.
    pub fn used(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.part != Part::Unused)
    }

    /// The groups, widest first.
    pub fn groups(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.nodes.iter().enumerate().filter(|(_, node)| matches!(node.part, Part::Group { .. }))
    }

    /// The lines that say all there is to say: none from a crate to what is below another one that it uses.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        let mut below: Vec<BTreeSet<NodeIndex>> = Vec::new();
        let mut edges = Vec::new();
        for (from, node) in self.nodes.iter().enumerate() {
            let indirect: BTreeSet<NodeIndex> = node.uses.iter().flat_map(|&to| &below[to]).copied().collect();
            edges.extend(node.uses.difference(&indirect).map(|&to| Edge { from, to, kind: EdgeKind::Uses }));
            let helpers = node.built_with.difference(&node.uses);
            edges.extend(helpers.map(|&to| Edge { from, to, kind: EdgeKind::BuiltWith }));
            below.push(indirect.union(&node.uses).copied().collect());
        }
        edges
    }
}

#[cfg(test)]
mod tests {
    use super::{EdgeKind, Part, Picture};
    use crate::graph::testing::diamond;

    fn edges(picture: &Picture) -> Vec<(&str, &str)> {
        let name = |node: usize| picture.nodes[node].name.as_str();
        picture.edges().iter().map(|edge| (name(edge.from), name(edge.to))).collect()
    }

    fn part(picture: &Picture, name: &str) -> Part {
        picture.nodes[picture.find(name)[0]].part
    }

    #[test]
    fn only_modules_have_a_place_in_the_load_order() {
        let picture = diamond().resident("base").built();
        let parts = ["base", "left", "right", "top", "app"].map(|name| part(&picture, name));
        let module = |place| Part::Module { place };
        assert_eq!(parts, [Part::Resident, module(1), module(2), module(3), Part::Host]);
        assert_eq!(part(&diamond().unbuilt(), "top"), Part::Undecided { place: 4 });
        assert_eq!(part(&diamond().without_loader(), "top"), Part::Unloaded);
    }

    #[test]
    fn every_node_stands_after_what_it_depends_on() {
        let picture = diamond().third_party("regex", &["left", "app"]).helper("derive", &["base"]).built();
        for (index, node) in picture.nodes.iter().enumerate() {
            assert!(node.uses.iter().chain(&node.built_with).all(|&below| below < index), "{}", node.name);
        }
    }

    #[test]
    fn edges_that_follow_from_others_are_left_out() {
        let picture = diamond().third_party("regex", &["base", "top", "app"]).uses(&["left"]).built();
        let group = "hotreload-group-1";
        let expected =
            [("base", group), ("left", "base"), ("right", "base"), ("top", "left"), ("top", "right"), ("app", "top")];
        assert_eq!(edges(&picture), expected);
    }

    #[test]
    fn a_helper_is_tied_to_who_is_compiled_with_it() {
        let picture = diamond().helper("derive", &["left", "app"]).other("xtask").built();
        let built: Vec<_> = picture.edges().into_iter().filter(|edge| edge.kind == EdgeKind::BuiltWith).collect();
        assert_eq!(built.len(), 2);
        assert_eq!((part(&picture, "derive"), part(&picture, "xtask")), (Part::Helper, Part::Unused));
    }

    #[test]
    fn an_excluded_crate_is_tied_to_the_group_that_carries_it() {
        let picture = diamond().exclude("base").built();
        assert_eq!(part(&picture, "base"), Part::Excluded { group: Some(1) });
        assert!(edges(&picture).contains(&("base", "hotreload-group-1")), "{:?}", edges(&picture));
        assert!(edges(&picture).contains(&("left", "base")));
        assert_eq!(part(&diamond().exclude("leaf").built(), "leaf"), Part::Excluded { group: None });
    }

    #[test]
    fn nodes_are_found_by_every_name_that_one_may_type() {
        let picture = diamond().third_party("serde_core", &["top"]).third_party("clap", &["app"]).built();
        let found = |name: &str| -> Vec<&str> {
            picture.find(name).into_iter().map(|node| picture.nodes[node].name.as_str()).collect()
        };
        assert_eq!(found("top"), ["top"]);
        assert_eq!(found("serde-core"), ["hotreload-group-1"]);
        assert_eq!(found("hotreload_group_1"), ["hotreload-group-1"]);
        assert_eq!(found("clap"), ["app"], "only the program sees it");
        assert!(found("tops").is_empty());
    }
}
