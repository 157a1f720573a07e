//! Who may hold the address of a function: tables, variables, and code that does more than call it.
//!
//! What has a pointer to a function calls it for as long as the process lives, whatever new code says.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::patch::object::{Kind, Relocation, Section};
use crate::patch::outline::{Vtable, hash};
use crate::patch::relocate::is_call;
use crate::patch::set::{SectionId, Set, Target};

/// Bytes of a vtable's word.
const WORD: usize = 8;
/// Where in a vtable size and alignment are, in words. The methods come behind them.
const SIZE: usize = 1;
const ALIGN: usize = 2;

/// Hashes of the names of everything that an object of `set` refers to, but for calls.
#[must_use]
pub fn pointed(set: &Set<'_>, object: usize) -> HashSet<u64> {
    let mut pointed = HashSet::new();
    for (id, section) in set.sections_of(object) {
        if matches!(section.kind, Kind::Unused | Kind::Frames) {
            continue;
        }
        let held = section.relocations.iter().filter(|relocation| !is_call(relocation, section.data));
        pointed.extend(held.filter_map(|relocation| function(set, id.object, relocation)).map(hash));
    }
    pointed
}

/// The vtables in an object of `set`.
#[must_use]
pub fn vtables(set: &Set<'_>, object: usize) -> BTreeSet<Arc<Vtable>> {
    let nameless =
        set.sections_of(object).filter(|(id, section)| section.kind == Kind::Constant && set.name(*id).is_none());
    nameless.filter_map(|(id, section)| slots(set, id, section)).map(Arc::new).collect()
}

/// A vtable that is not what it was, and what it was: old objects have the old one. Two vtables are of one type and trait
/// if they have something in common and only one of them was there before, and only one is now.
#[must_use]
pub fn changed<'vtable>(
    before: &'vtable BTreeSet<Arc<Vtable>>,
    now: &'vtable BTreeSet<Arc<Vtable>>,
) -> Option<(&'vtable Vtable, &'vtable Vtable)> {
    let is_shared =
        |one: &Vtable, other: &Vtable| one.iter().flatten().any(|name| other.iter().flatten().any(|of| of == name));
    let gone: Vec<_> = before.difference(now).collect();
    now.difference(before)
        .find_map(|new| Some(((*gone.iter().find(|old| is_shared(old, new))?).as_ref(), new.as_ref())))
}

/// The slots of a constant that looks like a vtable; nothing else says so. What looks like one and is none holds functions
/// in a struct, which has to keep its form as well.
fn slots(set: &Set<'_>, id: SectionId, section: &Section<'_>) -> Option<Vtable> {
    let (words, rest) = section.data.as_chunks::<WORD>();
    let align = u64::from_le_bytes(*words.get(ALIGN)?);
    let mut slots = vec![None; words.len()];
    for relocation in &section.relocations {
        let slot = slots.get_mut(usize::try_from(relocation.offset).ok()? / WORD)?;
        *slot = Some(function(set, id.object, relocation)?.to_owned());
    }
    let has_form = rest.is_empty() && words.len() > ALIGN + 1 && align.is_power_of_two();
    let is_one = has_form && slots.drain(SIZE..=ALIGN).all(|slot| slot.is_none());
    is_one.then_some(slots)
}

/// The name of the function that `relocation` leads to, or of what is defined elsewhere.
fn function<'data>(set: &Set<'data>, object: usize, relocation: &Relocation) -> Option<&'data str> {
    match set.target(object, relocation) {
        Target::Outside { name, .. } => (!name.is_empty()).then_some(name),
        Target::Beside { name, kind, .. } => (kind == Kind::Code).then_some(name),
        Target::Inside(target, _) if set.section(target).kind == Kind::Code => {
            // A section that has several functions was written by hand: none of ours is in there.
            set.functions(target).map(|(name, _)| name).next()
        }
        Target::Inside(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::changed;
    use crate::patch::outline::Vtable;

    fn vtables(text: &str) -> BTreeSet<Arc<Vtable>> {
        let slot = |name: &str| (name != "-").then(|| name.to_owned());
        text.split_whitespace().map(|vtable| Arc::new(vtable.split(',').map(slot).collect())).collect()
    }

    #[test]
    fn an_object_of_the_old_vtable_would_call_the_wrong_method() {
        for (before, now, is_changed) in [
            ("-,a,b", "-,a,b", false),
            ("-,a,b", "-,b,a", true),
            ("-,a,b", "-,a,b,c", true),
            ("drop,a", "drop,b", true),
            // A type that came or went, and one that has nothing to do with it.
            ("-,a,b", "-,a,b -,c,d", false),
            ("-,a,b -,c,d", "-,a,b", false),
            ("-,a,b", "-,c,d", false),
        ] {
            assert_eq!(changed(&vtables(before), &vtables(now)).is_some(), is_changed, "{before} -> {now}");
        }
    }
}
