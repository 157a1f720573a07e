//! What describes a patch to whoever asks: files for the program's own backtraces and for profilers, and an entry in the
//! list that debuggers read.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};

use crate::effects::memory::Memory;
use crate::patch::agent_state::{BELOW, Region};
use crate::patch::companion::Companion;
use crate::patch::companion::debugger::{Entry, List};
use crate::patch::placed::Write;
use crate::patch::set::Set;
use crate::patch::world::Plan;

/// Where descriptions go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Destination<'live> {
    /// The agent's code region.
    pub(super) code: Region,
    /// Where the program looks for files.
    pub(super) directory: &'live Path,
    /// The list of patches.
    pub(super) list: List,
}

/// What is said of a patch.
#[derive(Debug)]
pub(super) struct Description {
    /// An ELF file with symbols and lines.
    image: Vec<u8>,
    /// The names that the agent has told for the code of the patch.
    slots: Range<u64>,
    /// Lines for `perf`.
    pub(super) perf_map: String,
    /// The entry of the list: part of the patch.
    pub(super) entry: Write,
    /// What puts it into the list, once it is there.
    links: Vec<Write>,
    list: List,
}

impl Description {
    /// That of `plan`, which was made of `sets`, and has a place for the entry then.
    pub(super) fn of(sets: &[&Set<'_>], plan: &mut Plan, to: Destination<'_>) -> Result<Option<Self>> {
        let cannot = "the patch cannot be described";
        let Some(companion) = Companion::of(sets, &plan.linked, to.code.start - BELOW).context(cannot)? else {
            return Ok(None);
        };
        let slots = companion.slots(to.code);
        let entry = Entry::new(&companion, &to.directory.join(slots.start.to_string())).context(cannot)?;
        let (mut links, list) = entry.register(plan.reserve(entry.size())?, to.list);
        let entry = links.remove(0);
        Ok(Some(Self { perf_map: companion.perf_map(), image: companion.image, slots, entry, links, list }))
    }

    /// Puts the entry into the list, and returns the list with it.
    pub(super) fn list(&self, memory: &Memory) -> Result<List> {
        self.links.iter().try_for_each(|link| memory.write(link.address, &link.bytes))?;
        Ok(self.list)
    }

    /// Writes the file of the program's backtraces into `directory`.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        let file = |slot: u64| directory.join(slot.to_string());
        let first = file(self.slots.start);
        let cannot = || format!("cannot write `{}`", first.display());
        // A program that reads it must not see half of it, and an earlier one may have several names.
        let new = directory.join("new");
        fs::write(&new, &self.image).and_then(|()| fs::rename(&new, &first)).with_context(cannot)?;
        for other in self.slots.clone().skip(1).map(file) {
            match fs::remove_file(&other) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(cannot),
                _ => fs::hard_link(&first, &other).with_context(cannot)?,
            }
        }
        Ok(())
    }
}
