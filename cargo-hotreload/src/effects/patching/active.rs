//! Which old bodies threads are in, or will return to.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::effects::maps;
use crate::effects::memory::Memory;
use crate::effects::threads::Stopped;
use crate::patch::agent_state::Region;
use crate::patch::placed::{Replaced, WhileRunning};

/// What is looked for on the stacks of a program.
#[derive(Debug)]
pub(super) struct Active<'patch> {
    replaced: &'patch [Replaced],
    /// The bodies, lowest first, with the numbers of their functions.
    bodies: Vec<(Region, usize)>,
    /// What the program has mapped: each stack is in one of these.
    mapped: Vec<Range<u64>>,
}

/// No stack that is read has more in use than this.
const LARGEST: u64 = 64 << 20;

impl<'patch> Active<'patch> {
    /// Looks where the stacks of the process `pid` are: it still runs, and makes threads.
    pub(super) fn new(pid: u32, replaced: &'patch [Replaced]) -> Self {
        let each = replaced.iter().enumerate();
        let mut bodies: Vec<_> =
            each.flat_map(|(number, replaced)| replaced.bodies.iter().map(move |body| (*body, number))).collect();
        bodies.sort_unstable_by_key(|(body, _)| body.start);
        let mapped = if bodies.is_empty() { Vec::new() } else { maps::of(pid).unwrap_or_default() };
        let mapped = mapped.into_iter().map(|map| map.addresses).collect();
        Self { replaced, bodies, mapped }
    }

    /// The functions that a thread is in. One that is told may have ended: a stack has numbers that nobody reads any
    /// more, and what merely looks like an address.
    pub(super) fn among(&self, stopped: &Stopped, memory: &Memory) -> Vec<&'patch Replaced> {
        let mut found = BTreeSet::new();
        if !self.bodies.is_empty() {
            for thread in stopped.threads() {
                // The thread may be before the first instruction, and a call may be the last one.
                found.extend(self.body(thread.registers.pc + 1));
                let bytes = memory.stack(thread.registers.stack, &self.mapped, LARGEST);
                let (words, _) = bytes.as_chunks();
                found.extend(words.iter().filter_map(|word| self.body(u64::from_ne_bytes(*word))));
            }
        }
        found.into_iter().map(|number| &self.replaced[number]).collect()
    }

    /// The function in whose body a call returns to `address`.
    fn body(&self, address: u64) -> Option<usize> {
        let after = self.bodies.partition_point(|(body, _)| body.start < address);
        let (body, number) = self.bodies[..after].last()?;
        (address - body.start <= body.length).then_some(*number)
    }
}

/// The strictest of what it means that these are running.
pub(super) fn worst<'active>(active: &[&'active Replaced]) -> Option<&'active Replaced> {
    active.iter().copied().max_by_key(|replaced| replaced.running).filter(|one| one.running > WhileRunning::Tell)
}

#[cfg(test)]
mod tests {
    use super::{Active, worst};
    use crate::patch::agent_state::Region;
    use crate::patch::placed::{Replaced, WhileRunning};

    fn replaced(name: &str, start: u64, running: WhileRunning) -> Replaced {
        Replaced { name: name.to_owned(), bodies: vec![Region { start, length: 0x10 }], running }
    }

    #[test]
    fn a_return_address_is_behind_a_call() {
        let all = [replaced("b", 0x2000, WhileRunning::Tell), replaced("a", 0x1000, WhileRunning::Tell)];
        let active = Active::new(0, &all);
        let found = [0xfff, 0x1000, 0x1001, 0x1010, 0x1011, 0x2000, 0x2005].map(|address| active.body(address));
        assert_eq!(found, [None, None, Some(1), Some(1), None, None, Some(0)]);
    }

    #[test]
    fn what_is_never_called_again_is_worst() {
        let [tell, wait, refuse] = [WhileRunning::Tell, WhileRunning::Wait, WhileRunning::Refuse];
        let all = [replaced("a", 1, wait), replaced("b", 2, refuse), replaced("c", 3, tell)];
        let refs: Vec<_> = all.iter().collect();
        assert_eq!(worst(&refs).map(|one| one.name.as_str()), Some("b"));
        assert_eq!(worst(&refs[2..]), None);
    }
}
