//! Each slot of the code region as an object of its own, whose file has the debug information of the patch in it.
//!
//! All slots are listed from the begin, also those without a patch: the standard library reads the list once, at the
//! first backtrace. Whether the file is there it looks when it needs it.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_int, c_void};
use core::ptr::{from_mut, null_mut};

use crate::agent_state::{BELOW, CAPACITY, Region, SLOT};
use crate::libc::{Callback, PF_R, PF_X, PT_GNU_EH_FRAME, PT_LOAD, Phdr, dl_phdr_info};
use crate::objects;
use crate::state::{Shared, code, entries, entry};

/// The longest path that the kernel takes, with what is appended here.
const LONGEST: usize = 4096;
/// A `/`, the digits of a slot's number and the end.
const APPENDED: usize = 8;

/// The directory of the files, and its length. Its variable is in memory that the program may write over.
static DIRECTORY: Shared<([u8; LONGEST], usize)> = Shared(UnsafeCell::new(([0; LONGEST], 0)));

/// Keeps the name of the directory; slots are listed only if it is short enough for a path.
pub(crate) fn keep(directory: &CStr) {
    let bytes = directory.to_bytes();
    if bytes.len() > LONGEST - APPENDED {
        return;
    }
    // SAFETY: called by the constructor, before anyone reads it.
    let (kept, length) = unsafe { &mut *DIRECTORY.0.get() };
    for (to, from) in kept.iter_mut().zip(bytes) {
        *to = *from;
    }
    *length = bytes.len();
}

/// Calls `callback` for each slot until it returns something.
pub(crate) fn list(callback: Callback, data: *mut c_void) -> c_int {
    // SAFETY: written by the constructor alone.
    let (directory, length) = unsafe { &*DIRECTORY.0.get() };
    let code = code();
    if code.length == 0 || *length == 0 {
        return 0;
    }
    let changes = objects::changes();
    let mut name = *directory;
    let (count, mut next) = (entries(), 0);
    for slot in 0..CAPACITY {
        let start = slot as u64 * SLOT;
        append(&mut name, *length, slot);
        // Both have the order of their addresses, and the code of one patch may need several slots.
        while next < count && end(entry(next).code) <= code.start + start {
            next += 1;
        }
        let table = (next < count).then(|| entry(next)).filter(|entry| entry.code.start < code.start + start + SLOT);
        let table = table.map(|entry| header(PT_GNU_EH_FRAME, entry.header.wrapping_sub(base()), 0));
        let segment = header(PT_LOAD, BELOW + start, SLOT);
        let answer = match table {
            Some(table) => call(callback, data, &name, &[segment, table], changes),
            None => call(callback, data, &name, &[segment], changes),
        };
        if answer != 0 {
            return answer;
        }
    }
    0
}

fn call(
    callback: Callback,
    data: *mut c_void,
    name: &[u8; LONGEST],
    headers: &[Phdr],
    (added, removed): (u64, u64),
) -> c_int {
    let mut object = dl_phdr_info {
        base: base(),
        name: name.as_ptr().cast(),
        headers: headers.as_ptr(),
        header_count: headers.len() as u16,
        added,
        removed,
        tls_module: 0,
        tls_block: null_mut(),
    };
    callback(from_mut(&mut object), size_of::<dl_phdr_info>(), data)
}

/// Where the addresses in the files count from.
fn base() -> u64 {
    code().start - BELOW
}

fn end(region: Region) -> u64 {
    region.start + region.length
}

fn header(kind: u32, address: u64, in_memory: u64) -> Phdr {
    let flags = if kind == PT_LOAD { PF_R | PF_X } else { PF_R };
    Phdr { kind, flags, offset: 0, address, physical: address, in_file: 0, in_memory, alignment: 1 }
}

/// Puts `/` and `number` behind the first `length` bytes of `name`.
fn append(name: &mut [u8; LONGEST], length: usize, number: usize) {
    let mut power = 1;
    while power * 10 <= number {
        power *= 10;
    }
    let mut places = name.iter_mut().skip(length);
    let mut put = |byte| {
        if let Some(place) = places.next() {
            *place = byte;
        }
    };
    put(b'/');
    while power > 0 {
        put(b'0' + (number / power % 10) as u8);
        power /= 10;
    }
    put(0);
}
