//! `cargo hotreload status --follow`.

use std::io::{ErrorKind as IoErrorKind, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anstream::stdout;
use anyhow::Result;

use crate::commands::Outcome;
use crate::config::values::MessageFormat;
use crate::effects::control;
use crate::effects::events::{Tail, running_log};
use crate::error::ErrorKind;
use crate::events::Line;
use crate::events::record::Record;

/// How often the log is looked at: seen at once by people, and next to nothing for the machine.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often is looked whether the session is still there: one that was killed does not say that it ends.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Prints the events of the session of the workspace at `root`, from its beginning until it ends.
///
/// # Errors
/// [`ErrorKind::NoSession`] if none runs, [`ErrorKind::EventLog`] if its log is damaged.
pub(super) fn follow(root: &Path, format: MessageFormat) -> Result<Outcome> {
    let no_session = || ErrorKind::NoSession { root: root.to_owned() };
    let tail = Tail::open(root)?.filter(|_| control::is_listening(root));
    let mut tail = tail.ok_or_else(no_session)?;
    let mut asked = Instant::now();
    loop {
        // Before the log is read: what was written before the end is not missed.
        let is_over = asked.elapsed() >= ASK_EVERY && {
            asked = Instant::now();
            !(control::is_listening(root) && tail.is_current(root))
        };
        for (number, text) in tail.lines()? {
            let line = Line::parse(&text).map_err(|why| damaged(root, number, why))?;
            let shown = match format {
                MessageFormat::Json => text,
                MessageFormat::Human => match &line.instance {
                    None => format!("{} {}", line.time.of_day(), line.record),
                    Some(name) => format!("{} [{name}] {}", line.time.of_day(), line.record),
                },
            };
            let is_read = print(&shown)?;
            if !is_read || matches!(line.record, Record::SessionEnded(_)) {
                return Ok(Outcome::Done);
            }
        }
        if is_over {
            return Ok(Outcome::Done);
        }
        sleep(LOOK_EVERY);
    }
}

fn damaged(root: &Path, line: usize, why: String) -> ErrorKind {
    ErrorKind::EventLog { path: running_log(root), line, why }
}

/// Prints a line at once; says whether there is still somebody who reads.
fn print(line: &str) -> Result<bool> {
    let mut stdout = stdout().lock();
    match stdout.write_all(format!("{line}\n").as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == IoErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.into()),
    }
}
