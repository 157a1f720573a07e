//! Whether a thread is inside of bytes that are going to be replaced.

use crate::effects::memory::Memory;
use crate::effects::threads::Registers;
use crate::patch::placed::Write;

/// The addresses at which nobody may go on when the redirects are written.
#[derive(Debug)]
pub(super) struct Occupied {
    /// All but the first of each redirect, lowest first.
    addresses: Vec<u64>,
}

/// How much of each stack is looked at. What a handler of a signal interrupted is just above the handler's own frames.
const STACK: usize = 32 << 10;

impl Occupied {
    pub(super) fn new(redirects: &[Write]) -> Self {
        let inner = |write: &Write| (1..write.bytes.len() as u64).map(|at| write.address + at).collect::<Vec<_>>();
        let mut addresses: Vec<u64> = redirects.iter().flat_map(inner).collect();
        addresses.sort_unstable();
        Self { addresses }
    }

    /// The address at which a thread with these registers goes on, or may go on when a handler returns.
    pub(super) fn by(&self, registers: &Registers, memory: &Memory) -> Option<u64> {
        let directly = [Some(registers.pc), registers.restart].into_iter().flatten();
        directly.into_iter().find(|address| self.contains(*address)).or_else(|| self.on(registers.stack, memory))
    }

    /// A thread that runs a handler goes on later where the signal interrupted it: that address is on its stack. A number
    /// that merely looks like it costs another round.
    fn on(&self, stack: u64, memory: &Memory) -> Option<u64> {
        if self.addresses.is_empty() {
            return None;
        }
        let bytes = memory.read_up_to(stack & !7, STACK);
        let (words, _) = bytes.as_chunks();
        words.iter().map(|word| u64::from_ne_bytes(*word)).find(|word| self.contains(*word))
    }

    /// Whether nobody may go on at `address`.
    pub(super) fn contains(&self, address: u64) -> bool {
        let (Some(first), Some(last)) = (self.addresses.first(), self.addresses.last()) else { return false };
        (*first..=*last).contains(&address) && self.addresses.binary_search(&address).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Occupied, STACK};
    use crate::effects::memory::Memory;
    use crate::effects::threads::Registers;
    use crate::patch::placed::Write;

    #[test]
    fn the_first_byte_may_be_where_a_thread_goes_on() {
        let redirects = [(0x2000, 5), (0x1000, 5)].map(|(address, length)| Write { address, bytes: vec![0; length] });
        let occupied = Occupied::new(&redirects);
        let memory = Memory::open(std::process::id()).expect("our own memory");
        let registers = |pc, restart| Registers { pc, restart, stack: 0, thread_pointer: 0, saved: [0; 6] };
        let found = |pc, restart| occupied.by(&registers(pc, restart), &memory);
        assert_eq!(
            [0x1000, 0x1001, 0x1004, 0x1005].map(|pc| found(pc, None)),
            [None, Some(0x1001), Some(0x1004), None]
        );
        assert_eq!(found(0x2005, Some(0x2003)), Some(0x2003));
    }

    #[test]
    fn what_a_handler_returns_to_is_found_on_the_stack() {
        // Not on our own stack, where this test leaves its own numbers.
        let mut stack = vec![0_u64; STACK / 8];
        stack[1] = 0x1003;
        let memory = Memory::open(std::process::id()).expect("our own memory");
        let registers =
            Registers { pc: 0, restart: None, stack: stack.as_ptr().addr() as u64, thread_pointer: 0, saved: [0; 6] };
        let by = |address| Occupied::new(&[Write { address, bytes: vec![0; 5] }]).by(&registers, &memory);
        assert_eq!(by(0x1000), Some(0x1003));
        assert_eq!(by(0x1003), None);
    }
}
