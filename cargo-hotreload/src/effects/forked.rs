//! Copies that a program has made of itself with `fork(2)`, or by starting its own executable: what is done to its code
//! does not reach them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use procfs::process::Process;
use procfs::{Current, Uptime, ticks_per_second};

/// The processes below `pid` that run its executable, and have done so for longer than `age`: a fork that is about to execute
/// another program does not take as long. Source: `proc_tid_children(5)`, without which none is found.
#[must_use]
pub fn copies(pid: u32, age: Duration) -> BTreeSet<u32> {
    let Some(own) = executable(pid) else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    let mut open = vec![pid];
    while let Some(parent) = open.pop() {
        for child in children(parent) {
            if executable(child) == Some(own) && is_older(child, age) && found.insert(child) {
                open.push(child);
            }
        }
    }
    found
}

fn children(pid: u32) -> Vec<u32> {
    let tasks = Process::new(pid.cast_signed()).and_then(|process| process.tasks());
    let of_task = |task: procfs::process::Task| task.children().unwrap_or_default();
    tasks.into_iter().flatten().filter_map(Result::ok).flat_map(of_task).collect()
}

/// Which file the process was started from, also if it was replaced since.
fn executable(pid: u32) -> Option<(u64, u64)> {
    let metadata = fs::metadata(format!("/proc/{pid}/exe")).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

fn is_older(pid: u32, age: Duration) -> bool {
    let began = || Process::new(pid.cast_signed()).ok()?.stat().ok().map(|stat| stat.starttime);
    let now = || Some(Uptime::current().ok()?.uptime_duration());
    let (Some(began), Some(now)) = (began(), now()) else { return false };
    let milliseconds = began.saturating_mul(1000) / ticks_per_second();
    now.saturating_sub(Duration::from_millis(milliseconds)) > age
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};
    use std::thread::sleep;
    use std::time::Duration;

    use super::copies;

    /// A shell that runs `script` and waits for its input to end.
    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::piped());
        let child = command.spawn().expect("a shell");
        sleep(Duration::from_millis(300));
        child
    }

    fn found(script: &str, age: Duration) -> usize {
        let mut child = shell(script);
        let found = copies(child.id(), age).len();
        drop(child.stdin.take());
        child.wait().expect("our child");
        found
    }

    #[test]
    fn copies_are_found_however_deep_and_other_programs_and_the_young_are_none() {
        let young = Duration::from_millis(50);
        // As long as the shell is there. A subshell is a copy of it.
        let waits = "while kill -0 $$; do sleep 0.02; done 2> /dev/null";
        assert_eq!(found(&format!("({waits}) & ({waits}) & read x"), young), 2);
        assert_eq!(found(&format!("(({waits}) & {waits}) & read x"), young), 2);
        assert_eq!(found(&format!("({waits}) & read x"), Duration::from_mins(1)), 0);
        assert_eq!(found("cat & read x", young), 0);
    }
}
