//! What functions and statics are made of, as hashes, so that two compilations of a crate can be compared.
//!
//! The content of a function is its machine code, with what its relocations lead to: functions and variables by their
//! names, constants by their content, whatever they are called, and so on through constants that lead to constants,
//! also in circles. So neither a constant that moved nor one with a new number makes a function another, and a string
//! that changed does.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hasher as _;
use std::sync::Arc;

use twox_hash::XxHash3_64;

use crate::patch::object::{Kind, Merge, Relocation};
use crate::patch::outline::Item;
use crate::patch::relocate;
use crate::patch::set::{SectionId, Set, Target, is_anonymous};

/// A hash of content, and the same without lines and columns.
#[derive(Debug, Clone, Copy)]
struct Content {
    whole: u64,
    elsewhere: u64,
}

/// Whether what another object defines is told with its content.
#[must_use]
pub fn has_content(name: &str, kind: Kind) -> bool {
    kind == Kind::Constant || is_anonymous(name)
}

/// The functions and statics of an object of `set`, by mangled name.
#[must_use]
pub fn items(set: &Set<'_>, object: usize) -> HashMap<Arc<str>, Arc<Item>> {
    let mut items: HashMap<Arc<str>, Arc<Item>> = HashMap::new();
    let mut add = |name: &str, kind: Kind, offset: u64, Content { whole, elsewhere }| {
        let new = || Arc::new(Item { kind, contents: BTreeSet::new(), elsewhere: BTreeSet::new() });
        let item = Arc::make_mut(items.entry(name.into()).or_insert_with(new));
        item.contents.insert(whole ^ offset);
        item.elsewhere.insert(elsewhere ^ offset);
    };
    for (id, section) in set.sections_of(object) {
        if section.size == 0 || matches!(section.kind, Kind::Unused | Kind::Frames) {
            continue;
        }
        if section.kind == Kind::Initialisers {
            // Nobody calls what runs before `main` again, so what it does is part of it.
            add(&initialiser(set, id), section.kind, 0, content(set, &called(set, id)));
        } else if section.kind == Kind::Code {
            let pads = section.landing_pads.iter().map(|pads| SectionId { section: *pads, ..id });
            let parts: Vec<_> = [id].into_iter().chain(pads).collect();
            let content = content(set, &parts);
            for (name, offset) in set.functions(id) {
                add(name, section.kind, offset, content);
            }
        } else if let Some(name) = set.name(id) {
            add(name, section.kind, 0, content(set, &[id]));
        }
    }
    items
}

/// How deep initialisers are looked into: attributes that make them put a function around the programmer's.
const CALLS: usize = 2;

/// A section of initialisers has several with the same name.
fn initialiser(set: &Set<'_>, id: SectionId) -> String {
    let name = set.object(id.object).main_name(id.section);
    if name.is_empty() { set.section(id).name.to_owned() } else { name.to_owned() }
}

/// The section `id` and the functions that it leads to.
fn called(set: &Set<'_>, id: SectionId) -> Vec<SectionId> {
    let mut found = vec![id];
    let mut from = 0;
    for _ in 0..CALLS {
        let until = found.len();
        for index in from..until {
            let id = found[index];
            for relocation in &set.section(id).relocations {
                if let Some((target, _)) = within(set, set.target(id.object, relocation))
                    && set.section(target).kind == Kind::Code
                    && !found.contains(&target)
                {
                    found.push(target);
                }
            }
        }
        from = until;
    }
    found
}

/// The place in the set that `target` is.
fn within(set: &Set<'_>, target: Target<'_>) -> Option<(SectionId, i64)> {
    match target {
        Target::Inside(id, offset) => Some((id, offset)),
        Target::Beside { symbol, .. } => set.place(symbol),
        Target::Outside { .. } => None,
    }
}

/// A hash of what the sections `ids` are made of.
fn content(set: &Set<'_>, ids: &[SectionId]) -> Content {
    let (mut hasher, mut elsewhere) = (XxHash3_64::new(), XxHash3_64::new());
    let mut numbers: HashMap<SectionId, u64> = ids.iter().copied().zip(0..).collect();
    let mut open = ids.to_vec();
    let mut next = 0;
    while let Some(&id) = open.get(next) {
        next += 1;
        let section = set.section(id);
        hasher.write(&section.size.to_le_bytes());
        hasher.write(section.data);
        elsewhere.write(&section.size.to_le_bytes());
        elsewhere.write(&section.data[..if is_place(set, id) { PLACE_FILE } else { section.data.len() }]);
        for relocation in &section.relocations {
            let mut both = |bytes: &[u8]| {
                hasher.write(bytes);
                elsewhere.write(bytes);
            };
            both(&relocation.offset.to_le_bytes());
            both(&relocation.kind.0.to_le_bytes());
            if let Some(inner) = reach(set, id.object, relocation, &mut both) {
                let count = numbers.len() as u64;
                let number = *numbers.entry(inner).or_insert_with(|| {
                    open.push(inner);
                    count
                });
                both(&number.to_le_bytes());
            }
        }
    }
    Content { whole: hasher.finish(), elsewhere: elsewhere.finish() }
}

/// Bytes of a place in the source (`core::panic::Location`): file, line and column; and of the file alone.
const PLACE: u64 = 24;
const PLACE_FILE: usize = 16;

/// Whether a section looks like a place in the source.
fn is_place(set: &Set<'_>, id: SectionId) -> bool {
    let section = set.section(id);
    let has_form = section.kind == Kind::Constant && section.size == PLACE && section.data.len() as u64 == PLACE;
    has_form && matches!(section.relocations[..], [Relocation { offset: 0, .. }]) && set.name(id).is_none()
}

/// Tells `word` what the relocation leads to, by name or by content; the section that is left to tell of, if any.
fn reach(set: &Set<'_>, object: usize, relocation: &Relocation, word: &mut dyn FnMut(&[u8])) -> Option<SectionId> {
    let mut named = |name: &str, addend: i64| {
        word(name.as_bytes());
        word(&addend.to_le_bytes());
    };
    let target = set.target(object, relocation);
    let (target, offset) = match target {
        Target::Outside { name, .. } => {
            named(name, relocation.addend);
            return None;
        }
        Target::Beside { name, kind, .. } if !has_content(name, kind) => {
            named(name, relocation.addend);
            return None;
        }
        Target::Beside { .. } | Target::Inside(..) => within(set, target)?,
    };
    let section = set.section(target);
    if section.merge != Merge::Never {
        let at = offset + relocation.addend + relocate::to_next_instruction(relocation.kind);
        word(section.element(at));
        return None;
    }
    let name = set.name(target);
    if let Some(name) = name {
        named(name, offset + relocation.addend);
    } else {
        word(&(offset + relocation.addend).to_le_bytes());
    }
    (section.kind == Kind::Constant || name.is_none()).then_some(target)
}
