//! Which linkers are installed, and which one had to be taken for a program.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::config::Settings;
use crate::effects::{files, process};
use crate::plan::command::CommandLine;
use crate::plan::linker::Linker;
use crate::plan::toolchain::Toolchain;

/// In the target directory, so that it is forgotten with everything that was built.
const MEMORY: &str = "hotreload-linker";

/// The linkers that can be used with `toolchain`.
#[must_use]
pub fn installed(toolchain: &Toolchain) -> Vec<Linker> {
    let all = [Linker::Lld, Linker::Mold, Linker::Bfd, Linker::Gold];
    all.into_iter().filter(|linker| is_installed(*linker, toolchain)).collect()
}

fn is_installed(linker: Linker, toolchain: &Toolchain) -> bool {
    let own = toolchain.library_directory.join("../bin/gcc-ld/ld.lld");
    if linker == Linker::Lld && own.exists() {
        return true;
    }
    let name = format!("ld.{}", linker.name());
    // The C compiler calls it: from a directory of its own, which it tells, or else from the PATH.
    let line = CommandLine::new("cc", "/").args([format!("-print-prog-name={name}")]);
    let is_compilers = process::read(&line).is_ok_and(|path| path.trim().contains('/'));
    let path = env::var_os("PATH").unwrap_or_default();
    is_compilers || env::split_paths(&path).any(|directory| directory.join(&name).is_file())
}

/// The linker to use for what is built in `target`.
///
/// # Errors
/// [`Setting`](crate::error::ErrorKind::Setting) if one is asked for that is not installed.
pub fn choose(settings: &Settings, toolchain: &Toolchain, target: &Path) -> Result<Linker> {
    let Some(linker) = Linker::from_setting(*settings.linker) else {
        return Ok(remembered(toolchain, target)?.unwrap_or_default());
    };
    if linker == Linker::Default || is_installed(linker, toolchain) {
        return Ok(linker);
    }
    let there: Vec<&str> = installed(toolchain).into_iter().map(Linker::name).collect();
    let message = format!("the linker `{}` is not installed", linker.name());
    let help = format!("install it, or take one of: auto, default, {}", there.join(", "));
    Err(settings.linker.fault(message, help).into())
}

fn memory(target: &Path) -> PathBuf {
    target.join(MEMORY)
}

/// The linker that an earlier build in `target` needed, unless the toolchain has changed since.
fn remembered(toolchain: &Toolchain, target: &Path) -> Result<Option<Linker>> {
    let Some(text) = files::read_optional(&memory(target))? else { return Ok(None) };
    let known = text.split_once('\n').filter(|(_, version)| version.trim() == toolchain.version);
    let linker = known.and_then(|(name, _)| Linker::named(name));
    Ok(linker.filter(|linker| is_installed(*linker, toolchain)))
}

/// Makes `linker` the one for later builds in `target`.
pub fn remember(linker: Linker, toolchain: &Toolchain, target: &Path) -> Result<()> {
    files::generate(&memory(target), &format!("{}\n{}\n", linker.name(), toolchain.version))
}

/// Later builds in `target` begin with the toolchain's own linker again.
pub fn forget(target: &Path) -> Result<()> {
    files::remove_file(&memory(target))
}
