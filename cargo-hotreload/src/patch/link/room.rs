//! What is left of the address space for patches.

use crate::patch::agent_state::{Region, SLOT};
use crate::patch::object::Kind;
use crate::patch::refusal::Refusal;

/// The thread pointers of all threads, and the agent's bytes of a thread, are multiples of this at least.
const THREADS_ALIGN: u64 = 64;

/// The free parts of the regions that the agent reserved. A patch takes from a copy, which takes the place of the
/// original when the patch is in the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    code: Region,
    constants: Region,
    variables: Region,
    thread_locals: Region,
    /// Where a thread's bytes for patches begin, from its thread pointer.
    pool: i64,
}

impl Room {
    /// Everything is free. `pool` is where each thread's `thread_locals` bytes begin, from its thread pointer.
    #[must_use]
    pub fn new(code: Region, constants: Region, variables: Region, pool: i64, thread_locals: u64) -> Self {
        Self { code, constants, variables, thread_locals: Region { start: 0, length: thread_locals }, pool }
    }

    /// Where the next patch's code begins: each has files of debug information of its own.
    pub fn begin(&mut self) -> Result<u64, Refusal> {
        take(&mut self.code, 0, SLOT, "code")
    }

    /// Where the code taken so far ends.
    #[must_use]
    pub fn end_of_code(&self) -> u64 {
        self.code.start
    }

    /// Takes `size` bytes; the address, or the distance from the thread pointer of a thread-local.
    pub fn take(&mut self, kind: Kind, size: u64, align: u64) -> Result<u64, Refusal> {
        match kind {
            Kind::Code => take(&mut self.code, size, align, "code"),
            Kind::Variable => take(&mut self.variables, size, align, "variables"),
            Kind::ThreadLocal if align > THREADS_ALIGN => Err(Refusal::AlignedThreadLocal { align }),
            Kind::ThreadLocal => {
                let place = take(&mut self.thread_locals, size, align, "thread-locals")?;
                Ok(place.wrapping_add_signed(self.pool))
            }
            Kind::Constant | Kind::Frames | Kind::Initialisers | Kind::Unused => {
                take(&mut self.constants, size, align, "constants")
            }
        }
    }

    /// Where in the agent's bytes of a thread the thread-local is that is so far from the thread pointer.
    #[must_use]
    pub fn in_pool(&self, distance: u64) -> u64 {
        distance.wrapping_sub(self.pool.cast_unsigned())
    }
}

fn take(free: &mut Region, size: u64, align: u64, what: &'static str) -> Result<u64, Refusal> {
    let begin = free.start.next_multiple_of(align);
    let taken = (begin - free.start).checked_add(size).filter(|taken| *taken <= free.length);
    let taken = taken.ok_or(Refusal::NoRoom { what })?;
    free.start += taken;
    free.length -= taken;
    Ok(begin)
}

#[cfg(test)]
mod tests {
    use super::Room;
    use crate::patch::agent_state::{Region, SLOT};
    use crate::patch::object::Kind;
    use crate::patch::refusal::Refusal;

    #[test]
    fn what_is_taken_is_aligned_and_gone() {
        let region = |start, length| Region { start, length };
        let mut room = Room::new(region(SLOT, 3 * SLOT), region(0x10, 0x20), region(0, 8), -64, 16);
        assert_eq!(room.begin(), Ok(SLOT));
        assert_eq!(room.take(Kind::Code, 5, 16), Ok(SLOT));
        assert_eq!(room.take(Kind::Code, 5, 16), Ok(SLOT + 16));
        assert_eq!(room.end_of_code(), SLOT + 21);
        assert_eq!(room.begin(), Ok(2 * SLOT));
        assert_eq!(room.take(Kind::ThreadLocal, 4, 8), Ok((-64_i64).cast_unsigned()));
        let second = room.take(Kind::ThreadLocal, 4, 8).expect("there is room");
        assert_eq!((second.cast_signed(), room.in_pool(second)), (-56, 8));
        assert_eq!(room.take(Kind::ThreadLocal, 8, 8), Err(Refusal::NoRoom { what: "thread-locals" }));
        let aligned = room.take(Kind::ThreadLocal, 1, 128);
        assert_eq!(aligned, Err(Refusal::AlignedThreadLocal { align: 128 }), "in one thread it may be, in others not");
        assert_eq!(room.take(Kind::Variable, 9, 1), Err(Refusal::NoRoom { what: "variables" }));
        assert_eq!(room.take(Kind::Variable, 8, 1), Ok(0));
    }
}
