//! Cargo's own build beside a running program: it may take its time.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::plan::command::CommandLine;

/// The programs that start another one with a lower priority, where they are installed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Helpers {
    /// For the processor.
    pub nice: Option<PathBuf>,
    /// For the disk.
    pub ionice: Option<PathBuf>,
}

/// `line`, which gets processor and disk when nobody else wants them. The helpers become the program: process id, group
/// and exit code are its own.
#[must_use]
pub fn in_background(line: CommandLine, helpers: &Helpers) -> CommandLine {
    let nice = helpers.nice.as_ref().map(|program| (program, ["-n", "19"]));
    let ionice = helpers.ionice.as_ref().map(|program| (program, ["-c", "3"]));
    [ionice, nice].into_iter().flatten().fold(line, |line, (program, options)| {
        let options = options.map(OsString::from).into_iter();
        let arguments = options.chain([line.program.into_os_string()]).chain(line.arguments).collect();
        CommandLine { program: program.clone(), arguments, ..line }
    })
}

#[cfg(test)]
mod tests {
    use super::{Helpers, in_background};
    use crate::plan::command::CommandLine;

    #[test]
    fn a_helper_that_is_missing_is_done_without() {
        let shown = |nice: Option<&str>, ionice: Option<&str>| {
            let helpers = Helpers { nice: nice.map(Into::into), ionice: ionice.map(Into::into) };
            in_background(CommandLine::new("cargo", "/w").env("A", "b").args(["build"]), &helpers).to_string()
        };
        assert_eq!(shown(Some("nice"), Some("ionice")), "A=b nice -n 19 ionice -c 3 cargo build");
        assert_eq!(shown(None, Some("ionice")), "A=b ionice -c 3 cargo build");
        assert_eq!(shown(None, None), "A=b cargo build");
    }
}
