//! A command line as a value: built here, printed, then run by [`crate::effects::process`].

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::shell::quoted;

/// What the environment of a program begins with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Base {
    /// Our own environment.
    #[default]
    Ours,
    /// Nothing at all.
    Nothing,
}

/// A program, its arguments and what its environment differs in from ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: a path, or a name to be found in `PATH`.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it runs.
    pub directory: PathBuf,
    /// What its environment begins with.
    pub base: Base,
    /// Environment variables that are set.
    pub set: Vec<(OsString, OsString)>,
    /// Environment variables that are taken out.
    pub unset: Vec<OsString>,
}

impl CommandLine {
    /// `program` in `directory`, without arguments, in our own environment.
    pub fn new(program: impl Into<PathBuf>, directory: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            directory: directory.into(),
            base: Base::Ours,
            set: Vec::new(),
            unset: Vec::new(),
        }
    }

    /// Appends arguments.
    #[must_use]
    pub fn args<I: IntoIterator<Item: Into<OsString>>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.set.push((name.into(), value.into()));
        self
    }

    /// Takes an environment variable out.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.unset.push(name.into());
        self
    }
}

/// As one would type it in a shell.
impl fmt::Display for CommandLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base == Base::Nothing {
            write!(formatter, "env -i ")?;
        }
        for (name, value) in &self.set {
            write!(formatter, "{}={} ", name.display(), quoted(value))?;
        }
        write!(formatter, "{}", quoted(self.program.as_os_str()))?;
        self.arguments.iter().try_for_each(|argument| write!(formatter, " {}", quoted(argument)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Base, CommandLine};

    #[test]
    fn a_command_prints_as_it_would_be_typed() {
        let command = CommandLine::new("cargo", "/w").env("A", "x y").args(["build", "it's", ""]);
        assert_eq!(command.to_string(), r"A='x y' cargo build 'it'\''s' ''");
        let alone = CommandLine { base: Base::Nothing, ..CommandLine::new("rustc", "/w").env("A", "1") };
        assert_eq!(alone.to_string(), "env -i A=1 rustc");
    }
}
