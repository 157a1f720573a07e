//! Cargo and we take turns: both would compile a program's own crate, to the same place.

use std::time::SystemTime;

use crate::session::event::Scope;

/// Whose turn it is, and what waits for its own.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Processes that were started, and whose own crate we compile.
    ours: usize,
    /// What cargo is to build then, and whether that is planned anew.
    build: Option<(Scope, bool)>,
    /// Processes that were started while cargo builds.
    processes: Vec<Process>,
}

/// A process that is to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    /// The number of its program.
    pub(super) index: usize,
    /// Its id.
    pub(super) pid: u32,
    /// When the build began that it was started from.
    pub(super) began: SystemTime,
}

impl Turns {
    /// `process` was started: it is given back if its turn is now. It waits where cargo `is_building`.
    pub(super) fn started(&mut self, process: Process, is_building: bool) -> Option<Process> {
        if is_building {
            self.processes.push(process);
            return None;
        }
        self.ours += 1;
        Some(process)
    }

    /// The process of the program of this number has ended.
    pub(super) fn ended(&mut self, index: usize) {
        self.processes.retain(|process| process.index != index);
    }

    /// Whether cargo has to wait with this build.
    pub(super) fn has_to_wait(&mut self, scope: Scope, replan: bool) -> bool {
        let has_to = self.ours > 0;
        if has_to {
            self.build = Some((scope, replan));
        }
        has_to
    }

    /// The build that waits, if there is one, is not wanted any more.
    pub(super) fn forget_build(&mut self) -> Option<(Scope, bool)> {
        self.build.take()
    }

    /// We have compiled a program's own crate, or will not: what cargo builds now.
    pub(super) fn is_over(&mut self) -> Option<(Scope, bool)> {
        self.ours = self.ours.saturating_sub(1);
        if self.ours == 0 { self.build.take() } else { None }
    }

    /// Cargo has ended: the processes that have waited for that.
    pub(super) fn is_ours(&mut self) -> Vec<Process> {
        std::mem::take(&mut self.processes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::{Process, Turns};
    use crate::session::event::Scope;

    const fn process(index: usize) -> Process {
        Process { index, pid: 77, began: SystemTime::UNIX_EPOCH }
    }

    #[test]
    fn cargo_waits_until_all_processes_are_known() {
        let mut turns = Turns::default();
        assert!(!turns.has_to_wait(Scope::Settle, false));
        assert_eq!(turns.started(process(0), false), Some(process(0)));
        assert_eq!(turns.started(process(1), false), Some(process(1)));
        assert!(turns.has_to_wait(Scope::Program, true));
        assert_eq!((turns.is_over(), turns.is_over()), (None, Some((Scope::Program, true))));
        assert!(!turns.has_to_wait(Scope::Settle, false));
    }

    #[test]
    fn processes_wait_for_cargo_unless_they_end() {
        let mut turns = Turns::default();
        assert_eq!((turns.started(process(0), true), turns.started(process(1), true)), (None, None));
        turns.ended(0);
        assert_eq!((turns.is_ours(), turns.is_ours()), (vec![process(1)], vec![]));
    }

    #[test]
    fn a_build_that_is_not_wanted_is_forgotten() {
        let mut turns = Turns::default();
        turns.started(process(0), false);
        turns.has_to_wait(Scope::Settle, false);
        assert_eq!((turns.forget_build(), turns.forget_build()), (Some((Scope::Settle, false)), None));
        assert_eq!(turns.is_over(), None);
    }
}
