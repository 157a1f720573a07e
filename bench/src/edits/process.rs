//! Processes that run beside the measurements, none of which outlives them.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// How often it is looked whether something has happened: short against what is measured, and long enough to leave
/// the processors to it.
const LOOK: Duration = Duration::from_millis(1);
/// How long a process may take to end in order.
const END: Duration = Duration::from_secs(20);
/// What would make a build, or the program, another one than the one that is measured.
const FOREIGN: [&str; 7] = [
    "CARGO",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "HOTRELOAD_MODULES",
    "LD_LIBRARY_PATH",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// Set by Ctrl+C. Every wait looks at it, so that all processes are ended on the way out.
static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From here on a signal ends the measurements in order; a second one ends them at once.
pub(crate) fn heed_signals() -> Result<()> {
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&INTERRUPTED))?;
        signal_hook::flag::register(signal, Arc::clone(&INTERRUPTED))?;
    }
    Ok(())
}

/// Asks `look` until it has an answer. `what` is what the waiting is for, as in "there was no … within".
pub(crate) fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = look()? {
            return Ok(answer);
        }
        ensure!(!INTERRUPTED.load(Ordering::Relaxed), "interrupted");
        ensure!(began.elapsed() < limit, "there was no {what} within {} s", limit.as_secs());
        thread::sleep(LOOK);
    }
}

/// A command in `directory`, free of what the benchmark itself was called with.
pub(crate) fn command(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).stdin(Stdio::null());
    for name in FOREIGN {
        command.env_remove(name);
    }
    command
}

/// A running process and its group.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pid: Pid,
    /// How it ended, once that was asked; from then on its id may be a stranger's.
    ended: Option<ExitStatus>,
    log: Option<PathBuf>,
}

impl Running {
    /// Starts `command` as leader of a process group: Ctrl+C reaches us alone, and a signal to the group everything
    /// that it has started.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let child = command.process_group(0).spawn().with_context(|| format!("cannot run {command:?}"))?;
        let pid = Pid::from_child(&child);
        Ok(Self { child, pid, ended: None, log: None })
    }

    /// Starts `command`, whose output goes to the file `log`.
    pub(crate) fn start_logged(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let mut running = Self::start(command.stdout(file.try_clone()?).stderr(file))?;
        running.log = Some(log.to_owned());
        Ok(running)
    }

    /// The pipes that the command was given.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends `signal` to the process alone.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.ended.is_none() {
            // It fails only when the process has ended, which whoever waits for it finds out.
            let _ = kill_process(self.pid, signal);
        }
    }

    /// How the process has ended, if it has. What it left of its group is killed then.
    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        if self.ended.is_none() && waitid(WaitId::Pid(self.pid), options)?.is_some() {
            self.reap()?;
        }
        Ok(self.ended)
    }

    /// Kills what is left of the process and its group, and only then gives the id back.
    fn reap(&mut self) -> Result<()> {
        if self.ended.is_none() {
            let _ = kill_process_group(self.pid, Signal::KILL);
            self.ended = Some(self.child.wait()?);
        }
        Ok(())
    }

    /// Fails if the process has ended.
    pub(crate) fn is_alive(&mut self) -> Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("the process ended by itself: {status}{}", self.last_words()),
        }
    }

    /// Waits for the process to end well.
    pub(crate) fn succeed(mut self, limit: Duration) -> Result<()> {
        let status = wait_for("end of a command", limit, || self.ended())?;
        ensure!(status.success(), "a command failed: {status}{}", self.last_words());
        Ok(())
    }

    /// Tells the process to end, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.end()?;
        ensure!(self.ended.is_some(), "the process {} had to be killed{}", self.id(), self.last_words());
        Ok(())
    }

    /// Tells the process to end and waits, not for ever, without heeding an interruption: this is how one ends.
    fn end(&mut self) -> Result<()> {
        self.signal(Signal::TERM);
        let began = Instant::now();
        while self.ended()?.is_none() && began.elapsed() < END {
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let log = self.log.as_ref().and_then(|log| fs::read_to_string(log).ok());
        log.map(|log| format!("\n{}", tail(&log))).unwrap_or_default()
    }
}

/// A measurement that fails leaves nothing behind either.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
        let _ = self.reap();
    }
}

/// The last lines of `log`.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let last = &lines[lines.len().saturating_sub(25)..];
    format!("  | {}\n", last.join("\n  | "))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;
    use std::time::Duration;

    use rustix::process::{Pid, test_kill_process_group};

    use super::{Running, command, tail, wait_for};

    #[test]
    fn a_dropped_process_takes_its_group_along() {
        let running = Running::start(Command::new("sh").args(["-c", "sleep 1000 & exit 0"])).expect("sh starts");
        let group = Pid::from_raw(running.id().cast_signed()).expect("a pid");
        drop(running);
        let gone = || Ok(test_kill_process_group(group).is_err().then_some(()));
        wait_for("end of the group", Duration::from_secs(10), gone).expect("nothing is left");
    }

    #[test]
    fn a_failed_command_is_an_error_with_its_last_words() {
        let directory = tempfile::tempdir().expect("a directory");
        let log = directory.path().join("log");
        let mut failing = command(Path::new("sh"), directory.path());
        let running = Running::start_logged(failing.args(["-c", "echo alas; exit 3"]), &log).expect("sh starts");
        let error = running.succeed(Duration::from_secs(10)).expect_err("it fails").to_string();
        assert!(error.contains("exit status: 3") && error.ends_with("  | alas\n"), "{error}");
    }

    #[test]
    fn a_wait_ends_with_what_it_was_for() {
        let error = wait_for::<()>("miracle", Duration::ZERO, || Ok(None)).expect_err("nothing comes");
        assert_eq!(error.to_string(), "there was no miracle within 0 s");
        assert_eq!(tail(&"x\n".repeat(99)).lines().count(), 25);
    }
}
