//! The bytes of what is loaded.

use crate::patch::link::{Key, Linker};
use crate::patch::object::{Kind, Relocation};
use crate::patch::placed::{Placed, Write};
use crate::patch::refusal::Refusal;
use crate::patch::relocate::{
    FIND_THREAD_LOCAL, Form, Width, far_jump, form, put, to_next_instruction, without_block, without_call,
};
use crate::patch::set::Target;

impl Linker<'_, '_, '_> {
    /// Writes everything that is loaded, with the jumps and slots that it needs.
    pub(super) fn write(&mut self, placed: &mut Placed) -> Result<(), Refusal> {
        for key in self.order.clone() {
            let set = self.parts[key.part].set;
            let (section, address) = (set.section(key.id), self.loaded[&key]);
            let mut bytes = section.bytes(0..section.size);
            for relocation in &section.relocations {
                self.apply(key, relocation, address, &mut bytes)?;
            }
            let write = Write { address, bytes };
            if section.kind == Kind::ThreadLocal {
                placed.thread_locals.push(Write { address: self.room.in_pool(address), ..write });
            } else {
                placed.writes.push(write);
            }
        }
        self.write_slots(placed);
        Ok(())
    }

    pub(super) fn write_slots(&self, placed: &mut Placed) {
        let slots = self.slots.iter().map(|(value, at)| (*at, value.to_le_bytes().to_vec()));
        let stubs = self.stubs.iter().map(|(to, at)| (*at, far_jump(*to)));
        placed.writes.extend(slots.chain(stubs).map(|(address, bytes)| Write { address, bytes }));
    }

    /// Fills in one place of `bytes`, which will be at `base`.
    pub(super) fn apply(
        &mut self,
        key: Key,
        relocation: &Relocation,
        base: u64,
        bytes: &mut [u8],
    ) -> Result<(), Refusal> {
        let Relocation { offset, kind, addend, .. } = *relocation;
        let object = self.parts[key.part].set.object(key.id.object);
        let symbol = object.symbols[relocation.symbol].name;
        let unknown = |what: String| Refusal::Unknown { what, name: object.main_name(key.id.section).to_owned() };
        let form = form(kind).ok_or_else(|| unknown(format!("relocation {}", kind.0)))?;
        if symbol == FIND_THREAD_LOCAL {
            return self.is_call_gone(key, offset, bytes).then_some(()).ok_or_else(|| unknown("a call".to_owned()));
        }
        let value = self.resolve(key, relocation)?;
        let here = base.wrapping_add(offset);
        let from_here = |to: u64| to.wrapping_add_signed(addend).wrapping_sub(here).cast_signed();
        let with_addend = value.wrapping_add_signed(addend).cast_signed();
        let done = match form {
            Form::Nothing => Some(()),
            Form::Absolute(width) | Form::ThreadLocal(width) => put(bytes, offset, width, with_addend),
            Form::Relative(width) => put(bytes, offset, width, from_here(value)),
            Form::Call => match put(bytes, offset, Width::Four, from_here(value)) {
                None => {
                    let stub = self.stub(value)?;
                    put(bytes, offset, Width::Four, from_here(stub))
                }
                done => done,
            },
            Form::Slot | Form::ThreadLocalSlot => {
                let slot = self.slot(value)?;
                put(bytes, offset, Width::Four, from_here(slot))
            }
            Form::FindThreadLocal => {
                let distance = with_addend + to_next_instruction(kind);
                return without_call(bytes, offset, distance).ok_or_else(|| unknown("a thread-local".to_owned()));
            }
            Form::FindBlock => {
                return without_block(bytes, offset).ok_or_else(|| unknown("a thread-local".to_owned()));
            }
        };
        done.ok_or_else(|| Refusal::TooFar { name: self.meant(key, relocation) })
    }

    /// Whether the call for a thread-local's address whose field is at `offset` was taken out, with what is before it.
    fn is_call_gone(&self, key: Key, offset: u64, bytes: &[u8]) -> bool {
        let section = self.parts[key.part].set.section(key.id);
        let before = section.relocations.iter().filter(|other| other.offset < offset).max_by_key(|other| other.offset);
        let is_request = before.is_some_and(|before| {
            let is_near = offset - before.offset <= 8;
            is_near && matches!(form(before.kind), Some(Form::FindThreadLocal | Form::FindBlock))
        });
        is_request && bytes.len() as u64 >= offset + 4
    }

    fn meant(&self, key: Key, relocation: &Relocation) -> String {
        match self.parts[key.part].set.target(key.id.object, relocation) {
            Target::Outside { name, .. } | Target::Beside { name, .. } => name.to_owned(),
            Target::Inside(id, _) => self.parts[key.part].set.name(id).unwrap_or("a constant").to_owned(),
        }
    }

    /// A place that holds `value`.
    fn slot(&mut self, value: u64) -> Result<u64, Refusal> {
        if let Some(slot) = self.slots.get(&value) {
            return Ok(*slot);
        }
        let slot = self.room.take(Kind::Constant, 8, 8)?;
        self.slots.insert(value, slot);
        Ok(slot)
    }

    /// A jump to `to`.
    fn stub(&mut self, to: u64) -> Result<u64, Refusal> {
        if let Some(stub) = self.stubs.get(&to) {
            return Ok(*stub);
        }
        let stub = self.room.take(Kind::Code, far_jump(to).len() as u64, 16)?;
        self.stubs.insert(to, stub);
        Ok(stub)
    }
}
