//! The debug information of a patch: that of the objects that its functions come from.
//!
//! An object has more functions than those that were loaded. As linkers do with functions that they leave out, they get
//! an address that readers know to ignore, so that nobody takes them for what is there.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context, Result};
use object::read::elf::ElfFile64;
use object::{CompressionFormat, Endianness, Object as _, ObjectSection, RelocationKind, RelocationTarget};

use crate::patch::companion::Places;
use crate::patch::companion::image::Section;
use crate::patch::object::{Kind, Object};
use crate::patch::set::{SectionId, Set};

/// The sections that are kept. Indexes are left out: readers make their own where there is none.
const SECTIONS: [&str; 14] = [
    ".debug_info",
    ".debug_abbrev",
    ".debug_str",
    ".debug_line",
    ".debug_line_str",
    ".debug_ranges",
    ".debug_rnglists",
    ".debug_loc",
    ".debug_loclists",
    ".debug_addr",
    ".debug_str_offsets",
    ".debug_types",
    ".debug_macro",
    ".debug_aranges",
];

/// The debug information of the objects with loaded functions. `places` is where everything is that was loaded;
/// addresses count from `base`.
pub(super) fn sections(sets: &[&Set<'_>], places: &Places, base: u64) -> Result<Vec<Section>> {
    let empty = |name: &&'static str| Section { name, address: None, bytes: Vec::new() };
    let mut sections: Vec<Section> = SECTIONS.iter().map(empty).collect();
    let has_code = |(part, id): &&(usize, SectionId)| sets[*part].section(*id).kind == Kind::Code;
    let objects: BTreeSet<_> = places.keys().filter(has_code).map(|(part, id)| (*part, id.object)).collect();
    for (part, index) in objects {
        let object = sets[part].object(index);
        let file = ElfFile64::parse(object.data).context("this is no ELF object file")?;
        let place = |section| {
            let address = places.get(&(part, SectionId { object: index, section }))?;
            Some(address.wrapping_sub(base))
        };
        let Some(pieces) = append(&file, &mut sections)? else { continue };
        let piece = Piece { object, pieces: &pieces, place: &place };
        piece.relocate(&file, &mut sections)?;
    }
    sections.retain(|section| !section.bytes.is_empty());
    Ok(sections)
}

/// Where the debug sections of an object are: which of [`SECTIONS`], and how far in. By the section in the object.
type Pieces = HashMap<usize, (usize, u64)>;

/// Puts the debug sections of an object behind those that are there. `None` if they are compressed: their symbols must
/// do, because nothing in here could relocate them.
fn append(file: &ElfFile64<'_, Endianness>, sections: &mut [Section]) -> Result<Option<Pieces>> {
    let mut found = Vec::new();
    for section in file.sections() {
        let name = section.name().context("a section's name is no text")?;
        let Some(which) = SECTIONS.iter().position(|known| *known == name) else { continue };
        let range = section.compressed_file_range().context("a section is cut off")?;
        if range.format != CompressionFormat::None {
            return Ok(None);
        }
        found.push((section.index().0, which, section.data().context("a section is cut off")?));
    }
    let mut pieces = Pieces::new();
    for (index, which, data) in found {
        let bytes = &mut sections[which].bytes;
        pieces.insert(index, (which, bytes.len() as u64));
        bytes.extend_from_slice(data);
    }
    Ok(Some(pieces))
}

/// The debug information of one object within that of all.
struct Piece<'piece> {
    object: &'piece Object<'piece>,
    pieces: &'piece Pieces,
    /// Where a section was loaded, from the base.
    place: &'piece dyn Fn(usize) -> Option<u64>,
}

impl Piece<'_> {
    fn relocate(&self, file: &ElfFile64<'_, Endianness>, sections: &mut [Section]) -> Result<()> {
        for section in file.sections() {
            let Some(&(which, base)) = self.pieces.get(&section.index().0) else { continue };
            for (offset, relocation) in section.relocations() {
                // What is left are places in a thread's block of thread-locals, which only an executable or a library has.
                if relocation.kind() != RelocationKind::Absolute {
                    continue;
                }
                let RelocationTarget::Symbol(symbol) = relocation.target() else { continue };
                let address = self.address(symbol.0).map(|address| address.wrapping_add_signed(relocation.addend()));
                let value = address.unwrap_or(tombstone(sections[which].name)).to_le_bytes();
                let length = usize::from(relocation.size() / 8);
                let begin = usize::try_from(base.saturating_add(offset)).unwrap_or(usize::MAX);
                let field = sections[which].bytes.get_mut(begin..begin.saturating_add(length));
                field.context("a relocation points nowhere")?.copy_from_slice(&value[..length]);
            }
        }
        Ok(())
    }

    /// The address of a symbol, or where it is in a debug section. `None` if it is neither loaded nor debug information.
    fn address(&self, symbol: usize) -> Option<u64> {
        let symbol = self.object.symbols.get(symbol)?;
        let section = symbol.section?;
        let debug = self.pieces.get(&section).map(|(_, base)| *base);
        Some(debug.or_else(|| (self.place)(section))?.wrapping_add(symbol.offset))
    }
}

/// The address of what is not there. It is 0 as linkers write it; in these two sections, 0 would be the end of a list,
/// and begin and end are both filled in, so that 1 makes an empty range.
fn tombstone(section: &str) -> u64 {
    u64::from(matches!(section, ".debug_ranges" | ".debug_loc"))
}
