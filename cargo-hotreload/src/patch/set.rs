//! All objects of a crate together, with what they define for each other.
//!
//! Most objects are what they were when the crate was compiled last: of these an [`Outline`] is known, and they are read
//! only if something in them is needed.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use object::read::archive::ArchiveFile;

use crate::patch::object::{Binding, Kind, Merge, Object, Relocation, Section, Symbol};
use crate::patch::outline::{Global, Outline, hash};

/// The objects of a crate.
#[derive(Debug, Default)]
pub struct Set<'data> {
    members: Vec<Member<'data>>,
    /// Who defines what everyone can use, by a hash of the name.
    globals: HashMap<u64, (usize, Global)>,
}

/// One of the objects.
#[derive(Debug)]
struct Member<'data> {
    data: &'data [u8],
    /// Read when it is needed.
    object: OnceCell<Object<'data>>,
    /// Made when it is needed, unless it is known.
    outline: OnceCell<Arc<Outline>>,
}

/// A section of one of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectionId {
    /// The object.
    pub object: usize,
    /// Its section.
    pub section: usize,
}

/// A symbol of one of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId {
    /// The object.
    pub object: usize,
    /// Its symbol.
    pub symbol: usize,
}

/// Where a relocation leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'data> {
    /// Into a section of the same object, so many bytes from its begin.
    Inside(SectionId, i64),
    /// To a symbol that another object of the set defines.
    Beside {
        /// Its name.
        name: &'data str,
        /// Where it is defined.
        symbol: SymbolId,
        /// What it is.
        kind: Kind,
    },
    /// To a symbol that is defined elsewhere; `is_weak` says whether it may be missing.
    Outside {
        /// Its name.
        name: &'data str,
        /// Whether it may be missing.
        is_weak: bool,
    },
}

impl<'data> Set<'data> {
    /// Reads the members of `archives` that are objects: Rust libraries, or archives of the objects of a program.
    pub fn of_archive(archive: &'data [u8]) -> Result<Self> {
        let mut set = Self::default();
        for (name, data) in members(archive)? {
            set.add(data).with_context(|| format!("cannot read `{name}`"))?;
        }
        Ok(set)
    }

    /// Adds the object file `data`.
    pub fn add(&mut self, data: &'data [u8]) -> Result<()> {
        let object = Object::parse(data)?;
        self.define(Outline::globals(&object));
        self.members.push(Member { data, object: OnceCell::from(object), outline: OnceCell::new() });
        Ok(())
    }

    /// Adds the object file `data`, of which `outline` is known: it was added to a set before.
    pub fn add_known(&mut self, data: &'data [u8], outline: Arc<Outline>) {
        self.define(outline.globals.iter().copied());
        self.members.push(Member { data, object: OnceCell::new(), outline: OnceCell::from(outline) });
    }

