//! Calls of the tool and of cargo, in an environment that does not depend on who runs the tests.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Its standard output; panics if it failed.
    #[track_caller]
    pub(crate) fn expect_success(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.stdout
    }
}

/// `cargo hotreload …` in `directory`, as cargo calls it.
pub(crate) fn hotreload_command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_cargo-hotreload"), directory);
    command.arg("hotreload").args(arguments);
    command
}

/// `cargo hotreload run …` in `directory`, for which libraries become modules unless a strategy is named.
pub(crate) fn run_command(directory: &Path, arguments: &[&str]) -> Command {
    let modules: &[&str] = if arguments.contains(&"--strategy") { &[] } else { &["--strategy", "modules"] };
    hotreload_command(directory, &[&["run"], modules, arguments].concat())
}

/// Runs `cargo hotreload …` in `directory` to its end.
pub(crate) fn hotreload(directory: &Path, arguments: &[&str]) -> Finished {
    finish(&mut hotreload_command(directory, arguments))
}

/// Runs `cargo +TOOLCHAIN …` in `directory` to its end, as typed by hand.
pub(crate) fn cargo(toolchain: &str, directory: &Path, arguments: &[&str]) -> Finished {
    finish(clean("cargo", directory).arg(format!("+{toolchain}")).args(arguments))
}

/// Runs `command` to its end.
pub(crate) fn finish(command: &mut Command) -> Finished {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

/// `program` in `directory`, without what `cargo test`, rustup and the tester's own settings put into the environment.
pub(crate) fn clean(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null());
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_the_tester(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    // No proxy stands between us and a server on this machine, and messages are compared without colours.
    command.env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never");
    command
}

/// Gives `command` the directory and the environment of `other`.
pub(crate) fn inherit(command: &mut Command, other: &Command) {
    if let Some(directory) = other.get_current_dir() {
        command.current_dir(directory);
    }
    for (name, value) in other.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

fn is_of_the_tester(name: &str) -> bool {
    const KEPT: [&str; 3] = ["CARGO_HOME", "CARGO_HTTP_", "CARGO_NET_"];
    const DROPPED: [&str; 8] =
        ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "RUSTC", "RUST_", "LD_LIBRARY_PATH", "LISTEN", "HOTRELOAD_"];
    // With these, cargo draws no bar.
    const SERVICES: [&str; 2] = ["CI", "TF_BUILD"];
    let matches = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    SERVICES.contains(&name) || matches(&DROPPED) && !matches(&KEPT)
}
