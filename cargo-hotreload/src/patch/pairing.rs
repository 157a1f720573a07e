//! Which function and static of a new compilation is which one of the running program.
//!
//! Most have the same mangled name. But the compiler numbers closures, and statics of one name in one function, in the
//! order of the source: one more above, and each name belongs to another. A stored closure that suddenly runs another
//! one's body would be a disaster, so in a group of numbered items only what is beyond doubt is paired; the rest is
//! refused.

use std::collections::{BTreeMap, HashMap};

use crate::patch::content::{Contents, Optimised};
use crate::patch::names::{is_about, is_formatting, is_glue, is_numbered, may_be_copied, numbered_of, readable, stem};
use crate::patch::object::Kind;
use crate::patch::outline::Item;
use crate::patch::references;
use crate::patch::refusal::Refusal;

/// What is read of a vtable that became longer.
const MOST_METHODS: usize = 1000;

/// What becomes of an item of the new compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The running program has it already.
    Same,
    /// It has a new body: whoever calls the old one is led to it.
    Edited,
    /// The running program does not have it, or has something else under its name that must be left alone.
    Fresh,
}

/// What becomes of each item, by mangled name. What is not in there is the same.
pub type Fates = HashMap<String, Fate>;

/// What is known of how functions are called.
pub trait Signatures {
    /// Whether the function of this name is called in another way now, so that whoever calls the old one must go on to.
    fn is_replaced(&self, name: &str) -> bool;
    /// Whether the running function `before` is certainly called in another way than the new function `now`: then it did
    /// not become that.
    fn are_different(&self, before: &str, now: &str) -> bool;
}

/// Nothing is known of how functions are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unknown;

impl Signatures for Unknown {
    fn is_replaced(&self, _: &str) -> bool {
        false
    }

    fn are_different(&self, _: &str, _: &str) -> bool {
        false
    }
}

/// Items of one stem that are not the same before and now.
#[derive(Debug, Default)]
struct Group<'contents> {
    changed: BTreeMap<&'contents str, (&'contents Item, &'contents Item)>,
    removed: BTreeMap<&'contents str, &'contents Item>,
    added: BTreeMap<&'contents str, &'contents Item>,
}

/// What was found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// What becomes of each item.
    pub fates: Fates,
    /// Functions that the program has under another name, by what they are called now, with what they were called.
    pub renamed: Vec<(String, String)>,
}

/// Compares the crate `name` as it runs with a new compilation of it. `is_pointed` says whether somebody may hold the
/// address of a function of the running program.
pub fn pair(
    name: &str,
    running: &Contents,
    new: &Contents,
    is_pointed: &dyn Fn(&str) -> bool,
    signatures: &dyn Signatures,
) -> Result<Pairs, Refusal> {
    let mut pairs = Pairs::default();
    let is_same = |name: &str, now: &Item| running.ran(name) == Some(now);
    let is_optimised = new.optimised == Optimised::Yes;
    let mut refused: Vec<(String, Refusal)> = Vec::new();
    for (stem, group) in groups(running, new) {
        let result = match group.kind() {
            Kind::Code if is_optimised && group.has_other_bodies_inside(&stem, name, is_pointed) => {
                Err(Refusal::Ambiguous { name: stem.clone() })
            }
            Kind::Code => group.pair_functions(name, &stem, is_pointed, signatures, &mut pairs),
            Kind::Initialisers => Err(Refusal::Initialiser { name: stem.clone() }),
            // What nobody changes may stand in the process twice.
            Kind::Constant => {
                group.all_fresh(&mut pairs.fates);
                Ok(())
            }
            _ => {
                let kept = new.items.iter().filter(|(name, now)| now.kind != Kind::Code && is_same(name, now));
                group.pair_variables(&stem, kept.map(|(name, _)| &**name), &mut pairs.fates)
            }
        };
        if let Err(refusal) = result {
            refused.push((stem, refusal));
        }
    }
    if let Some((old, new)) = references::changed(&running.vtables, &new.vtables) {
        let moved = new.iter().zip(old.iter().chain([&None; MOST_METHODS])).find(|(now, before)| now != before);
        let method = moved.and_then(|(now, _)| now.as_deref()).unwrap_or_default();
        refused.push((stem(method), Refusal::Vtable { name: readable(method) }));
    }
    if is_optimised {
        let lost = running.items.iter().filter(|(name, before)| is_lost(name, before, new));
        refused.extend(lost.map(|(name, _)| (stem(name), Refusal::Lost { name: readable(name) })));
    }
    match refused.into_iter().min_by_key(|(stem, refusal)| telling(name, stem, refusal)) {
        Some((_, refusal)) => Err(refusal),
        None => Ok(pairs),
    }
}

/// Whether optimised code has no static any more that the program has. It was taken out of the source, or the last who
/// changed it was: then the others have its first value in their code, not what it holds.
fn is_lost(name: &str, before: &Item, new: &Contents) -> bool {
    let is_variable = |item: &Item| matches!(item.kind, Kind::Variable | Kind::ThreadLocal);
    is_variable(before) && !new.items.get(name).is_some_and(|item| is_variable(item)) && !may_be_copied(&stem(name))
}

/// Of several reasons the one that says most to who made the edit comes first: what is not about names, and then the
/// shortest name of the crate's own, since the names of everything that is made for a closure contain the closure's.
fn telling(name: &str, stem: &str, refusal: &Refusal) -> (u8, bool, usize, String) {
    let is_own = stem.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"));
    let rank = match refusal {
        Refusal::Initialiser { .. } => 0,
        // These may be what became of the others; a closure has vtables as well.
        Refusal::Ambiguous { .. } => 2,
        Refusal::Vtable { .. } if is_numbered(stem) => 3,
        _ => 1,
    };
    (rank, !is_own, stem.len(), stem.to_owned())
}

