//! Takes what the tool put into the environment out again, so that neither the program nor its children see it.

use core::ffi::{CStr, c_char};

use crate::agent_state::{DIRECTORY_VARIABLE, PRELOAD_PREFIX, PRELOAD_VARIABLE};
use crate::libc;

/// The directory that the tool named. `None`, and everything left as it is, if it was not the tool that started us.
///
/// # Safety
/// Nobody else may use the environment.
pub(crate) unsafe fn take() -> Option<&'static CStr> {
    // SAFETY: libc's own list, as long as nobody else uses it.
    let list = unsafe { libc::environ };
    if list.is_null() {
        return None;
    }
    // SAFETY: the list ends with a null pointer, and its strings stay.
    unsafe {
        let directory = value(find(list, DIRECTORY_VARIABLE)?, DIRECTORY_VARIABLE);
        if let Some(preload) = find(list, "LD_PRELOAD") {
            match find(list, PRELOAD_VARIABLE) {
                // `HOTRELOAD_LD_PRELOAD=x` without its first letters is `LD_PRELOAD=x`.
                Some(users) => *preload = (*users).add(PRELOAD_PREFIX.len()),
                None => remove("LD_PRELOAD"),
            }
        }
        remove(PRELOAD_VARIABLE);
        remove(DIRECTORY_VARIABLE);
        Some(CStr::from_ptr(directory))
    }
}

/// The place in `list` of the variable `name`.
unsafe fn find(list: *mut *mut c_char, name: &str) -> Option<*mut *mut c_char> {
    let mut place = list;
    // SAFETY: the list ends with a null pointer.
    unsafe {
        while !(*place).is_null() {
            if is(*place, name) {
                return Some(place);
            }
            place = place.add(1);
        }
    }
    None
}

/// Whether `entry` is `name=…`.
unsafe fn is(entry: *const c_char, name: &str) -> bool {
    // SAFETY: a byte is looked at only when none before it ended the string.
    unsafe {
        let mut at = entry.cast::<u8>();
        for byte in name.bytes() {
            if *at != byte {
                return false;
            }
            at = at.add(1);
        }
        *at == b'='
    }
}

unsafe fn value(place: *mut *mut c_char, name: &str) -> *const c_char {
    // SAFETY: the entry is `name=…`.
    unsafe { (*place).add(name.len() + 1) }
}

/// Moves the entries before `name` up by one and lets the list begin one later.
///
/// Its end stays where it is, because behind it the kernel put what some look for there (the auxiliary vector). Who kept
/// the old begin finds one entry twice.
unsafe fn remove(name: &str) {
    // SAFETY: between the begin of the list and the entry there are only entries.
    unsafe {
        let begin = libc::environ;
        let Some(mut place) = find(begin, name) else { return };
        while place > begin {
            *place = *place.sub(1);
            place = place.sub(1);
        }
        // Twice what is first now; nothing, if nothing is left.
        *begin = *begin.add(1);
        libc::environ = begin.add(1);
    }
}
