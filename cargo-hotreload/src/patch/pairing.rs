//! Which function and static of a new compilation is which one of the running program.
//!
//! Most have the same mangled name. But the compiler numbers closures, and statics of one name in one function, in the
//! order of the source: one more above, and each name belongs to another. A stored closure that suddenly runs another
//! one's body would be a disaster, so in a group of numbered items only what is beyond doubt is paired; the rest is
//! refused.

use std::collections::{BTreeMap, HashMap};

use crate::patch::content::{Contents, Item};
use crate::patch::names::{is_about, is_numbered, may_be_copied, readable, stem};
use crate::patch::object::Kind;
use crate::patch::refusal::Refusal;

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

/// What becomes of each item, by mangled name.
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

/// Compares the crate `name` as it runs with a new compilation of it.
pub fn pair(name: &str, running: &Contents, new: &Contents, signatures: &dyn Signatures) -> Result<Fates, Refusal> {
    let mut fates = Fates::new();
    let is_same = |name: &str, now: &Item| running.items.get(name) == Some(now);
    let same = new.items.iter().filter(|(name, now)| is_same(name, now));
    fates.extend(same.map(|(name, _)| (name.clone(), Fate::Same)));
    for (stem, group) in groups(running, new) {
        match group.kind() {
            Kind::Code => group.pair_functions(name, &stem, signatures, &mut fates)?,
            Kind::Initialisers => return Err(Refusal::Initialiser { name: stem }),
            // What nobody changes may stand in the process twice.
            Kind::Constant => group.all_fresh(&mut fates),
            _ => {
                let kept = new.items.iter().filter(|(name, now)| now.kind != Kind::Code && is_same(name, now));
                group.pair_variables(&stem, kept.map(|(name, _)| name.as_str()), &mut fates)?;
            }
        }
    }
    Ok(fates)
}

