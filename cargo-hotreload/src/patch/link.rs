//! Puts new code together for a process that runs.
//!
//! 1. discover: from the functions with a new body along all references. What the running program
//!    has and what did not change is bound to there; the rest is loaded and gets a place.
//! 2. `write`: the bytes of all that is loaded, with every address filled in.
//! 3. `unwinding`: the unwind tables of the loaded functions.
//!
//! What nobody defines is told with all its names: the caller may add objects that define them, or tell where shared
//! libraries have them, and begin again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::patch::agent_state::Region;
use crate::patch::frames::Frames;
use crate::patch::link::room::Room;
use crate::patch::names::readable;
use crate::patch::object::{Binding, Kind, Relocation};
use crate::patch::pairing::{Fate, Fates};
use crate::patch::placed::{Placed, Write};
use crate::patch::refusal::Refusal;
use crate::patch::relocate::{FIND_THREAD_LOCAL, Form, form, redirect, to_next_instruction};
use crate::patch::running::{Known, Running};
use crate::patch::set::{SectionId, Set, SymbolId, Target, is_anonymous};

pub mod room;
mod unwinding;
mod write;

/// A crate of the patch.
#[derive(Debug, Clone, Copy)]
pub struct Part<'set, 'data> {
    /// Its objects.
    pub set: &'set Set<'data>,
    /// What becomes of its items. What is not in there is bound to where the running program has it.
    pub fates: &'set Fates,
}

/// A patch, and what the program has when it is in there.
#[derive(Debug, Default)]
pub struct Linked {
    /// What is written. The redirects are not in there: see [`Redirect`].
    pub placed: Placed,
    /// The functions that get a new body.
    pub redirects: Vec<Redirect>,
    /// What is new, by name.
    pub symbols: Vec<(String, Known)>,
    /// Where each section of a part is that is loaded.
    pub loaded: Vec<Loaded>,
}

/// A section of a part that is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Which of the parts, in the order in which they were given.
    pub part: usize,
    /// The section.
    pub id: SectionId,
    /// Its address; of thread-locals, the distance from the thread pointer.
    pub address: u64,
}

/// A function of the running program that gets a new body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// Its mangled name.
    pub name: String,
    /// The bytes that make its entry a jump, and where they go.
    pub jump: Write,
    /// The length of the old body in bytes.
    pub size: u64,
    /// The new body.
    pub body: Region,
}

/// Why there is no patch.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// It cannot be proven safe.
    Refused(Refusal),
    /// Some symbols are not known.
    Missing(Missing),
}

/// Symbols that neither the objects nor the program define.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Without which there is no patch.
    pub needed: BTreeSet<String>,
    /// Weak ones, of which it is not known yet whether a shared library has them ([`Running::import`]).
    pub weak: BTreeSet<String>,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A section of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    part: usize,
    id: SectionId,
}

/// Where functions have new bodies: the section, and how far in. Several units may have copies.
type Bodies<'data> = BTreeMap<&'data str, Vec<(Key, u64)>>;

struct Linker<'link, 'set, 'data> {
    running: &'link Running,
    parts: &'link [Part<'set, 'data>],
    room: Room,
    /// What is loaded, and where; in the order in which it was found.
    loaded: HashMap<Key, u64>,
    order: Vec<Key>,
    missing: Missing,
    /// Places that hold an address, by the address.
    slots: BTreeMap<u64, u64>,
    /// Jumps to what is too far away, by where they lead.
    stubs: BTreeMap<u64, u64>,
    /// How the functions of objects are unwound, by part and object.
    frames: HashMap<(usize, usize), Rc<Frames>>,
}

/// Links the edited functions of `parts` into `running`. `room` has less when that was good.
pub fn link(running: &Running, parts: &[Part<'_, '_>], room: &mut Room) -> Result<Linked, Failure> {
    let mut linker = Linker {
        running,
        parts,
        room: *room,
        loaded: HashMap::new(),
        order: Vec::new(),
        missing: Missing::default(),
        slots: BTreeMap::new(),
        stubs: BTreeMap::new(),
        frames: HashMap::new(),
    };
    let begin = linker.room.begin()?;
    let edited = linker.edited()?;
    linker.discover()?;
    if linker.missing != Missing::default() {
        return Err(Failure::Missing(linker.missing));
    }
    let loaded = linker.order.iter().map(|key| Loaded { part: key.part, id: key.id, address: linker.loaded[key] });
    let mut done = Linked { symbols: linker.symbols(), loaded: loaded.collect(), ..Linked::default() };
    linker.write(&mut done.placed)?;
    linker.unwind(begin, &mut done.placed)?;
    done.redirects = linker.redirects(&edited)?;
    *room = linker.room;
    Ok(done)
}

fn undefined(name: &str) -> Refusal {
    Refusal::Undefined { name: readable(name) }
}

