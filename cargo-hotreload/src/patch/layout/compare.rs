//! Running data against new code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::difference::{Cause, Change, Difference, Extent, Harm, Signature, StaticType};
use super::kind::Identity;
use super::members::changes;
use super::names::{ByName, Name};
use super::types::{Layout, Member, Types};

/// What is different. Types, functions and statics that came or went are not: nothing that runs knows them, or nothing
/// new does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Types with another layout; those that were edited themselves come before those that contain them.
    pub differences: Vec<Difference>,
    /// Functions that take or return other types under the same symbol.
    pub signatures: Vec<Signature>,
    /// Statics of another type under the same symbol.
    pub statics: Vec<StaticType>,
}

/// Compares what `new` objects describe with what runs.
///
/// `new` may be a part of the new objects: those that changed. What runs has to be described as a whole, because a type
/// may be known to other crates than the edited one alone.
#[must_use]
pub fn compare(running: &Types, new: &Types) -> Comparison {
    let differing: ByName<Vec<Found>> =
        new.layouts.iter().filter_map(|(name, layouts)| Some((*name, differing(running, *name, layouts)?))).collect();
    let mut differences: Vec<_> = differing
        .iter()
        .flat_map(|(name, found)| found.iter().map(|found| found.told(*name, &differing, running, new)))
        .collect();
    differences.sort_by(|one, other| key(one).cmp(&key(other)));
    Comparison { differences, signatures: signatures(running, new), statics: statics(running, new) }
}

fn key(difference: &Difference) -> (&Cause, Harm, &str) {
    (&difference.cause, difference.harm, &difference.path)
}

/// A new layout and the running one that it is held against.
struct Found {
    was: Arc<Layout>,
    is: Arc<Layout>,
    extent: Extent,
}

/// Every new layout that no running one equals.
fn differing(running: &Types, name: Name, layouts: &[Arc<Layout>]) -> Option<Vec<Found>> {
    let known = running.layouts.get(&name)?;
    let mixed = running.is_mixed(name);
    let gone: Vec<_> = known.iter().filter(|known| !layouts.contains(known)).collect();
    let extent = if gone.is_empty() { Extent::Joined } else { Extent::Replaced };
    let candidates = if gone.is_empty() { known.iter().collect() } else { gone };
    let mut found = Vec::new();
    for layout in layouts.iter().filter(|layout| mixed || !known.contains(layout)) {
        let was = candidates.iter().min_by_key(|candidate| distance(candidate, layout))?;
        found.push(Found { was: Arc::clone(was), is: Arc::clone(layout), extent });
    }
    (!found.is_empty()).then_some(found)
}

/// How much two layouts have in common, the most first.
fn distance(one: &Layout, other: &Layout) -> usize {
    let members = |layout: &Layout| -> BTreeSet<Member> {
        let held = layout.variants.iter().flat_map(|variant| &variant.members);
        layout.members.iter().chain(held).copied().collect()
    };
    let (one_members, other_members) = (members(one), members(other));
    one_members.symmetric_difference(&other_members).count() + usize::from(one.size != other.size)
}

impl Found {
    fn told(&self, name: Name, differing: &ByName<Vec<Self>>, running: &Types, new: &Types) -> Difference {
        let path = new.names.text(name);
        let changes = changes((&self.was, &running.names), (&self.is, &new.names));
        let cause = if changes.iter().all(Change::may_follow) {
            culprit(name, differing).map_or(Cause::Own, |culprit| Cause::Follows(new.names.text(culprit)))
        } else {
            Cause::Own
        };
        Difference {
            kind: self.is.kind,
            identity: Identity::of(&path),
            harm: harm(&self.was, &self.is),
            cause,
            extent: self.extent,
            size: (self.was.size, self.is.size),
            changes,
            path,
        }
    }
}

/// The type inside of `name` that makes it differ, as deep as differences go.
fn culprit(name: Name, differing: &ByName<Vec<Found>>) -> Option<Name> {
    let mut culprit = name;
    let mut visited = BTreeSet::from([name]);
    while let Some(found) = differing.get(&culprit) {
        let inside = found.iter().flat_map(|found| found.is.all_members()).map(|member| member.of);
        let Some(next) = inside.filter(|of| differing.contains_key(of)).find(|of| visited.insert(*of)) else { break };
        culprit = next;
    }
    (culprit != name).then_some(culprit)
}

impl Change {
    /// Whether a type can change in this way because a type inside of it changed.
    fn may_follow(&self) -> bool {
        match self {
            Self::Moved { .. } | Self::Align(..) | Self::Discriminant { .. } | Self::Renumbered { .. } => true,
            Self::Kind(..)
            | Self::VariantAdded(_)
            | Self::VariantRemoved(_)
            | Self::VariantRenamed(..)
            | Self::Added { .. }
            | Self::Removed { .. }
            | Self::Retyped { .. }
            | Self::Renamed { .. } => false,
        }
    }
}

impl Layout {
    fn all_members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().chain(self.variants.iter().flat_map(|variant| &variant.members))
    }
}

/// Layouts that are equal but for names are read as they were written.
fn harm(was: &Layout, is: &Layout) -> Harm {
    let shape = |layout: &Layout| {
        let places = |members: &[Member]| -> Vec<_> {
            let mut places: Vec<_> = members.iter().map(|member| (member.at, member.of)).collect();
            places.sort_unstable();
            places
        };
        let variants: BTreeMap<_, Vec<_>> = layout.variants.iter().fold(BTreeMap::new(), |mut all, variant| {
            all.entry(variant.value).or_insert_with(Vec::new).push(places(&variant.members));
            all
        });
        let discriminant = layout.discriminant.map(|member| (member.at, member.of));
        (layout.kind, layout.size, layout.align, places(&layout.members), discriminant, variants)
    };
    if shape(was) == shape(is) { Harm::Meaning } else { Harm::Memory }
}

/// The compiler makes these, and describes what they take only if there is something to drop.
const GLUE: [&str; 2] = ["core::ptr::drop_in_place<", "core::ptr::drop_glue<"];

fn signatures(running: &Types, new: &Types) -> Vec<Signature> {
    let mut changed = Vec::new();
    for (symbol, functions) in &new.functions {
        let Some(known) = running.functions.get(symbol) else { continue };
        let is_known = |signature| known.iter().any(|known| known.signature == signature);
        let Some(function) = functions.iter().find(|function| !is_known(function.signature)) else { continue };
        let path = new.names.text(function.path);
        if !GLUE.iter().any(|glue| path.starts_with(glue)) {
            changed.push(Signature { symbol: *symbol, path });
        }
    }
    changed.sort_by(|one, other| one.path.cmp(&other.path));
    changed
}

fn statics(running: &Types, new: &Types) -> Vec<StaticType> {
    let mut changed = Vec::new();
    for (symbol, statics) in &new.statics {
        let Some(known) = running.statics.get(symbol) else { continue };
        let fresh = statics.iter().find(|new| known.iter().all(|known| known.of != new.of));
        if let (Some(new_one), Some(old_one)) = (fresh, known.first()) {
            changed.push(StaticType {
                symbol: *symbol,
                path: new.names.text(new_one.path),
                was: running.names.text(old_one.of),
                is: new.names.text(new_one.of),
            });
        }
    }
    changed.sort_by(|one, other| one.path.cmp(&other.path));
    changed
}
