//! The layout guard: which types of new code are laid out otherwise than the data that the program holds.
//!
//! Everything comes from debug information, which describes every type that an object's code deals with.
//!
//! 1. [`read`] says what one object describes, and with [`Coverage`] how much that is;
//! 2. [`Types::add`] puts together what runs: all objects that the program was linked from, or the executable;
//! 3. [`compare()`] holds a new object against that. An object that did not change since has nothing to compare;
//! 4. once a patch is in the program, [`Types::patch`] makes its types part of what runs.
//!
//! A [`Difference`] says what sort of type it is, whether its name is sure to name the same type as before, and whether
//! old data would be misread or only be called otherwise. Who has more facts (which functions are on a stack, which
//! closures have the same body) may decide that no running data reaches one; without them, each is a reason to refuse.

use gimli::{Dwarf, EndianSlice, LittleEndian, SectionId, UnitRef};
use thiserror::Error;

use attributes::Slice;
use scan::Scan;
use sections::{FileKind, Sections};

mod attributes;
mod compare;
mod coverage;
mod difference;
mod kind;
mod members;
mod names;
mod raw;
mod resolve;
mod scan;
mod sections;
#[cfg(test)]
mod tests;
mod types;

pub use compare::{Agreement, Comparison, compare, signatures_agree, statics_agree};
pub use coverage::{Blind, Coverage};
pub use difference::{Cause, Change, Difference, Extent, Harm, Signature, StaticType};
pub use kind::{Identity, Kind, human};
pub use names::Name;
pub use types::Types;

/// What one object describes.
#[derive(Debug, Clone)]
pub struct Described {
    /// Its types, functions and statics.
    pub types: Types,
    /// How much that is of what its code deals with. That of an executable says nothing of any one crate in it.
    pub coverage: Coverage,
    /// The files that describe the rest: `.dwo` files, which [`read`] takes as well. Relative ones lie beside the object.
    pub elsewhere: Vec<String>,
}

/// Why an object cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// It is no 64-bit little-endian ELF file for a machine that is known.
    #[error("it is no object file that can be read: {0}")]
    NotElf(String),
    /// Its debug information contradicts itself.
    #[error("its debug information cannot be read: {0}")]
    Damaged(String),
}

/// Reads all types that `object` describes: a relocatable file, an executable or a `.dwo` file.
pub fn read(object: &[u8]) -> Result<Described, Unreadable> {
    let sections = Sections::read(object).map_err(Unreadable::NotElf)?;
    let mut described = Described { types: Types::default(), coverage: Coverage::Nothing, elsewhere: Vec::new() };
    if sections.compressed {
        described.coverage = Coverage::Compressed;
        return Ok(described);
    }
    if sections.get("debug_info").is_empty() {
        described.coverage = sections.without_information();
        return Ok(described);
    }
    let mut scan = Scan::default();
    units(&sections, &mut scan, &mut described.elsewhere).map_err(|error| Unreadable::Damaged(error.to_string()))?;
    // Without a unit of Rust, nothing says what the code deals with.
    described.coverage =
        if scan.coverage.is_empty() { Coverage::None } else { Coverage::together(scan.coverage.iter().copied()) };
    described.types =
        resolve::resolve(scan).map_err(|at| Unreadable::Damaged(format!("no type stands at {:#x}", at.0)))?;
    Ok(described)
}

/// Reads all units of Rust code.
fn units(sections: &Sections<'_>, scan: &mut Scan, elsewhere: &mut Vec<String>) -> gimli::Result<()> {
    let section = |id: SectionId| Ok::<Slice<'_>, gimli::Error>(slice(sections.get(&id.name()[1..])));
    let mut dwarf = Dwarf::load(section)?;
    if sections.kind == FileKind::Split {
        dwarf.file_type = gimli::DwarfFileType::Dwo;
    }
    if !sections.get("debug_types").is_empty() {
        // rustc writes none, and types that are described there alone would be unseen.
        scan.coverage.push(Coverage::None);
    }
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        let unit = dwarf.unit(header)?;
        let unit = UnitRef::new(&dwarf, &unit);
        if let (Some(name), FileKind::Main) = (unit.dwo_name()?, sections.kind) {
            elsewhere.push(unit.attr_string(name)?.to_string_lossy().into_owned());
            scan.coverage.push(Coverage::Split);
            continue;
        }
        let mut entries = unit.entries();
        entries.next_dfs()?;
        let language = entries.current().and_then(|root| root.attr_value(gimli::DW_AT_language));
        if language == Some(gimli::AttributeValue::Language(gimli::DW_LANG_Rust)) {
            scan.unit(unit)?;
        }
    }
    Ok(())
}

fn slice(bytes: &[u8]) -> Slice<'_> {
    EndianSlice::new(bytes, LittleEndian)
}
