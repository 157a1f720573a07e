//! `cargo hotreload new`.

use std::path::Path;

use anstream::println;
use anyhow::{Context, Result};

use crate::cli::New;
use crate::commands::Outcome;
use crate::effects::files;
use crate::error::ErrorKind;
use crate::plan::template;
use crate::shell::quoted;

/// Writes the example server.
pub fn new(arguments: &New) -> Result<Outcome> {
    let name = &arguments.name;
    let current = std::env::current_dir().context("cannot tell the current directory")?;
    let directory = current.join(arguments.path.as_deref().unwrap_or(Path::new(name)));
    write(name, &directory)?;
    let shown = directory.strip_prefix(&current).unwrap_or(&directory);
    println!("wrote the server `{name}` to {}", directory.display());
    println!("`cd {}`, then `cargo hotreload run`", quoted(shown.as_os_str()));
    Ok(Outcome::Done)
}

/// Writes the server `name` into `directory`, which must not exist yet, or be empty.
///
/// # Errors
/// [`ErrorKind::Name`] and [`ErrorKind::Exists`].
pub fn write(name: &str, directory: &Path) -> Result<()> {
    template::check_name(name).map_err(|reason| ErrorKind::Name { name: name.to_owned(), reason })?;
    if !files::is_vacant(directory)? {
        return Err(ErrorKind::Exists { path: directory.to_owned() }.into());
    }
    template::server(name, directory).iter().try_for_each(|file| files::generate(&file.path, &file.content))
}