/// What is not the same before and now, by stem.
fn groups<'contents>(running: &'contents Contents, new: &'contents Contents) -> BTreeMap<String, Group<'contents>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for (name, now) in &new.items {
        let name: &str = name;
        match running.items.get(name) {
            Some(before) if before == now => {}
            Some(before) => drop(groups.entry(stem(name)).or_default().changed.insert(name, (before, now))),
            None => {
                let group = match running.gone.get(name) {
                    Some(before) if before == now => continue,
                    other => (groups.entry(stem(name)).or_default(), other),
                };
                match group {
                    // It is back, and old pointers to it mean it.
                    (group, Some(before)) if now.kind == Kind::Code && !is_numbered(&stem(name)) => {
                        group.changed.insert(name, (before, now));
                    }
                    (group, _) => drop(group.added.insert(name, now)),
                }
            }
        }
    }
    for (name, before) in &running.items {
        if !new.items.contains_key(name) {
            groups.entry(stem(name)).or_default().removed.insert(name, before);
        }
    }
    groups
}

impl Group<'_> {
    fn kind(&self) -> Kind {
        let changed = self.changed.values().map(|(_, now)| *now);
        let items = changed.chain(self.added.values().copied()).chain(self.removed.values().copied());
        items.map(|item| item.kind).next().unwrap_or_default()
    }

    fn all_fresh(&self, fates: &mut Fates) {
        let names = self.changed.keys().chain(self.added.keys());
        fates.extend(names.map(|name| ((*name).to_owned(), Fate::Fresh)));
    }

    /// Whether somebody may hold the address of an instance with an optimised closure inside, of which nobody can tell
    /// which one has it now: the name of the instance does not, and the closure may have another number.
    fn has_other_bodies_inside(&self, stem: &str, crate_name: &str, is_pointed: &dyn Fn(&str) -> bool) -> bool {
        let is_foreign = !is_about(stem, crate_name) && !is_glue(stem) && !is_formatting(stem);
        is_foreign && !self.added.is_empty() && self.removed.keys().any(|name| is_pointed(name))
    }

    fn pair_functions(
        &self,
        crate_name: &str,
        stem: &str,
        is_pointed: &dyn Fn(&str) -> bool,
        signatures: &dyn Signatures,
        pairs: &mut Pairs,
    ) -> Result<(), Refusal> {
        let ambiguous = || Refusal::Ambiguous { name: numbered_of(stem, crate_name).to_owned() };
        if is_numbered(stem) {
            // What only tells other lines is what it was, and so is its equal if the two changed places.
            let mut edited =
                self.changed.iter().filter(|(_, (before, now))| before.elsewhere != now.elsewhere).peekable();
            let comes_or_goes = !self.added.is_empty() || !self.removed.is_empty();
            let is_anothers = |name: &str, now: &Item| {
                self.changed.iter().any(|(other, (before, _))| name != *other && before.elsewhere == now.elsewhere)
            };
            if (comes_or_goes && edited.peek().is_some()) || edited.any(|(name, (_, now))| is_anothers(name, now)) {
                return Err(ambiguous());
            }
        }
        let fate = |name: &str| if signatures.is_replaced(name) { Fate::Fresh } else { Fate::Edited };
        pairs.fates.extend(self.changed.keys().map(|name| ((*name).to_owned(), fate(name))));
        pairs.fates.extend(self.added.keys().map(|name| ((*name).to_owned(), Fate::Fresh)));
        // An instance of a foreign generic function for other types is no successor of another instance.
        // What drops a type that went, under this number, still drops what there is of it.
        if self.added.is_empty() || !is_about(stem, crate_name) || is_glue(stem) {
            return Ok(());
        }
        // Of our own functions, one with another name may be what the old one became when an `impl` block came above it.
        // Nobody calls the old one who was compiled again; but who has its address still does.
        let is_it = |one: &Item, other: &Item| one.elsewhere == other.elsewhere;
        for (removed, before) in self.removed.iter().filter(|(name, _)| is_numbered(stem) || is_pointed(name)) {
            let mut candidates =
                self.added.iter().filter(|(name, _)| !signatures.are_different(removed, name)).peekable();
            if candidates.peek().is_none() {
                // What is called in another way did not become that; who has the old one's address means the old one.
                continue;
            }
            let mut successors = candidates.filter(|(_, now)| is_it(now, before));
            let is_only = self.removed.values().filter(|other| is_it(other, before)).count() == 1;
            match (successors.next(), successors.next()) {
                (Some((successor, now)), None) if is_only => {
                    let fate = if now == before { Fate::Same } else { Fate::Edited };
                    pairs.fates.insert((*successor).to_owned(), fate);
                    pairs.renamed.push(((*successor).to_owned(), (*removed).to_owned()));
                }
                _ => return Err(ambiguous()),
            }
        }
        Ok(())
    }

    fn pair_variables<'name>(
        &self,
        stem_of_all: &str,
        mut kept: impl Iterator<Item = &'name str>,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        if may_be_copied(stem_of_all) {
            self.all_fresh(fates);
            return Ok(());
        }
        if let Some(name) = self.changed.keys().next() {
            return Err(Refusal::InitialValue { name: readable(name) });
        }
        // One static more or less of a name that is there: which is which? Their contents do not tell.
        let comes_or_goes = usize::from(!self.added.is_empty()) + usize::from(!self.removed.is_empty());
        if comes_or_goes == 2 || (comes_or_goes == 1 && kept.any(|name| stem(name) == stem_of_all)) {
            return Err(Refusal::Ambiguous { name: stem_of_all.to_owned() });
        }
        self.all_fresh(fates);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
