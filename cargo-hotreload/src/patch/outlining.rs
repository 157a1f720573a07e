//! Makes the outlines of objects, when they are needed, and finds objects by them.

use std::sync::Arc;

use crate::patch::object::Kind;
use crate::patch::outline::{Outline, hash};
use crate::patch::set::Set;
use crate::patch::{fingerprint, references};

impl Set<'_> {
    /// What an object consists of.
    #[must_use]
    pub fn outline(&self, object: usize) -> &Arc<Outline> {
        self.kept_outline(object).get_or_init(|| Arc::new(make(self, object)))
    }

    /// The objects that have an item whose name is `wanted`.
    pub fn having(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = usize> {
        (0..self.len()).filter(move |index| self.outline(*index).items.keys().any(|name| wanted(name)))
    }

    /// The objects in which one of the names occurs, of which these are hashes, and those that lead to constants of others,
    /// in which it may.
    pub fn mentioning(&self, names: &[u64]) -> impl Iterator<Item = usize> {
        let all = if names.is_empty() { 0 } else { self.len() };
        (0..all).filter(|index| {
            let outline = self.outline(*index);
            !outline.is_closed || names.iter().any(|name| outline.names.binary_search(name).is_ok())
        })
    }
}

fn make(set: &Set<'_>, object: usize) -> Outline {
    let read = set.object(object);
    let mut names: Vec<u64> = read.symbols.iter().map(|symbol| hash(symbol.name)).collect();
    names.sort_unstable();
    names.dedup();
    let has_initialisers = read.sections.iter().any(|section| section.kind == Kind::Initialisers);
    let mut foreign = read.symbols.iter().filter(|symbol| symbol.section.is_none());
    let is_told_with_content =
        |name: &str| set.global(name).is_some_and(|(_, kind)| fingerprint::has_content(name, kind));
    Outline {
        object: hash(read.data),
        unit: read.unit.into(),
        items: fingerprint::items(set, object),
        pointed: references::pointed(set, object),
        vtables: references::vtables(set, object),
        globals: Outline::globals(read).collect(),
        names,
        is_closed: !has_initialisers && !foreign.any(|symbol| is_told_with_content(symbol.name)),
    }
}
