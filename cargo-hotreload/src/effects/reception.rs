//! What a process does about a signal, from the masks in `/proc/PID/status` and `/proc/PID/task/TID/status`.
//! Source: `proc_pid_status(5)`.

use std::fs;

use rustix::process::Signal;

use crate::effects::files;
use crate::session::verdict::Heard;

/// The masks of a thread, a bit for each signal; `waiting` is for the whole process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Masks {
    ignored: u64,
    caught: u64,
    blocked: u64,
    waiting: u64,
}

/// What the process `pid` does about `signal`. `None` if it has ended.
#[must_use]
pub fn heard(pid: u32, signal: Signal) -> Option<Heard> {
    let of_process = Masks::of(&files::read_lossy(format!("/proc/{pid}/status")).ok()?);
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.filter_map(Result::ok);
    let statuses = threads.filter_map(|thread| files::read_lossy(thread.path().join("status")).ok());
    // A signal for the process is taken by any thread that lets it in.
    let blocked = statuses.map(|status| Masks::of(&status).blocked).fold(u64::MAX, |all, one| all & one);
    let bit = u32::try_from(signal.as_raw() - 1).ok().and_then(|shift| 1_u64.checked_shl(shift))?;
    Some(judge(Masks { blocked, ..of_process }, bit))
}

fn judge(masks: Masks, bit: u64) -> Heard {
    let has = |mask: u64| mask & bit != 0;
    match masks {
        _ if has(masks.ignored) => Heard::Ignored,
        _ if has(masks.waiting) && has(masks.blocked) => Heard::Blocked,
        // What is blocked and does not wait was taken by `sigwait` or a descriptor.
        _ if has(masks.caught) || has(masks.blocked) => Heard::Handled,
        _ => Heard::Unhandled,
    }
}

impl Masks {
    fn of(status: &str) -> Self {
        let mut masks = Self::default();
        for (name, value) in status.lines().filter_map(|line| line.split_once(':')) {
            let mask = u64::from_str_radix(value.trim(), 16);
            match (name, mask) {
                ("SigIgn", Ok(mask)) => masks.ignored = mask,
                ("SigCgt", Ok(mask)) => masks.caught = mask,
                ("SigBlk", Ok(mask)) => masks.blocked = mask,
                ("ShdPnd", Ok(mask)) => masks.waiting = mask,
                _ => {}
            }
        }
        masks
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, Signal, kill_process};

    use super::{Masks, heard, judge};
    use crate::session::verdict::Heard;

    /// A shell that does with SIGUSR1 what `script` says, and then waits.
    fn shell(script: &str) -> Child {
        let script = format!("{script}; echo; read line");
        let mut command = Command::new("sh");
        command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("a shell");
        let mut byte = [0];
        let output = child.stdout.as_mut().expect("its output");
        std::io::Read::read_exact(output, &mut byte).expect("it is ready");
        child
    }

    #[test]
    fn a_real_process_ignores_handles_or_neither() {
        // A name is cut off after 15 bytes, also in the middle of a character.
        let cut = "trap 'true' USR1; printf 'half a \\303' > /proc/$$/comm";
        for (script, expected) in [
            ("trap '' USR1", Heard::Ignored),
            ("trap 'true' USR1", Heard::Handled),
            ("true", Heard::Unhandled),
            (cut, Heard::Handled),
        ] {
            let mut child = shell(script);
            let found = heard(child.id(), Signal::USR1);
            child.kill().expect("it runs");
            let pid = child.id();
            child.wait().expect("our child");
            assert_eq!((found, heard(pid, Signal::USR1)), (Some(expected), None), "{script}");
        }
    }

    /// `env` of coreutils blocks a signal for the program that it starts.
    #[test]
    fn a_blocked_signal_waits() {
        let mut child = Command::new("env").args(["--block-signal=USR1", "sleep", "60"]).spawn().expect("env");
        let is_asleep = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|it| it == "sleep\n");
        let began = Instant::now();
        while !is_asleep(child.id()) && began.elapsed() < Duration::from_secs(20) {
            std::thread::yield_now();
        }
        // Blocked, and nothing waits: somebody takes it, as far as one can see.
        assert_eq!(heard(child.id(), Signal::USR1), Some(Heard::Handled));
        kill_process(Pid::from_child(&child), Signal::USR1).expect("sent");
        let found = heard(child.id(), Signal::USR1);
        child.kill().expect("it runs");
        child.wait().expect("our child");
        assert_eq!(found, Some(Heard::Blocked));
    }

    #[test]
    fn garbage_is_no_mask() {
        assert_eq!(Masks::of("SigIgn:\tzz\nSigCgt\n"), Masks::default());
        assert_eq!(judge(Masks::of("SigCgt:\t0000000000000002\n"), 2), Heard::Handled);
    }
}
