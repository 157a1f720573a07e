//! Where unwinders and backtraces look for loaded objects and for unwind tables: libc's answers, with those for patched
//! code added.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;

use crate::interposed::Real;
use crate::libc::{Callback, dl_find_object};
use crate::state::{code, entries, entry};
use crate::{objects, slots};

static FIND: Real = Real::new(c"_dl_find_object");

/// Looks for libc's function now, so that the first unwinding, maybe in a signal handler, does not have to.
pub(crate) fn prepare() {
    FIND.address();
}

/// Lists the slots of patches behind the objects that there are. Older unwinders look here for unwind tables, and the
/// standard library for the files of debug information, once.
///
/// # Safety
/// As for libc's.
#[unsafe(no_mangle)]
unsafe extern "C" fn dl_iterate_phdr(callback: Callback, data: *mut c_void) -> c_int {
    match objects::iterate(callback, data) {
        0 => slots::list(callback, data),
        stopped => stopped,
    }
}

/// Finds the unwind table for an address in a patch; all other addresses are the dynamic linker's.
///
/// It is called by unwinders, maybe in a signal handler, maybe in many threads at once: it takes no lock.
///
/// # Safety
/// As for libc's.
#[unsafe(no_mangle)]
unsafe extern "C" fn _dl_find_object(address: u64, result: *mut dl_find_object) -> c_int {
    let code = code();
    if address.wrapping_sub(code.start) >= code.length {
        type Function = unsafe extern "C" fn(u64, *mut dl_find_object) -> c_int;
        let Some(real) = FIND.address() else { return -1 };
        // SAFETY: libc's function of this name has this type.
        return unsafe { core::mem::transmute::<*mut c_void, Function>(real)(address, result) };
    }
    let (mut low, mut high) = (0, entries());
    while low < high {
        let middle = low.midpoint(high);
        let found = entry(middle);
        if address < found.code.start {
            high = middle;
        } else if address - found.code.start >= found.code.length {
            low = middle + 1;
        } else {
            let answer = dl_find_object {
                flags: 0,
                map_start: found.code.start,
                map_end: found.code.start + found.code.length,
                link_map: null_mut(),
                eh_frame: found.header,
                reserved: [0; 7],
            };
            // SAFETY: the caller's.
            unsafe { result.write(answer) };
            return 0;
        }
    }
    -1
}
