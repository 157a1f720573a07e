//! Unwind tables by hand.

use cargo_hotreload::patch::agent_state::{Region, Unwind};
use cargo_hotreload::patch::placed::Write;

/// The tables, at `address`, for one function that lowers the stack pointer by 8 with its first 4 bytes.
pub(crate) fn tables(address: u64, code: Region) -> (Write, Unwind) {
    let relative =
        |to: u64, from: u64| i32::try_from(to.cast_signed() - from.cast_signed()).expect("near").to_le_bytes();
    let header = address;
    let entries = address + 20;
    let common = [
        // Length, no id, version 1, "zR", alignments 1 and -8, return address in 16, addresses relative with 4 bytes.
        &[20, 0, 0, 0, 0, 0, 0, 0, 1, b'z', b'R', 0, 1, 0x78, 16, 1, 0x1b][..],
        // The frame begins at rsp + 8, the return address is below that.
        &[0x0c, 7, 8, 0x90, 1, 0, 0],
    ]
    .concat();
    let function = entries + common.len() as u64;
    let length = u32::try_from(code.length).expect("a small function").to_le_bytes();
    let entry = [
        &[20, 0, 0, 0][..],
        &relative(function + 4, entries),
        &relative(code.start, function + 8),
        &length,
        // No more data. After 4 bytes the frame begins at rsp + 16.
        &[0, 0x44, 0x0e, 16, 0, 0, 0, 0],
        &[0, 0, 0, 0],
    ]
    .concat();
    let bytes = [
        // Version 1, and how the addresses are written: relative to themselves, as a number, relative to the header.
        &[1, 0x1b, 0x03, 0x3b][..],
        &relative(entries, header + 4),
        &[1, 0, 0, 0],
        &relative(code.start, header),
        &relative(function, header),
        &common,
        &entry,
    ]
    .concat();
    (Write { address, bytes }, Unwind { code, header })
}
