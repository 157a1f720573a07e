//! The contestants, and the rounds in which they are measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::edits::by_hand::ByHand;
use crate::edits::contestant::{Contestant, Measured};
use crate::edits::process::command;
use crate::edits::session::{PATCH, Session};
use crate::edits::site::Site;
use crate::edits::workspace::{self, Edit, FIRST, LIBRARIES, RESIDENT};
use crate::measure;

/// Between two measurements, so that none has to bear what the one before has left to be written.
const PAUSE: Duration = Duration::from_millis(300);

/// The contestants' names, in the order of every table. Their copies of the workspace are in directories of that name.
pub(crate) const CONTESTANTS: [&str; 4] = ["patch", "modules", "static", "manual"];

/// A kind of edit that is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) library: usize,
    pub(crate) edit: Edit,
    /// What is special about it.
    pub(crate) note: &'static str,
    /// What live patching may take, as a part of the static build.
    pub(crate) goal: Option<f64>,
}

const fn kind(library: usize, edit: Edit, note: &'static str, goal: Option<f64>) -> Kind {
    Kind { library, edit, note, goal }
}

/// What is edited: first a text, in the topmost library and downwards, by all contestants.
pub(crate) const ROWS: [Kind; 10] = [
    kind(5, Edit::Text, "top module", Some(0.5)),
    kind(3, Edit::Text, "middle module", None),
    kind(1, Edit::Text, "lowest module", Some(0.35)),
    kind(RESIDENT, Edit::Text, "resident", Some(0.35)),
    kind(5, Edit::Logic, "logic", Some(0.5)),
    kind(3, Edit::Logic, "logic", None),
    kind(RESIDENT, Edit::Logic, "logic", Some(0.35)),
    kind(5, Edit::Shift, "line shift", Some(0.5)),
    kind(3, Edit::Shift, "line shift", None),
    kind(RESIDENT, Edit::Shift, "line shift", Some(0.35)),
];

/// All rounds of one row, one list for each contestant; empty for one who does not take part.
pub(crate) type Row = [Vec<Measured>; CONTESTANTS.len()];

/// Where the copies of the workspace are.
#[derive(Debug)]
pub(crate) struct Ground {
    _temporary: Option<TempDir>,
    directory: PathBuf,
    /// How many lines of Rust each copy has.
    pub(crate) lines: usize,
}

impl Ground {
    /// A ground in `kept`, where compiled dependencies are found again the next time, or in a temporary directory.
    pub(crate) fn new(kept: Option<&Path>) -> Result<Self> {
        let temporary = if kept.is_none() { Some(TempDir::with_prefix("cargo-hotreload-bench-")?) } else { None };
        let directory = kept.or(temporary.as_ref().map(TempDir::path)).context("a directory")?.to_owned();
        fs::create_dir_all(&directory)?;
        Ok(Self { _temporary: temporary, directory, lines: 0 })
    }

    /// A fresh copy of the workspace for the contestant `name`. All copies have the same versions of everything.
    pub(crate) fn copy(&mut self, tool: &Path, name: &str) -> Result<Site> {
        let root = self.directory.join(name);
        let kept = self.directory.join(format!("{name}.target"));
        let target = root.join("target");
        // What was compiled is set aside, and everything else is written anew.
        if target.exists() && !kept.exists() {
            fs::rename(&target, &kept)?;
        }
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        self.lines = workspace::write(tool, &root)?;
        if kept.exists() {
            fs::rename(&kept, &target)?;
        }
        let lockfile = self.directory.join("Cargo.lock");
        if !lockfile.exists() {
            let cargo = measure::read(Command::new("rustup").args(["which", "--toolchain", "stable", "cargo"]))?;
            measure::read(command(Path::new(cargo.trim()), &root).arg("generate-lockfile"))?;
            fs::copy(root.join("Cargo.lock"), &lockfile)?;
        }
        fs::copy(&lockfile, root.join("Cargo.lock"))?;
        Site::new(&root)
    }

    /// Starts all contestants, one after the other.
    pub(crate) fn contestants(&mut self, tool: &Path) -> Result<[Box<dyn Contestant>; CONTESTANTS.len()]> {
        let [patch, modules, fixed, manual] = CONTESTANTS;
        eprintln!("building four copies of the workspace, dependencies included");
        Ok([
            Box::new(Session::start(tool, self.copy(tool, patch)?, PATCH)?),
            Box::new(Session::start(tool, self.copy(tool, modules)?, "modules")?),
            Box::new(ByHand::static_build(self.copy(tool, fixed)?)?),
            Box::new(ByHand::manual_method(tool, self.copy(tool, manual)?)?),
        ])
    }
}

/// Measures `rounds` rounds after one that does not count: it fills the caches of the system and of the compilers. In
/// every round it is another one's turn to begin, so that nobody always follows the same neighbour.
pub(crate) fn rounds(contestants: &mut [Box<dyn Contestant>], rounds: usize) -> Result<[Row; ROWS.len()]> {
    let mut rows: [Row; ROWS.len()] = Default::default();
    let mut number = FIRST;
    for round in 0..=rounds {
        eprint!("round {round} of {rounds}:");
        for (Kind { library, edit, .. }, row) in ROWS.iter().zip(&mut rows) {
            // The method by hand is nothing new: one kind of edit is enough.
            let taking_part = if *edit == Edit::Text { contestants.len() } else { contestants.len() - 1 };
            for turn in 0..taking_part {
                let index = (turn + round) % taking_part;
                number += 1;
                let measured = contestants[index].edit(*library, *edit, number);
                let measured = measured.with_context(|| format!("an edit of `{}`", LIBRARIES[*library]))?;
                if round > 0 {
                    row[index].push(measured);
                }
                thread::sleep(PAUSE);
            }
            eprint!(" {}", LIBRARIES[*library]);
        }
        eprintln!();
    }
    Ok(rows)
}
