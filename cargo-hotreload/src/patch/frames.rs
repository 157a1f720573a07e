//! Unwind tables: of an object's `.eh_frame` only the descriptions of the functions that are loaded go into the process,
//! with a table of their own for the search (Linux Standard Base, "Exception Frames").

use std::collections::BTreeMap;

use crate::patch::object::{Kind, Object, Relocation};
use crate::patch::placed::{Placed, Write};
use crate::patch::refusal::Refusal;

/// A piece of an object's `.eh_frame`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where it begins in the section.
    pub begin: usize,
    /// Its length in bytes, with the length field.
    pub length: usize,
}

/// How a function is unwound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The section of the function.
    pub code: usize,
    /// What the function has in common with others.
    pub common: Piece,
    /// The function's own description.
    pub own: Piece,
}

/// The frames of an object.
#[derive(Debug, Default)]
pub struct Frames {
    /// The section with the descriptions.
    pub section: usize,
    /// By the section of the function.
    pub frames: BTreeMap<usize, Vec<Frame>>,
}

/// Bytes between a description's begin and the address of its function.
const FUNCTION: usize = 8;

/// Where the frames of `object` are described.
pub fn of(object: &Object<'_>) -> Result<Frames, Refusal> {
    let unknown = || Refusal::Unknown { what: "an unwind table".to_owned(), name: object.unit.to_owned() };
    let mut found = Frames::default();
    for (index, section) in object.sections.iter().enumerate().filter(|(_, section)| section.kind == Kind::Frames) {
        if found.section != 0 {
            return Err(unknown());
        }
        found.section = index;
        let mut begin = 0;
        while let Some(length) = word(section.data, begin) {
            if length == 0 {
                break;
            }
            let length = length as usize + 4;
            let back = word(section.data, begin + 4).ok_or_else(unknown)? as usize;
            // 64-bit lengths are not written by compilers for code of this size.
            if length > section.data.len() - begin {
                return Err(unknown());
            }
            if back != 0 {
                let common = (begin + 4).checked_sub(back).ok_or_else(unknown)?;
                let common_length = word(section.data, common).ok_or_else(unknown)? as usize + 4;
                if common_length > section.data.len() - common {
                    return Err(unknown());
                }
                let function = relocation_at(&section.relocations, begin + FUNCTION).ok_or_else(unknown)?;
                let code = object.symbols[function.symbol].section.ok_or_else(unknown)?;
                let common = Piece { begin: common, length: common_length };
                let own = Piece { begin, length };
                found.frames.entry(code).or_default().push(Frame { code, common, own });
            }
            begin += length;
        }
    }
    Ok(found)
}

/// The relocations inside of `piece`.
pub fn inside(relocations: &[Relocation], piece: Piece) -> impl Iterator<Item = &Relocation> {
    let begin = relocations.partition_point(|relocation| relocation.offset < piece.begin as u64);
    let end = (piece.begin + piece.length) as u64;
    relocations[begin..].iter().take_while(move |relocation| relocation.offset < end)
}

/// The table in which the descriptions are found: pairs of the addresses of function and description, to be written at
/// `address`. The descriptions themselves begin at `frames`. `None` if something is too far away.
#[must_use]
pub fn header(address: u64, frames: u64, mut pairs: Vec<(u64, u64)>) -> Option<Vec<u8>> {
    // Version 1; the descriptions relative to this field, the count absolute, the table relative to the header: each in
    // 4 bytes.
    let mut bytes = vec![1, 0x1b, 0x03, 0x3b];
    let mut put = |from: u64, to: u64| -> Option<()> {
        let distance = i32::try_from(to.wrapping_sub(from).cast_signed()).ok()?;
        bytes.extend(distance.to_le_bytes());
        Some(())
    };
    pairs.sort_unstable();
    put(address + 4, frames)?;
    put(0, pairs.len() as u64)?;
    for (function, description) in pairs {
        put(address, function)?;
        put(address, description)?;
    }
    Some(bytes)
}

/// The descriptions that the header of a patch leads to.
#[must_use]
pub fn table(placed: &Placed) -> Option<&Write> {
    let at = |address| placed.writes.iter().find(move |write| write.address == address);
    let header = placed.unwind?.header;
    let distance = word(&at(header)?.bytes, 4)?.cast_signed();
    at((header + 4).wrapping_add_signed(distance.into()))
}

fn relocation_at(relocations: &[Relocation], offset: usize) -> Option<&Relocation> {
    let found = relocations.partition_point(|relocation| relocation.offset < offset as u64);
    relocations.get(found).filter(|relocation| relocation.offset == offset as u64)
}

fn word(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}
