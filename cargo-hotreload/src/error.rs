//! What can go wrong, in the user's terms: one sentence, a hint that can be run, an exit code.
//!
//! Commands return [`anyhow::Result`]; a failure whose cause is known carries an [`ErrorKind`] in its chain, which
//! [`exit_code`] and [`help`] look for. A failure without one is unexpected and ends with [`UNEXPECTED`].

use std::path::PathBuf;

use thiserror::Error;

use crate::plan::holder::Holder;
use crate::shell::quoted;

/// Exit code of a failure that no [`ErrorKind`] names (a full disk, a broken pipe, a bug).
pub const UNEXPECTED: u8 = 1;

/// A failure whose cause and mend are known.
#[derive(Debug, Error)]
pub enum ErrorKind {
    /// No `Cargo.toml` here or above.
    #[error("no Cargo workspace in `{}` or any directory above it", directory.display())]
    NoWorkspace {
        /// Where the search began.
        directory: PathBuf,
    },
    /// A manifest is no valid TOML, or cargo does not take it.
    #[error("{place}: {message}")]
    Manifest {
        /// `path:line:column` of the fault, or just the path.
        place: String,
        /// What the parser said.
        message: String,
    },
    /// Cargo itself refused the workspace.
    #[error("cargo does not accept this workspace: {message}")]
    CargoRefused {
        /// What cargo printed.
        message: String,
    },
    /// The workspace has no binary to run.
    #[error("the workspace `{}` has no binary to run{}", root.display(), only_c_libraries(c_libraries))]
    NoBinary {
        /// The workspace's root directory.
        root: PathBuf,
        /// Its packages that make libraries for other languages (`cdylib`) and nothing else.
        c_libraries: Vec<String>,
    },
    /// The workspace has several binaries, or none (or no example) of the wanted name.
    #[error("{problem}; the workspace has: {}", names.join(", "))]
    WhichBinary {
        /// What was asked for and why it does not single out one binary.
        problem: String,
        /// The flag that names one.
        flag: &'static str,
        /// Every binary of the workspace.
        names: Vec<String>,
    },
    /// No nightly toolchain was found.
    #[error("no nightly toolchain: {reason}")]
    NoNightly {
        /// What was looked for.
        reason: String,
        /// The help.
        help: String,
    },
    /// The platform cannot unload a Rust library.
    #[error("{platform} cannot unload Rust libraries while a program runs")]
    Platform {
        /// The target triple.
        platform: String,
    },
    /// The workspace's settings rule dylibs out.
    #[error("this workspace cannot be made hot-reloadable: {reason}")]
    Unservable {
        /// Which setting, and why.
        reason: String,
        /// How to take it out.
        help: String,
    },
    /// `--flags own` where there are none.
    #[error("the workspace `{}` brings no developer profile of its own", root.display())]
    NoOwnProfile {
        /// The workspace's root directory.
        root: PathBuf,
    },
    /// A file that has to be changed may not be written.
    #[error("`{}` is read-only", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// A command stopped in the middle of changing files, and could not undo what it had done.
    #[error("{cause}; not every file is as it was")]
    Unfinished {
        /// What stopped it.
        cause: String,
    },
    /// Something else is where this tool keeps its files.
    #[error("`{}` is no directory, and this tool keeps its files there", path.display())]
    StateDirectory {
        /// What is there.
        path: PathBuf,
    },
    /// Nothing can be run from a directory of this name.
    #[error("nothing can be run from `{}`: its path has {obstacle}", path.display())]
    Place {
        /// The directory.
        path: PathBuf,
        /// What is in the path, and why that is in the way.
        obstacle: &'static str,
    },
    /// What this tool has noted cannot be read.
    #[error("`{}` {why}", path.display())]
    Journal {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another session works in this workspace.
    #[error("another {} works in this workspace", holder.as_ref().map_or("`cargo hotreload`".into(), ToString::to_string))]
    Busy {
        /// Who holds the lock, if that can be told.
        holder: Option<Holder>,
    },
    /// `disable` has nothing to undo.
    #[error("hot reloading is not enabled in `{}`", root.display())]
    NotEnabled {
        /// The workspace's root directory.
        root: PathBuf,
    },
    /// No session answers.
    #[error("no `cargo hotreload run` is active in `{}`", root.display())]
    NoSession {
        /// The workspace's root directory.
        root: PathBuf,
    },
    /// A running session could not do what was asked of it.
    #[error("{message}")]
    Refused {
        /// The session's answer.
        message: String,
    },
    /// `new` would overwrite something.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The directory that `new` should make.
        path: PathBuf,
    },
    /// `new` was given a name that cargo does not take.
    #[error("`{name}` is no package name: {reason}")]
    Name {
        /// The name.
        name: String,
        /// Why cargo would refuse it.
        reason: String,
    },
    /// `doctor` found requirements that are not met.
    #[error("{failed} of {checked} requirements are not met")]
    Requirements {
        /// How many checks failed.
        failed: usize,
        /// How many checks were made.
        checked: usize,
    },
    /// A setting has a value that makes no sense.
    #[error("{place}: {message}")]
    Setting {
        /// Who set it: `path:line:column`, or the flag.
        place: String,
        /// What is wrong with it.
        message: String,
        /// How to write it.
        help: String,
    },
    /// A line in the log of a session is no event.
    #[error("line {line} of `{}` {why}", path.display())]
    EventLog {
        /// The log.
        path: PathBuf,
        /// The line's number, counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// There is no log to report on.
    #[error("no session has left its events in `{}` yet", directory.display())]
    NoEvents {
        /// Where they would be.
        directory: PathBuf,
    },
    /// `demo` saw something else than it promises.
    #[error("the demo did not show what it promises: {claim}")]
    Demo {
        /// The claim that was not true.
        claim: String,
    },
}

impl ErrorKind {
    /// The process exit code. The table in the README lists them.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoWorkspace { .. } => 10,
            Self::Manifest { .. } => 11,
            Self::CargoRefused { .. } => 12,
            Self::NoBinary { .. } => 13,
            Self::WhichBinary { .. } => 14,
            Self::NoNightly { .. } => 15,
            Self::Platform { .. } => 16,
            Self::ReadOnly { .. } => 17,
            Self::Busy { .. } => 18,
            Self::NotEnabled { .. } => 19,
            Self::NoSession { .. } => 20,
            Self::Refused { .. } => 21,
            Self::Exists { .. } => 22,
            Self::Name { .. } => 23,
            Self::Requirements { .. } => 24,
            Self::Demo { .. } => 25,
            Self::Unservable { .. } => 26,
            Self::NoOwnProfile { .. } => 27,
            Self::Setting { .. } => 28,
            Self::EventLog { .. } => 29,
            Self::NoEvents { .. } => 30,
            Self::Unfinished { .. } => 31,
            Self::StateDirectory { .. } => 32,
            Self::Journal { .. } => 33,
            Self::Place { .. } => 34,
        }
    }

    /// What to do about it: a command, or a sentence around one.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoWorkspace { .. } => "`cargo hotreload new server` makes one to try, \
                 or name yours with `--manifest-path PATH/Cargo.toml`"
                .into(),
            Self::Manifest { .. } => "correct the manifest; nothing was changed".into(),
            Self::CargoRefused { message } if message.contains("/.hotreload`\nreferenced via") => {
                "add `\".hotreload\"` to `exclude` in `[workspace]`, as it is with `target`: it is no member".into()
            }
            Self::CargoRefused { .. } => "`cargo metadata --no-deps` shows the same failure".into(),
            Self::NoBinary { c_libraries, .. } if !c_libraries.is_empty() => {
                "the program that loads such a library is not cargo's to run; write an example that uses its code, \
                 add `rlib` to its `crate-type`, then: `cargo hotreload run --example NAME`"
                    .into()
            }
            Self::NoBinary { .. } => "add a `src/main.rs` to one of its packages: `cargo new --bin host`; `--example NAME` runs an example".into(),
            Self::WhichBinary { flag, names, .. } => {
                let first = names.first().and_then(|name| name.split(' ').next()).unwrap_or("NAME");
                format!("name one: `{flag} {first}`")
            }
            Self::Platform { .. } => {
                "hot reloading works on x86_64 and aarch64 Linux with glibc; `cargo hotreload doctor` shows what was found"
                    .into()
            }
            Self::Unservable { help, .. } => format!("{help}; nothing was changed"),
            Self::NoOwnProfile { .. } => "take `--flags builtin`, or keep in the root manifest, commented out, \
                 `cargo-features = [\"profile-rustflags\"]` and `rustflags` in `[profile.dev]`"
                .into(),
            Self::ReadOnly { path } => format!("`chmod u+w {}`; nothing was changed", quoted(path.as_os_str())),
            Self::StateDirectory { path } => format!("look at it, then remove it: `rm {}`", quoted(path.as_os_str())),
            Self::Place { .. } => {
                "move the workspace, or build elsewhere if that is the target directory: `--target-dir DIR`".into()
            }
            Self::Journal { path, .. } => format!(
                "`rm {}`, then `cargo hotreload disable` takes out whatever has our marks",
                quoted(path.as_os_str())
            ),
            Self::Unfinished { .. } => "mend that, then `cargo hotreload disable` puts every file back".into(),
            Self::Busy { holder: Some(holder) } if !holder.is_session() => {
                "wait until it has ended, then run the command again".into()
            }
            Self::Busy { .. } => "`cargo hotreload stop` ends it, `cargo hotreload status` shows it".into(),
            Self::NotEnabled { .. } => "`cargo hotreload enable` enables it".into(),
            Self::NoSession { .. } => "`cargo hotreload run` starts one".into(),
            Self::Refused { .. } => "`cargo hotreload status` shows the session's state".into(),
            Self::Exists { .. } => "choose another directory: `cargo hotreload new NAME --path DIR`".into(),
            Self::Name { .. } => "use letters, digits, `-` and `_`: `cargo hotreload new my-server`".into(),
            Self::Requirements { .. } => "run the commands above, then `cargo hotreload doctor` again".into(),
            Self::EventLog { path, .. } => format!(
                "`rm {}` removes it; the next `cargo hotreload run` begins a new one",
                quoted(path.as_os_str())
            ),
            Self::NoEvents { .. } => "`cargo hotreload run` starts a session; its report can be made at any time".into(),
            Self::NoNightly { help, .. } | Self::Setting { help, .. } => help.clone(),
            Self::Demo { .. } => "`cargo hotreload doctor` checks this machine; `--keep` keeps the demo's workspace".into(),
        }
    }
}

