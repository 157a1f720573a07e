//! Running commands and reducing what was measured.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use procfs::process::Process;

/// How often the memory of a command is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// A finished command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    /// From its start to its end.
    pub(crate) time: Duration,
    /// The most memory that it had itself, without the programs that it ran, in bytes. What it took in its last two
    /// milliseconds may be missing.
    pub(crate) memory: u64,
}

/// Runs `command`, which has to succeed.
pub(crate) fn run(command: &mut Command) -> Result<Finished> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let process = Process::new(child.id().cast_signed())?;
    let mut memory = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        // A process that has just ended has no memory any more.
        let peak = process.status().ok().and_then(|status| status.vmhwm).unwrap_or_default();
        memory = memory.max(peak * 1024);
        thread::sleep(LOOK);
    };
    let time = began.elapsed();
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(Finished { time, memory })
}

/// The standard output of `command`, which has to succeed.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The one in the middle; with an even number the lower of the two.
pub(crate) fn median<T: Ord + Copy>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(median(&[3, 1, 2]), Some(2));
        assert_eq!(median(&[4, 1, 2, 3]), Some(2));
        assert_eq!(median::<u8>(&[]), None);
    }
}
