//! The running program as patches see it, from its start to its end.
//!
//! [`World::plan`] makes a patch of newly compiled crates, or says why not; nothing changes by that. When the patch is
//! in the process, [`World::commit`] takes it into account, and the next edit is compared with it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::patch::agent_state::Region;
use crate::patch::content::{Contents, Optimised};
use crate::patch::link::room::Room;
use crate::patch::link::{self, Failure, Linked, Part};
use crate::patch::moved;
use crate::patch::names::{is_about, is_under, made_by, readable, stem};
use crate::patch::object::Kind;
use crate::patch::outline::{Item, Outline, hash};
use crate::patch::pairing::{Fate, Fates, Signatures, pair};
use crate::patch::placed::{Replaced, WhileRunning};
use crate::patch::refusal::Refusal;
use crate::patch::running::Running;
use crate::patch::set::{Set, Target};

/// What runs.
#[derive(Debug)]
pub struct World {
    running: Running,
    room: Room,
    crates: BTreeMap<String, Contents>,
    /// The bodies that patches brought, by the entry that leads to the newest one.
    bodies: BTreeMap<u64, Vec<Region>>,
}

/// A newly compiled crate.
#[derive(Debug)]
pub struct Compiled<'data> {
    /// What tells it from other crates of the program.
    pub key: String,
    /// The name that its paths begin with.
    pub name: String,
    /// Its objects.
    pub set: Set<'data>,
    /// What they consist of; empty once that is part of a plan.
    contents: Contents,
}

impl<'data> Compiled<'data> {
    /// The crate `key`, whose paths begin with `name`.
    #[must_use]
    pub fn new(key: String, name: String, set: Set<'data>) -> Self {
        let contents = Contents::of(&set);
        Self { key, name, set, contents }
    }
}

/// Whether functions are different that tell other lines, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// They are.
    Count,
    /// They are the same.
    AreLeftOut,
}

/// A patch that can be written, and what is known afterwards.
#[derive(Debug)]
pub struct Plan {
    /// What has to be done.
    pub linked: Linked,
    /// Mangled names of the functions that changed, whether the program has them or not.
    pub edited: Vec<String>,
    room: Room,
    crates: Vec<(String, Contents)>,
    /// Functions by what they are called now, with what they were called.
    renamed: Vec<(String, String)>,
    /// Names under which the program has something that is not meant any more.
    forgotten: Vec<String>,
}

impl Plan {
    /// Takes bytes of the room for constants, for what is about the patch and not of it.
    pub fn reserve(&mut self, size: u64) -> Result<u64, Refusal> {
        self.room.take(Kind::Constant, size, 8)
    }
}

impl World {
    /// A program that was just started, with all of `room` free.
    #[must_use]
    pub fn new(running: Running, room: Room) -> Self {
        Self { running, room, crates: BTreeMap::new(), bodies: BTreeMap::new() }
    }

    /// The crate `key` runs as `contents` says.
    pub fn runs(&mut self, key: &str, contents: Contents) {
        self.crates.insert(key.to_owned(), contents);
    }

