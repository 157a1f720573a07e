//! What is put beside each patch so that others understand its code: backtraces, debuggers and profilers.
//!
//! They look for the file that an address was loaded from, and a patch was loaded from none. So one is made: an ELF file
//! with the symbols of the functions that were loaded, and the debug information of the objects that they come from.
//!
//! 1. `debug`: the debug sections of those objects, one behind the other, with the final addresses in them;
//! 2. `image`: the file. Addresses in it count from a base, the one that the agent lists it with: the standard library
//!    takes what is listed without one for the executable;
//! 3. [`debugger`]: how GDB finds the file;
//! 4. [`Companion::perf_map`]: lines for `perf`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use anyhow::{Context, Result};
use object::elf::{FileFlags, Machine};
use object::read::elf::{ElfFile64, FileHeader};
use object::{Endianness, elf};

use crate::patch::agent_state::{Region, SLOT};
use crate::patch::frames;
use crate::patch::link::{Linked, Loaded};
use crate::patch::names::readable;
use crate::patch::object::{Binding, Kind};
use crate::patch::placed;
use crate::patch::set::{SectionId, Set};

mod debug;
pub mod debugger;
mod image;

/// A description of a patch.
#[derive(Debug)]
pub struct Companion<'data> {
    /// The ELF file. The only addresses that count from the base are those in here.
    pub image: Vec<u8>,
    /// The patch's functions and statics, lowest address first.
    pub symbols: Vec<Symbol<'data>>,
    /// From the first function to the last.
    pub code: Region,
    extents: Vec<Extent>,
    /// The unwind tables.
    frames: Option<placed::Write>,
    target: Target,
}

/// A function or a static of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'data> {
    /// Its mangled name.
    pub name: &'data str,
    /// Where it begins.
    pub address: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Who can use it.
    pub binding: Binding,
    /// Code, a constant or a variable.
    pub kind: Kind,
}

/// What is described.
const KINDS: [Kind; 3] = [Kind::Code, Kind::Constant, Kind::Variable];

/// From the first to the last byte of a kind.
#[derive(Debug, Clone, Copy)]
struct Extent {
    kind: Kind,
    region: Region,
}

/// What machine code is for.
#[derive(Debug, Clone, Copy)]
struct Target {
    machine: Machine,
    flags: FileFlags,
}

/// Where sections are, by the part and the section.
type Places = HashMap<(usize, SectionId), u64>;

impl<'data> Companion<'data> {
    /// Describes what was linked of `sets`, the parts in the order in which they were linked, for those who add `base`
    /// to the addresses in the image. `None` if it has no functions.
    pub fn of(sets: &[&Set<'data>], linked: &Linked, base: u64) -> Result<Option<Self>> {
        let places = places(sets, linked);
        let extents: Vec<_> = KINDS.into_iter().filter_map(|kind| extent(sets, &places, kind)).collect();
        let code = extents.iter().find(|extent| extent.kind == Kind::Code);
        let Some(code) = code.map(|extent| extent.region) else { return Ok(None) };
        let target = target(sets, linked)?;
        let symbols = symbols(sets, linked);
        let sections = debug::sections(sets, &places, base)?;
        let image = image::write(target, base, &extents, &symbols, &sections)?;
        let frames = frames::table(&linked.placed).cloned();
        Ok(Some(Self { image, symbols, code, extents, frames, target }))
    }

    /// The slots of `region`, the agent's code region, that the patch is in. Each of them needs the file.
    #[must_use]
    pub fn slots(&self, region: Region) -> Range<u64> {
        let offset = self.code.start - region.start;
        offset / SLOT..(offset + self.code.length).div_ceil(SLOT)
    }

    /// A line for each function, as `perf` wants them at the end of `/tmp/perf-PID.map`.
    #[must_use]
    pub fn perf_map(&self) -> String {
        let functions = self.symbols.iter().filter(|symbol| symbol.kind == Kind::Code);
        functions.fold(String::new(), |mut text, Symbol { name, address, size, .. }| {
            let _ = writeln!(text, "{address:x} {size:x} {}", readable(name));
            text
        })
    }
}

/// Where everything is that has an address of its own: a thread-local has another in each thread.
fn places(sets: &[&Set<'_>], linked: &Linked) -> Places {
    let in_memory =
        linked.loaded.iter().filter(|loaded| sets[loaded.part].section(loaded.id).kind != Kind::ThreadLocal);
    in_memory.map(|loaded| ((loaded.part, loaded.id), loaded.address)).collect()
}

fn extent(sets: &[&Set<'_>], places: &Places, kind: Kind) -> Option<Extent> {
    let sections = places.iter().map(|((part, id), address)| (*address, sets[*part].section(*id)));
    let of_kind = sections.filter(|(_, section)| section.kind == kind && section.size > 0);
    let ends = of_kind.map(|(address, section)| (address, address + section.size));
    let (start, end) = ends.reduce(|(start, end), (other, last)| (start.min(other), end.max(last)))?;
    Some(Extent { kind, region: Region { start, length: end - start } })
}

fn symbols<'data>(sets: &[&Set<'data>], linked: &Linked) -> Vec<Symbol<'data>> {
    let mut symbols = Vec::new();
    for Loaded { part, id, address } in &linked.loaded {
        let kind = sets[*part].section(*id).kind;
        if !KINDS.contains(&kind) {
            continue;
        }
        let all = sets[*part].object(id.object).symbols.iter();
        let here = all.filter(|symbol| symbol.section == Some(id.section) && symbol.size > 0);
        // What has a name in code and is no function is a place to jump to.
        let known = here.filter(|symbol| symbol.is_function == (kind == Kind::Code));
        symbols.extend(known.map(|symbol| Symbol {
            name: symbol.name,
            address: address + symbol.offset,
            size: symbol.size,
            binding: symbol.binding,
            kind,
        }));
    }
    symbols.sort_by_key(|symbol| (symbol.address, symbol.name));
    symbols
}

fn target(sets: &[&Set<'_>], linked: &Linked) -> Result<Target> {
    let loaded = linked.loaded.first().context("nothing was loaded")?;
    let object = sets[loaded.part].object(loaded.id.object);
    let file = ElfFile64::<Endianness>::parse(object.data).context("this is no ELF object file")?;
    let header: &elf::FileHeader64<Endianness> = file.elf_header();
    let endian = Endianness::Little;
    Ok(Target { machine: header.e_machine(endian), flags: header.e_flags(endian) })
}

#[cfg(test)]
mod tests;