impl<'data> Linker<'_, '_, 'data> {
    /// Loads each function that the program runs with another body. By name: where their new bodies are.
    fn edited(&mut self) -> Result<Bodies<'data>, Refusal> {
        let mut edited = Bodies::new();
        for (part, Part { set, fates }) in self.parts.iter().enumerate() {
            if !fates.values().any(|fate| *fate == Fate::Edited) {
                // What was found in libraries needs no outlines.
                continue;
            }
            let sections = set.having(|name| fates.get(name) == Some(&Fate::Edited));
            let sections = sections.flat_map(|object| set.sections_of(object));
            for (id, section) in sections.filter(|(_, section)| section.kind == Kind::Code) {
                for (name, offset) in set.functions(id) {
                    let is_edited = fates.get(name) == Some(&Fate::Edited) && section.size > 0;
                    if is_edited && self.running.all(name).iter().any(|known| known.kind == Kind::Code) {
                        edited.entry(name).or_default().push((Key { part, id }, offset));
                    }
                }
            }
        }
        for (key, _) in edited.values().flatten() {
            self.load(*key)?;
        }
        Ok(edited)
    }

    /// Follows the references of everything that is loaded.
    fn discover(&mut self) -> Result<(), Refusal> {
        let mut next = 0;
        while let Some(&key) = self.order.get(next) {
            next += 1;
            let set = self.parts[key.part].set;
            for relocation in &set.section(key.id).relocations {
                self.resolve(key, relocation)?;
            }
            if set.section(key.id).kind == Kind::Code {
                self.discover_frames(key)?;
            }
        }
        Ok(())
    }

    /// The address of the symbol that `relocation` of the section `from` has, or its distance from the thread pointer.
    fn resolve(&mut self, from: Key, relocation: &Relocation) -> Result<u64, Refusal> {
        let Key { part, id: SectionId { object, .. } } = from;
        let set = self.parts[part].set;
        match set.target(object, relocation) {
            Target::Inside(id, offset) => {
                let key = Key { part, id };
                let base = if self.is_into_body(from, relocation) { self.load(key)? } else { self.place(key)? };
                Ok(base.wrapping_add_signed(offset))
            }
            Target::Beside { name, symbol, .. } if self.is_into_body(from, relocation) => {
                let (id, offset) = set.place(symbol).ok_or_else(|| undefined(name))?;
                Ok(self.load(Key { part, id })?.wrapping_add_signed(offset))
            }
            Target::Beside { name, symbol, .. } => self.place_of(part, name, symbol),
            Target::Outside { name: "" | FIND_THREAD_LOCAL, .. } => Ok(0),
            Target::Outside { name, is_weak } => {
                if let Some((other, symbol)) = self.defined_elsewhere(part, name) {
                    return self.place_of(other, name, symbol);
                }
                let known = self.running.find(name, set.unit(object)).map(|known| known.address);
                let address = known.or_else(|| self.running.imported(name));
                if address.is_none() && !is_weak {
                    self.missing.needed.insert(name.to_owned());
                } else if address.is_none() && !self.running.is_nowhere(name) {
                    self.missing.weak.insert(name.to_owned());
                }
                Ok(address.unwrap_or_default())
            }
        }
    }

    /// Whether `relocation` leads into the middle of a function: into the body that it belongs to, not to whichever body
    /// runs when the function is called.
    fn is_into_body(&self, from: Key, relocation: &Relocation) -> bool {
        let set = self.parts[from.part].set;
        let further = relocation.addend + to_next_instruction(relocation.kind);
        let (id, offset) = match set.target(from.id.object, relocation) {
            Target::Inside(id, offset) => (id, offset),
            // The symbol is the begin of what is meant; objects know nothing of what is inside of others.
            Target::Beside { symbol, .. } if further != 0 => match set.place(symbol) {
                Some(place) => place,
                None => return false,
            },
            Target::Beside { .. } | Target::Outside { .. } => return false,
        };
        if set.section(id).kind != Kind::Code {
            return false;
        }
        // Tables of jumps and of frames count from themselves.
        let is_table =
            set.section(from.id).kind != Kind::Code && !matches!(form(relocation.kind), Some(Form::Absolute(_)));
        is_table || !set.functions(id).any(|(_, begin)| i64::try_from(begin) == Ok(offset + further))
    }

    fn defined_elsewhere(&self, part: usize, name: &str) -> Option<(usize, SymbolId)> {
        let others = self.parts.iter().enumerate().filter(|(other, _)| *other != part);
        others.into_iter().find_map(|(part, Part { set, .. })| Some((part, set.global(name)?.0)))
    }

    /// Where `name` is, the `symbol` of a part: in the running program if it has it, else where it is loaded. What the
    /// program has need not be read.
    fn place_of(&mut self, part: usize, name: &str, symbol: SymbolId) -> Result<u64, Refusal> {
        let Part { set, fates } = self.parts[part];
        let is_fresh = is_anonymous(name) || fates.get(name) == Some(&Fate::Fresh);
        if let Some(known) = self.running.find(name, set.unit(symbol.object)).filter(|_| !is_fresh) {
            return Ok(known.address);
        }
        let (id, offset) = set.place(symbol).ok_or_else(|| undefined(name))?;
        Ok(self.place(Key { part, id })?.wrapping_add_signed(offset))
    }

    /// Where a section is: in the running program if it has it, else where it is loaded.
    fn place(&mut self, key: Key) -> Result<u64, Refusal> {
        let Part { set, fates } = self.parts[key.part];
        let (section, unit) = (set.section(key.id), set.unit(key.id.object));
        let Some(name) = set.name(key.id) else {
            if matches!(section.kind, Kind::Variable | Kind::ThreadLocal) {
                return Err(Refusal::NamelessVariable { name: format!("{unit} {}", section.name) });
            }
            return self.load(key);
        };
        let known = match fates.get(name) {
            Some(Fate::Fresh) => None,
            Some(Fate::Same | Fate::Edited) | None => self.running.find(name, unit),
        };
        known.map_or_else(|| self.load(key), |known| Ok(known.address))
    }

    /// Gives a section a place of its own.
    fn load(&mut self, key: Key) -> Result<u64, Refusal> {
        if let Some(address) = self.loaded.get(&key) {
            return Ok(*address);
        }
        let section = self.parts[key.part].set.section(key.id);
        if matches!(section.kind, Kind::Unused | Kind::Frames | Kind::Initialisers) {
            return Err(Refusal::Unknown { what: "a reference".to_owned(), name: section.name.to_owned() });
        }
        let address = self.room.take(section.kind, section.size, section.align)?;
        self.loaded.insert(key, address);
        self.order.push(key);
        Ok(address)
    }

    /// What the program has when the patch is in it. New bodies of old functions are found at the old entries.
    fn symbols(&self) -> Vec<(String, Known)> {
        let mut symbols = Vec::new();
        for key in &self.order {
            let Part { set, fates } = &self.parts[key.part];
            let (section, object) = (set.section(key.id), set.object(key.id.object));
            let here = |symbol: &&crate::patch::object::Symbol<'_>| {
                symbol.section == Some(key.id.section) && !symbol.name.is_empty() && set.name(key.id).is_some()
            };
            for symbol in object.symbols.iter().filter(here) {
                let has_entry = fates.get(symbol.name) == Some(&Fate::Edited)
                    && self.running.find(symbol.name, object.unit).is_some();
                if !has_entry && (symbol.is_function || section.kind != Kind::Code) {
                    let unit = (symbol.binding == Binding::Local).then(|| object.unit.into());
                    let address = self.loaded[key].wrapping_add(symbol.offset);
                    let known = Known { address, size: symbol.size, kind: section.kind, unit };
                    symbols.push((symbol.name.to_owned(), known));
                }
            }
        }
        symbols
    }

    fn redirects(&self, edited: &Bodies<'_>) -> Result<Vec<Redirect>, Refusal> {
        let mut redirects = Vec::new();
        for (&name, bodies) in edited {
            for known in self.running.all(name).iter().filter(|known| known.kind == Kind::Code) {
                let unit = |key: &Key| self.parts[key.part].set.unit(key.id.object);
                let own = bodies.iter().find(|(key, _)| known.unit.as_deref() == Some(unit(key)));
                let Some((key, offset)) = own.or(bodies.first()) else { continue };
                let length = self.parts[key.part].set.section(key.id).size - offset;
                let body = Region { start: self.loaded[key].wrapping_add(*offset), length };
                redirects.push(self.redirect(name, known, body)?);
            }
        }
        Ok(redirects)
    }

    fn redirect(&self, name: &str, known: &Known, body: Region) -> Result<Redirect, Refusal> {
        if let Some(other) = self.running.names_at(known.address).find(|other| *other != name) {
            return Err(Refusal::Folded { name: name.to_owned(), other: other.to_owned() });
        }
        let too_far = || Refusal::TooFar { name: name.to_owned() };
        let bytes = redirect(known.address, body.start).ok_or_else(too_far)?;
        // What is between two functions is never run.
        let next = self.running.next_function(known.address).unwrap_or(u64::MAX);
        if known.size.max(next - known.address) < bytes.len() as u64 || next - known.address < bytes.len() as u64 {
            return Err(Refusal::NoRoomForJump { name: name.to_owned() });
        }
        let jump = Write { address: known.address, bytes };
        Ok(Redirect { name: name.to_owned(), jump, size: known.size, body })
    }
}
