//! Files that describe a patch to whoever asks: the program's own backtraces, and profilers.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};

use crate::patch::agent_state::Region;
use crate::patch::companion::Companion;
use crate::patch::link::Linked;
use crate::patch::set::Set;

/// What `perf` reads as `/tmp/perf-PID.map`.
const PERF_MAP: &str = "perf.map";

/// What the files of a patch say.
#[derive(Debug)]
pub(super) struct Description {
    /// An ELF file with symbols and lines.
    image: Vec<u8>,
    /// The names that the agent has told for the code of the patch.
    slots: Range<u64>,
    perf_map: String,
}

impl Description {
    /// That of `linked`, which was put together from `sets`; code goes into `region`.
    pub(super) fn of(sets: &[&Set<'_>], linked: &Linked, region: Region) -> Result<Option<Self>> {
        let companion = Companion::of(sets, linked, region.start).context("the patch cannot be described")?;
        Ok(companion.map(|companion| Self {
            slots: companion.slots(region),
            perf_map: companion.perf_map(),
            image: companion.image,
        }))
    }

    /// Writes the files into `directory`.
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
        let map = OpenOptions::new().create(true).append(true).open(directory.join(PERF_MAP));
        map.and_then(|mut map| map.write_all(self.perf_map.as_bytes())).with_context(cannot)
    }
}
