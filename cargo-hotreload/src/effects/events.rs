//! The log of a session: written while it runs, followed by others, kept in the target directory afterwards.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind as IoErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::config::values::MessageFormat;
use crate::events::Line;
use crate::events::record::Record;
use crate::workspace::STATE_DIRECTORY;

/// What a log is called in the target directory, when its session is over.
const KEPT: &str = "hotreload-events.jsonl";

/// The log of the session in the workspace at `root`, while that runs.
#[must_use]
pub fn running_log(root: &Path) -> PathBuf {
    root.join(STATE_DIRECTORY).join("events.jsonl")
}

/// The log of the last session that built into `target_directory`.
#[must_use]
pub fn kept_log(target_directory: &Path) -> PathBuf {
    target_directory.join(KEPT)
}

/// Where the events of a session go. Each goes there whole and at once.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    /// `None` once a write has failed.
    file: Option<File>,
    /// Where they go besides, if they were asked for.
    output: Option<io::Stdout>,
}

impl EventLog {
    /// Begins a new log for the workspace at `root`, whose lock we have.
    pub fn begin(root: &Path, format: MessageFormat) -> (Self, Result<()>) {
        let path = running_log(root);
        let output = (format == MessageFormat::Json).then(io::stdout);
        // Who still follows the log of an earlier session keeps that file.
        let _ = fs::remove_file(&path);
        let opened = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path);
        let opened = opened.with_context(|| format!("cannot write the event log `{}`", path.display()));
        let (file, result) = match opened {
            Ok(file) => (Some(file), Ok(())),
            Err(error) => (None, Err(error)),
        };
        (Self { path, file, output }, result)
    }

    /// Writes `record` with the time, and with the name of the program that it is about, if that is one of several.
    ///
    /// # Errors
    /// Once for each of both ways; nothing goes there any more then.
    pub fn write(&mut self, instance: Option<String>, record: Record) -> Result<()> {
        let line = Line { instance, ..Line::new(record, SystemTime::now()) }.to_json()?;
        let output = write_to(&mut self.output, &line).context("cannot write events to standard output");
        let path = &self.path;
        write_to(&mut self.file, &line).with_context(|| format!("cannot write the event log `{}`", path.display()))?;
        output
    }

    /// Keeps the log in `target_directory`, if that is there: nothing was built otherwise.
    pub fn keep(&mut self, target_directory: &Path) -> Result<()> {
        if self.file.take().is_none() || !target_directory.is_dir() {
            return Ok(());
        }
        let kept = kept_log(target_directory);
        // The copy has the mode of the original.
        fs::copy(&self.path, &kept).with_context(|| format!("cannot keep the event log as `{}`", kept.display()))?;
        Ok(())
    }
}

fn write_to(sink: &mut Option<impl Write>, line: &str) -> io::Result<()> {
    let Some(open) = sink else { return Ok(()) };
    let written = open.write_all(line.as_bytes()).and_then(|()| open.flush());
    if written.is_err() {
        *sink = None;
    }
    written
}

/// Reads a log that grows, line by line.
#[derive(Debug)]
pub struct Tail {
    file: File,
    /// The beginning of a line whose end is not written yet.
    begun: Vec<u8>,
    /// How many lines were read.
    read: usize,
}

impl Tail {
    /// The log of the session in the workspace at `root`, from its beginning; `None` if there is none.
    pub fn open(root: &Path) -> Result<Option<Self>> {
        match File::open(running_log(root)) {
            Ok(file) => Ok(Some(Self { file, begun: Vec::new(), read: 0 })),
            Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("cannot read the event log"),
        }
    }

    /// Whether this is still the log of the workspace at `root`, and not that of an earlier session.
    #[must_use]
    pub fn is_current(&self, root: &Path) -> bool {
        match (fs::metadata(running_log(root)), self.file.metadata()) {
            (Ok(there), Ok(ours)) => (there.dev(), there.ino()) == (ours.dev(), ours.ino()),
            _ => false,
        }
    }

    /// The whole lines that were written since, each with its number, counted from 1.
    pub fn lines(&mut self) -> Result<Vec<(usize, String)>> {
        self.file.read_to_end(&mut self.begun).context("cannot read the event log")?;
        let whole = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text: Vec<u8> = self.begun.drain(..whole).collect();
        let text = String::from_utf8_lossy(&text);
        let mut lines = Vec::new();
        for line in text.lines() {
            self.read += 1;
            lines.push((self.read, line.to_owned()));
        }
        Ok(lines)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::{EventLog, Tail, kept_log, running_log, write_to};
    use crate::config::values::MessageFormat;
    use crate::events::Line;
    use crate::events::record::Record;

    #[test]
    fn a_log_is_private_and_is_kept() {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(root.path().join(".hotreload")).expect("mkdir");
        fs::write(running_log(root.path()), "of an earlier session\n").expect("write");
        let (mut log, begun) = EventLog::begin(root.path(), MessageFormat::Human);
        begun.expect("a log");
        let record = Record::BuildStarted { build: 1, command: "cargo build".into() };
        log.write(None, record.clone()).expect("written");
        let mut tail = Tail::open(root.path()).expect("readable").expect("there");
        let target = root.path().join("target");
        log.keep(&target).expect("nothing to do");
        assert!(!target.exists(), "nothing was built");

        let (mut log, begun) = EventLog::begin(root.path(), MessageFormat::Human);
        begun.expect("a log");
        log.write(None, record.clone()).expect("written");
        fs::create_dir(&target).expect("mkdir");
        log.keep(&target).expect("kept");
        let text = fs::read_to_string(kept_log(&target)).expect("the log");
        assert_eq!(Line::parse_all(&text).expect("events")[0].record, record);
        assert_eq!(fs::metadata(kept_log(&target)).expect("stat").permissions().mode() & 0o777, 0o600);
        assert_eq!(tail.lines().expect("the log of the first session").len(), 1);
    }

    #[test]
    fn a_line_is_read_when_it_is_whole() {
        let root = tempfile::tempdir().expect("a temporary directory");
        assert!(Tail::open(root.path()).expect("readable").is_none());
        fs::create_dir(root.path().join(".hotreload")).expect("mkdir");
        let mut file = File::create(running_log(root.path())).expect("a file");
        let mut tail = Tail::open(root.path()).expect("readable").expect("there");
        file.write_all(b"one\ntw").expect("written");
        assert_eq!(tail.lines().expect("lines"), [(1, "one".into())]);
        file.write_all(b"o\n").expect("written");
        assert_eq!(tail.lines().expect("lines"), [(2, "two".into())]);
        assert!(tail.lines().expect("lines").is_empty());
        assert!(tail.is_current(root.path()));
        let (_log, begun) = EventLog::begin(root.path(), MessageFormat::Human);
        begun.expect("the log of another session");
        assert!(!tail.is_current(root.path()));
    }

    #[test]
    fn a_failure_is_told_once() {
        let mut full = Some(File::options().write(true).open("/dev/full").expect("it is there"));
        assert!(write_to(&mut full, "line\n").is_err());
        assert!(write_to(&mut full, "line\n").is_ok() && full.is_none());
    }
}
