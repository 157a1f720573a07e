//! The tool at work on the server, as its events show it.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, anyhow, ensure};
use procfs::process::Process;
use serde::Deserialize;

use crate::edits::contestant::FIRST_BUILD;
use crate::edits::process::{Running, command, tail, wait_for};
use crate::edits::session::{DEBUG, Lines, PATCH};
use crate::edits::site::free_address;

/// A running session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) root: PathBuf,
    pub(crate) address: SocketAddr,
    running: Running,
    lines: Lines,
}

/// An event, as far as it is of use here. What an event does not have is empty.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Event {
    #[serde(rename = "event")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) build: u32,
    #[serde(default)]
    pub(crate) how: String,
    #[serde(default)]
    pub(crate) why: String,
    #[serde(default)]
    pub(crate) outcome: String,
    #[serde(default)]
    pub(crate) pid: u32,
    #[serde(default)]
    pub(crate) command: String,
    #[serde(default)]
    pub(crate) when: String,
    #[serde(default)]
    pub(crate) modules: Vec<String>,
    #[serde(default)]
    pub(crate) functions: usize,
    pub(crate) patch: Option<Patch>,
    #[serde(default)]
    pub(crate) times: Times,
}

/// What a patch took.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Patch {
    pub(crate) bytes: u64,
    pub(crate) threads: usize,
    pub(crate) stopped_ms: f64,
    pub(crate) rounds: u32,
    pub(crate) planning_ms: f64,
    pub(crate) writing_ms: f64,
}

/// The parts of an edit's way.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::struct_field_names, reason = "the names are those of the format")]
pub(crate) struct Times {
    #[serde(default)]
    pub(crate) edit_to_live_ms: f64,
    #[serde(default)]
    pub(crate) build_ms: f64,
    #[serde(default)]
    pub(crate) signal_to_mapped_ms: f64,
}

impl Session {
    /// Starts `tool` in `root` with this strategy, and waits until the server runs.
    pub(crate) fn start(tool: &Path, root: &Path, strategy: &str) -> Result<Self> {
        let address = free_address()?;
        let mut line = command(tool, root);
        line.args(["hotreload", "run", "--strategy", strategy, "--message-format", "json"]);
        line.env("LISTEN", address.to_string());
        if strategy == PATCH {
            line.env(DEBUG.0, DEBUG.1);
        }
        let mut running = Running::start(line.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let lines = Lines::default();
        lines.read(running.child().stdout.take().context("a pipe")?)?;
        lines.read(running.child().stderr.take().context("a pipe")?)?;
        let mut session = Self { root: root.to_owned(), address, running, lines };
        wait_for("server", FIRST_BUILD, || {
            session.is_alive()?;
            let up = session.events(0).into_iter().any(|event| event.kind == "live");
            let failed = session.events(0).into_iter().any(|event| event.outcome == "failed");
            ensure!(!failed, "the build failed\n{}", session.last_words(0));
            // It runs, and may not listen yet.
            Ok((up && TcpStream::connect(address).is_ok()).then_some(()))
        })?;
        Ok(session)
    }

    /// How much was written so far.
    pub(crate) fn mark(&self) -> usize {
        self.lines.count()
    }

    /// The events since `mark`.
    pub(crate) fn events(&self, mark: usize) -> Vec<Event> {
        let lines = self.lines.since(mark);
        lines.iter().filter_map(|line| serde_json::from_str(&line.text).ok()).collect()
    }

    /// The end of what was written since `mark`.
    pub(crate) fn last_words(&self, mark: usize) -> String {
        let lines: Vec<String> = self.lines.since(mark).into_iter().map(|line| line.text).collect();
        tail(&lines.join("\n"))
    }

    pub(crate) fn is_alive(&mut self) -> Result<()> {
        let alive = self.running.is_alive();
        alive.map_err(|error| anyhow!("{error:#}\n{}", self.last_words(0)))
    }

    /// The process id of the tool itself.
    pub(crate) fn id(&self) -> u32 {
        self.running.id()
    }

    pub(crate) fn stop(self) -> Result<()> {
        self.running.stop()
    }
}

/// What a process has of the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holding {
    /// Memory that is its own or that it shares, in bytes.
    pub(crate) memory: u64,
    /// Open files.
    pub(crate) files: usize,
}

impl Holding {
    /// That of the process `pid`.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let process = Process::new(pid.cast_signed())?;
        let memory = process.status()?.vmrss.context("it has no memory")? * 1024;
        Ok(Self { memory, files: process.fd_count()? })
    }
}
