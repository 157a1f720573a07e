//! Pseudo-terminals: what a process writes to one is passed on as it is, and the process believes in a terminal.

use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// How often is looked whether the output was read.
const INTERVAL: Duration = Duration::from_millis(1);
/// How long the output of a process that has ended is waited for at most: those that it left behind may write for ever.
const LONGEST: Duration = Duration::from_secs(1);

/// Our side of a pseudo-terminal. The other side is open in processes; when the last of them has closed it, the end of
/// the output is reached.
#[derive(Debug, Clone)]
pub struct Pty {
    master: Arc<OwnedFd>,
    /// Locked while something that was read is passed on.
    is_over: Arc<Mutex<bool>>,
}

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
        Ok((Self { master: Arc::new(master), is_over: Arc::default() }, slave))
    }

    /// Passes everything that is written on the other side to `sink`, from a thread of its own.
    pub fn pass_on(&self, name: &str, mut sink: impl FnMut(&[u8]) + Send + 'static) -> io::Result<()> {
        let pty = self.clone();
        thread::Builder::new().name(name.into()).spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            loop {
                pty.poll(None);
                let mut is_over = pty.passing();
                match read(&*pty.master, &mut buffer[..]) {
                    Err(Errno::INTR) => {}
                    // `EIO`: nobody has the other side open any more.
                    Err(_) | Ok(0) => return *is_over = true,
                    Ok(length) => sink(&buffer[..length]),
                }
            }
        })?;
        Ok(())
    }

    /// Waits until everything was passed on that was written by a process that has ended.
    pub fn drain(&self) {
        let deadline = Instant::now() + LONGEST;
        loop {
            let is_over = self.passing();
            // What was read before was passed on, for we hold the lock; this is what was not read.
            if *is_over || !self.poll(Some(&Timespec::default())) || Instant::now() > deadline {
                return;
            }
            drop(is_over);
            sleep(INTERVAL);
        }
    }

    /// Waits until there is something to read; whether there is.
    fn poll(&self, timeout: Option<&Timespec>) -> bool {
        let mut fds = [PollFd::new(&*self.master, PollFlags::IN)];
        while poll(&mut fds, timeout) == Err(Errno::INTR) {}
        fds[0].revents().contains(PollFlags::IN)
    }

    fn passing(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody has the other side open any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        *self.passing()
    }

    /// Tells whoever asks on the other side that the terminal has this size.
    pub fn resize(&self, size: Winsize) {
        // A terminal that nobody has open any more has no size.
        let _ = tcsetwinsize(&*self.master, size);
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
