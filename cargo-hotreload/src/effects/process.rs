//! Short-lived helper programs: run to the end, output captured.

use std::io;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

use crate::plan::command::{Base, CommandLine};

/// What a helper program left.
#[derive(Debug)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, as far as it is UTF-8.
    pub stdout: String,
    /// Its standard error, as far as it is UTF-8.
    pub stderr: String,
}

/// The standard library's form of `line`, with no input.
#[must_use]
pub fn command(line: &CommandLine) -> Command {
    let mut command = Command::new(&line.program);
    command.args(&line.arguments).current_dir(&line.directory).stdin(Stdio::null());
    if line.base == Base::Nothing {
        command.env_clear();
    }
    for name in &line.unset {
        command.env_remove(name);
    }
    command.envs(line.set.iter().map(|(name, value)| (name, value)));
    command
}

/// Runs `line` to its end.
pub fn capture(line: &CommandLine) -> io::Result<Captured> {
    let output = command(line).output()?;
    Ok(Captured {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// The standard output of `line`, which has to succeed.
pub fn read(line: &CommandLine) -> Result<String> {
    let captured = capture(line).with_context(|| format!("cannot run `{line}`"))?;
    if !captured.status.success() {
        bail!("`{line}` failed ({}): {}", captured.status, captured.stderr.trim());
    }
    Ok(captured.stdout)
}
