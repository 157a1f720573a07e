//! The unwind tables of what is loaded.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::patch::agent_state::{Region, Unwind};
use crate::patch::frames::{self, Frame, Frames, Piece};
use crate::patch::link::{Key, Linker};
use crate::patch::object::{Kind, Relocation};
use crate::patch::placed::{Placed, Write};
use crate::patch::refusal::Refusal;
use crate::patch::set::SectionId;

/// Bytes before the field in which a description says how far back what it has in common with others is.
const COMMON: usize = 4;

impl Linker<'_, '_, '_> {
    /// Loads what the unwind tables of a loaded function refer to: what is to be cleaned up, and who says so.
    pub(super) fn discover_frames(&mut self, key: Key) -> Result<(), Refusal> {
        let frames = self.frames(key.part, key.id.object)?;
        for frame in frames.frames.get(&key.id.section).into_iter().flatten() {
            let table = Key { part: key.part, id: SectionId { object: key.id.object, section: frames.section } };
            for relocation in self.relocations(key, frames.section, frame) {
                self.resolve(table, &relocation)?;
            }
        }
        Ok(())
    }

    fn frames(&mut self, part: usize, object: usize) -> Result<Rc<Frames>, Refusal> {
        if let Some(frames) = self.frames.get(&(part, object)) {
            return Ok(Rc::clone(frames));
        }
        let frames = Rc::new(frames::of(self.parts[part].set.object(object))?);
        self.frames.insert((part, object), Rc::clone(&frames));
        Ok(frames)
    }

    /// The relocations of a function's description, but that of the function.
    fn relocations(&self, key: Key, section: usize, frame: &Frame) -> Vec<Relocation> {
        let object = self.parts[key.part].set.object(key.id.object);
        let all = &object.sections[section].relocations;
        let own =
            frames::inside(all, frame.own).filter(|found| object.symbols[found.symbol].section != Some(frame.code));
        own.chain(frames::inside(all, frame.common)).copied().collect()
    }

    /// Writes the unwind tables of all loaded functions, whose code begins at `begin`.
    pub(super) fn unwind(&mut self, begin: u64, placed: &mut Placed) -> Result<(), Refusal> {
        let mut objects: BTreeMap<(usize, usize), Vec<Key>> = BTreeMap::new();
        for key in &self.order {
            if self.parts[key.part].set.section(key.id).kind == Kind::Code {
                objects.entry((key.part, key.id.object)).or_default().push(*key);
            }
        }
        let mut tables = Tables::default();
        for ((part, object), keys) in objects {
            let frames = self.frames(part, object)?;
            let wanted = keys.iter().flat_map(|key| frames.frames.get(&key.id.section).into_iter().flatten());
            let source = Key { part, id: SectionId { object, section: frames.section } };
            wanted.for_each(|frame| tables.add(source, *self.loaded.get(&key_of(source, frame)).unwrap_or(&0), frame));
        }
        if tables.pieces.is_empty() {
            return Ok(());
        }
        // The descriptions end with a length of 0.
        let at = self.room.take(Kind::Frames, tables.size as u64 + 4, 8)?;
        let mut bytes = vec![0; tables.size + 4];
        for (source, piece, place) in &tables.pieces {
            self.copy(*source, *piece, at, *place, &mut bytes)?;
        }
        for (description, common) in &tables.links {
            let back = u32::try_from(description + COMMON - common).unwrap_or(u32::MAX);
            bytes[description + COMMON..description + COMMON + 4].copy_from_slice(&back.to_le_bytes());
        }
        let slots_before = placed.writes.len();
        self.write_new_slots(placed, slots_before);
        placed.writes.push(Write { address: at, bytes });
        let pairs: Vec<_> = tables.functions.iter().map(|(function, place)| (*function, at + *place as u64)).collect();
        let size = 12 + 8 * pairs.len() as u64;
        let header = self.room.take(Kind::Frames, size, 8)?;
        let too_far = || Refusal::TooFar { name: "an unwind table".to_owned() };
        placed.writes.push(Write { address: header, bytes: frames::header(header, at, pairs).ok_or_else(too_far)? });
        let code = Region { start: begin, length: self.room.end_of_code() - begin };
        placed.unwind = Some(Unwind { code, header });
        Ok(())
    }

    /// Descriptions may need slots that the code did not.
    fn write_new_slots(&self, placed: &mut Placed, known: usize) {
        let mut all = Placed::default();
        self.write_slots(&mut all);
        let is_new = |write: &Write| !placed.writes[..known].iter().any(|other| other.address == write.address);
        let new: Vec<Write> = all.writes.into_iter().filter(is_new).collect();
        placed.writes.extend(new);
    }

    fn copy(&mut self, source: Key, piece: Piece, at: u64, place: usize, all: &mut [u8]) -> Result<(), Refusal> {
        let section = self.parts[source.part].set.section(source.id);
        let mut bytes = section.data[piece.begin..piece.begin + piece.length].to_vec();
        for relocation in frames::inside(&section.relocations, piece).copied().collect::<Vec<_>>() {
            let offset = relocation.offset - piece.begin as u64;
            let moved = Relocation { offset, ..relocation };
            self.apply(source, &moved, at + place as u64, &mut bytes)?;
        }
        all[place..place + bytes.len()].copy_from_slice(&bytes);
        Ok(())
    }
}

/// Pieces of unwind tables and where they go, as distances from the begin.
#[derive(Default)]
struct Tables {
    size: usize,
    pieces: Vec<(Key, Piece, usize)>,
    /// Where descriptions are, and what they have in common with others.
    links: Vec<(usize, usize)>,
    /// Addresses of functions, and where their descriptions are.
    functions: Vec<(u64, usize)>,
    commons: BTreeMap<(Key, usize), usize>,
}

impl Tables {
    fn add(&mut self, source: Key, function: u64, frame: &Frame) {
        let known = self.commons.get(&(source, frame.common.begin)).copied();
        let common = known.unwrap_or_else(|| {
            let place = self.put(source, frame.common);
            self.commons.insert((source, frame.common.begin), place);
            place
        });
        let own = self.put(source, frame.own);
        self.links.push((own, common));
        self.functions.push((function, own));
    }

    fn put(&mut self, source: Key, piece: Piece) -> usize {
        let place = self.size;
        self.size += piece.length;
        self.pieces.push((source, piece, place));
        place
    }
}

fn key_of(source: Key, frame: &Frame) -> Key {
    Key { part: source.part, id: SectionId { object: source.id.object, section: frame.code } }
}
