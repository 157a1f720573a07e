//! Builds the probe of `doctor` in a temporary directory, opens and closes its module, and looks at both.
//!
//! Cargo is called where the user's workspace is, so that its configuration (linker, rustflags, wrapper) applies.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ReadCache};

use crate::effects::build::{Artifacts, library_directories, read_messages};
use crate::effects::process::{self, Captured};
use crate::effects::{elf, files};
use crate::plan::checks::probe::{Built, Probe, linker};
use crate::plan::checks::probe_crates::{self, GROUP, MODULE, PROGRAM};
use crate::plan::command::CommandLine;
use crate::plan::environment::library_path;
use crate::plan::rustflags::Rustflags;
use crate::plan::toolchain::Toolchain;
use crate::workspace::program::Kind;

/// Builds and runs the probe with `toolchain`, as cargo would in `directory`.
#[must_use]
pub fn probe(toolchain: &Toolchain, directory: &Path) -> Probe {
    try_probe(toolchain, directory).unwrap_or_else(|error| Probe::Prevented(format!("{error:#}")))
}

fn try_probe(toolchain: &Toolchain, directory: &Path) -> Result<Probe> {
    let started = Instant::now();
    let temporary = tempfile::Builder::new().prefix("hotreload-probe-").tempdir();
    let temporary = temporary.context("cannot make a temporary directory")?;
    // What the kernel calls mapped has no symbolic links in its path.
    let home = temporary.path().canonicalize().context("cannot open the temporary directory")?;
    for file in probe_crates::files(&home, &Rustflags::read()?) {
        files::generate(&file.path, &file.content)?;
    }
    let line = build_line(toolchain, directory, &home);
    let Captured { stdout, stderr, .. } = process::capture(&line).with_context(|| format!("cannot run `{line}`"))?;
    let artifacts = read_messages(stdout.as_bytes(), &[(Kind::Binary, PROGRAM.into())], |_| ());
    let Artifacts { executables, dylibs, success: true, .. } = &artifacts else { return Ok(Probe::NotBuilt(stderr)) };
    // rustc leaves a dylib out with a warning where the target has none, and goes on.
    let built = (executables.get(PROGRAM), dylibs.get(MODULE), dylibs.get(GROUP));
    let (Some(executable), Some(module), Some(group)) = built else { return Ok(Probe::NotBuilt(stderr)) };
    let printed = run(toolchain, executable, module, group);
    Ok(Probe::Built(Built {
        linker: linker_of(module)?,
        took: started.elapsed(),
        module_nodelete: elf::dynamic(module)?.nodelete,
        group_nodelete: elf::dynamic(group)?.nodelete,
        printed,
    }))
}

fn build_line(toolchain: &Toolchain, directory: &Path, home: &Path) -> CommandLine {
    let target = home.join("target");
    toolchain
        .cargo(directory)
        .args(["build", "--message-format", "json-render-diagnostics", "--manifest-path"])
        .args([home.join("Cargo.toml").as_os_str(), "--target-dir".as_ref(), target.as_os_str()])
        // A `build.build-dir` of the user's would keep what the temporary directory forgets.
        .env("CARGO_BUILD_BUILD_DIR", &target)
        .env("CARGO_TERM_COLOR", "never")
}

/// What the program printed, or why it failed.
fn run(toolchain: &Toolchain, executable: &Path, module: &Path, group: &Path) -> Result<String, String> {
    let mut directories: Vec<PathBuf> = library_directories(executable);
    directories.push(toolchain.library_directory.clone());
    let inherited = env::var_os("LD_LIBRARY_PATH");
    let line = CommandLine::new(executable, executable.parent().unwrap_or(Path::new("/")))
        .args([module, group])
        .env("LD_LIBRARY_PATH", library_path(&directories, inherited.as_deref()));
    match process::capture(&line) {
        Err(error) => Err(format!("cannot start the probe: {error}")),
        Ok(Captured { status, stdout, .. }) if status.success() => Ok(stdout),
        Ok(Captured { status, stderr, .. }) if stderr.trim().is_empty() => {
            Err(format!("the probe ended with {status}"))
        }
        Ok(Captured { stderr, .. }) => Err(stderr.trim().to_owned()),
    }
}

fn linker_of(library: &Path) -> Result<String> {
    let cannot = || format!("cannot read `{}` as an ELF file", library.display());
    let cache = ReadCache::new(File::open(library).with_context(cannot)?);
    let elf = object::File::parse(&cache).with_context(cannot)?;
    let comment = elf.section_by_name(".comment").map(|section| section.data()).transpose().with_context(cannot)?;
    let gold = elf.section_by_name(".note.gnu.gold-version").is_some();
    Ok(linker(comment.unwrap_or_default(), gold))
}
