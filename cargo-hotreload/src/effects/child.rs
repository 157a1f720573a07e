//! Processes that live for a while: the program and cargo. Each gets a process group of its own, so that Ctrl+C in
//! the terminal reaches only us, and a signal to the group reaches whatever it started.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_open,
    set_parent_process_death_signal, waitid,
};

use crate::effects::tracing;
use crate::session::exit::Ending;

/// A started process that was not waited for yet: until then its id cannot be given to another process, so signals
/// never hit a stranger.
#[derive(Debug)]
pub struct Running {
    child: Child,
    pid: Pid,
}

impl Running {
    /// Starts `command` as leader of a new process group. It is killed if we die without doing so ourselves.
    ///
    /// The thread that calls this has to live as long as the process: the kernel ties the death signal to it
    /// (`PR_SET_PDEATHSIG`, prctl(2)).
    pub fn start(mut command: Command) -> io::Result<Self> {
        command.process_group(0);
        #[expect(unsafe_code, reason = "the only way to run code between fork and exec; prctl(2) is safe there")]
        // SAFETY: the closure makes one system call and touches no memory of the parent.
        unsafe {
            command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        Ok(Self { child, pid })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process id, for [`wait_for_end`].
    #[must_use]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The read end of its standard output, if that was made a pipe.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Sends `signal` to the process alone.
    pub fn signal(&self, signal: Signal) {
        // It fails only when the process has ended, which is reported anyway.
        let _ = kill_process(self.pid, signal);
    }

    /// Sends `signal` to the process and everything that it started in its group.
    pub fn signal_group(&self, signal: Signal) {
        let _ = kill_process_group(self.pid, signal);
    }

    /// Kills the process unless it has ended, and what is left of its group, and gives the process id back.
    pub fn reap(mut self) -> io::Result<ExitStatus> {
        self.signal_group(Signal::KILL);
        // What the standard library waits for may also be a stop, while its threads are traced.
        wait_for_end(self.pid);
        self.child.wait()
    }

    /// Waits for the process to end, then ends what is left of its group.
    pub fn wait(self) -> io::Result<ExitStatus> {
        wait_for_end(self.pid);
        self.reap()
    }

    /// Waits for the process to end, but not longer than `patience`. Whether it has.
    #[must_use]
    pub fn ends_within(&self, patience: Duration) -> bool {
        let Ok(descriptor) = pidfd_open(self.pid, PidfdFlags::empty()) else { return false };
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(left) = Timespec::try_from(left) else { return false };
            match poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&left)) {
                Err(Errno::INTR) => {}
                polled => return polled.is_ok_and(|ready| ready > 0),
            }
        }
    }

    /// Whether the process has ended and waits to be reaped.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        matches!(waitid(WaitId::Pid(self.pid), options), Ok(Some(status)) if !status.trapped())
    }
}

/// Blocks until the process `pid` has ended, and leaves it to be reaped; `stopped` is called with the signal each time
/// that it is stopped instead.
pub fn wait_for_end_or_stops(pid: Pid, stopped: impl Fn(i32)) {
    loop {
        let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        match waitid(WaitId::Pid(pid), options) {
            Ok(Some(status)) if status.trapped() => tracing::wait(),
            Ok(Some(status)) if status.stopped() => {
                // Looked at again and taken this time: it would be reported for ever. A stop of one who traces must
                // not be taken from it.
                let _turn = tracing::turn();
                let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
                if let Ok(Some(status)) = waitid(WaitId::Pid(pid), options) {
                    stopped(status.stopping_signal().unwrap_or_default());
                }
            }
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}

/// Blocks until the process `pid` has ended, and leaves it to be reaped.
pub fn wait_for_end(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    loop {
        match waitid(WaitId::Pid(pid), options) {
            Ok(Some(status)) if status.trapped() => tracing::wait(),
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}

/// How a process ended.
#[must_use]
pub fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Code(code),
        (None, signal) => Ending::Signal(signal.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rustix::process::{Signal, test_kill_process_group};

    use super::{Running, ending, wait_for_end};
    use crate::session::exit::Ending;

    #[test]
    fn what_a_process_leaves_behind_is_ended_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & exit 3"]);
        let running = Running::start(command).expect("sh starts");
        let group = running.pid();
        wait_for_end(group);
        assert!(test_kill_process_group(group).is_ok(), "the sleep is still there");
        assert_eq!(ending(running.reap().expect("reaped")), Ending::Code(3));
        // The killed sleep is reaped by init (or this container's first process) a moment later.
        let gone = || test_kill_process_group(group).is_err();
        assert!((0..500).any(|_| gone() || {
            std::thread::sleep(std::time::Duration::from_millis(10));
            false
        }));
    }

    #[test]
    fn a_signal_is_told_from_an_exit_code() {
        let running = Running::start({
            let mut command = Command::new("sleep");
            command.arg("1000");
            command
        })
        .expect("sleep starts");
        running.signal(Signal::TERM);
        wait_for_end(running.pid());
        assert_eq!(ending(running.reap().expect("reaped")), Ending::Signal(15));
    }
}
