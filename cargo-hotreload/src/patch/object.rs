//! Relocatable object files as plain data: sections, symbols, relocations.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use object::elf::{
    RelocationType, SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS, SHF_TLS, SHF_WRITE, SHT_FINI_ARRAY,
    SHT_INIT_ARRAY, SHT_NOBITS, STB_LOCAL, STB_WEAK, STT_FILE, STT_FUNC, STT_OBJECT, STT_SECTION, STT_TLS,
};
use object::read::elf::{ElfFile64, ElfSection64, SectionHeader};
use object::{Endianness, Object as _, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SymbolFlags};

use crate::patch::names::unpromoted;

/// What tables of landing pads are called, before the function's name.
const LANDING_PADS: &str = ".gcc_except_table.";

/// One object file: a codegen unit of a crate.
#[derive(Debug, Default)]
pub struct Object<'data> {
    /// The file.
    pub data: &'data [u8],
    /// The codegen unit's name, as the file says itself; executables repeat it.
    pub unit: &'data str,
    /// Its sections, by index; what is not loaded has kind [`Kind::Unused`].
    pub sections: Vec<Section<'data>>,
    /// Its symbols, by index.
    pub symbols: Vec<Symbol<'data>>,
}

/// A section.
#[derive(Debug, Default)]
pub struct Section<'data> {
    /// Its name.
    pub name: &'data str,
    /// What is in it.
    pub kind: Kind,
    /// Its bytes; empty if they are all zero.
    pub data: &'data [u8],
    /// Its length in bytes.
    pub size: u64,
    /// Its alignment in bytes.
    pub align: u64,
    /// Whether its elements may be merged with equal ones.
    pub merge: Merge,
    /// What has to be filled in, by where it is.
    pub relocations: Vec<Relocation>,
    /// The symbol that begins with the section and names it.
    pub main: Option<usize>,
    /// The symbols of functions in it.
    pub functions: Vec<usize>,
    /// Sections with tables that say what is cleaned up when a panic goes through its function. No code refers to them.
    pub landing_pads: Vec<usize>,
}

/// What a section holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Nothing that is loaded, debug information among it.
    #[default]
    Unused,
    /// Machine code.
    Code,
    /// What nobody changes once it is relocated.
    Constant,
    /// Variables.
    Variable,
    /// What each thread's variables begin with.
    ThreadLocal,
    /// How functions are unwound.
    Frames,
    /// Functions to be called before `main`, or when the program ends.
    Initialisers,
}

/// How elements of a section are told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Merge {
    /// It is one piece.
    #[default]
    Never,
    /// Strings that end with a zero byte.
    Strings,
    /// Elements of so many bytes.
    Elements(u64),
}

/// A symbol.
#[derive(Debug, Default)]
pub struct Symbol<'data> {
    /// Its mangled name; empty for a section's.
    pub name: &'data str,
    /// The section that it is in; `None` if another object defines it.
    pub section: Option<usize>,
    /// Where in the section it begins.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Who can use it.
    pub binding: Binding,
    /// Whether it is a function.
    pub is_function: bool,
}

/// Who can use a symbol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Binding {
    /// Its own object.
    #[default]
    Local,
    /// Every object.
    Global,
    /// Every object, and any of the definitions will do.
    Weak,
}

/// A place that has to be filled in when addresses are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relocation {
    /// Where in the section.
    pub offset: u64,
    /// How, in the architecture's own terms.
    pub kind: RelocationType,
    /// The symbol that it depends on.
    pub symbol: usize,
    /// What is added to the symbol's address.
    pub addend: i64,
}

impl<'data> Object<'data> {
    /// Reads the object file `data`.
    pub fn parse(data: &'data [u8]) -> Result<Self> {
        let elf = ElfFile64::<Endianness>::parse(data).context("this is no ELF object file")?;
        let mut object = Self { data, ..Self::default() };
        for section in elf.sections() {
            put(&mut object.sections, section.index().0, read_section(&section)?);
        }
        for symbol in elf.symbols() {
            let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { continue };
            let name = symbol.name().context("a symbol's name is no text")?;
            if st_info.st_type() == STT_FILE && object.unit.is_empty() {
                object.unit = name;
            }
            let section = symbol.section_index().map(|index| index.0);
            let is_named = [STT_FUNC, STT_OBJECT, STT_TLS].contains(&st_info.st_type());
            let read = Symbol {
                name: if st_info.st_type() == STT_SECTION { "" } else { unpromoted(name) },
                section,
                offset: symbol.address(),
                size: symbol.size(),
                binding: match st_info.st_bind() {
                    STB_LOCAL => Binding::Local,
                    STB_WEAK => Binding::Weak,
                    _ => Binding::Global,
                },
                is_function: st_info.st_type() == STT_FUNC,
            };
            if let Some(section) = section.and_then(|index| object.sections.get_mut(index)) {
                if is_named && read.offset == 0 {
                    section.main.get_or_insert(symbol.index().0);
                }
                if read.is_function {
                    section.functions.push(symbol.index().0);
                }
            }
            put(&mut object.symbols, symbol.index().0, read);
        }
        object.check()?;
        object.find_landing_pads();
        Ok(object)
    }

