//! Which nightly toolchain is used, and how cargo is called with it.

use std::path::{Path, PathBuf};

use crate::plan::command::CommandLine;

/// A nightly toolchain, as it was found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// rustup's name for it; `None` without rustup.
    pub name: Option<String>,
    /// Its cargo.
    pub cargo: PathBuf,
    /// Its rustc.
    pub rustc: PathBuf,
    /// What `rustc -V` prints after the word `rustc`.
    pub version: String,
    /// The host triple.
    pub host: String,
    /// Where `libstd-*.so` is: `rustc --print target-libdir`.
    pub library_directory: PathBuf,
}

impl Toolchain {
    /// A cargo invocation in `directory` with this toolchain, whatever `rust-toolchain.toml` says.
    #[must_use]
    pub fn cargo(&self, directory: &Path) -> CommandLine {
        self.select(CommandLine::new(&self.cargo, directory))
    }

    /// A rustc invocation in `directory` with this toolchain.
    #[must_use]
    pub fn rustc(&self, directory: &Path) -> CommandLine {
        self.select(CommandLine::new(&self.rustc, directory))
    }

    fn select(&self, line: CommandLine) -> CommandLine {
        // A cargo subcommand inherits `CARGO` of the toolchain that started it, which need not be this one.
        let line = line.env_remove("CARGO");
        match &self.name {
            Some(name) => line.env("RUSTUP_TOOLCHAIN", name),
            None => line,
        }
    }
}

/// The nightly to use among rustup's `installed` toolchain names: the undated one, else the newest dated one.
#[must_use]
pub fn choose(installed: &[String]) -> Option<&String> {
    let nightly = |name: &&String| *name == "nightly" || name.starts_with("nightly-");
    installed.iter().filter(nightly).max_by_key(|name| (!is_dated(name), name.as_str()))
}

/// `nightly-2026-05-19-…` against `nightly-x86_64-…`.
fn is_dated(name: &str) -> bool {
    name.strip_prefix("nightly-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::choose;

    fn chosen(installed: &[&str]) -> Option<String> {
        choose(&installed.iter().map(ToString::to_string).collect::<Vec<_>>()).cloned()
    }

    #[test]
    fn the_undated_nightly_comes_first() {
        let installed = ["stable-x86_64", "nightly-2026-05-01-x86_64", "nightly-x86_64"];
        assert_eq!(chosen(&installed).as_deref(), Some("nightly-x86_64"));
    }

    #[test]
    fn else_the_newest_dated_nightly() {
        let installed = ["nightly-2026-05-01-x86_64", "nightly-2025-12-31-x86_64", "1.95.0"];
        assert_eq!(chosen(&installed).as_deref(), Some("nightly-2026-05-01-x86_64"));
    }

    #[test]
    fn without_a_nightly_there_is_none() {
        assert_eq!(chosen(&["stable-x86_64", "beta"]), None);
    }
}
