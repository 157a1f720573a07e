//! Looks for a nightly toolchain on this machine. rustup's settings are only read.

use std::env;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Result;

use crate::effects::process;
use crate::plan::command::CommandLine;
use crate::plan::toolchain::{Candidate, Known, Rustc, Toolchain, any_candidates, candidates, installed, none, unfit};

/// The toolchains of this machine, as rustup and the environment tell them.
#[derive(Debug)]
pub struct Toolchains {
    known: Known,
}

impl Toolchains {
    /// Asks rustup, if there is one.
    #[must_use]
    pub fn read() -> Self {
        let list = process::read(&CommandLine::new("rustup", ".").args(["toolchain", "list", "-v"]));
        Self {
            known: Known {
                installed: list.ok().map(|list| installed(&list)),
                active: env::var("RUSTUP_TOOLCHAIN").ok().filter(|name| !name.is_empty()),
                caller: env::var_os("CARGO").map(PathBuf::from),
            },
        }
    }

    /// The nightly named `wanted`, else the active one, else rustup's newest, else that of the `PATH`.
    ///
    /// # Errors
    /// [`NoNightly`](crate::error::ErrorKind::NoNightly) if there is none.
    pub fn find(&self, wanted: Option<&str>) -> Result<Toolchain> {
        let variable = rustc_variable()?;
        let is_binding = wanted.is_some() || variable.is_some();
        for candidate in candidates(&self.known, wanted)? {
            match describe(candidate, variable.clone()) {
                Ok(toolchain) if toolchain.is_nightly() => return Ok(toolchain),
                Ok(toolchain) if is_binding => return Err(unfit(&toolchain).into()),
                Err(error) if is_binding => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Err(none(&self.known).into())
    }

    /// The toolchain named `wanted`, else the one that a plain `cargo` is: it need not be a nightly.
    ///
    /// # Errors
    /// If it is not there, or does not work.
    pub fn find_any(&self, wanted: Option<&str>) -> Result<Toolchain> {
        let variable = rustc_variable()?;
        let mut found = any_candidates(&self.known, wanted)?.into_iter();
        let first = found.next().map(|candidate| describe(candidate, variable.clone()));
        let described = found.fold(first, |best, candidate| match best {
            Some(Ok(_)) => best,
            _ => Some(describe(candidate, variable.clone())),
        });
        described.unwrap_or_else(|| Err(none(&self.known).into()))
    }

    /// A cargo in `directory` that reads every manifest, ours included; where there is no nightly, any cargo.
    pub(super) fn cargo(&self, directory: &Path) -> CommandLine {
        let best = candidates(&self.known, None).ok().and_then(|found| found.into_iter().next());
        best.map_or_else(|| CommandLine::new("cargo", directory), |best| best.cargo(directory))
    }
}

/// The compiler that the environment names. Cargo takes a path as seen from where it is called.
fn rustc_variable() -> Result<Option<Rustc>> {
    let value = |name: &'static str| env::var_os(name).filter(|value| !value.is_empty()).map(|value| (name, value));
    let Some((name, value)) = ["RUSTC", "CARGO_BUILD_RUSTC"].into_iter().find_map(value) else { return Ok(None) };
    let path = PathBuf::from(value);
    // A bare name is looked for in the `PATH`.
    let path = if path.components().count() > 1 { env::current_dir()?.join(path) } else { path };
    Ok(Some(Rustc::Variable { name, path }))
}

fn describe(candidate: Candidate, variable: Option<Rustc>) -> Result<Toolchain> {
    let Candidate { name, cargo, rustc, choice } = candidate;
    let mut toolchain = Toolchain {
        name,
        cargo,
        rustc: variable.unwrap_or(Rustc::Cargos(rustc)),
        choice,
        version: String::new(),
        host: String::new(),
        library_directory: PathBuf::new(),
    };
    let ask = |arguments: &[&str]| process::read(&toolchain.rustc(Path::new(".")).args(arguments));
    let (verbose, directory) = thread::scope(|scope| {
        let directory = scope.spawn(|| ask(&["--print", "target-libdir"]));
        (ask(&["-vV"]), directory.join().expect("it does not panic"))
    });
    let (verbose, directory) = (verbose?, directory?);
    let field =
        |prefix: &str| verbose.lines().find_map(|line| line.strip_prefix(prefix)).unwrap_or_default().to_owned();
    toolchain.version = field("rustc ");
    toolchain.host = field("host: ");
    toolchain.library_directory = PathBuf::from(directory.trim());
    Ok(toolchain)
}
