//! The program's environment: the user's, plus the variables here.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::patch::agent_state::{DIRECTORY_VARIABLE, PRELOAD_VARIABLE};

/// Tells the module loader which libraries to open, lowest first, separated by `:`.
pub const MODULES: &str = "HOTRELOAD_MODULES";

/// `LD_LIBRARY_PATH` with `directories` before what it was: empty entries, which mean the current directory, are
/// left out.
#[must_use]
pub fn library_path(directories: &[PathBuf], inherited: Option<&OsStr>) -> OsString {
    let inherited: Vec<PathBuf> = inherited.map(|value| env::split_paths(value).collect()).unwrap_or_default();
    let all = directories.iter().chain(&inherited).filter(|directory| !directory.as_os_str().is_empty());
    joined(all.map(PathBuf::as_path))
}

/// Paths with `:` between them. A path that contains one cannot be listed; cargo refuses target directories with it.
#[must_use]
pub fn joined<'path>(paths: impl Iterator<Item = &'path Path>) -> OsString {
    paths.map(Path::as_os_str).collect::<Vec<_>>().join(OsStr::new(":"))
}

/// What the program has to be started with for the `agent` to be in it, with the directory for the files of debug
/// information of `patches`. `inherited` is the user's own `LD_PRELOAD`, which the agent gives back to the program.
#[must_use]
pub fn preloading(agent: &Path, patches: &Path, inherited: Option<&OsStr>) -> Vec<(OsString, OsString)> {
    let mut preload = agent.as_os_str().to_owned();
    let mut variables = vec![(DIRECTORY_VARIABLE.into(), patches.into())];
    if let Some(inherited) = inherited {
        preload.push(":");
        preload.push(inherited);
        variables.push((PRELOAD_VARIABLE.into(), inherited.into()));
    }
    variables.push(("LD_PRELOAD".into(), preload));
    variables
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::{Path, PathBuf};

    use super::{library_path, preloading};

    #[test]
    fn the_users_own_libraries_are_preloaded_behind_the_agent() {
        let pairs = |inherited: Option<&str>| {
            let variables = preloading(Path::new("/agent.so"), Path::new("/patches"), inherited.map(OsStr::new));
            variables.iter().map(|(name, value)| format!("{}={}", name.display(), value.display())).collect::<Vec<_>>()
        };
        assert_eq!(pairs(None), ["HOTRELOAD_PATCHES=/patches", "LD_PRELOAD=/agent.so"]);
        let both = ["HOTRELOAD_PATCHES=/patches", "HOTRELOAD_LD_PRELOAD=a.so b.so", "LD_PRELOAD=/agent.so:a.so b.so"];
        assert_eq!(pairs(Some("a.so b.so")), both);
    }

    #[test]
    fn no_entry_is_empty() {
        let own = [PathBuf::from("/std")];
        assert_eq!(library_path(&own, None), "/std");
        assert_eq!(library_path(&own, Some(OsStr::new(""))), "/std");
        assert_eq!(library_path(&own, Some(OsStr::new("/a::/b:"))), "/std:/a:/b");
    }
}
