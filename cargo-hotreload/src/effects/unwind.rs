//! Walks the stack of a thread by the unwind tables of the code that it runs (DWARF call frame information, as x86-64's ABI
//! has it). Unlike a search for numbers that look like addresses, it finds the calls that will return, and no others.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, EndianSlice, LittleEndian, Register, RegisterRule, UnwindContext,
    UnwindSection, X86_64,
};
use object::{Object, ObjectSection, ReadCache};

use crate::effects::images::{Images, Range};
use crate::effects::signs::first_address;
use crate::effects::threads::Registers;

/// No stack is walked deeper.
const DEEPEST: usize = 256;
/// What a function has to give back as it found it, in the order of [`Registers::saved`].
const SAVED: [Register; 6] = [X86_64::RBX, X86_64::RBP, X86_64::R12, X86_64::R13, X86_64::R14, X86_64::R15];

/// The unwind tables of the files of a process, each read once.
#[derive(Debug, Default)]
pub struct Tables(BTreeMap<(PathBuf, u64), Option<Table>>);

/// Those of one file.
#[derive(Debug)]
struct Table {
    first: u64,
    frame: (u64, Vec<u8>),
    index: (u64, Vec<u8>),
}

/// How to get from a function to its caller.
struct Step {
    frame: (Register, i64),
    returns_to: i64,
    saved: [Option<i64>; 6],
}

impl Tables {
    /// Where the thread with these registers is, and where its calls will return to, innermost first. `stack` is what is on
    /// its stack from its stack pointer on; `ranges` say which file is loaded where.
    pub fn walk(&mut self, registers: &Registers, stack: &[u8], ranges: &[&Range], images: &Images) -> Vec<u64> {
        let base = registers.stack;
        let word = |address: u64| {
            let at = usize::try_from(address.checked_sub(base)?).ok()?;
            Some(u64::from_le_bytes(stack.get(at..at + 8)?.try_into().ok()?))
        };
        let (mut pointer, mut saved, mut calls) = (registers.stack, registers.saved, vec![registers.pc]);
        while calls.len() < DEEPEST {
            // A call may be the last instruction of a function.
            let address = calls.last().copied().unwrap_or_default() - u64::from(calls.len() > 1);
            let next = self.step(address, ranges, images).and_then(|step| {
                let register = |register| match SAVED.iter().position(|saved| *saved == register) {
                    Some(index) => Some(saved[index]),
                    None => (register == X86_64::RSP).then_some(pointer),
                };
                let frame = register(step.frame.0)?.wrapping_add_signed(step.frame.1);
                let mut before = saved;
                for (value, offset) in before.iter_mut().zip(step.saved) {
                    if let Some(offset) = offset {
                        *value = word(frame.wrapping_add_signed(offset))?;
                    }
                }
                Some((word(frame.wrapping_add_signed(step.returns_to))?, frame, before))
            });
            let Some((returns_to, frame, before)) = next.filter(|(returns_to, ..)| *returns_to > 1) else { break };
            (pointer, saved) = (frame, before);
            calls.push(returns_to);
        }
        calls
    }

    fn step(&mut self, address: u64, ranges: &[&Range], images: &Images) -> Option<Step> {
        let range = ranges.iter().find(|range| (range.begin..range.end).contains(&address))?;
        let read = || Table::read(&images.open(range)?);
        let table = self.0.entry((range.path.clone(), range.inode)).or_insert_with(read).as_ref()?;
        table.step(address - range.begin + table.first)
    }
}

impl Table {
    fn read(file: &File) -> Option<Self> {
        let cache = ReadCache::new(file);
        let elf = object::File::parse(&cache).ok()?;
        let section = |name: &str| {
            let section = elf.section_by_name(name)?;
            Some((section.address(), section.data().ok()?.to_vec()))
        };
        Some(Self { first: first_address(file).ok()?, frame: section(".eh_frame")?, index: section(".eh_frame_hdr")? })
    }

    /// The step from the instruction at `address`, which is as the file counts.
    fn step(&self, address: u64) -> Option<Step> {
        let bases = BaseAddresses::default().set_eh_frame(self.frame.0).set_eh_frame_hdr(self.index.0);
        let frame = EhFrame::new(&self.frame.1, LittleEndian);
        let index = EhFrameHdr::from(EndianSlice::new(&self.index.1, LittleEndian)).parse(&bases, 8).ok()?;
        let mut context = UnwindContext::new();
        let table = index.table()?;
        let row =
            table.unwind_info_for_address(&frame, &bases, &mut context, address, EhFrame::cie_from_offset).ok()?;
        let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else { return None };
        let saved = |register: Register| match row.register(register) {
            Some(RegisterRule::Offset(offset)) => Some(offset),
            _ => None,
        };
        Some(Step { frame: (*register, *offset), returns_to: saved(X86_64::RA)?, saved: SAVED.map(saved) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;
    use std::thread::sleep;
    use std::time::Duration;

    use super::Tables;
    use crate::effects::child::Running;
    use crate::effects::images::{Images, Range, loaded};
    use crate::effects::stacks::copies;

    /// From a system call in the C library up to what the kernel started.
    #[test]
    fn a_sleeping_program_is_walked_to_its_beginning() {
        let mut command = Command::new("sleep");
        command.arg("1000");
        let running = Running::start(command).expect("sleep starts");
        let wanted = BTreeSet::from([running.id()]);
        let walked = || {
            let copies = copies(running.id(), &wanted).expect("it can be stopped");
            let all = loaded(running.id());
            let ranges: Vec<&Range> = all.iter().collect();
            let calls = Tables::default().walk(&copies[0].registers, &copies[0].stack, &ranges, &Images::default());
            let range = |address: &u64| all.iter().find(|range| (range.begin..range.end).contains(address));
            let names = calls.iter().filter_map(range).map(|range| range.path.file_name().map(ToOwned::to_owned));
            (
                names.flatten().map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>(),
                copies[0].name.clone(),
            )
        };
        // At first it is still being loaded.
        let is_there = |(names, _): &(Vec<String>, String)| names.first().is_some_and(|name| name.starts_with("libc"));
        let (mut names, thread) = (0..500)
            .map(|_| {
                sleep(Duration::from_millis(10));
                walked()
            })
            .find(is_there)
            .expect("it sleeps in the C library");
        assert_eq!(thread, "sleep");
        names.dedup();
        // `_start` calls the C library, which calls `main`.
        assert!(names.len() >= 3 && names.last() == names.get(names.len() - 3), "{names:?}");
        running.reap().expect("reaped");
    }
}
