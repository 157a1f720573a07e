//! What the threads of a session tell its loop.

use crate::commands::run::modules::ModulesBuild;
use crate::commands::run::patching::compilation::CompilationEnded;
use crate::effects::build::Artifacts;
use crate::effects::watch::Saved;
use crate::session::event::Event;
use crate::session::landed::{Landed, Patch};
use crate::ui::keys::Key;

/// What reaches the loop from its threads.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Something for the session of every program.
    Event(Event),
    /// Files were saved.
    Saved(Saved),
    /// Whether the modules can be built without the program: the answer to the question of this number.
    ModulesBuild(u32, ModulesBuild),
    /// Cargo has ended, and this is what it said.
    BuildEnded(Artifacts),
    /// The edited crates of these names are being compiled.
    Compiling(String),
    /// A program's own crate is not being compiled by us any more: cargo may do so.
    Turn,
    /// The compilation of edited crates has ended.
    Compiled(CompilationEnded),
    /// What came of a patch for the program of this number.
    Patched(usize, Result<Patch, String>),
    /// Callers of what was patched into the program of this number tell the new lines, too.
    Followed(usize, Landed),
    /// What was put into the program of this number last was taken back, or why not.
    TakenBack(usize, Result<Landed, String>),
    /// Cargo has built something else than what was patched into the program of this number.
    Diverged(usize, String),
    /// The program of this number has ended and waits to be reaped.
    ProgramEnded(usize),
    /// A key was pressed.
    Key(Key),
}
