//! The facts that `doctor` judges, apart from the probe of [`crate::effects::dylib_probe`].

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use notify::{RecursiveMode, Watcher};

use crate::cli::{Conduct, Selection};
use crate::config::values::Wanted;
use crate::effects::{cargo, cargo_lock, maps, probe, process, settings as own_settings};
use crate::error::ErrorKind;
use crate::plan::checks::machine::{Machine, Watching};
use crate::plan::checks::toolchain::{Pin, pinned};
use crate::plan::command::CommandLine;
use crate::plan::toolchain::Toolchain;
use crate::workspace::Workspace;

/// The kind of this machine.
#[must_use]
pub fn machine(toolchain: Option<&Toolchain>) -> Machine {
    let environment = match (cfg!(target_env = "gnu"), cfg!(target_env = "musl")) {
        (true, _) => "-gnu",
        (_, true) => "-musl",
        _ => "",
    };
    Machine {
        rustc: toolchain.map(|toolchain| toolchain.host.clone()),
        own: format!("{}-{}{environment}", env::consts::ARCH, env::consts::OS),
        libc: libc(),
    }
}

fn libc() -> Option<String> {
    let first_line = |text: String| text.lines().next().map(|line| line.trim().to_owned());
    let ask = |program: &str, argument: &str| process::read(&CommandLine::new(program, "/").args([argument])).ok();
    let libc = ask("getconf", "GNU_LIBC_VERSION").and_then(first_line);
    libc.or_else(|| ask("ldd", "--version").and_then(first_line)).filter(|line| !line.is_empty())
}

/// The names of the files in `directory`.
#[must_use]
pub fn file_names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// What the kernel allows in watching, tried on a directory.
#[must_use]
pub fn watching() -> Watching {
    const LIMIT: &str = "/proc/sys/fs/inotify/max_user_watches";
    let number = |text: String| text.trim().parse().map_err(|_| format!("`{}` in {LIMIT}", text.trim()));
    let watches = fs::read_to_string(LIMIT).map_err(|error| format!("{LIMIT}: {error}")).and_then(number);
    let tried = notify::recommended_watcher(|_| {})
        .and_then(|mut watcher| watcher.watch(Path::new("/"), RecursiveMode::NonRecursive))
        .map_err(|error| error.to_string());
    Watching { watches, tried }
}

/// How many mappings with code the kernel names for this process.
pub fn own_mappings() -> Result<usize, String> {
    let mapped = maps::of("self").map_err(|error| error.to_string())?;
    Ok(probe::executable(mapped).len())
}

/// The toolchain file that rustup would follow in `root`: the nearest one at or above it.
#[must_use]
pub fn pin(root: &Path) -> Option<Pin> {
    // rustup prefers the older name where a directory has both.
    let names = ["rust-toolchain", "rust-toolchain.toml"];
    let mut files = root.ancestors().flat_map(|directory| names.map(|name| directory.join(name)));
    files.find_map(|file| {
        let text = fs::read_to_string(&file).ok()?;
        Some(Pin { file: file.strip_prefix(root).unwrap_or(&file).display().to_string(), channel: pinned(&text) })
    })
}

/// What rustc would be told about its target, with every flag that cargo's settings add.
pub fn target_cfg(toolchain: &Toolchain, root: &Path) -> Result<String> {
    process::read(&toolchain.cargo(root).args(["rustc", "--print", "cfg", "-Zunstable-options"]))
}

/// The workspace at `root`; where it has several programs, the first one is as good as any for its settings.
/// Cargo may write `Cargo.lock` when it is asked: that is undone.
pub fn workspace(toolchain: &Toolchain, root: &Path) -> Result<Workspace> {
    let before = cargo_lock::before(root)?;
    let mut settings = own_settings::read(root, &Selection::default(), &Conduct::default())?;
    let read = cargo::workspace(toolchain, root, &settings).or_else(|error| match error.downcast_ref() {
        Some(ErrorKind::WhichBinary { names, .. }) if settings.hosts.is_empty() && !names.is_empty() => {
            settings.hosts.value = names.first().cloned().map(Wanted::Binary).into_iter().collect();
            cargo::workspace(toolchain, root, &settings)
        }
        _ => Err(error),
    });
    cargo_lock::put_back(root, before.as_deref()).context("cannot put `Cargo.lock` back")?;
    read
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{file_names, pin};
    use crate::effects::files::generate;

    #[test]
    fn the_nearest_toolchain_file_is_found_from_below() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let member = directory.path().join("a/b");
        let write = |path: &str, text: &str| generate(&directory.path().join(path), text).expect("write");
        write("a/b/Cargo.toml", "");
        write("rust-toolchain", "1.70.0\n");
        assert_eq!(pin(&member).map(|pin| pin.channel).as_deref(), Some("1.70.0"));
        write("a/b/rust-toolchain.toml", "[toolchain]\nchannel = \"1.80.0\"\n");
        let found = pin(&member).expect("a pin");
        assert_eq!((found.file.as_str(), found.channel.as_str()), ("rust-toolchain.toml", "1.80.0"));
    }

    #[test]
    fn a_directory_that_is_not_there_has_no_files() {
        assert!(file_names(Path::new("/no/such/directory")).is_empty());
    }
}
