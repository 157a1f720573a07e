//! Which nightly toolchain is used, and how cargo is called with it.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::ErrorKind;
use crate::plan::command::CommandLine;
use crate::shell::quoted;

/// A nightly toolchain, as it was found on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// rustup's name for it; `None` without rustup.
    pub name: Option<String>,
    /// Its cargo.
    pub cargo: PathBuf,
    /// Its compiler.
    pub rustc: Rustc,
    /// Why it is this one.
    pub choice: Choice,
    /// What `rustc -V` prints after the word `rustc`.
    pub version: String,
    /// The host triple.
    pub host: String,
    /// Where `libstd-*.so` is: `rustc --print target-libdir`.
    pub library_directory: PathBuf,
}

/// A compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rustc {
    /// The one that cargo calls by itself.
    Cargos(PathBuf),
    /// The one that the user's environment names, for cargo too.
    Variable {
        /// `RUSTC` or `CARGO_BUILD_RUSTC`.
        name: &'static str,
        /// What it names.
        path: PathBuf,
    },
}

impl Rustc {
    /// Its executable.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Cargos(path) | Self::Variable { path, .. } => path,
        }
    }
}

/// Why a toolchain was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// `--toolchain` or the setting names it.
    Asked,
    /// `RUSTUP_TOOLCHAIN` names it: `cargo +nightly-…`, `rust-toolchain.toml` and rustup's settings end up there.
    Active,
    /// It belongs to the cargo that called us, which rustup does not know.
    Caller,
    /// It is rustup's `nightly`, or else the newest dated one.
    Newest,
    /// It is the first in the `PATH`.
    Path,
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Asked => "as asked for",
            Self::Active => "the active toolchain",
            Self::Caller => "beside the cargo that calls",
            Self::Newest => "rustup's newest",
            Self::Path => "in the PATH",
        })
    }
}

impl Toolchain {
    /// A cargo invocation in `directory` with this toolchain, whatever `rust-toolchain.toml` says.
    #[must_use]
    pub fn cargo(&self, directory: &Path) -> CommandLine {
        let line = select(CommandLine::new(&self.cargo, directory), self.name.as_deref());
        match &self.rustc {
            // A relative path means something else where cargo runs.
            Rustc::Variable { path, .. } => line.env("RUSTC", path),
            Rustc::Cargos(_) => line,
        }
    }

    /// A rustc invocation in `directory` with this toolchain.
    #[must_use]
    pub fn rustc(&self, directory: &Path) -> CommandLine {
        select(CommandLine::new(self.rustc.path(), directory), self.name.as_deref())
    }

    /// Whether unstable options work with it.
    #[must_use]
    pub fn is_nightly(&self) -> bool {
        ["-nightly", "-dev"].iter().any(|kind| self.version.contains(kind))
    }
}

/// `line`, which calls a program of the toolchain that rustup knows by `name`.
fn select(line: CommandLine, name: Option<&str>) -> CommandLine {
    // A cargo subcommand inherits `CARGO` of the toolchain that started it, which need not be this one.
    let line = line.env_remove("CARGO");
    match name {
        Some(name) => line.env("RUSTUP_TOOLCHAIN", name),
        None => line,
    }
}

/// A toolchain of rustup's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub directory: PathBuf,
}

/// What `rustup toolchain list -v` printed: in each line a name, perhaps `(active, default)`, and a directory.
#[must_use]
pub fn installed(list: &str) -> Vec<Installed> {
    let line = |line: &str| {
        let (name, rest) = line.split_once(char::is_whitespace)?;
        let directory = &rest[rest.find('/')?..];
        Some(Installed { name: name.to_owned(), directory: PathBuf::from(directory.trim_end()) })
    };
    list.lines().filter_map(line).collect()
}

/// What can be known before any toolchain is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// rustup's toolchains; `None` without rustup.
    pub installed: Option<Vec<Installed>>,
    /// `RUSTUP_TOOLCHAIN`.
    pub active: Option<String>,
    /// `CARGO`: the cargo whose subcommand we are.
    pub caller: Option<PathBuf>,
}

/// A toolchain that may be the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// rustup's name.
    pub name: Option<String>,
    /// Its cargo.
    pub cargo: PathBuf,
    /// The compiler that its cargo calls.
    pub rustc: PathBuf,
    /// Why it may be it.
    pub choice: Choice,
}

impl Candidate {
    /// A cargo invocation in `directory` with this toolchain.
    #[must_use]
    pub fn cargo(&self, directory: &Path) -> CommandLine {
        select(CommandLine::new(&self.cargo, directory), self.name.as_deref())
    }

    fn of_rustup(installed: &Installed, choice: Choice) -> Self {
        let program = |name| installed.directory.join("bin").join(name);
        Self { name: Some(installed.name.clone()), cargo: program("cargo"), rustc: program("rustc"), choice }
    }
}

