//! The tool called in another program's place: by cargo as wrapper of rustc, by rustc as its linker.
//!
//! Cargo does the first for every crate, so this comes before anything of the tool's own command line.

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::commands::link_group::expanded;
use crate::effects::rustc::{objects, record};
use crate::patch::rustc::stand_in::Role;

/// Does the other program's part, if the tool was called as one.
#[must_use]
pub fn stand_in() -> Option<ExitCode> {
    let role = Role::find(env::args_os().nth(1).as_ref(), |name| env::var_os(name))?;
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let failure = match role {
        Role::Wrapper { records, next } => {
            let program = next.as_ref().or(arguments.first()).map(|it| it.display().to_string()).unwrap_or_default();
            let error = record::record_and_become(&records, next.as_deref(), &arguments);
            format!("cannot run `{program}`: {error}")
        }
        Role::Linker { objects } => {
            match expanded(&arguments).and_then(|arguments| objects::keep(&objects, &arguments)) {
                Ok(()) => return Some(ExitCode::SUCCESS),
                Err(error) => format!("{error:#}"),
            }
        }
    };
    anstream::eprintln!("error: {failure}");
    Some(ExitCode::FAILURE)
}