    fn find_landing_pads(&mut self) {
        let pads = self.sections.iter().enumerate().filter_map(|(index, section)| {
            let name = section.name.strip_prefix(LANDING_PADS)?;
            (section.kind != Kind::Unused && section.size > 0).then_some((name, index))
        });
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        pads.for_each(|(name, index)| by_name.entry(name).or_default().push(index));
        for index in 0..self.sections.len() {
            if let Some(pads) = by_name.get(self.main_name(index)).filter(|_| self.sections[index].kind == Kind::Code) {
                self.sections[index].landing_pads.clone_from(pads);
            }
        }
    }

    /// Every index and range in it is good from here on.
    fn check(&self) -> Result<()> {
        for section in &self.sections {
            for relocation in &section.relocations {
                if relocation.symbol >= self.symbols.len() || relocation.offset >= section.size.max(1) {
                    bail!("a relocation of `{}` points nowhere", section.name);
                }
            }
        }
        for symbol in self.symbols.iter().filter(|symbol| symbol.section.is_some()) {
            let section = symbol.section.and_then(|index| self.sections.get(index));
            if section.is_none_or(|section| section.kind != Kind::Unused && symbol.offset > section.size) {
                bail!("the symbol `{}` is outside of its section", symbol.name);
            }
        }
        Ok(())
    }

    /// The name of the symbol that a section begins with.
    #[must_use]
    pub fn main_name(&self, section: usize) -> &'data str {
        self.sections[section].main.map_or("", |symbol| self.symbols[symbol].name)
    }
}

impl Section<'_> {
    /// The element that begins at `offset`. Where none begins, the instruction ends with more than the offset, and any
    /// element behind it may be meant: then it is the whole section.
    #[must_use]
    pub fn element(&self, offset: i64) -> &[u8] {
        let Some((before, rest)) = usize::try_from(offset).ok().and_then(|at| self.data.split_at_checked(at)) else {
            return self.data;
        };
        match self.merge {
            Merge::Strings if before.last().is_none_or(|byte| *byte == 0) => {
                &rest[..rest.iter().position(|byte| *byte == 0).map_or(rest.len(), |end| end + 1)]
            }
            Merge::Elements(size) if (before.len() as u64).is_multiple_of(size) => {
                &rest[..usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()))]
            }
            Merge::Never | Merge::Strings | Merge::Elements(_) => self.data,
        }
    }

    /// The bytes in `range`, which may all be zero.
    #[must_use]
    pub fn bytes(&self, range: Range<u64>) -> Vec<u8> {
        let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or_default();
        let begin = usize::try_from(range.start).unwrap_or(usize::MAX);
        let mut bytes: Vec<u8> = self.data.iter().skip(begin).take(length).copied().collect();
        bytes.resize(length, 0);
        bytes
    }
}

fn put<T: Default>(all: &mut Vec<T>, index: usize, item: T) {
    if all.len() <= index {
        all.resize_with(index + 1, T::default);
    }
    all[index] = item;
}

fn read_section<'data>(section: &ElfSection64<'data, '_, Endianness>) -> Result<Section<'data>> {
    let header = section.elf_section_header();
    let flags = header.sh_flags(Endianness::Little);
    let kind = header.sh_type(Endianness::Little);
    let name = section.name().context("a section's name is no text")?;
    let has = |flag: object::elf::SectionFlags| flags.0 & flag.0 != 0;
    let holds = match () {
        () if !has(SHF_ALLOC) => Kind::Unused,
        () if name == ".eh_frame" => Kind::Frames,
        () if kind == SHT_INIT_ARRAY || kind == SHT_FINI_ARRAY || name.starts_with(".ctors") => Kind::Initialisers,
        () if has(SHF_EXECINSTR) => Kind::Code,
        () if has(SHF_TLS) => Kind::ThreadLocal,
        () if has(SHF_WRITE) && !name.starts_with(".data.rel.ro") => Kind::Variable,
        () => Kind::Constant,
    };
    if holds == Kind::Unused {
        return Ok(Section { name, ..Section::default() });
    }
    if section.compressed_file_range().is_ok_and(|range| range.format != object::CompressionFormat::None) {
        bail!("the section `{name}` is compressed");
    }
    let read = section.relocations().map(|(offset, read)| relocation(offset, &read));
    let mut relocations = read.collect::<Result<Vec<_>>>()?;
    relocations.sort_by_key(|relocation| relocation.offset);
    Ok(Section {
        name,
        kind: holds,
        data: if kind == SHT_NOBITS { &[] } else { section.data().context("a section is cut off")? },
        size: section.size(),
        align: section.align().max(1),
        merge: match () {
            () if !has(SHF_MERGE) => Merge::Never,
            () if has(SHF_STRINGS) => Merge::Strings,
            () => Merge::Elements(header.sh_entsize(Endianness::Little).max(1)),
        },
        relocations,
        main: None,
        functions: Vec::new(),
        landing_pads: Vec::new(),
    })
}

fn relocation(offset: u64, read: &object::Relocation) -> Result<Relocation> {
    let RelocationFlags::Elf { r_type } = read.flags() else { bail!("this is no ELF relocation") };
    let symbol = match read.target() {
        RelocationTarget::Symbol(index) => index.0,
        // No symbol is symbol 0, whose address is 0.
        RelocationTarget::Absolute => 0,
        other => bail!("a relocation for {other:?} is not known"),
    };
    Ok(Relocation { offset, kind: r_type, symbol, addend: read.addend() })
}