/// The toolchains to try, best first; `wanted` is the one that is asked for, and then the only one.
///
/// # Errors
/// [`ErrorKind::NoNightly`] if `wanted` is not there.
pub fn candidates(known: &Known, wanted: Option<&str>) -> Result<Vec<Candidate>, ErrorKind> {
    match (wanted, &known.installed) {
        (Some(wanted), Some(installed)) => {
            let found = named(installed, wanted).ok_or_else(|| absent(wanted, installed))?;
            Ok(vec![Candidate::of_rustup(found, Choice::Asked)])
        }
        (Some(wanted), None) => Err(ErrorKind::NoNightly {
            reason: format!("`{wanted}` was asked for, but there is no rustup"),
            help: INSTALL_RUSTUP.into(),
        }),
        (None, installed) => {
            let installed = installed.as_deref().unwrap_or_default();
            let active = known.active.as_deref().filter(|name| !is_released(name));
            let active = active.and_then(|name| named(installed, name));
            let newest = newest(installed);
            let of_rustup = [(active, Choice::Active), (newest, Choice::Newest)];
            let [active, newest] = of_rustup.map(|(found, choice)| Some(Candidate::of_rustup(found?, choice)));
            let path = Candidate { name: None, cargo: "cargo".into(), rustc: "rustc".into(), choice: Choice::Path };
            Ok([active, caller(known, installed), newest, Some(path)].into_iter().flatten().collect())
        }
    }
}

/// The toolchains to try, best first, where any will do: `wanted`, else what a plain `cargo` in the workspace is.
///
/// # Errors
/// [`ErrorKind::NoNightly`] if `wanted` is not there.
pub fn any_candidates(known: &Known, wanted: Option<&str>) -> Result<Vec<Candidate>, ErrorKind> {
    if wanted.is_some() {
        return candidates(known, wanted);
    }
    let installed = known.installed.as_deref().unwrap_or_default();
    let active = known.active.as_deref().and_then(|name| named(installed, name));
    let active = active.map(|found| Candidate::of_rustup(found, Choice::Active));
    let path = Candidate { name: None, cargo: "cargo".into(), rustc: "rustc".into(), choice: Choice::Path };
    Ok([active, caller(known, installed), Some(path)].into_iter().flatten().collect())
}

/// The cargo that called us, where it is none of rustup's: then it was chosen on purpose.
fn caller(known: &Known, installed: &[Installed]) -> Option<Candidate> {
    let cargo = known.caller.as_ref().filter(|cargo| cargo.is_absolute())?;
    let is_rustups = installed.iter().any(|toolchain| cargo.starts_with(&toolchain.directory));
    let rustc = cargo.with_file_name("rustc");
    (!is_rustups).then(|| Candidate { name: None, cargo: cargo.clone(), rustc, choice: Choice::Caller })
}

/// The toolchain that rustup understands by `wanted`, which may lack the target.
fn named<'known>(installed: &'known [Installed], wanted: &str) -> Option<&'known Installed> {
    let is_full = |name: &str| name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('-'));
    let exact = installed.iter().find(|toolchain| toolchain.name == wanted);
    exact.or_else(|| installed.iter().find(|toolchain| is_full(&toolchain.name)))
}

/// Whether a name speaks of a released version or a beta.
fn is_released(name: &str) -> bool {
    ["stable", "beta"].iter().any(|channel| name.starts_with(channel)) || name.starts_with(|c: char| c.is_ascii_digit())
}

/// The nightly to use among rustup's toolchains: the undated one, else the newest dated one.
fn newest(installed: &[Installed]) -> Option<&Installed> {
    let is_nightly = |name: &str| name == "nightly" || name.starts_with("nightly-");
    let nightlies = installed.iter().filter(|toolchain| is_nightly(&toolchain.name));
    nightlies.max_by_key(|toolchain| (!is_dated(&toolchain.name), toolchain.name.as_str()))
}

