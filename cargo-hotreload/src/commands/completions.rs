//! `cargo hotreload completions`.

use anstream::print;

use crate::cli::{Completions, visible_commands};
use crate::commands::Outcome;
use crate::plan::completions;

/// Prints the completion script for a shell.
#[must_use]
pub fn completions(arguments: &Completions) -> Outcome {
    print!("{}", completions::script(arguments.shell, &visible_commands()));
    Outcome::Done
}
