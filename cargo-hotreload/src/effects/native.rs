//! Native objects in Rust libraries and in static ones: read, made visible, written out.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::archive::MAGIC;
use object::elf::{FileHeader64, STB_LOCAL, STV_DEFAULT, Sym64};
use object::read::archive::ArchiveFile;
use object::read::elf::{ElfFile64, FileHeader};
use object::{Endianness, Object, ObjectSymbol, SymbolIndex};

use crate::plan::link_line::Taken;
use crate::plan::native::{NativeObject, metadata_names};

/// Files that native objects, and the names that Rust has for them, are read from.
#[derive(Debug, Default)]
pub struct Sources {
    /// Rust libraries: they have both.
    pub rlibs: Vec<PathBuf>,
    /// Static libraries, and what the linker takes from each.
    pub archives: Vec<(PathBuf, Taken)>,
    /// Metadata of the crate that is linked.
    pub metadata: Vec<PathBuf>,
}

/// A native object with its bytes.
#[derive(Debug)]
pub struct Read {
    /// Its symbols.
    pub object: NativeObject,
    /// Its content.
    pub bytes: Vec<u8>,
    /// What the linker takes from the library that it is in.
    pub taken: Taken,
}

/// The native objects in `sources`, and every name in the metadata there. Most crates have no native objects; the
/// metadata is not looked at then.
pub fn read(sources: &Sources) -> Result<(Vec<Read>, BTreeSet<Vec<u8>>)> {
    let mut objects = Vec::new();
    let mut all_metadata = Vec::new();
    let rlibs = sources.rlibs.iter().map(|rlib| (rlib, Taken::Needed));
    for (library, taken) in rlibs.chain(sources.archives.iter().map(|(path, taken)| (path, *taken))) {
        let cannot = || format!("cannot read `{}`", library.display());
        let data = fs::read(library).with_context(cannot)?;
        if !data.starts_with(&MAGIC) {
            // A thin archive, or a script for the linker: it knows what to do with it.
            continue;
        }
        for member in ArchiveFile::parse(&*data).with_context(cannot)?.members() {
            let member = member.with_context(cannot)?;
            let bytes = member.data(&*data).with_context(cannot)?;
            match member.name() {
                b"lib.rmeta" => all_metadata.push(bytes.to_vec()),
                name if name.ends_with(b".rcgu.o") => {}
                _ => objects.extend(native(bytes).map(|object| Read { object, bytes: bytes.to_vec(), taken })),
            }
        }
    }
    if objects.is_empty() {
        return Ok((objects, BTreeSet::new()));
    }
    for path in &sources.metadata {
        all_metadata.push(fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?);
    }
    let names = all_metadata.iter().flat_map(|metadata| metadata_names(metadata)).collect();
    Ok((objects, names))
}

/// The symbols of an object file, or `None` if it is something else.
pub(crate) fn native(bytes: &[u8]) -> Option<NativeObject> {
    let file = ElfFile64::<Endianness>::parse(bytes).ok()?;
    let mut object = NativeObject::default();
    for symbol in file.symbols().filter(ObjectSymbol::is_global) {
        let name = symbol.name().ok()?.to_owned();
        if !symbol.is_undefined() {
            object.defines.insert(name);
        } else if !symbol.is_weak() {
            object.needs.insert(name);
        }
    }
    Some(object)
}

/// Makes the hidden ones among `exports` visible in the object file `bytes`; returns how many there were.
pub fn lift_visibility(bytes: &mut [u8], exports: &BTreeSet<String>) -> Result<usize> {
    let places = hidden_places(bytes, exports)?;
    for &place in &places {
        // The lowest two bits of `st_other` are the visibility (elf(5)).
        bytes[place] = bytes[place] & !3 | STV_DEFAULT.0;
    }
    Ok(places.len())
}

/// Offsets of `st_other` of the hidden symbols among `exports`.
fn hidden_places(bytes: &[u8], exports: &BTreeSet<String>) -> object::Result<Vec<usize>> {
    /// Offset of `st_other` in `Elf64_Sym`.
    const ST_OTHER: usize = 5;
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let symbols = sections.symbols(endian, bytes, object::elf::SHT_SYMTAB)?;
    let table = sections.section(symbols.section())?;
    let start = usize::try_from(table.sh_offset.get(endian)).unwrap_or(usize::MAX);
    let mut places = Vec::new();
    for (index, symbol) in symbols.enumerate() {
        let is_hidden = symbol.st_visibility() != STV_DEFAULT && symbol.st_bind() != STB_LOCAL;
        let name = symbols.symbol_name(endian, symbol)?;
        if is_hidden && std::str::from_utf8(name).is_ok_and(|name| exports.contains(name)) {
            let SymbolIndex(index) = index;
            places.push(start + index * size_of::<Sym64<Endianness>>() + ST_OTHER);
        }
    }
    Ok(places)
}

/// The dynamic symbols of `library`: those that it defines and those that it needs.
pub fn dynamic_symbols(library: &Path) -> Result<NativeObject> {
    let cannot = || format!("cannot read `{}`", library.display());
    let data = fs::read(library).with_context(cannot)?;
    let file = ElfFile64::<Endianness>::parse(&*data).with_context(cannot)?;
    let mut found = NativeObject::default();
    for symbol in file.dynamic_symbols() {
        let name = symbol.name().with_context(cannot)?.to_owned();
        // Not `is_definition`: functions that are chosen at load time (`STT_GNU_IFUNC`, libc's `memcpy`) count too.
        if !symbol.is_undefined() {
            found.defines.insert(name);
        } else if !symbol.is_weak() && !name.is_empty() {
            found.needs.insert(name);
        }
    }
    Ok(found)
}
