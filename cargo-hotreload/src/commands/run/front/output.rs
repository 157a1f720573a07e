//! Where a program's output goes.

use std::io::{self, IsTerminal, Write, pipe, stderr, stdin, stdout};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use anstream::{AutoStream, ColorChoice};
use rustix::termios::Winsize;

use crate::commands::run::front::Front;
use crate::commands::run::view::View;
use crate::config::values::MessageFormat;
use crate::effects::passing::Source;
use crate::effects::pty::{self, Pty};
use crate::effects::terminal;
use crate::ui::labels::Lines;
use crate::ui::screen;

/// How a process reaches the terminal, to be waited for when it has ended.
#[derive(Debug, Default)]
pub(in crate::commands::run) struct Output(Vec<Stream>);

/// One of its streams, as far as it comes through us.
#[derive(Debug)]
struct Stream {
    source: Source,
    /// How its lines are shown, unless they are as they come.
    lines: Option<(Place, Arc<Mutex<Lines>>)>,
}

/// Where lines are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Screen,
    Stdout,
    Stderr,
}

impl Place {
    /// Whether lines there may have colours.
    fn is_styled(self) -> bool {
        let choice = match self {
            Self::Screen | Self::Stdout => AutoStream::choice(&stdout()),
            Self::Stderr => AutoStream::choice(&stderr()),
        };
        choice != ColorChoice::Never
    }

    /// Shows whole lines in one piece.
    fn show(self, lines: &[u8]) {
        // Where nobody listens there is nobody to tell; the program goes on.
        let _ = match self {
            _ if lines.is_empty() => Ok(()),
            Self::Screen => {
                screen::program(lines);
                Ok(())
            }
            Self::Stdout => write(&mut stdout().lock(), lines),
            Self::Stderr => write(&mut stderr().lock(), lines),
        };
    }
}

fn write(stream: &mut impl Write, lines: &[u8]) -> io::Result<()> {
    stream.write_all(lines)?;
    stream.flush()
}

impl Output {
    /// What is shown as it comes from `source`.
    pub(super) fn of(source: &Source) -> Self {
        Self(vec![Stream { source: source.clone(), lines: None }])
    }

    /// Waits until everything that the ended process wrote is shown, the last line also without its end.
    pub(in crate::commands::run) fn drain(&self) {
        for Stream { source, lines } in &self.0 {
            source.drain();
            let Some((place, lines)) = lines else { continue };
            // Locked is what a reader does not take from us: it is not waited for.
            let rest = match lines.try_lock() {
                Ok(mut lines) => lines.finish(),
                Err(TryLockError::Poisoned(lines)) => lines.into_inner().finish(),
                Err(TryLockError::WouldBlock) => continue,
            };
            place.show(&rest);
        }
    }

    /// Shows what comes from `source` line by line, with a prefix.
    fn pass_on(&mut self, source: &Source, prefix: String, place: Place) -> io::Result<()> {
        let lines = Arc::new(Mutex::new(Lines::new(prefix)));
        let of_thread = Arc::clone(&lines);
        source.pass_on("output", move |bytes| {
            let mut lines = of_thread.lock().unwrap_or_else(PoisonError::into_inner);
            place.show(&lines.feed(bytes));
        })?;
        self.0.push(Stream { source: source.clone(), lines: Some((place, lines)) });
        Ok(())
    }
}

impl Front {
    /// Gives the program of this number its streams.
    pub(in crate::commands::run) fn connect(&self, command: &mut Command, index: usize) -> io::Result<Output> {
        // In the terminal's background, reading from there would stop it; and several would take it from each other.
        let is_terminal = stdin().is_terminal() && self.view != View::Foreground;
        let has_none = is_terminal || self.labels.are_shown();
        command.stdin(if has_none { Stdio::null() } else { Stdio::inherit() });
        if self.view == View::Screen {
            return self.connect_screen(command, index);
        }
        if self.labels.are_shown() {
            return self.connect_pipes(command, index);
        }
        if self.message_format == MessageFormat::Json {
            command.stdout(stderr());
        }
        Ok(Output::default())
    }

    /// Both streams are a terminal, as narrow as there is room for its lines.
    fn connect_screen(&self, command: &mut Command, index: usize) -> io::Result<Output> {
        let size = terminal::size();
        let prefix = u16::try_from(self.labels.width()).unwrap_or(u16::MAX);
        let (pty, slave) = Pty::open(narrowed(size, prefix))?;
        let output = if self.labels.are_shown() {
            let mut output = Output::default();
            let prefix = self.labels.prefix(index, Place::Screen.is_styled());
            output.pass_on(pty.source(), prefix, Place::Screen)?;
            output
        } else {
            pty.pass_on("output", screen::program)?;
            Output::of(pty.source())
        };
        let (out, errors) = pty::both(slave)?;
        command.stdout(out).stderr(errors);
        self.suspension.add_terminal(pty, prefix);
        Ok(output)
    }

    /// Each stream goes where ours goes, line by line.
    fn connect_pipes(&self, command: &mut Command, index: usize) -> io::Result<Output> {
        let is_json = self.message_format == MessageFormat::Json;
        let places = [if is_json { Place::Stderr } else { Place::Stdout }, Place::Stderr];
        let mut output = Output::default();
        let mut ends = Vec::new();
        for place in places {
            let (reader, writer) = pipe()?;
            let prefix = self.labels.prefix(index, place.is_styled());
            output.pass_on(&Source::from(OwnedFd::from(reader)), prefix, place)?;
            ends.push(Stdio::from(writer));
        }
        let (Some(errors), Some(out)) = (ends.pop(), ends.pop()) else { return Ok(output) };
        command.stdout(out).stderr(errors);
        Ok(output)
    }
}

/// `size` without so many columns.
pub(in crate::commands::run) fn narrowed(size: Winsize, columns: u16) -> Winsize {
    Winsize { ws_col: size.ws_col.saturating_sub(columns).max(1), ..size }
}
