//! What debug information says of types, functions and statics.

use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::kind::{Identity, Kind};
use super::names::{ByName, Name, Names};

/// A field of a type, or a local that a future keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    /// Bytes from the begin of the type.
    pub(super) at: u64,
    /// What it is called.
    pub(super) name: Name,
    /// The name of its type.
    pub(super) of: Name,
}

/// One of the forms that an enum's value or a future's state takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variant {
    /// What the discriminant is then; none for the variant that all other values mean.
    pub(super) value: Option<i128>,
    /// What it is called.
    pub(super) name: Name,
    /// What it holds.
    pub(super) members: Vec<Member>,
}

/// Where the data of a type lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) kind: Kind,
    pub(super) size: Option<u64>,
    pub(super) align: Option<u64>,
    /// What every value has, by place.
    pub(super) members: Vec<Member>,
    /// What tells variants apart.
    pub(super) discriminant: Option<Member>,
    /// By value of the discriminant.
    pub(super) variants: Vec<Variant>,
}

/// A function, by what it takes and returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Function {
    /// Its path.
    pub(super) path: Name,
    /// A hash of the names of the types of its parameters and its result.
    pub(super) signature: u64,
    /// The same without the numbers of closures and `impl` blocks in these names.
    pub(super) alike: u64,
}

/// A static or a thread-local.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Static {
    /// Its path.
    pub(super) path: Name,
    /// The name of its type.
    pub(super) of: Name,
}

/// What is known of all types, by path; and of functions and statics, by symbol.
///
/// One path may stand for several types: two versions of a crate, or types in blocks of one function.
#[derive(Debug, Clone, Default)]
pub struct Types {
    pub(super) names: Names,
    pub(super) layouts: ByName<Vec<Arc<Layout>>>,
    /// Types whose paths differ in numbers only. An edit may number them otherwise.
    numbered: ByName<Vec<Name>>,
    pub(super) functions: ByName<Vec<Function>>,
    pub(super) statics: ByName<Vec<Static>>,
    /// Types of which data of several layouts may exist, although they are one type in the source.
    mixed: HashSet<Name>,
}

impl Types {
    /// How many types are described.
    #[must_use]
    pub fn len(&self) -> usize {
        self.layouts.values().map(Vec::len).sum()
    }

    /// Whether nothing is described.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layouts.is_empty() && self.functions.is_empty() && self.statics.is_empty()
    }

    /// The paths of all described types, in order.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<_> = self.layouts.keys().map(|name| self.names.text(*name)).collect();
        paths.sort_unstable();
        paths
    }

    /// Whether a type of this path is described.
    #[must_use]
    pub fn has(&self, path: &[&str]) -> bool {
        self.layouts.contains_key(&path.iter().fold(Name::ROOT, |parent, part| parent.child(part.as_bytes())))
    }

    /// The paths of the types of `krate` that `self` describes and `running` does not. They are new, or they existed and
    /// only a crate without full debug information could have told.
    #[must_use]
    pub fn unseen(&self, running: &Self, krate: &str) -> Vec<String> {
        let unseen = self.layouts.keys().filter(|name| !running.layouts.contains_key(name));
        let unseen = unseen.filter(|name| self.names.first(**name) == krate);
        let mut paths: Vec<_> = unseen.filter(|name| !self.is_indexed(**name)).map(|n| self.names.text(*n)).collect();
        paths.sort_unstable();
        paths
    }

    /// Adds what another object of the same build describes.
    pub fn add(&mut self, other: &Self) {
        self.names.extend(&other.names);
        for (name, layouts) in &other.layouts {
            let known = self.layouts.entry(*name).or_default();
            for layout in layouts {
                add(known, layout);
            }
        }
        merge(&mut self.numbered, &other.numbered);
        merge(&mut self.functions, &other.functions);
        merge(&mut self.statics, &other.statics);
        self.mixed.extend(&other.mixed);
    }

    /// Adds what a patch describes that was put into the running program. Where it has another layout than what runs,
    /// data of both may exist from now on, so that a later [`compare`](super::compare()) reports the type even if the new
    /// layout is one of the two.
    pub fn patch(&mut self, new: &Self) {
        for (name, layouts) in &new.layouts {
            let running = self.layouts.get(name);
            if running.is_some_and(|running| layouts.iter().any(|layout| !running.contains(layout))) {
                self.mixed.insert(*name);
            }
        }
        self.add(new);
    }

    pub(super) fn is_mixed(&self, name: Name) -> bool {
        self.mixed.contains(&name)
    }

    pub(super) fn is_indexed(&self, name: Name) -> bool {
        Identity::of(&self.names.text(name)) == Identity::Indexed
    }

    /// The layouts of all types whose paths have this stem.
    pub(super) fn of_stem(&self, stem: Name) -> Vec<&Arc<Layout>> {
        let numbered = self.numbered.get(&stem).into_iter().flatten();
        numbered.filter_map(|name| self.layouts.get(name)).flatten().collect()
    }

    pub(super) fn insert(&mut self, name: Name, stem: Name, layout: Layout) {
        if stem != name {
            add(self.numbered.entry(stem).or_default(), &name);
        }
        let known = self.layouts.entry(name).or_default();
        if !known.iter().any(|other| **other == layout) {
            known.push(Arc::new(layout));
        }
    }
}

fn add<T: Clone + PartialEq>(known: &mut Vec<T>, new: &T) {
    if !known.contains(new) {
        known.push(new.clone());
    }
}

fn merge<T: Clone + PartialEq>(into: &mut ByName<Vec<T>>, from: &ByName<Vec<T>>) {
    for (symbol, new) in from {
        match into.entry(*symbol) {
            Entry::Vacant(place) => {
                place.insert(new.clone());
            }
            Entry::Occupied(mut known) => new.iter().for_each(|new| add(known.get_mut(), new)),
        }
    }
}