    /// The mangled name of something in the crate `built` that runs otherwise, if `lines` count or not.
    ///
    /// An instance of a generic that several crates use is in one of them, and an edit of that one may move it to another.
    /// Then it comes or goes in a crate that nobody edited, and who calls it there does so in another way.
    #[must_use]
    pub fn difference(&self, built: &Compiled<'_>, lines: Lines) -> Option<String> {
        let running = self.crates.get(&built.key)?;
        let now = &built.contents;
        let is_same = |before: &Arc<Item>, now: &Arc<Item>| match lines {
            Lines::Count => before == now,
            Lines::AreLeftOut => before.kind == now.kind && before.elsewhere == now.elsewhere,
        };
        let runs = |name: &str, now: &Arc<Item>| running.items.get(name).is_some_and(|before| is_same(before, now));
        let different = now.items.iter().filter(|(name, item)| !runs(name, item));
        let different: Vec<&Arc<str>> = different.map(|(name, _)| name).collect();
        if different.is_empty() {
            return None;
        }
        let came = now.items.keys().filter(|name| !running.items.contains_key(*name));
        let went = running.items.keys().filter(|name| !now.items.contains_key(*name));
        let mut moved: BTreeSet<String> = came.chain(went).map(|name| stem(name)).collect();
        moved.retain(|stem| !is_about(stem, &built.name));
        let others = self.crates.iter().filter(|(key, _)| **key != built.key);
        let others = others.flat_map(|(_, other)| other.items.keys().chain(other.gone.keys()));
        let elsewhere: BTreeSet<String> = others.map(|name| stem(name)).filter(|stem| moved.contains(stem)).collect();
        let is_explained = |name: &str| elsewhere.contains(&stem(name)) || calls_one_of(&built.set, name, &elsewhere);
        different.into_iter().find(|name| !is_explained(name)).map(ToString::to_string)
    }

    /// Whether the program may have been linked from the objects `set`, of its own crate.
    #[must_use]
    pub fn may_be_of(&self, set: &Set<'_>) -> bool {
        self.running.may_be_of(set)
    }

    /// The shared libraries have `name` at `address`; 0: none of them has it.
    pub fn import(&mut self, name: &str, address: u64) {
        self.running.import(name, address);
    }

    /// The statics that are made by one of the functions `names` when they are first used.
    #[must_use]
    pub fn made_by<'name>(&self, names: impl Iterator<Item = &'name str>) -> BTreeSet<String> {
        let mut statics: BTreeSet<String> = names.filter_map(|name| made_by(&stem(name)).map(str::to_owned)).collect();
        let variables: Vec<String> = if statics.is_empty() { Vec::new() } else { self.running.variables().collect() };
        statics.retain(|path| variables.iter().any(|variable| is_under(variable, path)));
        statics
    }

    /// What is known of the objects of the crate `key`, by hashes of their bytes.
    #[must_use]
    pub fn outlines(&self, key: &str) -> Option<&HashMap<u64, Arc<Outline>>> {
        self.crates.get(key).map(|contents| &contents.outlines)
    }

    /// Whether it is known how the crate `key` runs.
    #[must_use]
    pub fn knows(&self, key: &str) -> bool {
        self.crates.contains_key(key)
    }

    /// Makes a patch of `compiled`. `others` are objects of other crates that define what the program does not have.
    pub fn plan<'data>(
        &self,
        compiled: &mut [Compiled<'data>],
        others: &Set<'data>,
        signatures: &dyn Signatures,
    ) -> Result<Plan, Failure> {
        let mut fates = Vec::new();
        let mut renamed = Vec::new();
        let mut replaced = Vec::new();
        let is_pointed = |name: &str| self.crates.values().any(|contents| contents.pointed.contains(&hash(name)));
        let nothing = Contents::default();
        for Compiled { key, name, contents, .. } in compiled.iter_mut() {
            let running = self.crates.get(key).unwrap_or(&nothing);
            contents.optimised = running.optimised;
            let pairs = pair(name, running, contents, &is_pointed, signatures)?;
            replaced.extend(self.replaced(&changed(name, running, contents, &pairs.renamed)));
            fates.push(pairs.fates);
            renamed.extend(pairs.renamed);
        }
        let has_moved = |fates: &Fates| -> Vec<String> {
            let fresh = fates.iter().filter(|(_, fate)| **fate == Fate::Fresh).map(|(name, _)| name);
            fresh.filter(|name| !self.running.all(name).is_empty()).cloned().collect()
        };
        let moved = fates.iter().flat_map(has_moved).collect();
        let sets: Vec<_> = compiled.iter().map(|compiled| &compiled.set).collect();
        moved::follow(&sets, &mut fates, moved);
        let unknown = Fates::new();
        let own = compiled.iter().zip(&fates).map(|(compiled, fates)| Part { set: &compiled.set, fates });
        let parts: Vec<_> = own.chain([Part { set: others, fates: &unknown }]).collect();
        let mut room = self.room;
        let mut running = Cow::Borrowed(&self.running);
        for (now, before) in &renamed {
            running.to_mut().rename(before, now);
        }
        let mut linked = link::link(&running, &parts, &mut room)?;
        linked.placed.replaced = replaced;
        let edited = fates.iter().flatten().filter(|(_, fate)| **fate == Fate::Edited);
        let crates = compiled.iter_mut().map(|it| (it.key.clone(), std::mem::take(&mut it.contents)));
        Ok(Plan {
            linked,
            edited: edited.map(|(name, _)| name.clone()).collect(),
            room,
            crates: crates.collect(),
            renamed,
            forgotten: fates.iter().flat_map(has_moved).collect(),
        })
    }

    /// Where that is in the program which may be running.
    fn replaced(&self, changed: &BTreeMap<String, WhileRunning>) -> Vec<Replaced> {
        let replaced = changed.iter().map(|(name, running)| {
            let code = self.running.all(name).iter().filter(|known| known.kind == Kind::Code);
            let bodies = code.flat_map(|known| {
                let later = self.bodies.get(&known.address).into_iter().flatten().copied();
                later.chain([Region { start: known.address, length: known.size }])
            });
            Replaced { name: readable(name), bodies: bodies.collect(), running: *running }
        });
        replaced.collect()
    }

    /// The patch is in the process.
    pub fn commit(&mut self, plan: Plan) {
        for (now, before) in &plan.renamed {
            self.running.rename(before, now);
        }
        for name in &plan.forgotten {
            self.running.forget(name);
        }
        for (name, known) in plan.linked.symbols {
            self.running.add(&name, known);
        }
        for redirect in plan.linked.redirects {
            self.bodies.entry(redirect.jump.address).or_default().push(redirect.body);
        }
        self.room = plan.room;
        for (key, contents) in plan.crates {
            let before = self.crates.remove(&key).unwrap_or_default();
            self.crates.insert(key, contents.after(before));
        }
    }
}

