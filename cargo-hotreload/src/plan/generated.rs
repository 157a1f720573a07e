//! A file that is written as a whole.

use std::path::PathBuf;

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Where it goes.
    pub path: PathBuf,
    /// What it says.
    pub content: String,
}
