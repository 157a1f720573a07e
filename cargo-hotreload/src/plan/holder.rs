//! Who works in a workspace.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The subcommands that take the lock.
const COMMANDS: [&str; 3] = ["run", "enable", "disable"];

/// A process of ours that has the lock of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pid: u32,
    /// Its subcommand.
    command: &'static str,
}

impl Holder {
    /// The process `pid`, whose `command` line is as `/proc/PID/cmdline` shows it; `None` if it is none of ours.
    #[must_use]
    pub fn new(pid: u32, command: &[u8]) -> Option<Self> {
        let mut words = command.split(|byte| *byte == 0);
        let program = Path::new(OsStr::from_bytes(words.next()?));
        let is_ours = program.file_name()? == "cargo-hotreload" && words.next()? == b"hotreload";
        // An option with a value may come first.
        let command = words.find_map(|word| COMMANDS.into_iter().find(|command| command.as_bytes() == word))?;
        is_ours.then_some(Self { pid, command })
    }

    /// Whether it takes requests.
    #[must_use]
    pub fn is_session(&self) -> bool {
        self.command == "run"
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`cargo hotreload {}` (process {})", self.command, self.pid)
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    fn shown(command: &[u8]) -> Option<String> {
        Holder::new(7, command).map(|holder| holder.to_string())
    }

    #[test]
    fn only_a_process_of_ours_is_named() {
        let run = b"/home/me/.cargo/bin/cargo-hotreload\0hotreload\0run\0--bin\0app\0";
        assert_eq!(shown(run).as_deref(), Some("`cargo hotreload run` (process 7)"));
        let with_flags = b"cargo-hotreload\0hotreload\0--color\0never\0enable\0";
        assert_eq!(shown(with_flags).as_deref(), Some("`cargo hotreload enable` (process 7)"));
        for other in [&b"vim\0Cargo.toml\0"[..], b"", b"cargo-hotreload\0", b"\xff\0hotreload\0run\0"] {
            assert_eq!(shown(other), None);
        }
    }
}
