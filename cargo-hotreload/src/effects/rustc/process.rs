//! One rustc at work: what it says becomes events.

use std::io::{self, BufRead, BufReader, PipeReader, pipe};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Instant;

use cargo_metadata::diagnostic::Diagnostic;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::effects::child::{Running, wait_for_end};
use crate::effects::process;
use crate::plan::command::CommandLine;

/// What happens while crates are compiled; the number says to which step.
#[derive(Debug)]
pub(super) enum Event {
    /// Callers can be compiled.
    Metadata(usize),
    /// The compiler said something.
    Said(usize, Box<Diagnostic>),
    /// A line that is no message: a procedural macro's, a wrapper's, a crash.
    Printed(usize, String),
    /// It has ended, and everything that it said was told.
    Ended(usize),
    /// Somebody does not want it any more.
    Cancelled,
}

/// A rustc.
#[derive(Debug)]
pub(super) struct Rustc {
    /// The process.
    pub(super) running: Running,
    /// Which step it is.
    pub(super) step: usize,
    /// When it began.
    pub(super) since: Instant,
}

/// One of the lines that rustc writes. Older versions do not say which one it is.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Artifact {
        emit: String,
    },
    Diagnostic(Box<Diagnostic>),
    FutureIncompatible {
        #[serde(rename = "future_incompat_report")]
        _report: IgnoredAny,
    },
}

impl Rustc {
    /// Starts the compiler for `step`, whose events go to `events`. The thread that calls this has to live as long.
    pub(super) fn start(line: &CommandLine, flags: &str, step: usize, events: Sender<Event>) -> io::Result<Self> {
        let (reader, writer) = pipe()?;
        let mut command = process::command(line);
        command.env("CARGO_MAKEFLAGS", flags).stdout(writer.try_clone()?).stderr(writer);
        let since = Instant::now();
        let running = Running::start(command)?;
        let pid = running.pid();
        let follow = move || {
            read(reader, step, &events);
            wait_for_end(pid);
            // Nobody listens any more if it was cancelled.
            let _ = events.send(Event::Ended(step));
        };
        match thread::Builder::new().name("rustc".into()).spawn(follow) {
            Ok(_) => Ok(Self { running, step, since }),
            Err(error) => {
                let _ = running.reap();
                Err(error)
            }
        }
    }
}

fn read(reader: PipeReader, step: usize, events: &Sender<Event>) {
    for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
        let event = match serde_json::from_slice(&line) {
            Ok(Line::Artifact { emit }) if emit == "metadata" => Event::Metadata(step),
            Ok(Line::Diagnostic(said)) => Event::Said(step, said),
            Ok(Line::Artifact { .. } | Line::FutureIncompatible { .. }) => continue,
            Err(_) => Event::Printed(step, String::from_utf8_lossy(&line).into_owned() + "\n"),
        };
        if events.send(event).is_err() {
            return;
        }
    }
}