    /// The next object defines these.
    fn define(&mut self, globals: impl Iterator<Item = (u64, Global)>) {
        let index = self.members.len();
        for (name, global) in globals {
            match self.globals.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert((index, global));
                }
                Entry::Occupied(mut entry) => {
                    if entry.get().1.is_weak && !global.is_weak {
                        entry.insert((index, global));
                    }
                }
            }
        }
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// An object.
    ///
    /// # Panics
    /// If it cannot be read, of which an outline was said to be known.
    #[must_use]
    pub fn object(&self, index: usize) -> &Object<'data> {
        let Member { data, object, .. } = &self.members[index];
        object.get_or_init(|| Object::parse(data).expect("its outline was made of the same bytes"))
    }

    /// Every object; all of them are read for it.
    pub fn objects(&self) -> impl Iterator<Item = &Object<'data>> {
        (0..self.members.len()).map(|index| self.object(index))
    }

    /// Where the outline of an object is kept once it is made.
    pub(super) fn kept_outline(&self, object: usize) -> &OnceCell<Arc<Outline>> {
        &self.members[object].outline
    }

    /// The codegen unit of an object.
    #[must_use]
    pub fn unit(&self, object: usize) -> &str {
        self.members[object].outline.get().map_or_else(|| self.object(object).unit, |outline| &outline.unit)
    }

    /// A section.
    #[must_use]
    pub fn section(&self, id: SectionId) -> &Section<'data> {
        &self.object(id.object).sections[id.section]
    }

    /// Every section of all objects, with its number.
    pub fn sections(&self) -> impl Iterator<Item = (SectionId, &Section<'data>)> {
        (0..self.members.len()).flat_map(|object| self.sections_of(object))
    }

    /// Every section of an object, with its number.
    pub fn sections_of(&self, object: usize) -> impl Iterator<Item = (SectionId, &Section<'data>)> {
        let numbered = self.object(object).sections.iter().enumerate();
        numbered.map(move |(section, read)| (SectionId { object, section }, read))
    }

    /// The functions in a section, with where they begin. It is more than one only where the section was written by hand,
    /// or is not cut into functions.
    pub fn functions(&self, id: SectionId) -> impl Iterator<Item = (&'data str, u64)> {
        let object = self.object(id.object);
        let here = object.sections[id.section].functions.iter().map(|symbol| &object.symbols[*symbol]);
        here.map(|symbol| (symbol.name, symbol.offset))
    }

    /// Who defines `name` for everyone, and what it is.
    #[must_use]
    pub fn global(&self, name: &str) -> Option<(SymbolId, Kind)> {
        let (object, Global { symbol, kind, .. }) = *self.globals.get(&hash(name))?;
        Some((SymbolId { object, symbol }, kind))
    }

    /// The section that a symbol is in, and how many bytes from its begin.
    #[must_use]
    pub fn place(&self, SymbolId { object, symbol }: SymbolId) -> Option<(SectionId, i64)> {
        let symbol = self.object(object).symbols.get(symbol)?;
        Some((SectionId { object, section: symbol.section? }, i64::try_from(symbol.offset).ok()?))
    }

    /// Where the relocation `relocation` of an object leads. The distance from there to the place that is really meant
    /// is part of the addend for places that are relative to the next instruction.
    #[must_use]
    pub fn target(&self, object: usize, relocation: &Relocation) -> Target<'data> {
        let id = SymbolId { object, symbol: relocation.symbol };
        if let Some((section, offset)) = self.place(id) {
            return Target::Inside(section, offset);
        }
        let Symbol { name, binding, .. } = self.object(object).symbols[relocation.symbol];
        match self.global(name) {
            Some((symbol, kind)) => Target::Beside { name, symbol, kind },
            None => Target::Outside { name, is_weak: binding == Binding::Weak },
        }
    }

    /// The name of a section that the programmer knows under one: a function, a static. Constants without a name and
    /// sections whose elements are merged have none.
    #[must_use]
    pub fn name(&self, id: SectionId) -> Option<&'data str> {
        let section = self.section(id);
        let name = self.object(id.object).main_name(id.section);
        (section.merge == Merge::Never && section.kind != Kind::Unused && !name.is_empty() && !is_anonymous(name))
            .then_some(name)
    }
}

/// Whether the compiler made the name up, so that the next compilation may give it to something else.
#[must_use]
pub fn is_anonymous(name: &str) -> bool {
    name.starts_with(".L") || name.starts_with("anon.") || name.starts_with("alloc_") || name.starts_with("vtable.")
}

/// The objects in `archive`, with their names.
pub fn members(archive: &[u8]) -> Result<Vec<(String, &[u8])>> {
    let file = ArchiveFile::parse(archive).context("this is no archive")?;
    let mut found = Vec::new();
    for member in file.members() {
        let member = member.context("the archive is cut off")?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        if Path::new(&name).extension() == Some(OsStr::new("o")) {
            found.push((name, member.data(archive).context("the archive is cut off")?));
        }
    }
    Ok(found)
}
