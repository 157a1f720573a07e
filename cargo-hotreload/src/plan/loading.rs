//! Whether libraries can be loaded into a process: what each wants is looked for in all that will be there, as the
//! dynamic linker does it. From bytes to findings; who reads the files is [`crate::effects::loading`].
//!
//! What is wanted is what relocations name: a symbol that only stands in the table is never looked for.
//! Source: the ELF gABI, chapter 5; `ld.so(8)`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, FileHeader64, SHN_UNDEF, STB_WEAK};
use object::read::elf::{
    Dyn, ElfFile64, FileHeader, GnuHashTable, SectionHeader, Sym, SymbolTable, Version, VersionTable,
};
use object::{Endianness, SymbolIndex};

use crate::session::foresight::Missing;

type Header = FileHeader64<Endianness>;

/// A library or an executable, as far as it is joined with others at run time.
pub struct Joined<'data> {
    elf: ElfFile64<'data, Endianness>,
    versions: VersionTable<'data, Header>,
    /// Whether it says which versions its own symbols have.
    defines_versions: bool,
    names: Names<'data>,
    /// The file names of the libraries that it links.
    pub needed: Vec<String>,
    /// What it is called.
    pub soname: Option<String>,
    /// Where its libraries are looked for first, as it says it.
    pub run_path: Vec<String>,
}

/// The names that it has for others.
enum Names<'data> {
    Hashed(GnuHashTable<'data, Header>),
    Listed(BTreeSet<&'data [u8]>),
}

impl fmt::Debug for Joined<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Joined").field("soname", &self.soname).field("needed", &self.needed).finish()
    }
}

impl<'data> Joined<'data> {
    /// Reads `data`.
    ///
    /// # Errors
    /// If that is no ELF file of 64 bits.
    pub fn parse(data: &'data [u8]) -> object::Result<Self> {
        let elf = ElfFile64::<Endianness>::parse(data)?;
        let (endian, sections) = (elf.endian(), elf.elf_section_table());
        let names = match sections.gnu_hash(endian, data)? {
            Some((table, _)) => Names::Hashed(table),
            None => Names::Listed(defined(endian, elf.elf_dynamic_symbol_table())),
        };
        let versions = sections.versions(endian, data)?.unwrap_or_default();
        let defines_versions = sections.gnu_verdef(endian, data)?.is_some();
        let (needed, run_path) = (Vec::new(), Vec::new());
        let mut joined = Self { elf, versions, defines_versions, names, needed, soname: None, run_path };
        joined.read_dynamic()?;
        Ok(joined)
    }

    fn read_dynamic(&mut self) -> object::Result<()> {
        let (endian, data, sections) = (self.elf.endian(), self.elf.data(), self.elf.elf_section_table());
        let Some((entries, link)) = sections.dynamic(endian, data)? else { return Ok(()) };
        let strings = sections.strings(endian, data, link)?;
        for entry in entries {
            let tag = entry.tag(endian);
            if ![DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH].contains(&tag) {
                continue;
            }
            let text = String::from_utf8_lossy(entry.string(endian, strings)?).into_owned();
            match tag {
                DT_NEEDED => self.needed.push(text),
                DT_SONAME => self.soname = Some(text),
                _ => self.run_path.extend(text.split(':').map(str::to_owned)),
            }
        }
        Ok(())
    }

    /// Whether others find `name` here, in this version where versions are told.
    fn has(&self, name: &[u8], version: Option<&Version<'_>>) -> bool {
        match &self.names {
            Names::Listed(names) => names.contains(name),
            Names::Hashed(table) => {
                let version = version.filter(|_| self.defines_versions);
                let hash = object::elf::gnu_hash(name);
                let symbols = self.elf.elf_dynamic_symbol_table();
                table.find(self.elf.endian(), name, hash, version, symbols, &self.versions).is_some()
            }
        }
    }

    /// Whether others find `name` here, in whichever version.
    #[must_use]
    pub fn defines(&self, name: &str) -> bool {
        self.has(name.as_bytes(), None)
    }

    /// What it cannot do without, by name.
    fn wanted(&self) -> Vec<(&'data [u8], Option<&Version<'data>>)> {
        let (endian, symbols) = (self.elf.endian(), self.elf.elf_dynamic_symbol_table());
        let of_symbol = |index: usize| {
            let index = SymbolIndex(index);
            let symbol = symbols.symbol(index).ok()?;
            let is_wanted = symbol.st_shndx(endian) == SHN_UNDEF && symbol.st_bind() != STB_WEAK;
            let name = symbol.name(endian, symbols.strings()).ok().filter(|name| is_wanted && !name.is_empty())?;
            let version = self.versions.version_index(endian, index).index();
            Some((name, self.versions.version(version).ok().flatten()))
        };
        self.relocated().into_iter().filter_map(of_symbol).collect()
    }

    /// The symbols that relocations name.
    fn relocated(&self) -> BTreeSet<usize> {
        let (endian, data, symbols) = (self.elf.endian(), self.elf.data(), self.elf.elf_dynamic_symbol_table());
        let sections = self.elf.elf_section_table().iter();
        let relocations = sections.filter_map(|section| section.rela(endian, data).ok().flatten());
        let of_symbols = relocations.filter(|(_, link)| *link == symbols.section()).flat_map(|(all, _)| all);
        of_symbols.map(|relocation| relocation.r_sym(endian, false) as usize).filter(|index| *index != 0).collect()
    }
}

fn defined<'data>(endian: Endianness, symbols: &SymbolTable<'data, Header>) -> BTreeSet<&'data [u8]> {
    let is_defined = |symbol: &&<Header as FileHeader>::Sym| symbol.st_shndx(endian) != SHN_UNDEF;
    let names = symbols.iter().filter(is_defined).filter_map(|symbol| symbol.name(endian, symbols.strings()).ok());
    names.collect()
}

/// What `wanting` want and none of `there` has, for each by its number.
#[must_use]
pub fn missing(wanting: &[Joined<'_>], there: &[Joined<'_>]) -> Vec<(usize, Missing)> {
    let mut known: BTreeMap<(&[u8], Option<&[u8]>), bool> = BTreeMap::new();
    let mut found = Vec::new();
    for (number, library) in wanting.iter().enumerate() {
        for (name, version) in library.wanted() {
            let is_there = *known
                .entry((name, version.map(Version::name)))
                .or_insert_with(|| there.iter().any(|library| library.has(name, version)));
            if !is_there {
                let version = version.map(|version| String::from_utf8_lossy(version.name()).into_owned());
                let name = String::from_utf8_lossy(name).into_owned();
                found.push((number, Missing::Symbol { name, version }));
            }
        }
    }
    found
}
