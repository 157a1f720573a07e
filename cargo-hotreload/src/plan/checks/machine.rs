//! Checks of the machine: its platform, environment, file watching and `/proc`.

use std::ffi::OsStr;

use crate::plan::checks::Check;
use crate::shell::quoted;

/// Fewer watches than this are used up by an editor and a large workspace.
const FEW_WATCHES: u64 = 8192;

/// What kind of machine this is.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The host triple of the nightly rustc, if there is one.
    pub rustc: Option<String>,
    /// What this tool was built for, as `ARCH-OS-ENVIRONMENT`.
    pub own: String,
    /// The C library as it calls itself, such as `glibc 2.36`.
    pub libc: Option<String>,
}

/// Whether libraries can be unloaded on this platform.
#[must_use]
pub fn platform(machine: &Machine) -> Check {
    const NAME: &str = "platform";
    let triple = machine.rustc.as_deref().unwrap_or(&machine.own);
    let (own, libc) = (&machine.own, machine.libc.as_deref());
    let whose = if machine.rustc.is_some() { "" } else { " (of this tool, as no nightly rustc can be asked)" };
    let found = format!("{triple}{whose}, {}", libc.unwrap_or("C library unknown"));
    let arch = triple.split('-').next().unwrap_or_default();
    if is_supported(triple) {
        // The tool only starts other programs: what it was built for itself is of no consequence.
        let tool = if is_supported(own) { String::new() } else { format!("; this tool itself is built for {own}") };
        return match libc {
            Some(_) => Check::ok(NAME, found + &tool),
            None => Check::warning(NAME, found + &tool, "`sudo apt install libc-bin`, which has `getconf` and `ldd`"),
        };
    }
    if triple.contains("musl") && is_arch(arch) {
        let glibc = format!("nightly-{arch}-unknown-linux-gnu");
        let help = format!("on a system with glibc: `rustup toolchain install {glibc}`, then `--toolchain {glibc}`");
        return Check::failed(NAME, format!("{found}: musl never unloads a library"), help);
    }
    let help = "use x86_64 or aarch64 Linux with glibc, for instance \
                `docker run --rm -it -v \"$PWD\":/w -w /w rust`";
    Check::failed(NAME, format!("{found}: libraries cannot be swapped there"), help)
}

fn is_arch(arch: &str) -> bool {
    matches!(arch, "x86_64" | "aarch64")
}

fn is_supported(triple: &str) -> bool {
    is_arch(triple.split('-').next().unwrap_or_default()) && triple.ends_with("-linux-gnu")
}

/// Whether `LD_LIBRARY_PATH` says the same in every directory.
#[must_use]
pub fn library_path(value: Option<&OsStr>) -> Check {
    const NAME: &str = "LD_LIBRARY_PATH";
    // ld.so takes an empty variable for none, though it takes an empty entry for the current directory.
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Check::ok(NAME, "not set") };
    let value = value.to_string_lossy();
    let entries: Vec<&str> = value.split([':', ';']).collect();
    let (good, bad): (Vec<&str>, Vec<&str>) = entries.iter().copied().partition(|entry| entry.starts_with('/'));
    if bad.is_empty() {
        return Check::ok(NAME, format!("{value}, behind the program's own directories"));
    }
    let (empty, relative): (Vec<&str>, Vec<&str>) = bad.into_iter().partition(|entry| entry.is_empty());
    let empty = (!empty.is_empty()).then(|| "an empty entry, which means the current directory".to_owned());
    let relative = relative.into_iter().map(|entry| format!("the relative entry `{entry}`"));
    let found = empty.into_iter().chain(relative).collect::<Vec<_>>().join(" and ");
    let mend = match good.join(":") {
        good if good.is_empty() => "`unset LD_LIBRARY_PATH`".to_owned(),
        good => format!("`export LD_LIBRARY_PATH={}`", quoted(OsStr::new(&good))),
    };
    Check::warning(NAME, format!("has {found}: which library is found depends on where a program starts"), mend)
}

/// What the kernel allows in watching files.
#[derive(Debug, Clone)]
pub struct Watching {
    /// `fs.inotify.max_user_watches`, or why it cannot be read.
    pub watches: Result<u64, String>,
    /// Whether a directory could be watched just now.
    pub tried: Result<(), String>,
}

/// Whether saves can be seen.
#[must_use]
pub fn watching(facts: &Watching) -> Check {
    const NAME: &str = "file watching";
    let raise = |watches: u64| format!("`sudo sysctl fs.inotify.max_user_watches={}`", (watches * 8).max(524_288));
    match (&facts.tried, &facts.watches) {
        (Err(error), _) => {
            let help = "`sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024`";
            Check::failed(NAME, format!("inotify: {error}"), help)
        }
        (Ok(()), Err(error)) => {
            let found = format!("inotify works, but its limit cannot be read: {error}");
            Check::warning(NAME, found, "`sysctl fs.inotify.max_user_watches` should print a number")
        }
        (Ok(()), Ok(watches)) if *watches < FEW_WATCHES => {
            Check::warning(NAME, format!("inotify, only {watches} directories can be watched"), raise(*watches))
        }
        (Ok(()), Ok(watches)) => Check::ok(NAME, format!("inotify, {watches} directories can be watched")),
    }
}

