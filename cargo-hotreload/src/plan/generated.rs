//! A file that is written as a whole.

use std::path::PathBuf;

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Where it goes.
    pub path: PathBuf,
    /// What it says.
    pub content: String,
    /// Whether it is a program.
    pub executable: bool,
}

impl Generated {
    /// A file with the text `content`.
    #[must_use]
    pub fn text(path: PathBuf, content: String) -> Self {
        Self { path, content, executable: false }
    }
}