/// The functions of the crate `name` that did something else before, more than telling other lines: what it means that
/// one is running.
fn changed(
    name: &str,
    running: &Contents,
    new: &Contents,
    renamed: &[(String, String)],
) -> BTreeMap<String, WhileRunning> {
    let main = format!("{name}::main");
    let mut changed = BTreeMap::new();
    for (function, before) in running.items.iter().filter(|(_, item)| item.kind == Kind::Code) {
        let now = new.items.get(function);
        let is_renamed = || renamed.iter().any(|(_, old)| **old == **function);
        if now.is_some_and(|now| now.elsewhere == before.elsewhere) || is_renamed() {
            continue;
        }
        let stem = stem(function);
        let is_running = match running.optimised {
            _ if stem == main => WhileRunning::Refuse,
            Optimised::Yes => WhileRunning::Wait,
            // An instance of something foreign that is not needed any more is nobody's edit.
            Optimised::No if now.is_none() && !is_about(&stem, name) => continue,
            Optimised::No => WhileRunning::Tell,
        };
        changed.insert(function.to_string(), is_running);
    }
    changed
}

/// Whether the function `name` of `set` refers to one of these stems.
fn calls_one_of(set: &Set<'_>, name: &str, stems: &BTreeSet<String>) -> bool {
    let sections = set.having(|item| item == name).flat_map(|object| set.sections_of(object));
    let own = sections.filter(|(id, _)| set.name(*id) == Some(name));
    let mut names = own.flat_map(|(id, section)| {
        section.relocations.iter().filter_map(move |relocation| match set.target(id.object, relocation) {
            Target::Outside { name, .. } | Target::Beside { name, .. } => Some(name),
            Target::Inside(target, _) => set.name(target),
        })
    });
    names.any(|name| stems.contains(&stem(name)))
}

#[cfg(test)]
pub(crate) mod tests;
