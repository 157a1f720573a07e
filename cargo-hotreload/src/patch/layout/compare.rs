//! Running data against new code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::difference::{Cause, Change, Difference, Extent, Harm, Signature, StaticType};
use super::kind::Identity;
use super::members::changes;
use super::names::{ByName, Name};
use super::types::{Function, Layout, Member, Types, Variant};

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
        new.layouts.keys().filter_map(|name| Some((*name, differing(running, new, *name)?))).collect();
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

/// Every new layout that no running one of this path equals. If nothing of this path runs, what runs under the same path
/// with other numbers is meant.
fn differing(running: &Types, new: &Types, name: Name) -> Option<Vec<Found>> {
    let stem = new.names.stem(name);
    let layouts = new.layouts.get(&name)?;
    let exact = running.layouts.get(&name);
    let alike: Vec<_> = if stem == name { exact.into_iter().flatten().collect() } else { running.of_stem(stem) };
    let is_alike = |was: &Layout, is: &Layout| *was == *is || alike_but_for_numbers((was, running), (is, new));
    let known = |layout: &Arc<Layout>| match exact {
        Some(exact) => exact.contains(layout) && !running.is_mixed(name),
        None => alike.iter().any(|known| is_alike(known, layout)),
    };
    let mut fresh = layouts.iter().filter(|layout| !known(layout)).peekable();
    fresh.peek()?;
    let stays = if stem == name { layouts.iter().collect() } else { new.of_stem(stem) };
    let gone: Vec<_> = alike.iter().filter(|was| !stays.iter().any(|is| is_alike(was, is))).collect();
    let found = fresh.filter_map(|layout| {
        let extent = match () {
            () if alike.iter().any(|was| is_alike(was, layout)) => Extent::Renumbered,
            () if gone.is_empty() => Extent::Joined,
            () => Extent::Replaced,
        };
        let others: Vec<_> = exact.into_iter().flatten().filter(|was| *was != layout).collect();
        let candidates = match extent {
            Extent::Replaced => gone.iter().map(|was| **was).collect(),
            _ if others.is_empty() => alike.clone(),
            _ => others,
        };
        let was = candidates.into_iter().min_by_key(|candidate| distance(candidate, layout))?;
        Some(Found { was: Arc::clone(was), is: Arc::clone(layout), extent })
    });
    let found: Vec<_> = found.collect();
    (!found.is_empty()).then_some(found)
}

/// Whether only the numbers of closures and `impl` blocks differ in the names of types.
fn alike_but_for_numbers((was, running): (&Layout, &Types), (is, new): (&Layout, &Types)) -> bool {
    let member = |(was, is): (&Member, &Member)| {
        (was.at, was.name) == (is.at, is.name) && running.names.stem(was.of) == new.names.stem(is.of)
    };
    let members = |was: &[Member], is: &[Member]| was.len() == is.len() && was.iter().zip(is).all(member);
    let variant = |(was, is): (&Variant, &Variant)| {
        (was.value, was.name) == (is.value, is.name) && members(&was.members, &is.members)
    };
    (was.kind, was.size, was.align, was.discriminant) == (is.kind, is.size, is.align, is.discriminant)
        && members(&was.members, &is.members)
        && was.variants.len() == is.variants.len()
        && was.variants.iter().zip(&is.variants).all(variant)
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
            has_run: running.layouts.contains_key(&name),
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

/// Whether two functions or statics, which need not have the same symbol, can stand for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Agreement {
    /// They take and return, or are, of the same types.
    Same,
    /// They are not.
    Different,
    /// One of them is not described.
    Unknown,
}

/// Whether the function `was` of what runs can be redirected to the function `is` of new objects: both are symbols. What
/// they take may have other numbers in its name: a closure takes itself.
#[must_use]
pub fn signatures_agree((running, was): (&Types, &str), (new, is): (&Types, &str)) -> Agreement {
    let of = |types: &Types, symbol: &str| {
        let functions = types.functions.get(&Name::of(symbol.as_bytes()));
        functions.map(|functions| functions.iter().map(|function| function.alike).collect())
    };
    let is_glue = |function: &Function| {
        let path = new.names.text(function.path);
        GLUE.iter().any(|glue| path.starts_with(glue))
    };
    match new.functions.get(&Name::of(is.as_bytes())) {
        Some(functions) if functions.iter().any(is_glue) => Agreement::Same,
        _ => agreement(of(running, was), of(new, is)),
    }
}

/// Whether the static `was` of what runs can be used in place of the static `is` of new objects: both are symbols.
#[must_use]
pub fn statics_agree((running, was): (&Types, &str), (new, is): (&Types, &str)) -> Agreement {
    let of = |types: &Types, symbol: &str| {
        let statics = types.statics.get(&Name::of(symbol.as_bytes()));
        statics.map(|statics| statics.iter().map(|found| found.of.bits()).collect())
    };
    agreement(of(running, was), of(new, is))
}

fn agreement(was: Option<Vec<u64>>, is: Option<Vec<u64>>) -> Agreement {
    match (was, is) {
        (Some(was), Some(is)) if is.iter().all(|is| was.contains(is)) => Agreement::Same,
        (Some(_), Some(_)) => Agreement::Different,
        _ => Agreement::Unknown,
    }
}
