//! What a crate consists of: the outlines of its objects together, and what ran in the process before.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::patch::outline::{Item, Outline, Vtable};
use crate::patch::set::Set;

/// What a crate consists of.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// By mangled name.
    pub items: HashMap<Arc<str>, Arc<Item>>,
    /// What ran before, and is in the process still.
    pub gone: HashMap<Arc<str>, Arc<Item>>,
    /// What somebody may have a pointer to: everything that is referred to, but for calls. Hashes of names.
    pub pointed: HashSet<u64>,
    /// The vtables of trait objects.
    pub vtables: BTreeSet<Arc<Vtable>>,
    /// Its objects that need not be read again, by hashes of their bytes.
    pub outlines: HashMap<u64, Arc<Outline>>,
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

impl Contents {
    /// What `set` consists of.
    #[must_use]
    pub fn of(set: &Set<'_>) -> Self {
        let mut contents = Self::default();
        for outline in (0..set.len()).map(|object| set.outline(object)) {
            contents.add(outline);
            if outline.is_closed {
                contents.outlines.insert(outline.object, Arc::clone(outline));
            }
        }
        contents
    }

    fn add(&mut self, outline: &Outline) {
        for (name, item) in &outline.items {
            match self.items.get_mut(name) {
                Some(known) => {
                    let known = Arc::make_mut(known);
                    known.contents.extend(&item.contents);
                    known.elsewhere.extend(&item.elsewhere);
                }
                None => drop(self.items.insert(Arc::clone(name), Arc::clone(item))),
            }
        }
        self.pointed.extend(&outline.pointed);
        self.vtables.extend(outline.vtables.iter().cloned());
    }

    /// What the process has under this name, whether it is meant by the newest code or not.
    #[must_use]
    pub fn ran(&self, name: &str) -> Option<&Item> {
        self.items.get(name).or_else(|| self.gone.get(name)).map(Arc::as_ref)
    }

    /// What is true of the process after this ran in it, in which `before` ran.
    #[must_use]
    pub fn after(mut self, before: Self) -> Self {
        let went = before.items.into_iter().filter(|(name, _)| !self.items.contains_key(name));
        self.gone = before.gone;
        self.gone.extend(went);
        self.gone.retain(|name, _| !self.items.contains_key(name));
        self.pointed.extend(before.pointed);
        self.vtables.extend(before.vtables);
        self
    }
}
