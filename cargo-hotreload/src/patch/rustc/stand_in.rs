//! When the tool stands in for another program: for rustc's wrapper while cargo builds, and for the linker while a call
//! of rustc is repeated. Neither can be given arguments of its own, so variables say which it is.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::plan::command::CommandLine;

/// The directory into which calls of rustc are written; set for cargo.
pub const RECORDS: &str = "HOTRELOAD_RUSTC_RECORDS";
/// The wrapper that cargo would call without us.
pub const WRAPPER: &str = "HOTRELOAD_RUSTC_WRAPPER";
/// The directory into which the stand-in linker puts objects; set for rustc.
pub const OBJECTS: &str = "HOTRELOAD_OBJECTS";
/// How cargo is told of a wrapper.
pub const CARGOS_WRAPPER: &str = "RUSTC_WRAPPER";
/// Variables that are ours and no part of a call.
pub const OWN: [&str; 4] = [RECORDS, WRAPPER, OBJECTS, CARGOS_WRAPPER];

/// Where a target directory has the calls that built what is in it: they go when that goes.
const DIRECTORY: &str = "hotreload-rustc";

/// What the tool was called as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The wrapper of rustc that writes down calls.
    Wrapper {
        /// Where to.
        records: PathBuf,
        /// The user's own wrapper.
        next: Option<OsString>,
    },
    /// The linker that does not link.
    Linker {
        /// Where the objects go.
        objects: PathBuf,
    },
}

impl Role {
    /// What the variables that `lookup` finds and the first argument say. Cargo calls the tool by its subcommand's name:
    /// then it is itself, even below a build.
    pub fn find(first: Option<&OsString>, lookup: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        if first.is_none_or(|first| first == "hotreload") {
            return None;
        }
        let value = |name| lookup(name).filter(|value| !value.is_empty());
        let linker = value(OBJECTS).map(|objects| Self::Linker { objects: objects.into() });
        linker.or_else(|| Some(Self::Wrapper { records: value(RECORDS)?.into(), next: value(WRAPPER) }))
    }
}

/// The directory of the calls in the target directory `target`.
#[must_use]
pub fn records_directory(target: &Path) -> PathBuf {
    target.join(DIRECTORY)
}

/// The build `line`, during which `tool` writes down each call of rustc into `records`; `wrapper` is what cargo would
/// call without us.
#[must_use]
pub fn recording(line: CommandLine, tool: &Path, records: &Path, wrapper: Option<&OsString>) -> CommandLine {
    let line = line.env(CARGOS_WRAPPER, tool).env(RECORDS, records);
    match wrapper {
        Some(wrapper) => line.env(WRAPPER, wrapper),
        None => line.env_remove(WRAPPER),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{OBJECTS, RECORDS, Role, WRAPPER, recording};
    use crate::plan::command::CommandLine;

    fn role(first: &str, variables: &[(&str, &str)]) -> Option<Role> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        Role::find(Some(&first.into()), find)
    }

    #[test]
    fn a_user_is_never_taken_for_rustc() {
        assert_eq!(role("hotreload", &[(RECORDS, "/t/r"), (OBJECTS, "/o")]), None);
        assert_eq!(role("/bin/rustc", &[]), None);
        assert_eq!(Role::find(None, |_| Some("/x".into())), None);
    }

    #[test]
    fn the_linker_of_a_repeated_call_is_no_wrapper() {
        let both = [(RECORDS, "/t/r"), (OBJECTS, "/o")];
        assert_eq!(role("-m64", &both), Some(Role::Linker { objects: "/o".into() }));
        let wrapper = |next: Option<&str>| Some(Role::Wrapper { records: "/t/r".into(), next: next.map(Into::into) });
        assert_eq!(role("/bin/rustc", &[(RECORDS, "/t/r"), (WRAPPER, "")]), wrapper(None));
        assert_eq!(role("/bin/rustc", &[(RECORDS, "/t/r"), (WRAPPER, "sccache")]), wrapper(Some("sccache")));
    }

    #[test]
    fn a_build_of_ours_does_not_take_over_the_wrapper_of_one_above_it() {
        let line = recording(CommandLine::new("cargo", "/w"), "/tool".as_ref(), "/t/r".as_ref(), None);
        assert_eq!(line.to_string(), "RUSTC_WRAPPER=/tool HOTRELOAD_RUSTC_RECORDS=/t/r cargo");
        assert_eq!(line.unset, [WRAPPER]);
    }
}
