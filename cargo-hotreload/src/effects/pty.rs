//! Pseudo-terminals: what a process writes to one is passed on as it is, and the process believes in a terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::effects::passing::Source;

/// Our side of a pseudo-terminal. The other side is open in processes.
#[derive(Debug, Clone)]
pub struct Pty(Source);

impl Pty {
    /// A pseudo-terminal of this size, and its other side for a process. Output processing is off: bytes stay as they
    /// are written.
    pub fn open(size: Winsize) -> io::Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let slave = ioctl_tiocgptpeer(&master, flags)?;
        let mut modes = tcgetattr(&slave)?;
        modes.output_modes.remove(OutputModes::OPOST);
        tcsetattr(&slave, OptionalActions::Now, &modes)?;
        tcsetwinsize(&slave, size)?;
        Ok((Self(Source::from(master)), slave))
    }

    /// What is written on the other side.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.0
    }

    /// Passes everything that is written on the other side to `sink`, from a thread of its own.
    pub fn pass_on(&self, name: &str, sink: impl FnMut(&[u8]) + Send + 'static) -> io::Result<()> {
        self.0.pass_on(name, sink)
    }

    /// Waits until everything was passed on that was written by a process that has ended.
    pub fn drain(&self) {
        self.0.drain();
    }

    /// Tells whoever asks on the other side that the terminal has this size.
    pub fn resize(&self, size: Winsize) {
        // A terminal that nobody has open any more has no size.
        let _ = tcsetwinsize(self.0.end(), size);
    }
}

/// `slave` as two output streams of a process.
pub fn both(slave: OwnedFd) -> io::Result<(Stdio, Stdio)> {
    Ok((slave.try_clone()?.into(), slave.into()))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, Instant};

    use rustix::termios::Winsize;

    use super::{Pty, both};

    const SIZE: Winsize = Winsize { ws_row: 7, ws_col: 33, ws_xpixel: 0, ws_ypixel: 0 };

    /// What `script` writes to a pseudo-terminal.
    fn output(script: &str) -> (String, Duration) {
        let (pty, slave) = Pty::open(SIZE).expect("a pseudo-terminal");
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&text);
        pty.pass_on("test", move |bytes| sink.lock().expect("unpoisoned").extend(bytes)).expect("a thread");
        let (stdout, stderr) = both(slave).expect("a second end");
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        let mut child = command.spawn().expect("sh starts");
        drop(command);
        child.wait().expect("it ends");
        let began = Instant::now();
        pty.drain();
        let text = text.lock().expect("unpoisoned").clone();
        (String::from_utf8(text).expect("UTF-8"), began.elapsed())
    }

    #[test]
    fn bytes_stay_as_they_are_and_the_process_sees_a_terminal() {
        let (text, _) = output("test -t 1 && test -t 2 && printf 'a\\nb\\r\\n'; stty size <&1; echo error >&2");
        assert_eq!(text, "a\nb\r\n7 33\nerror\n");
    }

    #[test]
    fn nothing_is_lost_and_a_child_that_is_left_behind_is_not_waited_for() {
        let (text, _) = output("seq 1 20000");
        assert!(text.ends_with("\n20000\n"), "{} bytes", text.len());
        let (text, waited) = output("echo last; sleep 2 &");
        assert_eq!(text, "last\n");
        assert!(waited < Duration::from_secs(2), "{waited:?}");
    }
}
