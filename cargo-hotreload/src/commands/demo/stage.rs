//! Where the demo happens: a temporary workspace, and a session of `cargo hotreload run` in it.

use std::env;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;
use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tempfile::TempDir;

use crate::cli::Demo;
use crate::commands::demo::page::Page;
use crate::commands::demo::{Edit, Wanted};
use crate::effects::child::Running;
use crate::effects::http::Client;
use crate::effects::{control, process};
use crate::error::ErrorKind;
use crate::plan::command::CommandLine;
use crate::session::request::{Answer, Request};

/// How long an edit may take to be answered by the server; a build of one crate takes seconds.
const EDIT_DEADLINE: Duration = Duration::from_mins(5);
/// How often the server is asked for its page.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// A temporary workspace, removed at the end.
pub(super) struct Stage {
    _directory: TempDir,
    root: PathBuf,
    toolchain: Option<String>,
    interrupted: Arc<AtomicBool>,
}

impl Stage {
    pub(super) fn new(arguments: &Demo) -> Result<Self> {
        let mut directory = tempfile::Builder::new().prefix("cargo-hotreload-demo-").tempdir()?;
        // `/proc/PID/maps` shows real paths.
        let root = directory.path().canonicalize()?;
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_conditional_default(signal, Arc::clone(&interrupted))?;
            signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
        }
        directory.disable_cleanup(arguments.keep);
        Ok(Self { _directory: directory, root, toolchain: arguments.toolchain.clone(), interrupted })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Calls this executable as a user would, and shows what it prints.
    pub(super) fn call(&self, command: &str) -> Result<()> {
        println!("$ cargo hotreload {command}");
        let captured = process::capture(&self.line(command)?)?;
        captured.stdout.lines().for_each(|line| println!("   {line}"));
        if !captured.status.success() {
            bail!("`cargo hotreload {command}` failed: {}", captured.stderr.trim());
        }
        Ok(())
    }

    /// Starts a session.
    pub(super) fn run(&self) -> Result<Session<'_>> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        println!("$ LISTEN={address} cargo hotreload run");
        let line = self.line("run")?.env("LISTEN", &address);
        let running = Running::start(process::command(&line)).with_context(|| format!("cannot run `{line}`"))?;
        Ok(Session { stage: self, running: Some(running), client: Client::new(&address) })
    }

    fn line(&self, command: &str) -> Result<CommandLine> {
        let own = env::current_exe().context("cannot tell our own path")?;
        let line = CommandLine::new(own, &self.root).args(["hotreload", command]);
        // A target directory that is set for everything would be left behind full.
        let line = line.env_remove("CARGO_TARGET_DIR").env_remove("CARGO_BUILD_TARGET_DIR");
        Ok(match &self.toolchain {
            Some(toolchain) if command != "disable" => line.args(["--toolchain", toolchain]),
            _ => line,
        })
    }
}

/// A running session and a client of its server.
pub(super) struct Session<'stage> {
    stage: &'stage Stage,
    running: Option<Running>,
    client: Client,
}

impl Session<'_> {
    /// The first answer of the server, however long the first build takes.
    pub(super) fn first_page(&self) -> Result<Page> {
        loop {
            if let Ok(page) = self.page() {
                return Ok(page);
            }
            // A build that failed leaves the session waiting for an edit that nobody makes.
            if let Ok(Answer::Status { state, last, .. }) = self.status()
                && state == "waiting for a change"
            {
                bail!("the server did not start: {last}");
            }
            self.check()?;
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(super) fn page(&self) -> Result<Page> {
        Page::parse(&self.client.get("/")?).context("the server answered with another page")
    }

    pub(super) fn add_note(&self, text: &str) -> Result<()> {
        self.client.post("/notes", text).map(drop).context("the server took no note")
    }

    /// Makes `edit` and waits for the page that shows it; returns that page and the time since the save.
    pub(super) fn edit(&self, edit: &Edit, wanted: Wanted) -> Result<(Page, Duration)> {
        edit.make(&self.stage.root)?;
        let saved = Instant::now();
        while saved.elapsed() < EDIT_DEADLINE {
            match self.page() {
                Ok(page) if wanted(&page) => return Ok((page, saved.elapsed())),
                _ => {}
            }
            self.check()?;
            thread::sleep(ASK_EVERY);
        }
        Err(ErrorKind::Demo { claim: format!("the edit of {} becomes visible", edit.file) }.into())
    }

    /// What the session reported last, once it is at rest.
    pub(super) fn last_report(&self) -> Result<String> {
        loop {
            match self.status()? {
                Answer::Status { state, last, .. } if state == "running" => return Ok(last),
                _ => self.check()?,
            }
            thread::sleep(ASK_EVERY);
        }
    }

    /// Ends the session as `cargo hotreload stop` does.
    pub(super) fn stop(mut self) -> Result<()> {
        control::ask(&self.stage.root, Request::Stop)?;
        let Some(running) = self.running.take() else { return Ok(()) };
        let status = running.wait()?;
        if !status.success() {
            bail!("the session ended with {status}");
        }
        Ok(())
    }

    fn status(&self) -> Result<Answer> {
        control::ask(&self.stage.root, Request::Status)
    }

    /// Fails when waiting has no sense any more.
    fn check(&self) -> Result<()> {
        if self.stage.interrupted.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
        if self.running.as_ref().is_some_and(Running::has_ended) {
            bail!("the session ended by itself");
        }
        Ok(())
    }
}

/// A demo that fails ends its session too.
impl Drop for Session<'_> {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.signal(Signal::TERM);
            let _ = running.wait();
        }
    }
}
