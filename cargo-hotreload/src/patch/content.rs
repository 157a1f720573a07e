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
use crate::patch::relocate;
use crate::patch::set::{SectionId, Set, Target};

/// What a crate consists of.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// By mangled name.
    pub items: HashMap<String, Item>,
}

/// A function, a static, or a thread-local.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Hashes of its content. Several units of a crate may have copies, which differ if only one was optimised.
    pub contents: BTreeSet<u64>,
}

impl Contents {
    /// What `set` consists of.
    #[must_use]
    pub fn of(set: &Set<'_>) -> Self {
        let mut items: HashMap<String, Item> = HashMap::new();
        let mut add = |name: &str, kind: Kind, content: u64| {
            let new = || Item { kind, contents: BTreeSet::new() };
            items.entry(name.to_owned()).or_insert_with(new).contents.insert(content);
        };
        for (id, section) in set.sections() {
            if section.size == 0 || matches!(section.kind, Kind::Unused | Kind::Frames) {
                continue;
            }
            if section.kind == Kind::Initialisers {
                add(section.name, section.kind, content(set, &[id]));
            } else if section.kind == Kind::Code {
                let parts: Vec<_> = [id].into_iter().chain(landing_pads(set, id)).collect();
                let content = content(set, &parts);
                for (name, offset) in functions(set, id) {
                    add(name, section.kind, content ^ offset);
                }
            } else if let Some(name) = set.name(id) {
                add(name, section.kind, content(set, &[id]));
            }
        }
        Self { items }
    }
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
fn content(set: &Set<'_>, ids: &[SectionId]) -> u64 {
    let mut hasher = XxHash3_64::new();
    let mut numbers: HashMap<SectionId, u64> = ids.iter().copied().zip(0..).collect();
    let mut open = ids.to_vec();
    let mut next = 0;
    while let Some(&id) = open.get(next) {
        next += 1;
        let section = set.section(id);
        hasher.write(&section.size.to_le_bytes());
        hasher.write(section.data);
        for relocation in &section.relocations {
            hasher.write(&relocation.offset.to_le_bytes());
            hasher.write(&relocation.kind.0.to_le_bytes());
            if let Some(inner) = reach(set, id.object, relocation, &mut |bytes| hasher.write(bytes)) {
                let count = numbers.len() as u64;
                let number = *numbers.entry(inner).or_insert_with(|| {
                    open.push(inner);
                    count
                });
                hasher.write(&number.to_le_bytes());
            }
        }
    }
    hasher.finish()
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
