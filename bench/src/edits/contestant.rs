//! What every contestant can do.

use std::time::Duration;

use anyhow::Result;

use crate::edits::parts::Parts;
use crate::edits::workspace::Edit;

/// How long the first build may take, which compiles every dependency.
pub(crate) const FIRST_BUILD: Duration = Duration::from_mins(20);

/// Someone who carries edits into a running program.
pub(crate) trait Contestant {
    /// Puts `number` into the library with this index, and waits for the answer that shows it. What comes of the edit
    /// later is over when this returns.
    fn edit(&mut self, library: usize, edit: Edit, number: u32) -> Result<Measured>;

    /// Ends what was started.
    fn stop(self: Box<Self>) -> Result<()>;
}

/// One edit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// From the save to the new answer.
    pub(crate) time: Duration,
    /// Where it went, if the contestant can tell.
    pub(crate) parts: Option<Parts>,
}
