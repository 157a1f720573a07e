//! What a crate's functions and statics are made of, so that two compilations of it can be compared.
//!
//! The content of a function is its machine code, with what its relocations lead to: functions and variables by their
//! names, constants by their content, whatever they are called, and so on through constants that lead to constants,
//! also in circles. So neither a constant that moved nor one with a new number makes a function another, and a string
//! that changed does.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hasher as _;

use twox_hash::XxHash3_64;

use crate::patch::object::{Kind, Merge, Relocation};
use crate::patch::references::{self, Vtable};
use crate::patch::relocate;
use crate::patch::set::{SectionId, Set, Target};

/// What a crate consists of.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// By mangled name.
    pub items: HashMap<String, Item>,
    /// What ran before, and is in the process still.
    pub gone: HashMap<String, Item>,
    /// What somebody may have a pointer to: everything that is referred to, but for calls.
    pub pointed: BTreeSet<String>,
    /// The vtables of trait objects.
    pub vtables: BTreeSet<Vtable>,
    /// Whether the compiler optimised it.
    pub optimised: Optimised,
}

/// Whether the compiler optimised a crate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Optimised {
    /// Every function and static is as it was written.
    #[default]
    No,
    /// What nobody changes may be where it is read, and nowhere else.
    Yes,
}

/// A function, a static, or a thread-local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Hashes of its content. Several units of a crate may have copies, which differ if only one was optimised.
    pub contents: BTreeSet<u64>,
    /// The same without the lines and columns of places in the source, which change with every line above.
    pub elsewhere: BTreeSet<u64>,
}

/// A hash of content, and the same without lines and columns.
#[derive(Debug, Clone, Copy)]
struct Content {
    whole: u64,
    elsewhere: u64,
}

impl Contents {
    /// What `set` consists of.
    #[must_use]
    pub fn of(set: &Set<'_>) -> Self {
        let mut items: HashMap<String, Item> = HashMap::new();
        let mut add = |name: &str, kind: Kind, offset: u64, Content { whole, elsewhere }| {
            let new = || Item { kind, contents: BTreeSet::new(), elsewhere: BTreeSet::new() };
            let item = items.entry(name.to_owned()).or_insert_with(new);
            item.contents.insert(whole ^ offset);
            item.elsewhere.insert(elsewhere ^ offset);
        };
        for (id, section) in set.sections() {
            if section.size == 0 || matches!(section.kind, Kind::Unused | Kind::Frames) {
                continue;
            }
            if section.kind == Kind::Initialisers {
                // Nobody calls what runs before `main` again, so what it does is part of it.
                add(&initialiser(set, id), section.kind, 0, content(set, &called(set, id)));
            } else if section.kind == Kind::Code {
                let parts: Vec<_> = [id].into_iter().chain(landing_pads(set, id)).collect();
                let content = content(set, &parts);
                for (name, offset) in functions(set, id) {
                    add(name, section.kind, offset, content);
                }
            } else if let Some(name) = set.name(id) {
                add(name, section.kind, 0, content(set, &[id]));
            }
        }
        let (pointed, vtables) = (references::pointed(set), references::vtables(set));
        Self { items, pointed, vtables, ..Self::default() }
    }

    /// What the process has under this name, whether it is meant by the newest code or not.
    #[must_use]
    pub fn ran(&self, name: &str) -> Option<&Item> {
        self.items.get(name).or_else(|| self.gone.get(name))
    }

    /// What is true of the process after this ran in it, in which `before` ran.
    #[must_use]
    pub fn after(mut self, before: Self) -> Self {
        self.gone = before.gone.into_iter().chain(before.items).collect();
        self.gone.retain(|name, _| !self.items.contains_key(name));
        self.pointed.extend(before.pointed);
        self.vtables.extend(before.vtables);
        self
    }
}

/// How deep initialisers are looked into: attributes that make them put a function around the programmer's.
const CALLS: usize = 2;

/// A section of initialisers has several with the same name.
fn initialiser(set: &Set<'_>, id: SectionId) -> String {
    let name = set.objects[id.object].main_name(id.section);
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
                if let Target::Inside(target, _) = set.target(id.object, relocation)
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

/// The functions in a section, with where they begin. It is more than one only where the section was written by hand,
/// or is not cut into functions.
pub fn functions<'set, 'data>(
    set: &'set Set<'data>,
    id: SectionId,
) -> impl Iterator<Item = (&'data str, u64)> + use<'set, 'data> {
    let object = &set.objects[id.object];
    let here = object.symbols.iter().filter(move |symbol| symbol.section == Some(id.section) && symbol.is_function);
    here.map(|symbol| (symbol.name, symbol.offset))
}

/// The tables that say what is cleaned up when a panic goes through a function. No code refers to them.
fn landing_pads<'set>(set: &'set Set<'_>, id: SectionId) -> impl Iterator<Item = SectionId> + use<'set> {
    let object = &set.objects[id.object];
    let main = object.main_name(id.section);
    let named = object.sections.iter().enumerate().filter(move |(_, section)| {
        let of = section.name.strip_prefix(".gcc_except_table.");
        !main.is_empty() && of.is_some_and(|of| of == main)
    });
    named.map(move |(section, _)| SectionId { object: id.object, section })
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
    match set.target(object, relocation) {
        Target::Outside { name, .. } => {
            named(name, relocation.addend);
            None
        }
        Target::Inside(target, offset) => {
            let section = set.section(target);
            if section.merge != Merge::Never {
                let at = offset + relocation.addend + relocate::to_next_instruction(relocation.kind);
                word(section.element(at));
                return None;
            }
            let name = set.name(target);
            if let Some(name) = name {
                named(name, 0);
            }
            word(&(offset + relocation.addend).to_le_bytes());
            (section.kind == Kind::Constant || name.is_none()).then_some(target)
        }
    }
}
