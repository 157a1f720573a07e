//! Whether the entry of a function that runs can become a jump.

use iced_x86::{Code, Decoder, DecoderOptions, FlowControl, Instruction};

/// Whether `length` bytes at the begin of the function `code`, which is at `address`, may be written over: nothing jumps
/// into them, or back to the entry as to a loop, and no call returns there.
#[must_use]
pub fn is_possible(code: &[u8], address: u64, length: usize) -> bool {
    let written = address..address + length as u64;
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        // What cannot be decoded may be data between instructions, or anything.
        if instruction.code() == Code::INVALID {
            return false;
        }
        let is_in_the_way = match instruction.flow_control() {
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                written.contains(&instruction.near_branch_target())
            }
            FlowControl::Call | FlowControl::IndirectCall => {
                instruction.next_ip() > written.start && instruction.next_ip() < written.end
            }
            _ => false,
        };
        if is_in_the_way {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_possible;

    #[test]
    fn loops_and_calls_at_the_entry_are_in_the_way() {
        let plain = [0x55, 0x48, 0x89, 0xe5, 0x31, 0xc0, 0x5d, 0xc3];
        assert!(is_possible(&plain, 0x1000, 5));
        // A loop back to the entry, and to the byte behind the jump.
        assert!(!is_possible(&[0x48, 0xff, 0xc8, 0x75, 0xfb, 0xc3], 0x1000, 5));
        assert!(is_possible(&[0x48, 0xff, 0xc8, 0x90, 0x90, 0x48, 0xff, 0xc8, 0x75, 0xfb, 0xc3], 0x1000, 5));
        // call *%rax returns into the jump; call rel32 returns behind it.
        assert!(!is_possible(&[0xff, 0xd0, 0x90, 0x90, 0x90, 0xc3], 0x1000, 5));
        assert!(is_possible(&[0xe8, 0, 0, 0, 0, 0xc3], 0x1000, 5));
        assert!(!is_possible(&[0x06, 0x90, 0x90, 0x90, 0x90], 0x1000, 5), "no instruction of 64-bit code");
    }
}
