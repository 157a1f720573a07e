//! Looks for a nightly toolchain on this machine. rustup's settings are only read.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::effects::process;
use crate::error::ErrorKind;
use crate::plan::command::CommandLine;
use crate::plan::toolchain::{Toolchain, choose};

/// The nightly named `wanted`, else rustup's, else the `rustc` of the `PATH` if that is a nightly.
///
/// # Errors
/// [`ErrorKind::NoNightly`] if there is none.
pub fn find(wanted: Option<&str>) -> Result<Toolchain> {
    let installed = rustup(["toolchain", "list"]).map(|list| names(&list));
    match (installed, wanted) {
        (Some(installed), Some(wanted)) => {
            let full =
                |name: &&String| *name == wanted || name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('-'));
            let exact = installed.iter().find(|name| *name == wanted).or_else(|| installed.iter().find(full));
            let Some(name) = exact else {
                let reason = format!("rustup has no toolchain `{wanted}`; it has: {}", installed.join(", "));
                return Err(ErrorKind::NoNightly { reason }.into());
            };
            of_rustup(name)
        }
        (Some(installed), None) => match choose(&installed) {
            Some(name) => of_rustup(name),
            None => of_path(&format!("rustup has only: {}", installed.join(", "))),
        },
        (None, Some(wanted)) => {
            Err(ErrorKind::NoNightly { reason: format!("`{wanted}` was asked for, but there is no rustup") }.into())
        }
        (None, None) => of_path("there is no rustup"),
    }
}

/// What rustup prints, or `None` if there is no rustup.
fn rustup<const N: usize>(arguments: [&str; N]) -> Option<String> {
    process::read(&CommandLine::new("rustup", ".").args(arguments)).ok()
}

/// Toolchain names of `rustup toolchain list`, whose lines may end in `(active, default)`; with none installed it is
/// a sentence.
fn names(list: &str) -> Vec<String> {
    list.lines()
        .filter(|line| !line.starts_with("no installed"))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn of_rustup(name: &str) -> Result<Toolchain> {
    let path = |program| {
        rustup(["which", "--toolchain", name, program])
            .map(|path| PathBuf::from(path.trim()))
            .ok_or_else(|| ErrorKind::NoNightly { reason: format!("the toolchain `{name}` has no {program}") })
    };
    describe(Some(name.to_owned()), path("cargo")?, path("rustc")?)
}

fn of_path(why: &str) -> Result<Toolchain> {
    let found = describe(None, PathBuf::from("cargo"), PathBuf::from("rustc")).ok();
    found.filter(|toolchain| is_nightly(&toolchain.version)).ok_or_else(|| {
        ErrorKind::NoNightly { reason: format!("{why}, and the `rustc` of the PATH is no nightly") }.into()
    })
}

/// Whether unstable options work with the rustc of this version.
fn is_nightly(version: &str) -> bool {
    version.contains("-nightly") || version.contains("-dev")
}

fn describe(name: Option<String>, cargo: PathBuf, rustc: PathBuf) -> Result<Toolchain> {
    let mut toolchain = Toolchain {
        name,
        cargo,
        rustc,
        version: String::new(),
        host: String::new(),
        library_directory: PathBuf::new(),
    };
    let here = Path::new(".");
    let verbose = process::read(&toolchain.rustc(here).args(["-vV"]))?;
    let field =
        |prefix: &str| verbose.lines().find_map(|line| line.strip_prefix(prefix)).unwrap_or_default().to_owned();
    toolchain.version = field("rustc ");
    toolchain.host = field("host: ");
    let directory = process::read(&toolchain.rustc(here).args(["--print", "target-libdir"]))?;
    toolchain.library_directory = PathBuf::from(directory.trim());
    Ok(toolchain)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn no_toolchain_at_all_is_no_name() {
        assert!(names("no installed toolchains\n").is_empty());
    }

    #[test]
    fn remarks_behind_a_toolchain_name_are_left_out() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\nnightly-x86_64-unknown-linux-gnu\n";
        assert_eq!(names(list), ["stable-x86_64-unknown-linux-gnu", "nightly-x86_64-unknown-linux-gnu"]);
    }
}
