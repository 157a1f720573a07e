//! All objects of a crate together, with what they define for each other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result};
use object::read::archive::ArchiveFile;

use crate::patch::object::{Binding, Kind, Merge, Object, Relocation, Section, Symbol};

/// The objects of a crate.
#[derive(Debug, Default)]
pub struct Set<'data> {
    /// The objects.
    pub objects: Vec<Object<'data>>,
    /// Who defines what everyone can use.
    globals: HashMap<&'data str, SymbolId>,
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
    /// Into a section of the set, so many bytes from its begin.
    Inside(SectionId, i64),
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
        let index = self.objects.len();
        for (symbol, Symbol { name, section, binding, .. }) in object.symbols.iter().enumerate() {
            if section.is_none() || *binding == Binding::Local {
                continue;
            }
            let id = SymbolId { object: index, symbol };
            match self.globals.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(id);
                }
                Entry::Occupied(mut entry) => {
                    let known = *entry.get();
                    let known = &self.objects[known.object].symbols[known.symbol];
                    if known.binding == Binding::Weak && *binding == Binding::Global {
                        entry.insert(id);
                    }
                }
            }
        }
        self.objects.push(object);
        Ok(())
    }

    /// A section.
    #[must_use]
    pub fn section(&self, id: SectionId) -> &Section<'data> {
        &self.objects[id.object].sections[id.section]
    }

    /// A symbol.
    #[must_use]
    pub fn symbol(&self, id: SymbolId) -> &Symbol<'data> {
        &self.objects[id.object].symbols[id.symbol]
    }

    /// Every section, with its number.
    pub fn sections(&self) -> impl Iterator<Item = (SectionId, &Section<'data>)> {
        self.objects.iter().enumerate().flat_map(|(object, read)| {
            let numbered = read.sections.iter().enumerate();
            numbered.map(move |(section, read)| (SectionId { object, section }, read))
        })
    }

    /// Who defines `name` for everyone.
    #[must_use]
    pub fn global(&self, name: &str) -> Option<SymbolId> {
        self.globals.get(name).copied()
    }

    /// Where the relocation `relocation` of an object leads. The distance from there to the place that is really meant
    /// is part of the addend for places that are relative to the next instruction.
    #[must_use]
    pub fn target(&self, object: usize, relocation: &Relocation) -> Target<'data> {
        let symbol = &self.objects[object].symbols[relocation.symbol];
        let local = |object: usize, symbol: &Symbol<'_>| {
            let section = symbol.section?;
            let offset = i64::try_from(symbol.offset).ok()?;
            Some(Target::Inside(SectionId { object, section }, offset))
        };
        let defined = local(object, symbol).or_else(|| {
            let SymbolId { object, symbol } = self.global(symbol.name)?;
            local(object, &self.objects[object].symbols[symbol])
        });
        defined.unwrap_or(Target::Outside { name: symbol.name, is_weak: symbol.binding == Binding::Weak })
    }

    /// The name of a section that the programmer knows under one: a function, a static. Constants without a name and
    /// sections whose elements are merged have none.
    #[must_use]
    pub fn name(&self, id: SectionId) -> Option<&'data str> {
        let section = self.section(id);
        let name = self.objects[id.object].main_name(id.section);
        (section.merge == Merge::Never && section.kind != Kind::Unused && !name.is_empty() && !is_anonymous(name))
            .then_some(name)
    }
}

/// Whether the compiler made the name up, so that the next compilation may give it to something else.
fn is_anonymous(name: &str) -> bool {
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
