//! What one object consists of: all that has to be known of it as long as its bytes are the same.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use twox_hash::XxHash3_64;

use crate::patch::object::{Binding, Kind, Object};

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

/// The vtable of a type for a trait: what drops it, and its methods, by their mangled names.
pub type Vtable = Vec<Option<String>>;

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

impl Outline {
    /// What an object defines for others.
    pub fn globals(object: &Object<'_>) -> impl Iterator<Item = (u64, Global)> {
        let numbered = object.symbols.iter().enumerate();
        numbered.filter(|(_, symbol)| symbol.binding != Binding::Local).filter_map(|(index, symbol)| {
            let kind = object.sections.get(symbol.section?)?.kind;
            Some((hash(symbol.name), Global { symbol: index, kind, is_weak: symbol.binding == Binding::Weak }))
        })
    }
}

/// A hash of a name, or of an object's bytes.
#[must_use]
pub fn hash(bytes: impl AsRef<[u8]>) -> u64 {
    XxHash3_64::oneshot(bytes.as_ref())
}
