//! Machine code of an rlib, so that it can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use object::read::archive::ArchiveFile;
use object::read::elf::ElfFile64;
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationTarget, SectionIndex, SectionKind, SymbolIndex, SymbolSection,
};

use crate::patch::world::Lines;

/// What the functions and variables of an rlib are made of, by their names without hashes. One name may stand for several
/// copies.
pub(super) type Code = BTreeMap<String, BTreeSet<String>>;

/// The size of a place in the source, in bytes, and that of its file's name, a pointer and a length; line and column follow.
const PLACE: u64 = 24;
const PLACE_FILE: usize = 16;

type File<'data> = ElfFile64<'data>;

/// Reads all objects of an rlib; whether functions are different that tell other lines, `lines` says.
pub(super) fn functions(rlib: &[u8], lines: Lines) -> Code {
    let mut code = Code::new();
    let archive = ArchiveFile::parse(rlib).expect("an rlib");
    for member in archive.members() {
        let member = member.expect("a member");
        if !member.name().ends_with(b".o") {
            continue;
        }
        let data = member.data(rlib).expect("a member's bytes");
        let file = File::parse(data).expect("an object");
        for symbol in file.symbols().filter(ObjectSymbol::is_definition) {
            let name = symbol.name().expect("a name");
            if let (Some(section), false) = (symbol.section_index(), is_nameless(name)) {
                let content = content(&file, section, lines, &mut Vec::new());
                code.entry(plain(name)).or_default().insert(content);
            }
        }
    }
    code
}

/// The bytes of a section, with what they refer to. Each function and each constant has its own section.
fn content(file: &File<'_>, index: SectionIndex, lines: Lines, open: &mut Vec<SectionIndex>) -> String {
    let section = file.section_by_index(index).expect("a section");
    if open.contains(&index) {
        return "itself".into();
    }
    open.push(index);
    let mut text = match section.kind() {
        SectionKind::UninitializedData | SectionKind::UninitializedTls => format!("{} zeros", section.size()),
        SectionKind::ReadOnlyDataWithRel | SectionKind::Data
            if lines == Lines::AreLeftOut && section.size() == PLACE && section.relocations().count() == 1 =>
        {
            format!("{:02x?}", &section.data().expect("bytes")[..PLACE_FILE])
        }
        _ => format!("{:02x?}", section.data().expect("bytes")),
    };
    for (offset, relocation) in section.relocations() {
        let target = match relocation.target() {
            RelocationTarget::Symbol(symbol) => target(file, symbol, lines, open),
            other => format!("{other:?}"),
        };
        let (flags, addend) = (relocation.flags(), relocation.addend());
        write!(text, " {offset}:{flags:?}:{addend}:<{target}>").expect("memory");
    }
    open.pop();
    text
}

/// A name, or what something without a name is made of.
fn target(file: &File<'_>, symbol: SymbolIndex, lines: Lines, open: &mut Vec<SectionIndex>) -> String {
    let symbol = file.symbol_by_index(symbol).expect("a symbol");
    let name = symbol.name().expect("a name");
    match symbol.section() {
        SymbolSection::Section(section) if name.is_empty() || is_nameless(name) => {
            format!("{} {}", symbol.address(), content(file, section, lines, open))
        }
        _ => plain(name),
    }
}

/// What the compiler numbers: constants, and tables for unwinding.
fn is_nameless(name: &str) -> bool {
    name.is_empty()
        || name.starts_with(".L")
        || name.starts_with("anon.")
        || name.starts_with("alloc_")
        || name.starts_with("GCC_except_table")
}

/// A name without the hashes of crates, and without the crate that an instance was made in.
fn plain(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