/// Whether the kernel says what a process has mapped; `mapped` counts our own files with code.
#[must_use]
pub fn proc(mapped: &Result<usize, String>) -> Check {
    const NAME: &str = "/proc";
    match mapped {
        Ok(count) if *count > 0 => {
            Check::ok(NAME, format!("mounted, own maps are readable ({count} mappings with code)"))
        }
        Ok(_) => Check::failed(NAME, "/proc/self/maps names no file with code", "`sudo mount -t proc proc /proc`"),
        Err(error) => {
            Check::failed(NAME, format!("cannot read /proc/self/maps: {error}"), "`sudo mount -t proc proc /proc`")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{Machine, Watching, library_path, platform, proc, watching};
    use crate::plan::checks::Verdict;

    fn on(rustc: Option<&str>, own: &str, libc: Option<&str>) -> Machine {
        Machine { rustc: rustc.map(str::to_owned), own: own.into(), libc: libc.map(str::to_owned) }
    }

    #[test]
    fn both_architectures_with_glibc_are_good() {
        for triple in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
            let check = platform(&on(Some(triple), "x86_64-linux-gnu", Some("glibc 2.36")));
            assert_eq!((check.outcome, check.found), (Verdict::Ok, format!("{triple}, glibc 2.36")));
        }
    }

    #[test]
    fn musl_is_refused_with_the_toolchain_to_install() {
        let check = platform(&on(Some("x86_64-unknown-linux-musl"), "x86_64-linux-gnu", None));
        assert_eq!(check.outcome, Verdict::Failed);
        assert!(check.help.expect("a mend").contains("rustup toolchain install nightly-x86_64-unknown-linux-gnu"));
    }

    #[test]
    fn other_platforms_are_refused() {
        for triple in ["aarch64-apple-darwin", "i686-unknown-linux-gnu", "x86_64-unknown-linux-gnux32"] {
            assert_eq!(platform(&on(Some(triple), "x86_64-linux-gnu", None)).outcome, Verdict::Failed, "{triple}");
        }
    }

    #[test]
    fn a_tool_built_for_musl_serves_a_glibc_toolchain_but_judges_when_there_is_none() {
        let check = platform(&on(Some("x86_64-unknown-linux-gnu"), "x86_64-linux-musl", Some("glibc 2.36")));
        assert_eq!(check.outcome, Verdict::Ok);
        assert!(check.found.ends_with("this tool itself is built for x86_64-linux-musl"));
        assert_eq!(platform(&on(None, "x86_64-linux-musl", None)).outcome, Verdict::Failed);
        assert_eq!(platform(&on(None, "x86_64-linux-gnu", None)).outcome, Verdict::Warning);
    }

    #[test]
    fn entries_that_depend_on_the_current_directory_are_named() {
        let check = |value: &str| library_path(Some(OsStr::new(value)));
        assert_eq!(library_path(None).outcome, Verdict::Ok);
        assert_eq!(check("").outcome, Verdict::Ok);
        assert_eq!(check("/a:/b c").outcome, Verdict::Ok);
        let mixed = check("/a b:lib::/c:");
        assert_eq!(mixed.outcome, Verdict::Warning);
        assert!(mixed.found.contains("an empty entry") && mixed.found.contains("`lib`"), "{}", mixed.found);
        assert_eq!(mixed.help.as_deref(), Some("`export LD_LIBRARY_PATH='/a b:/c'`"));
        assert_eq!(check(":").help.as_deref(), Some("`unset LD_LIBRARY_PATH`"));
    }

    #[test]
    fn watching_is_judged_by_trying() {
        let outcome = |watches, tried| watching(&Watching { watches, tried }).outcome;
        assert_eq!(outcome(Ok(65_536), Ok(())), Verdict::Ok);
        assert_eq!(outcome(Ok(100), Ok(())), Verdict::Warning);
        assert_eq!(outcome(Err("no such file".into()), Ok(())), Verdict::Warning);
        assert_eq!(outcome(Ok(65_536), Err("too many open files".into())), Verdict::Failed);
    }

    #[test]
    fn empty_or_unreadable_maps_fail() {
        assert_eq!(proc(&Ok(5)).outcome, Verdict::Ok);
        assert_eq!(proc(&Ok(0)).outcome, Verdict::Failed);
        assert_eq!(proc(&Err("no such file".into())).outcome, Verdict::Failed);
    }
}