/// `nightly-2026-05-19-…` against `nightly-x86_64-…`.
fn is_dated(name: &str) -> bool {
    name.strip_prefix("nightly-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// How to get rustup and a nightly with it.
pub const INSTALL_RUSTUP: &str =
    "`curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- --default-toolchain nightly`";

fn absent(wanted: &str, installed: &[Installed]) -> ErrorKind {
    let help = if wanted.starts_with("nightly") {
        format!("`rustup toolchain install {}`", quoted(OsStr::new(wanted)))
    } else {
        "`rustup toolchain install nightly`, and leave `--toolchain` out".into()
    };
    ErrorKind::NoNightly { reason: format!("rustup has no toolchain `{wanted}`; it has: {}", names(installed)), help }
}

/// Why none of the candidates was taken, when none was asked for.
#[must_use]
pub fn none(known: &Known) -> ErrorKind {
    const PATH: &str = "and the `rustc` of the PATH is no nightly";
    let (reason, help) = match &known.installed {
        Some(installed) => {
            (format!("rustup has only: {}, {PATH}", names(installed)), "`rustup toolchain install nightly`")
        }
        None => (format!("there is no rustup, {PATH}"), INSTALL_RUSTUP),
    };
    ErrorKind::NoNightly { reason, help: help.into() }
}

/// Why `toolchain`, which was asked for or whose compiler was, cannot be used.
#[must_use]
pub fn unfit(toolchain: &Toolchain) -> ErrorKind {
    let version = &toolchain.version;
    let (reason, help) = match (&toolchain.rustc, &toolchain.name) {
        (Rustc::Variable { name, path }, _) => (
            format!("the variable `{name}` names `{}`, which is rustc {version}", path.display()),
            format!("`unset {name}`"),
        ),
        (Rustc::Cargos(_), name) => (
            format!("`{}` was asked for, which is rustc {version}", name.as_deref().unwrap_or_default()),
            "leave `--toolchain` and the setting `toolchain` out, or name a nightly: `rustup toolchain list`".into(),
        ),
    };
    ErrorKind::NoNightly { reason, help }
}

fn names(installed: &[Installed]) -> String {
    if installed.is_empty() {
        return "nothing".into();
    }
    installed.iter().map(|toolchain| toolchain.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Candidate, Choice, Installed, Known, candidates, installed};

    fn known(names: &[&str]) -> Known {
        let toolchain =
            |name: &&str| Installed { name: (*name).into(), directory: PathBuf::from("/rustup").join(name) };
        Known { installed: Some(names.iter().map(toolchain).collect()), ..Known::default() }
    }

    fn first(known: &Known, wanted: Option<&str>) -> (Option<String>, Choice) {
        let Candidate { name, choice, .. } = candidates(known, wanted).expect("candidates").remove(0);
        (name, choice)
    }

    fn named(name: &str, choice: Choice) -> (Option<String>, Choice) {
        (Some(name.into()), choice)
    }

    #[test]
    fn the_undated_nightly_comes_first() {
        let known = known(&["stable-x86_64", "nightly-2026-05-01-x86_64", "nightly-x86_64"]);
        assert_eq!(first(&known, None), named("nightly-x86_64", Choice::Newest));
    }

    #[test]
    fn else_the_newest_dated_nightly() {
        let known = known(&["nightly-2026-05-01-x86_64", "nightly-2025-12-31-x86_64", "1.95.0"]);
        assert_eq!(first(&known, None), named("nightly-2026-05-01-x86_64", Choice::Newest));
    }

    /// A project that needs an older nightly pins it, and rustup tells us so.
    #[test]
    fn an_active_nightly_or_custom_toolchain_comes_before_the_newest() {
        let mut known = known(&["nightly-x86_64", "nightly-2025-01-01-x86_64", "own-build", "stable-x86_64"]);
        known.active = Some("nightly-2025-01-01-x86_64".into());
        assert_eq!(first(&known, None), named("nightly-2025-01-01-x86_64", Choice::Active));
        known.active = Some("own-build".into());
        assert_eq!(first(&known, None), named("own-build", Choice::Active));
        for released in ["stable-x86_64", "1.95.0", "beta"] {
            known.active = Some(released.into());
            assert_eq!(first(&known, None), named("nightly-x86_64", Choice::Newest), "{released}");
        }
    }

    #[test]
    fn what_is_asked_for_is_the_only_candidate() {
        let known = known(&["nightly-x86_64", "nightly-2025-01-01-x86_64"]);
        let found = candidates(&known, Some("nightly-2025-01-01")).expect("it is there");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rustc, PathBuf::from("/rustup/nightly-2025-01-01-x86_64/bin/rustc"));
        assert!(candidates(&known, Some("nightly-1999-01-01")).is_err());
        assert!(candidates(&Known::default(), Some("nightly")).is_err());
    }

    #[test]
    fn a_cargo_that_is_none_of_rustups_was_called_on_purpose() {
        let mut known = known(&["nightly-x86_64"]);
        known.caller = Some("/opt/rust/bin/cargo".into());
        let candidate = candidates(&known, None).expect("candidates").remove(0);
        assert_eq!((candidate.name, candidate.choice), (None, Choice::Caller));
        assert_eq!(candidate.rustc, PathBuf::from("/opt/rust/bin/rustc"));
        known.caller = Some("/rustup/nightly-x86_64/bin/cargo".into());
        assert_eq!(first(&known, None), named("nightly-x86_64", Choice::Newest));
    }

    #[test]
    fn the_path_is_the_last_resort() {
        let without_rustup = candidates(&Known::default(), None).expect("candidates");
        assert_eq!(without_rustup.len(), 1);
        assert_eq!((without_rustup[0].name.as_ref(), without_rustup[0].choice), (None, Choice::Path));
        let with_stable_only = candidates(&known(&["stable-x86_64"]), None).expect("candidates");
        assert_eq!(with_stable_only, without_rustup);
    }

    #[test]
    fn names_and_directories_are_read_from_what_rustup_prints() {
        let list = "stable-x86_64 (active, default) /home/a b/.rustup/toolchains/stable-x86_64\nown\t/opt/rust\n";
        let found: Vec<(String, PathBuf)> = installed(list).into_iter().map(|it| (it.name, it.directory)).collect();
        assert_eq!(
            found,
            [
                ("stable-x86_64".to_owned(), PathBuf::from("/home/a b/.rustup/toolchains/stable-x86_64")),
                ("own".to_owned(), PathBuf::from("/opt/rust"))
            ]
        );
        assert!(installed("no installed toolchains\n").is_empty());
    }
}
