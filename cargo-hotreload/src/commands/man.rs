//! `cargo hotreload man`.

use anstream::{print, println};
use anyhow::{Context, Result};

use crate::cli::{Man, visible_commands};
use crate::commands::Outcome;
use crate::effects::files;
use crate::plan::man;

/// Prints the page of the whole command, or writes it and one for each subcommand.
pub fn man(arguments: &Man) -> Result<Outcome> {
    let pages = man::pages(&visible_commands());
    let Some(directory) = &arguments.out else {
        // The first one is about the whole.
        pages.first().into_iter().for_each(|page| print!("{}", page.text));
        return Ok(Outcome::Done);
    };
    let directory = std::env::current_dir().context("cannot tell the current directory")?.join(directory);
    for page in &pages {
        files::generate(&directory.join(&page.file), &page.text)?;
    }
    println!("wrote {} pages to {}", pages.len(), directory.display());
    println!("`man cargo-hotreload` shows the first one, if `manpath` lists the directory above");
    Ok(Outcome::Done)
}