fn only_c_libraries(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", only C libraries (`cdylib`): {}", names.join(", ")) }
}

/// The exit code that `error` ends the process with.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    kind(error).map_or(UNEXPECTED, ErrorKind::exit_code)
}

/// The hint that belongs to `error`, if its cause is known.
#[must_use]
pub fn help(error: &anyhow::Error) -> Option<String> {
    kind(error).map(ErrorKind::help)
}

fn kind(error: &anyhow::Error) -> Option<&ErrorKind> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{ErrorKind, exit_code, help};

    #[test]
    fn a_kind_is_found_below_added_context() {
        let error = anyhow::Error::new(ErrorKind::NoNightly {
            reason: "none".into(),
            help: "`rustup toolchain install nightly`".into(),
        })
        .context("while enabling");
        assert_eq!(exit_code(&error), 15);
        assert_eq!(help(&error).as_deref(), Some("`rustup toolchain install nightly`"));
    }

    #[test]
    fn an_unknown_failure_ends_with_one_and_has_no_hint() {
        let error = anyhow::anyhow!("disk full");
        assert_eq!(exit_code(&error), 1);
        assert_eq!(help(&error), None);
    }

    #[test]
    fn a_hint_quotes_a_path_with_spaces() {
        let kind = ErrorKind::ReadOnly { path: PathBuf::from("/a b/Cargo.toml") };
        assert_eq!(kind.help(), "`chmod u+w '/a b/Cargo.toml'`; nothing was changed");
    }
}
