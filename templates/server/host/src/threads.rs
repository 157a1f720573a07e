//! Threads of this process, as the kernel sees them.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// The threads that belong to the executable and not to a generation.
pub(crate) struct Threads(BTreeSet<String>);

impl Threads {
    pub(crate) fn now() -> io::Result<Self> {
        let mut ids = BTreeSet::new();
        for task in fs::read_dir("/proc/self/task")? {
            ids.insert(task?.file_name().to_string_lossy().into_owned());
        }
        Ok(Self(ids))
    }

    /// Waits until these threads are the only ones, and names the others if there are any left. A
    /// joined thread stays in `/proc` for a moment: the join returns before the kernel is done.
    pub(crate) fn wait_until_alone(&self) -> io::Result<Option<String>> {
        let deadline = Instant::now() + Duration::from_secs(1);
        loop {
            let others: Vec<_> = Self::now()?.0.difference(&self.0).map(describe).collect();
            if others.is_empty() {
                return Ok(None);
            }
            if Instant::now() > deadline {
                return Ok(Some(others.join(", ")));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn describe(id: &String) -> String {
    let name = fs::read_to_string(format!("/proc/self/task/{id}/comm")).unwrap_or_default();
    format!("thread `{}` ({id})", name.trim_end())
}
