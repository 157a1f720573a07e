//! What one object consists of: all that has to be known of it as long as its bytes are the same.
//!
//! The content of a function is its machine code, with what its relocations lead to: functions and variables by their
//! names, constants by their content, whatever they are called, and so on through constants that lead to constants,
//! also in circles. So neither a constant that moved nor one with a new number makes a function another, and a string
//! that changed does.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hasher as _;
use std::sync::Arc;

use twox_hash::XxHash3_64;

use crate::patch::content::Item;
use crate::patch::object::{Binding, Kind, Merge, Object, Relocation};
use crate::patch::references::{self, Vtable};
use crate::patch::relocate;
use crate::patch::set::{SectionId, Set, Target, is_anonymous};

/// What an object consists of.
#[derive(Debug, Clone)]
pub struct Outline {
    /// A hash of its bytes.
    pub object: u64,
    /// Its codegen unit.
    pub unit: Box<str>,
    /// Its functions and statics, by mangled name.
    pub items: HashMap<Arc<str>, Arc<Item>>,
    /// What somebody may have a pointer to: everything that it refers to, but for calls. Hashes of names.
    pub pointed: HashSet<u64>,
    /// Its vtables of trait objects.
    pub vtables: BTreeSet<Arc<Vtable>>,
    /// What it defines for other objects, by a hash of the name.
    pub globals: Vec<(u64, Global)>,
    /// Hashes of all names that occur in it, sorted.
    pub names: Vec<u64>,
    /// Whether all of this is about its own bytes: what runs before `main` is told with what it calls, and constants of
    /// other objects with what they hold.
    pub is_closed: bool,
}

/// What an object defines for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Global {
    /// The symbol.
    pub symbol: usize,
    /// What it is.
    pub kind: Kind,
    /// Whether any other definition will do.
    pub is_weak: bool,
}

/// A hash of content, and the same without lines and columns.
#[derive(Debug, Clone, Copy)]
struct Content {
    whole: u64,
    elsewhere: u64,
}

impl Outline {
    /// That of an object of `set`.
    #[must_use]
    pub fn of(set: &Set<'_>, object: usize) -> Self {
        let read = set.object(object);
        let mut names: Vec<u64> = read.symbols.iter().map(|symbol| hash(symbol.name)).collect();
        names.sort_unstable();
        names.dedup();
        let has_initialisers = read.sections.iter().any(|section| section.kind == Kind::Initialisers);
        let mut foreign = read.symbols.iter().filter(|symbol| symbol.section.is_none());
        let is_told_with_content = |name: &str| set.global(name).is_some_and(|(_, kind)| has_content(name, kind));
        Self {
            object: hash(read.data),
            unit: read.unit.into(),
            items: items(set, object),
            pointed: references::pointed(set, object),
            vtables: references::vtables(set, object),
            globals: Self::globals(read).collect(),
            names,
            is_closed: !has_initialisers && !foreign.any(|symbol| is_told_with_content(symbol.name)),
        }
    }

    /// What an object defines for others.
    pub fn globals(object: &Object<'_>) -> impl Iterator<Item = (u64, Global)> {
        let numbered = object.symbols.iter().enumerate();
        numbered.filter(|(_, symbol)| symbol.binding != Binding::Local).filter_map(|(index, symbol)| {
            let kind = object.sections.get(symbol.section?)?.kind;
            Some((hash(symbol.name), Global { symbol: index, kind, is_weak: symbol.binding == Binding::Weak }))
        })
    }
}

/// Whether what another object defines is told with its content.
fn has_content(name: &str, kind: Kind) -> bool {
    kind == Kind::Constant || is_anonymous(name)
}

/// A hash of a name, or of an object's bytes.
#[must_use]
pub fn hash(bytes: impl AsRef<[u8]>) -> u64 {
    XxHash3_64::oneshot(bytes.as_ref())
}

fn items(set: &Set<'_>, object: usize) -> HashMap<Arc<str>, Arc<Item>> {
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
            for (name, offset) in functions(set, id) {
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

/// The functions in a section, with where they begin. It is more than one only where the section was written by hand,
/// or is not cut into functions.
pub fn functions<'set, 'data>(
    set: &'set Set<'data>,
    id: SectionId,
) -> impl Iterator<Item = (&'data str, u64)> + use<'set, 'data> {
    let object = set.object(id.object);
    let here = object.sections[id.section].functions.iter().map(|symbol| &object.symbols[*symbol]);
    here.map(|symbol| (symbol.name, symbol.offset))
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
