//! Small workspaces for the tests of pictures.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::graph::change::Change;
use crate::graph::node::{NodeIndex, Standing};
use crate::graph::picture::Picture;
use crate::plan::groups::{Seer, groups};
use crate::plan::roles::{Linked, file_name};
use crate::workspace::graph::{Graph, Library, LibraryIndex, Origin};
use crate::workspace::helpers::Helper;
use crate::workspace::program::Kind;
use crate::workspace::{Host, Workspace};

/// A workspace in the making: each library is added after those that it uses.
pub(super) struct Sketch {
    host: String,
    graph: Graph,
    others: Vec<String>,
    helpers: Vec<(String, Vec<String>)>,
    excluded: Vec<String>,
    resident: Vec<String>,
}

/// `app` uses `top`, which uses `left` and `right`, which both use `base`; `app` uses `leaf` as well if it is excluded.
pub(super) fn diamond() -> Sketch {
    Sketch::new("app")
        .library("base", &[])
        .library("left", &["base"])
        .library("right", &["base"])
        .library("top", &["left", "right"])
        .uses(&["top"])
}

/// A change in crates of these names.
pub(super) fn changed(picture: &Picture, names: &[&str]) -> Change {
    Change::new(picture, names.iter().flat_map(|name| picture.find(name)))
}

/// The names of `nodes`.
pub(super) fn names(picture: &Picture, nodes: impl IntoIterator<Item = NodeIndex>) -> Vec<&str> {
    nodes.into_iter().map(|node| picture.nodes[node].name.as_str()).collect()
}

impl Sketch {
    pub(super) fn new(host: &str) -> Self {
        Self {
            host: host.into(),
            graph: Graph { hosts: vec![vec![]], ..Graph::default() },
            others: vec![],
            helpers: vec![],
            excluded: vec![],
            resident: vec![],
        }
    }

    pub(super) fn library(mut self, name: &str, below: &[&str]) -> Self {
        let dependencies = below.iter().map(|name| self.index(name)).collect();
        self.push(name, Origin::Local { manifest: PathBuf::from(format!("/w/{name}/Cargo.toml")) }, dependencies);
        self
    }

    /// What the program uses directly.
    pub(super) fn uses(mut self, names: &[&str]) -> Self {
        let more: Vec<_> = names.iter().map(|name| self.index(name)).collect();
        self.graph.hosts[0].extend(more);
        self
    }

    /// A third-party crate that these use.
    pub(super) fn third_party(mut self, name: &str, users: &[&str]) -> Self {
        self.push(name, Origin::Registry { index: None }, vec![]);
        let index = self.index(name);
        for user in users {
            if *user == self.host {
                self.graph.hosts[0].push(index);
            } else {
                let user = self.index(user);
                self.graph.libraries[user].dependencies.push(index);
            }
        }
        self
    }

    pub(super) fn resident(mut self, name: &str) -> Self {
        self.resident.push(name.into());
        self
    }

    /// An excluded crate; one that nobody uses yet is used by the program.
    pub(super) fn exclude(mut self, name: &str) -> Self {
        if !self.graph.libraries.iter().any(|library| library.package == name) {
            self = self.library(name, &[]).uses(&[name]);
        }
        self.excluded.push(name.into());
        self
    }

    /// A member that the program does not depend on.
    pub(super) fn other(mut self, name: &str) -> Self {
        self.others.push(name.into());
        self
    }

    /// A procedural macro with which these are compiled.
    pub(super) fn helper(mut self, name: &str, users: &[&str]) -> Self {
        self.helpers.push((name.into(), users.iter().map(|&user| user.to_owned()).collect()));
        self.other(name)
    }

    /// The picture once it was built, with a loader.
    pub(super) fn built(&self) -> Picture {
        self.picture(Some(&self.linked(true)), Standing::Enabled)
    }

    /// The same without a loader.
    pub(super) fn without_loader(&self) -> Picture {
        self.picture(Some(&self.linked(false)), Standing::Enabled)
    }

    /// The same with the strategy `restart`.
    pub(super) fn restart_only(&self) -> Picture {
        self.picture(Some(&self.linked(false)), Standing::RestartOnly)
    }

    /// The picture before the first build.
    pub(super) fn unbuilt(&self) -> Picture {
        self.picture(None, Standing::NotEnabled)
    }

    fn push(&mut self, name: &str, origin: Origin, dependencies: Vec<LibraryIndex>) {
        self.graph.libraries.push(Library {
            package: name.into(),
            crate_name: name.replace('-', "_"),
            version: "1.0.0".into(),
            origin,
            build_script: false,
            features: vec![],
            dependencies,
        });
    }

    fn index(&self, name: &str) -> LibraryIndex {
        self.graph.libraries.iter().position(|library| library.package == name).expect("a library that was added")
    }

    fn linked(&self, opens_libraries: bool) -> Linked {
        let resident = self.resident.iter().map(|name| file_name(&self.graph.libraries[self.index(name)]));
        Linked { libraries: resident.collect(), opens_libraries }
    }

    fn picture(&self, linked: Option<&Linked>, standing: Standing) -> Picture {
        let mut graph = self.graph.clone();
        let is_excluded = |&index: &usize| self.excluded.iter().any(|name| *name == graph.libraries[index].package);
        let excluded: Vec<usize> = graph.local().filter(is_excluded).collect();
        graph.exclude(&excluded);
        let seer = |name: &String| if *name == self.host { Seer::Host(0) } else { Seer::Library(self.index(name)) };
        let helper = |(package, users): &(String, Vec<String>)| Helper {
            package: package.clone(),
            used_by: users.iter().map(seer).collect::<BTreeSet<_>>(),
        };
        let workspace = Workspace {
            root: PathBuf::from("/w"),
            target_directory: PathBuf::from("/w/target/hotreload"),
            profile: "dev".into(),
            hosts: vec![Host {
                package: self.host.clone(),
                bin: self.host.clone(),
                kind: Kind::Binary,
                manifest: PathBuf::from("/w/app/Cargo.toml"),
                source: PathBuf::from("/w/src/main.rs"),
                features: vec![],
                build_script: false,
                library: None,
            }],
            graph,
            others: self.others.clone(),
            helpers: self.helpers.iter().map(helper).collect(),
            units: BTreeSet::new(),
            obstacles: vec![],
            places: vec![],
            own_profile: None,
            is_described: true,
            target: None,
        };
        Picture::new(&workspace, &groups(&workspace.graph), linked, standing)
    }
}
