//! The program's environment: the user's, plus the variables here.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::patch::agent_state::{DIRECTORY_VARIABLE, PRELOAD_VARIABLE};

/// Tells the module loader which libraries to open, lowest first, separated by `:`.
pub const MODULES: &str = "HOTRELOAD_MODULES";

/// Where the dynamic linker looks first.
pub const LIBRARY_PATH: &str = "LD_LIBRARY_PATH";

/// `LD_LIBRARY_PATH` with those of `directories` that can be listed before what it was, which stays as it is. Nothing
/// is added that would mean the current directory, or one in it.
#[must_use]
pub fn library_path<'path>(
    directories: impl IntoIterator<Item = &'path PathBuf>,
    inherited: Option<&OsStr>,
) -> OsString {
    let listed = directories.into_iter().map(PathBuf::as_path).filter(|directory| is_listable(directory));
    let mut value = joined(listed);
    // The dynamic linker takes an empty variable for none.
    if let Some(inherited) = inherited.filter(|inherited| !inherited.is_empty()) {
        if !value.is_empty() {
            value.push(":");
        }
        value.push(inherited);
    }
    value
}

/// Whether the dynamic linker takes a path in a list for what it is, see ld.so(8).
fn is_listable(path: &Path) -> bool {
    path.is_absolute() && !has(path, b":;") && !has_token(path)
}

/// Whether there is something in `path` that the dynamic linker replaces: `$ORIGIN`, `${LIB}`.
fn has_token(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    let tokens = ["$ORIGIN", "$LIB", "$PLATFORM", "${"];
    tokens.iter().any(|token| bytes.windows(token.len()).any(|window| window == token.as_bytes()))
}

fn has(path: &Path, any: &[u8]) -> bool {
    path.as_os_str().as_bytes().iter().any(|byte| any.contains(byte))
}

/// What is in the way of running a program of the workspace at `root` that is built into `target`, and which of both.
#[must_use]
pub fn obstacle<'path>(root: &'path Path, target: &'path Path) -> Option<(&'path Path, &'static str)> {
    let listed =
        "a line break, and the kernel writes such paths in another way when it lists what a process has mapped";
    let separates = "a colon, which separates the paths in `LD_LIBRARY_PATH`";
    let mixed = "a space or a dollar sign beside what `LD_LIBRARY_PATH` cannot have";
    if target.to_str().is_none() {
        Some((target, "characters that are no Unicode, which cargo does not take"))
    } else if let Some(path) = [root, target].into_iter().find(|path| has(path, b"\n")) {
        Some((path, listed))
    } else if has(target, b":") {
        Some((target, separates))
    } else if has(target, SPLIT) && !is_listable(target) {
        Some((target, mixed))
    } else {
        None
    }
}

/// What splits `LD_PRELOAD`, or may be replaced in it, but not in `LD_LIBRARY_PATH`.
const SPLIT: &[u8] = b" \t$";

/// Paths with `:` between them. A path that contains one cannot be listed; cargo refuses target directories with it.
#[must_use]
pub fn joined<'path>(paths: impl Iterator<Item = &'path Path>) -> OsString {
    paths.map(Path::as_os_str).collect::<Vec<_>>().join(OsStr::new(":"))
}

/// What the program has to be started with for the `agent` to be in it, with the directory for the files of debug
/// information of `patches`. `inherited` is the user's own `LD_PRELOAD`, which the agent gives back to the program.
/// Where [`is_searched`], the agent's directory has to be in `LD_LIBRARY_PATH`.
#[must_use]
pub fn preloading(agent: &Path, patches: &Path, inherited: Option<&OsStr>) -> Vec<(OsString, OsString)> {
    let name = agent.file_name().filter(|_| is_searched(agent));
    let mut preload = name.unwrap_or(agent.as_os_str()).to_owned();
    let mut variables = vec![(DIRECTORY_VARIABLE.into(), patches.into())];
    if let Some(inherited) = inherited {
        preload.push(":");
        preload.push(inherited);
        variables.push((PRELOAD_VARIABLE.into(), inherited.into()));
    }
    variables.push(("LD_PRELOAD".into(), preload));
    variables
}

/// Whether the library can be preloaded by its name only.
#[must_use]
pub fn is_searched(library: &Path) -> bool {
    has(library, SPLIT)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};

    use super::{library_path, obstacle, preloading};

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
    fn an_agent_whose_path_would_be_split_is_searched_for() {
        let variables = preloading(Path::new("/a b/agent.so"), Path::new("/patches"), None);
        assert_eq!(variables.last().map(|(_, value)| value.as_os_str()), Some(OsStr::new("agent.so")));
    }

    #[test]
    fn no_entry_is_added_that_hangs_on_the_current_directory() {
        let with = |directories: &[&str], inherited: Option<&str>| {
            let directories: Vec<PathBuf> = directories.iter().map(PathBuf::from).collect();
            library_path(&directories, inherited.map(OsStr::new)).into_string().expect("UTF-8")
        };
        assert_eq!(with(&["/std"], None), "/std");
        assert_eq!(with(&["/std"], Some("")), "/std");
        assert_eq!(with(&["/a b", "", "relative", "/semi;colon", "/co:lon", "/$ORIGIN"], None), "/a b");
        // What is the user's stays, whatever it means.
        assert_eq!(with(&["/std"], Some("/a::/b:")), "/std:/a::/b:");
        assert_eq!(with(&[], Some("x")), "x");
    }

    #[test]
    fn only_what_cannot_work_is_an_obstacle() {
        for good in ["/a b", "/a$(touch x)", "/a'\"\\", "/a;b", "/-a", "/\u{e9}"] {
            assert_eq!(obstacle(Path::new(good), Path::new(good)), None, "{good}");
        }
        for bad in ["/a\nb", "/a:b", "/a b;c", "/a/$ORIGIN"] {
            let found = obstacle(Path::new("/w"), Path::new(bad));
            assert_eq!(found.map(|(path, _)| path), Some(Path::new(bad)));
        }
        assert!(obstacle(Path::new("/a\nb"), Path::new("/t")).is_some());
        assert!(obstacle(Path::new("/w"), Path::new(OsStr::from_bytes(b"/\xff"))).is_some());
        assert_eq!(obstacle(Path::new("/a:b"), Path::new("/t")), None);
    }
}
