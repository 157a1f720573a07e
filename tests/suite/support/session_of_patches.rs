//! Programs of some crates and one outside of the workspace, in a session that patches them.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::{hotreload, hotreload_command};
use crate::support::fixture::{Fixture, manifest};
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON, comes_true, until};
use crate::support::processes::working_in;

/// The workspace `ws`: the program `app` uses `api`, which uses `base` and `../outside`; the program `other` uses `base`.
pub(crate) struct Patched {
    pub(crate) fixture: Fixture,
}

impl Patched {
    pub(crate) fn new() -> Self {
        let fixture = Fixture::empty()
            .file("ws/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"api\", \"base\", \"other\"]\n")
            .file("ws/app/Cargo.toml", &manifest("app", "api = { path = \"../api\" }\n"))
            .file("ws/app/src/main.rs", APP)
            .file("ws/other/Cargo.toml", &manifest("other", "base = { path = \"../base\" }\n"))
            .file("ws/other/src/main.rs", &APP.replace("api::answer()", "base::word()").replace("main\"", "other\""))
            .file("ws/api/Cargo.toml", &manifest("api", "base = { path = \"../base\" }\noutside = { path = \"../../outside\" }\n"))
            .file("ws/api/src/lib.rs", API)
            .file("ws/api/src/text.txt", "text")
            .file("ws/base/Cargo.toml", &manifest("base", ""))
            .file("ws/base/build.rs", "fn main() {\n    println!(\"cargo::rustc-env=BUILT=0\");\n    println!(\"cargo::rerun-if-changed=build.rs\");\n}\n")
            .file("ws/base/src/lib.rs", BASE)
            .file("outside/Cargo.toml", &manifest("outside", ""))
            .file("outside/src/lib.rs", "#[inline]\npub fn word() -> &'static str {\n    \"outside\"\n}\n")
            .file("extra/Cargo.toml", &manifest("extra", ""))
            .file("extra/src/lib.rs", "pub fn word() -> &'static str {\n    \"extra\"\n}\n");
        Self { fixture }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.fixture.path("ws")
    }

    /// Starts a session of `app`, and waits for its first line.
    #[track_caller]
    pub(crate) fn start(&self, arguments: &[&str]) -> Started {
        self.start_with(arguments, |_| {})
    }

    /// As [`Patched::start`], with a command that `set_up` has changed.
    #[track_caller]
    pub(crate) fn start_with(&self, arguments: &[&str], set_up: impl FnOnce(&mut Command)) -> Started {
        let mut command = self.command(&[&["--bin", "app"], arguments].concat());
        set_up(&mut command);
        let started = Started::launch(command);
        started.output.expect(BUILD, ["said: 1 main api base0 outside text"]);
        started
    }

    /// Starts a session, and waits for nothing.
    pub(crate) fn launch(&self, arguments: &[&str]) -> Started {
        Started::launch(self.command(arguments))
    }

    /// How a session is started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = hotreload_command(&self.root(), &[&["run", "--strategy", "patch"], arguments].concat());
        command.env("CARGO_INCREMENTAL", "1");
        command
    }

    /// Starts a session in which cargo's own build after a patch never ends.
    #[track_caller]
    pub(crate) fn start_without_settling(&self) -> Started {
        self.start_with(&[], |command| self.never_settle(command))
    }

    /// Cargo's own build after a patch never ends in the session that `command` starts.
    pub(crate) fn never_settle(&self, command: &mut Command) {
        let directory = self.fixture.path("tools");
        self.fixture.write("tools/nice", "#!/bin/sh\nexec sleep 1000\n");
        fs::set_permissions(directory.join("nice"), Permissions::from_mode(0o755)).expect("its mode");
        let paths = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths([directory].into_iter().chain(env::split_paths(&paths))).expect("a path");
        command.env("PATH", path);
    }

    /// Replaces `old`, which has to be there, by `new` in a file beside or in the workspace.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let text = self.fixture.read(file);
        assert!(text.contains(old), "{file} has no {old:?}");
        self.fixture.write(file, &text.replacen(old, new, 1));
    }

    /// Edits a file, and waits until it is patched and the program says `said`.
    #[track_caller]
    pub(crate) fn patch(&self, session: &Started, (file, old, new): (&str, &str, &str), said: &str) {
        self.edit(file, old, new);
        session.output.expect(BUILD, ["[hotreload] patched ", &format!("said: {said}")]);
    }

    /// Waits until patches, restarts and builds of cargo's own that are under way have their end.
    #[track_caller]
    pub(crate) fn rests(&self) {
        until(BUILD, "the session rests", || {
            hotreload(&self.root(), &["status"]).stdout.contains(", running; ").then_some(())
        });
    }

    /// Directories of sessions that are left.
    pub(crate) fn left(&self) -> Vec<PathBuf> {
        let mut open = vec![self.root().join("target")];
        let mut found = Vec::new();
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(&directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if directory.ends_with("hotreload-patches") && path.is_dir() {
                    found.push(path);
                } else if path.is_dir() {
                    open.push(path);
                }
            }
        }
        found
    }
}

/// The number at the end of the line with the process id.
#[track_caller]
pub(crate) fn pid(line: &str) -> u32 {
    let word = line.split("process ").nth(1).and_then(|rest| rest.split(|digit: char| !digit.is_ascii_digit()).next());
    word.and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no process in {line:?}"))
}

/// Kills a process of a session's.
pub(crate) fn kill(pid: u32) {
    kill_process(Pid::from_raw(pid.cast_signed()).expect("an id"), Signal::KILL).expect("it runs");
}

/// Whether a process works in the workspace `root` and goes on with it: who was killed with cargo, as compilers are, is gone
/// a moment after it.
pub(crate) fn runs_in(root: &Path) -> bool {
    !comes_true(PATIENCE, || working_in(root).is_empty())
}

/// Patience for what needs no build.
pub(crate) const PATIENCE: std::time::Duration = SOON;

/// Says what the crates make of it, whenever that is something else.
const APP: &str = r#"use std::sync::atomic::{AtomicU32, Ordering};

static SAID: AtomicU32 = AtomicU32::new(1);

fn main() {
    let mut last = String::new();
    loop {
        step(&mut last);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn step(last: &mut String) {
    let now = format!("{} {}", own(), api::answer());
    if now != *last {
        println!("said: {} {now}", SAID.fetch_add(1, Ordering::SeqCst));
        *last = now;
    }
}

fn own() -> &'static str {
    "main"
}
"#;

/// Only `api` has something of the type.
const BASE: &str = r#"pub struct Config {
    pub port: u16,
}

pub fn word() -> String {
    format!("base{}", env!("BUILT"))
}
"#;

const API: &str = r#"use std::sync::atomic::{AtomicU32, Ordering};

static ASKED: AtomicU32 = AtomicU32::new(0);

static CONFIG: base::Config = base::Config { port: 80 };

pub fn answer() -> String {
    if CONFIG.port == 0 {
        return String::new();
    }
    ASKED.fetch_add(1, Ordering::Relaxed);
    format!("api {} {} {}", base::word(), outside::word(), include_str!("text.txt"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn one() {
        assert_eq!(1, 1);
    }
}
"#;
