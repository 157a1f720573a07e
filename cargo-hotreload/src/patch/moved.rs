//! Who refers to what has another place now: a function whose machine code is the same, but which means a static or a
//! function that is new under its old name, has to be loaded again to mean the new one.

use std::collections::{BTreeSet, HashSet};

use crate::patch::object::{Kind, Merge};
use crate::patch::outline::hash;
use crate::patch::pairing::{Fate, Fates};
use crate::patch::set::{SectionId, Set, Target, is_anonymous};

/// Changes the fates of everything that refers to one of the names in `moved`, and of what refers to that in turn.
pub fn follow(sets: &[&Set<'_>], fates: &mut [Fates], mut moved: BTreeSet<String>) {
    while !moved.is_empty() {
        let mut next = BTreeSet::new();
        let hashes: Vec<u64> = moved.iter().map(hash).collect();
        for (set, fates) in sets.iter().zip(fates.iter_mut()) {
            let sections = set.mentioning(&hashes).flat_map(|object| set.sections_of(object));
            for (id, section) in sections.filter(|(_, section)| section.size > 0) {
                if matches!(section.kind, Kind::Code | Kind::Constant) && refers(set, id, &moved) {
                    mark(set, id, fates, &mut next);
                }
            }
        }
        moved = next;
    }
}

/// The section `id` refers to something that moved.
fn mark(set: &Set<'_>, id: SectionId, fates: &mut Fates, next: &mut BTreeSet<String>) {
    let names: Vec<&str> = match set.section(id).kind {
        Kind::Code => set.functions(id).map(|(name, _)| name).collect(),
        _ => set.name(id).into_iter().collect(),
    };
    for name in names {
        if fates.get(name).is_some_and(|fate| *fate != Fate::Same) {
            continue;
        }
        let is_code = set.section(id).kind == Kind::Code;
        fates.insert(name.to_owned(), if is_code { Fate::Edited } else { Fate::Fresh });
        if !is_code {
            next.insert(name.to_owned());
        }
    }
}

/// Whether the section `id` refers to one of the names, directly or through constants that have none.
fn refers(set: &Set<'_>, id: SectionId, names: &BTreeSet<String>) -> bool {
    let (mut open, mut seen) = (vec![id], HashSet::from([id]));
    while let Some(id) = open.pop() {
        for relocation in &set.section(id).relocations {
            let name = match set.target(id.object, relocation) {
                Target::Outside { name, .. } => Some(name),
                Target::Beside { name, symbol, .. } => {
                    let nameless = set.place(symbol).filter(|_| is_anonymous(name));
                    open.extend(nameless.map(|(target, _)| target).filter(|target| seen.insert(*target)));
                    Some(name)
                }
                Target::Inside(target, _) => {
                    let is_nameless = set.name(target).is_none() && set.section(target).merge == Merge::Never;
                    if is_nameless && seen.insert(target) {
                        open.push(target);
                    }
                    set.name(target)
                }
            };
            if name.is_some_and(|name| names.contains(name)) {
                return true;
            }
        }
    }
    false
}