/// What is not the same before and now, by stem.
fn groups<'contents>(running: &'contents Contents, new: &'contents Contents) -> BTreeMap<String, Group<'contents>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for (name, now) in &new.items {
        match running.items.get(name) {
            Some(before) if before == now => {}
            Some(before) => drop(groups.entry(stem(name)).or_default().changed.insert(name, (before, now))),
            None => drop(groups.entry(stem(name)).or_default().added.insert(name, now)),
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

    fn pair_functions(
        &self,
        crate_name: &str,
        stem: &str,
        signatures: &dyn Signatures,
        fates: &mut Fates,
    ) -> Result<(), Refusal> {
        let ambiguous = || Refusal::Ambiguous { name: stem.to_owned() };
        if is_numbered(stem) {
            let has_moved = self.changed.iter().any(|(name, (_, now))| {
                self.changed.iter().any(|(other, (before, _))| name != other && before.contents == now.contents)
            });
            let comes_or_goes = !self.added.is_empty() || !self.removed.is_empty();
            if has_moved || (comes_or_goes && !self.changed.is_empty()) {
                return Err(ambiguous());
            }
        }
        if !self.added.is_empty() && !self.removed.is_empty() && (is_numbered(stem) || is_about(stem, crate_name)) {
            // An instance of a foreign generic function for other types is no successor of another instance. Of our own
            // functions, one with another name may be what the old one became when an `impl` block came above it.
            let is_clear = self.removed.iter().all(|(name, before)| {
                let is_same = |now: &Item| now == *before;
                self.added.values().copied().any(is_same)
                    || self.added.keys().all(|other| signatures.are_different(name, other))
            });
            if !is_clear {
                return Err(ambiguous());
            }
        }
        let fate = |name: &str| if signatures.is_replaced(name) { Fate::Fresh } else { Fate::Edited };
        fates.extend(self.changed.keys().map(|name| ((*name).to_owned(), fate(name))));
        fates.extend(self.added.keys().map(|name| ((*name).to_owned(), Fate::Fresh)));
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
mod tests {
    use std::collections::BTreeSet;

    use super::{Fate, Unknown, pair};
    use crate::patch::content::{Contents, Item};
    use crate::patch::object::Kind;
    use crate::patch::refusal::Refusal;

    /// A crate of items `name=content`; a name's first letter says what it is.
    fn contents(text: &str) -> Contents {
        let item = |word: &str| {
            let (name, content) = word.split_once('=').expect("name=content");
            let kind = match name.as_bytes()[0] {
                b'f' => Kind::Code,
                b'c' => Kind::Constant,
                b't' => Kind::ThreadLocal,
                b'i' => Kind::Initialisers,
                _ => Kind::Variable,
            };
            let contents = BTreeSet::from([content.parse().expect("a number")]);
            (mangled(name), Item { kind, contents })
        };
        Contents { items: text.split_whitespace().map(item).collect() }
    }

    /// `f.a` is the function `krate::a`, `f.a!` a closure in it, `f.a/2` the same path with another hash.
    fn mangled(name: &str) -> String {
        let (path, hash) = name[2..].split_once('/').unwrap_or((&name[2..], "1"));
        let (path, closure) =
            path.strip_suffix('!').map_or((path, ""), |path| (path, "28_$u7b$$u7b$closure$u7d$$u7d$"));
        format!("_ZN5krate{}{path}{closure}17h{hash:0>16}E", path.len())
    }

    fn fates(before: &str, after: &str) -> Result<String, Refusal> {
        let fates = pair("krate", &contents(before), &contents(after), &Unknown)?;
        let mut words: Vec<String> = after
            .split_whitespace()
            .map(|word| {
                let name = word.split('=').next().unwrap_or_default();
                let fate = match fates[&mangled(name)] {
                    Fate::Same => "same",
                    Fate::Edited => "edited",
                    Fate::Fresh => "fresh",
                };
                format!("{name} {fate}")
            })
            .collect();
        words.sort();
        Ok(words.join(", "))
    }

    #[test]
    fn what_is_certain_is_paired() {
        for (before, after, expected) in [
            ("f.a=1 f.b=1", "f.a=1 f.b=2", "f.a same, f.b edited"),
            ("f.a=1", "f.a=1 f.b=2", "f.a same, f.b fresh"),
            ("f.a=1 f.b=1", "f.a=2", "f.a edited"),
            // A closure that was edited where it stands, and one that came behind all others.
            ("f.a=1 f.a!/1=1 f.a!/2=2", "f.a=1 f.a!/1=1 f.a!/2=3", "f.a same, f.a!/1 same, f.a!/2 edited"),
            ("f.a=1 f.a!/1=1", "f.a=2 f.a!/1=1 f.a!/2=2", "f.a edited, f.a!/1 same, f.a!/2 fresh"),
            ("f.a=1 f.a!/1=1 f.a!/2=2", "f.a=2 f.a!/1=1", "f.a edited, f.a!/1 same"),
            // An `impl` block came above: the same method under another hash.
            ("f.a/1=1", "f.a/2=1", "f.a/2 fresh"),
            // What nobody changes may be there twice.
            ("c.a=1", "c.a=2", "c.a fresh"),
            ("v.a=1 t.b=1", "v.a=1 t.b=1 v.c=1", "t.b same, v.a same, v.c fresh"),
            (
                "v.__CALLSITE=1 v.__CALLSITE/2=2",
                "v.__CALLSITE=2 v.__CALLSITE/2=3",
                "v.__CALLSITE fresh, v.__CALLSITE/2 fresh",
            ),
        ] {
            assert_eq!(fates(before, after).as_deref(), Ok(expected), "{before} -> {after}");
        }
    }

    #[test]
    fn what_is_not_certain_is_refused() {
        let ambiguous = |name: &str| Refusal::Ambiguous { name: format!("krate::{name}") };
        let initial = |name: &str| Refusal::InitialValue { name: format!("krate::{name}") };
        for (before, after, expected) in [
            // One closure above another: each name belongs to another one.
            ("f.a!/1=1", "f.a!/1=2 f.a!/2=1", ambiguous("a::{{closure}}")),
            ("f.a!/1=1 f.a!/2=2", "f.a!/1=2 f.a!/2=1", ambiguous("a::{{closure}}")),
            ("f.a!/1=1 f.a!/2=2", "f.a!/1=2", ambiguous("a::{{closure}}")),
            // It came above and was edited, too: what is the old one now?
            ("f.a!/1=1", "f.a!/1=3 f.a!/2=2", ambiguous("a::{{closure}}")),
            // A method that was edited below a new `impl` block.
            ("f.a/1=1", "f.a/2=2", ambiguous("a")),
            ("v.a=1", "v.a=2", initial("a")),
            ("t.a=1", "t.a=2", initial("a")),
            // Two statics of one name and content: which is the new one?
            ("v.a/1=1", "v.a/1=1 v.a/2=1", ambiguous("a")),
            ("v.a/1=1 v.a/2=1", "v.a/1=1", ambiguous("a")),
            ("v.a/1=1", "v.a/2=1", ambiguous("a")),
        ] {
            assert_eq!(fates(before, after), Err(expected), "{before} -> {after}");
        }
        assert!(matches!(fates("", "i.a=1"), Err(Refusal::Initialiser { .. })));
        assert!(matches!(fates("i.a=1", ""), Err(Refusal::Initialiser { .. })));
    }
}
