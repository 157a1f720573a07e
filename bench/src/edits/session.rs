//! `cargo hotreload run`, as its users call it: one contestant patches, another one reloads modules.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::edits::contestant::{Contestant, FIRST_BUILD, Measured};
use crate::edits::moment::Moment;
use crate::edits::parts::{Line, Source, has_failed, is_settled};
use crate::edits::process::{Running, command, tail, wait_for};
use crate::edits::site::{Saved, Site};
use crate::edits::workspace::Edit;

/// How long the tool may take to say what the server has answered already.
const WORD: Duration = Duration::from_secs(20);

/// The strategy of live patching.
pub(crate) const PATCH: &str = "patch";
/// What the example's profile leaves out, and patches need: types.
pub(crate) const DEBUG: (&str, &str) = ("CARGO_PROFILE_DEV_DEBUG", "2");

/// A session of the tool.
#[derive(Debug)]
pub(crate) struct Session {
    site: Site,
    source: Source,
    running: Running,
    lines: Lines,
    /// Whether cargo builds everything after an edit.
    settles: bool,
}

/// What a session wrote, line by line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<Line>>>);

impl Session {
    /// Starts `tool` in the copy `site` and waits until the server runs.
    pub(crate) fn start(tool: &Path, site: Site, strategy: &str) -> Result<Self> {
        let source = Source::of(tool)?;
        let mut line = command(tool, &site.root);
        line.args(["hotreload", "run", "--strategy", strategy]).args(source.arguments());
        line.env("LISTEN", site.address.to_string());
        if strategy == PATCH {
            line.env(DEBUG.0, DEBUG.1);
        }
        let mut running = Running::start(line.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let lines = Lines::default();
        if let Some(stdout) = running.child().stdout.take() {
            lines.read(stdout)?;
        }
        if let Some(stderr) = running.child().stderr.take() {
            lines.read(stderr)?;
        }
        let settles = strategy == PATCH;
        let mut session = Self { site, source, running, lines, settles };
        session.wait_until_up().map_err(|error| session.with_last_words(&error))?;
        Ok(session)
    }

    /// The process id of the tool itself.
    pub(crate) fn id(&self) -> u32 {
        self.running.id()
    }

    /// Fails if the session has ended.
    pub(crate) fn is_alive(&mut self) -> Result<()> {
        let alive = self.running.is_alive();
        alive.map_err(|error| self.with_last_words(&error))
    }

    fn wait_until_up(&mut self) -> Result<()> {
        let Self { running, lines, source, .. } = self;
        wait_for("server", FIRST_BUILD, || {
            running.is_alive()?;
            ensure!(!has_failed(&lines.since(0)), "the build failed");
            Ok(source.is_up(&lines.since(0)).then_some(()))
        })
    }

    fn follow(&mut self, saved: Saved, mark: usize) -> Result<Measured> {
        let Self { site, source, running, lines, settles } = self;
        let source = *source;
        let mut is_built = false;
        // Before the build has ended there is nothing new, and requests would take processor time away from it.
        let answered = site.answered(saved, || {
            running.is_alive()?;
            ensure!(!has_failed(&lines.since(mark)), "the build failed");
            is_built |= source.has_built(&lines.since(mark));
            Ok(is_built)
        })?;
        wait_for("report of the tool", WORD, || {
            running.is_alive()?;
            Ok(source.is_live(&lines.since(mark)).then_some(()))
        })?;
        wait_for("end of cargo's build", FIRST_BUILD, || {
            running.is_alive()?;
            Ok((!*settles || is_settled(&lines.since(mark))).then_some(()))
        })?;
        let parts = source.parts(&lines.since(mark), saved.moment, answered.moment);
        Ok(Measured { time: answered.after, parts: Some(parts) })
    }

    /// `error` with the end of what the session wrote, all of which is kept in the copy's log.
    fn with_last_words(&self, error: &anyhow::Error) -> anyhow::Error {
        let mut log = String::new();
        for line in self.lines.since(0) {
            // Writing to a string does not fail.
            let _ = writeln!(log, "{}", line.text);
        }
        let _ = fs::write(self.site.log(), &log);
        anyhow!("{error:#}\n{}", tail(&log))
    }
}

impl Contestant for Session {
    fn edit(&mut self, library: usize, edit: Edit, number: u32) -> Result<Measured> {
        let mark = self.lines.count();
        let saved = self.site.edit(library, edit, number)?;
        self.follow(saved, mark).map_err(|error| self.with_last_words(&error)).context("cargo hotreload run")
    }

    fn stop(self: Box<Self>) -> Result<()> {
        self.running.stop()
    }
}

impl Lines {
    /// Keeps what comes from `pipe`, until its end.
    pub(crate) fn read(&self, pipe: impl Read + Send + 'static) -> Result<()> {
        let lines = Arc::clone(&self.0);
        thread::Builder::new().name("lines".into()).spawn(move || {
            for text in BufReader::new(pipe).lines().map_while(Result::ok) {
                let line = Line { read: Moment::now(), text };
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        })?;
        Ok(())
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// All but the first `mark`.
    pub(crate) fn since(&self, mark: usize) -> Vec<Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(mark..).unwrap_or_default().to_vec()
    }
}
