//! The shared libraries of a process, read in the order of its dynamic linker.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use object::elf::{
    DT_DEBUG, PT_DYNAMIC, ProgramHeader64, R_X86_64_IRELATIVE, SHT_DYNSYM, STB_LOCAL, STT_FUNC, STT_GNU_IFUNC,
    STT_OBJECT,
};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader, Sym};
use object::{Endianness, Object, Relocation, RelocationFlags};

use crate::effects::agent::Agent;
use crate::effects::elf;
use crate::effects::images::{Range, loaded};
use crate::effects::mapped::map_open;
use crate::effects::memory::Memory;
use crate::patch::scope::{Export, Library, Scope};

/// The shared libraries of a process.
#[derive(Debug)]
pub(super) struct SharedLibraries {
    /// The libraries that the executable names.
    needed: BTreeSet<String>,
    /// Where its dynamic section is, in bytes.
    dynamic: Option<(u64, usize)>,
}

/// An object that the dynamic linker has loaded.
struct Listed {
    /// What was added to the addresses that it was linked for.
    bias: u64,
    path: PathBuf,
}

impl SharedLibraries {
    /// Those of a process whose executable is `data`, loaded so many bytes above the addresses that it was linked for.
    pub(super) fn of_executable(data: &[u8], bias: u64) -> Result<Self> {
        let program = ElfFile64::<Endianness>::parse(data).context("this is no ELF executable")?;
        let endian = program.endian();
        let section = program.elf_program_headers().iter().find(|header| header.p_type(endian) == PT_DYNAMIC);
        let place = |header: &ProgramHeader64<_>| {
            Some((header.p_vaddr(endian).wrapping_add(bias), header.p_memsz(endian).try_into().ok()?))
        };
        Ok(Self { needed: elf::of(&program)?.needed.into_iter().collect(), dynamic: section.and_then(place) })
    }

    /// What they have for others under `names`, in the process of `agent`.
    pub(super) fn scope(&self, agent: &Agent, names: &BTreeSet<String>) -> Result<Scope> {
        let ranges = loaded(agent.pid());
        let mut needed = self.needed.clone();
        let mut scope = Scope::default();
        for Listed { bias, path } in self.list(agent.memory()).context("cannot read what the program has loaded")? {
            // Those that come later were opened by the program, and may be for some of its code alone.
            if needed.is_empty() {
                break;
            }
            let range = ranges.iter().find(|range| range.begin == bias);
            // The kernel's own is no file, and has nothing that programs are linked with.
            if range.is_none() && path.components().count() < 2 {
                continue;
            }
            let is_linked = path.file_name().and_then(OsStr::to_str).is_some_and(|name| needed.remove(name));
            let file = range.and_then(open).with_context(|| format!("`{}` is not what was loaded", path.display()))?;
            let exports = exports(&file, bias, agent.memory(), names)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            scope.libraries.push(Library { is_linked, exports });
        }
        Ok(scope)
    }

    /// What the dynamic linker tells debuggers (`struct r_debug`, `struct link_map`; link.h), without the executable,
    /// which comes first.
    fn list(&self, memory: &Memory) -> Result<Vec<Listed>> {
        /// More would be a list that leads back into itself.
        const MOST: usize = 10_000;
        const WORD: u64 = 8;
        let mut objects = Vec::new();
        let mut next = memory.word(self.debug(memory)? + WORD)?;
        while next != 0 && objects.len() < MOST {
            // One that was just being closed ends the list: those that the program began with come before.
            let words = [next, next + WORD, next + 3 * WORD].map(|address| memory.word(address).ok());
            let [Some(bias), Some(name), Some(following)] = words else { break };
            objects.push(Listed { bias, path: text(memory, name) });
            next = following;
        }
        objects.drain(..objects.len().min(1));
        Ok(objects)
    }

    /// The address of `r_debug`, which the dynamic linker writes into the executable's dynamic section.
    fn debug(&self, memory: &Memory) -> Result<u64> {
        let (begin, length) = self.dynamic.context("it is linked statically")?;
        let bytes = memory.read(begin, length)?;
        let (words, _) = bytes.as_chunks();
        let words: Vec<u64> = words.iter().map(|word| u64::from_ne_bytes(*word)).collect();
        let mut entries = words.chunks_exact(2);
        let entry = entries.find(|entry| i64::try_from(entry[0]) == Ok(DT_DEBUG.0)).map(|entry| entry[1]);
        entry.filter(|address| *address != 0).context("the dynamic linker tells debuggers nothing")
    }
}

fn text(memory: &Memory, address: u64) -> PathBuf {
    const LONGEST: usize = 4096;
    let mut bytes = memory.read_up_to(address, LONGEST);
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(0));
    OsString::from_vec(bytes).into()
}

/// The file that is loaded there, if it is still the one at its path, also as we see it.
fn open(range: &Range) -> Option<File> {
    let is_same = |file: &File| file.metadata().is_ok_and(|metadata| metadata.ino() == range.inode);
    range.open().filter(is_same)
}

fn exports(file: &File, bias: u64, memory: &Memory, names: &BTreeSet<String>) -> Result<HashMap<String, Export>> {
    let data = map_open(file)?;
    let library = ElfFile64::<Endianness>::parse(&*data)?;
    let (endian, data) = (library.endian(), library.data());
    let sections = library.elf_header().sections(endian, data)?;
    let symbols = sections.symbols(endian, data, SHT_DYNSYM)?;
    let versions = sections.versions(endian, data)?.unwrap_or_default();
    let mut exports = HashMap::new();
    for (index, symbol) in symbols.enumerate() {
        let Ok(name) = str::from_utf8(symbols.symbol_name(endian, symbol)?) else { continue };
        let is_for_others = symbol.st_bind() != STB_LOCAL && !symbol.is_undefined(endian);
        let version = versions.version_index(endian, index);
        if !is_for_others || version.is_hidden() || !names.contains(name) {
            continue;
        }
        let place = symbol.st_value(endian);
        let address = match symbol.st_type() {
            STT_FUNC | STT_OBJECT => Some(place.wrapping_add(bias)),
            STT_GNU_IFUNC => chosen(&library, place).map(|slot| memory.word(slot.wrapping_add(bias))).transpose()?,
            _ => None,
        };
        let version = versions.version(version.index())?.map(|version| String::from_utf8_lossy(version.name()).into());
        exports.insert(name.to_owned(), Export { version, address });
    }
    Ok(exports)
}

/// Where `library` keeps for itself the address that its function at `resolver` has chosen (`R_X86_64_IRELATIVE`), if it
/// uses it.
fn chosen(library: &ElfFile64<'_>, resolver: u64) -> Option<u64> {
    let is_chosen = |relocation: &Relocation| {
        matches!(relocation.flags(), RelocationFlags::Elf { r_type: R_X86_64_IRELATIVE })
            && relocation.addend() == resolver.cast_signed()
    };
    let mut relocations = library.dynamic_relocations().into_iter().flatten();
    relocations.find(|(_, relocation)| is_chosen(relocation)).map(|(slot, _)| slot)
}
