//! A session in a real terminal: a pseudo-terminal whose screen a small emulator keeps.

use std::io::{self, Write as _};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::io::{Errno, read, write};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use vt100::Parser;

use crate::support::command::inherit;
use crate::support::poll::{SOON, until};

/// The size that most tests have.
pub(crate) const ROWS: u16 = 30;
/// Wide enough that no line of ours takes two rows.
pub(crate) const COLUMNS: u16 = 160;

/// A terminal with a process in it, which has it as its controlling terminal.
pub(crate) struct Terminal {
    child: Child,
    master: Arc<OwnedFd>,
    /// Kept open, so that its modes can be read when the process has ended.
    slave: OwnedFd,
    shown: Arc<Mutex<Shown>>,
}

struct Shown {
    parser: Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Runs `command` in a terminal of the usual size.
    pub(crate) fn run(command: &Command) -> Self {
        Self::run_in(command, ROWS, COLUMNS)
    }

    /// Runs `command` in a terminal.
    pub(crate) fn run_in(command: &Command, rows: u16, columns: u16) -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("a pseudo-terminal");
        grantpt(&master).expect("grantpt");
        unlockpt(&master).expect("unlockpt");
        let slave = ioctl_tiocgptpeer(&master, flags).expect("its other side");
        tcsetwinsize(&slave, size(rows, columns)).expect("its size");
        let end = || slave.try_clone().expect("another end");
        // `setsid` replaces itself by the command: it is no leader of a group.
        let mut inside = Command::new("setsid");
        inside.arg("--ctty").arg(command.get_program()).args(command.get_args());
        inside.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm-256color");
        inherit(&mut inside, command);
        let child = inside.spawn().expect("setsid starts");
        let positive = |number| NonZero::new(number).expect("a positive number");
        let parser = Parser::new(positive(rows), positive(columns), 0);
        let shown = Arc::new(Mutex::new(Shown { parser, bytes: Vec::new() }));
        let (master, for_thread) = (Arc::new(master), Arc::clone(&shown));
        let reader = Arc::clone(&master);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                match read(&*reader, &mut buffer) {
                    Err(Errno::INTR) => {}
                    Err(_) | Ok(0) => return,
                    Ok(length) => {
                        let mut shown = for_thread.lock().unwrap_or_else(PoisonError::into_inner);
                        shown.parser.process(&buffer[..length]);
                        shown.bytes.extend(&buffer[..length]);
                    }
                }
            }
        });
        Self { child, master, slave, shown }
    }

    /// Types `keys`.
    pub(crate) fn press(&self, keys: &str) {
        let mut rest = keys.as_bytes();
        while !rest.is_empty() {
            rest = &rest[write(&*self.master, rest).expect("the terminal takes keys")..];
        }
    }

    /// Makes the terminal larger or smaller.
    pub(crate) fn resize(&self, rows: u16, columns: u16) {
        let positive = |number| NonZero::new(number).expect("a positive number");
        self.locked().parser.screen_mut().set_size(positive(rows), positive(columns));
        tcsetwinsize(&*self.master, size(rows, columns)).expect("its size");
    }

    /// What is on the screen, row by row, without what is empty below and at the right.
    pub(crate) fn rows(&self) -> Vec<String> {
        let shown = self.locked();
        let columns = shown.parser.screen().size().1.into();
        let rows: Vec<String> = shown.parser.screen().rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows[..used].to_vec()
    }

    /// The screen as one text.
    pub(crate) fn text(&self) -> String {
        self.rows().join("\n")
    }

    /// Everything that was ever written, with escape codes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.locked().bytes.clone()
    }

    /// Waits until `look` finds something on the screen.
    #[track_caller]
    pub(crate) fn until<T>(&self, patience: Duration, what: &str, mut look: impl FnMut(&[String]) -> Option<T>) -> T {
        let found =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| until(patience, what, || look(&self.rows()))));
        found.unwrap_or_else(|_| panic!("not seen: {what}; the screen is\n{}", self.text()))
    }

    /// Waits until a row contains `needle`, and returns the row.
    #[track_caller]
    pub(crate) fn expect(&self, patience: Duration, needle: &str) -> String {
        self.until(patience, needle, |rows| rows.iter().rfind(|row| row.contains(needle)).cloned())
    }

    /// Waits until the last row, which is the status line, contains `needle`.
    #[track_caller]
    pub(crate) fn expect_status(&self, patience: Duration, needle: &str) -> String {
        self.until(patience, &format!("a status line with {needle:?}"), |rows| {
            rows.last().filter(|row| row.contains(needle)).cloned()
        })
    }

    /// The modes that it has now.
    pub(crate) fn modes(&self) -> Termios {
        tcgetattr(&self.slave).expect("its modes")
    }

    /// Gives it modes such as those of a program that draws on all of it.
    pub(crate) fn make_raw(&self) {
        let mut modes = self.modes();
        modes.make_raw();
        tcsetattr(&self.slave, OptionalActions::Now, &modes).expect("its modes");
    }

    /// Whether it has the modes that a shell expects: whole lines, and what is typed is shown.
    pub(crate) fn is_as_before(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN)
    }

    /// Sends the process a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// Waits for the process to end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = std::time::Instant::now() + SOON;
        loop {
            if let Some(status) = self.child.try_wait().expect("our child") {
                return status;
            }
            assert!(std::time::Instant::now() < deadline, "it does not end:\n{}", self.text());
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn locked(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            if thread::panicking() {
                let _ = writeln!(io::stderr(), "the screen was:\n{}", self.text());
            }
            // Not killed: it would leave its program behind.
            let _ = kill_process(Pid::from_child(&self.child), Signal::CONT);
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

fn size(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
