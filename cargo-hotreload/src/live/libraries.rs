//! The Rust libraries of a program.

use std::mem;
use std::path::PathBuf;

use anyhow::Result;

use crate::effects::rlibs::Rlibs;

/// The Rust libraries that the program was linked from, and Rust's own.
#[derive(Debug)]
pub(super) enum Libraries {
    Files(Vec<PathBuf>),
    Indexed(Rlibs),
}

impl Libraries {
    /// With the index of what they define, which is made when it is first needed.
    pub(super) fn indexed(&mut self) -> Result<&Rlibs> {
        if let Self::Files(files) = self {
            *self = Self::Indexed(Rlibs::index(mem::take(files))?);
        }
        match self {
            Self::Indexed(rlibs) => Ok(rlibs),
            Self::Files(_) => unreachable!("they were indexed above"),
        }
    }
}
