//! Empty libraries under the names of the dependency groups, for build scripts that are told to load them.

use std::path::Path;

use anyhow::Result;

use crate::effects::{files, process};
use crate::plan::toolchain::Toolchain;

/// Compiles an empty library for each of `names` into `state`/stubs. They hang on the exact compiler, so they are
/// made anew when it changes.
pub fn make(toolchain: &Toolchain, names: &[String], state: &Path) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let directory = state.join("stubs");
    let source = directory.join("empty.rs");
    let stamp = directory.join("made-for");
    let wanted = format!("{}\n{}\n", toolchain.version, names.join("\n"));
    if files::read_optional(&stamp)?.as_deref() == Some(wanted.as_str()) {
        return Ok(());
    }
    files::generate(&source, "//! Nothing: see `stub` in the tool's list of flags.\n#![no_std]\n")?;
    for name in names {
        let line = toolchain.rustc(&directory).args(["--crate-type", "rlib", "--crate-name", name, "empty.rs"]);
        process::read(&line)?;
    }
    files::generate(&stamp, &wanted)
}
