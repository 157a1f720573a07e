//! The objects that the program consists of, as the dynamic linker lists them.

use core::ffi::{c_int, c_void};
use core::ptr::from_mut;
use core::slice;

use crate::interposed::Real;
use crate::libc::{Callback, PT_LOAD, PT_TLS, dl_phdr_info};
use crate::threads;

static ITERATE: Real = Real::new(c"dl_iterate_phdr");

/// Calls `callback` for each object until it returns something.
pub(crate) fn iterate(callback: Callback, data: *mut c_void) -> c_int {
    type Function = unsafe extern "C" fn(Callback, *mut c_void) -> c_int;
    let Some(address) = ITERATE.address() else { return 0 };
    // SAFETY: libc's function of this name has this type.
    unsafe { core::mem::transmute::<*mut c_void, Function>(address)(callback, data) }
}

/// A range of addresses.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Where things are in memory.
pub(crate) struct Layout {
    /// An address in the agent.
    within: u64,
    /// The executable, from its first segment to its last.
    pub(crate) program: Option<Span>,
    /// The calling thread's copy of the agent's thread-locals, and what it was copied from.
    copy: u64,
    image: u64,
}

impl Layout {
    /// Where the initial bytes are of the thread-locals that begin `distance` from the thread pointer.
    pub(crate) fn image_of(&self, distance: i64) -> u64 {
        if self.copy == 0 {
            return 0;
        }
        threads::pointer().wrapping_add_signed(distance).wrapping_sub(self.copy).wrapping_add(self.image)
    }
}

/// Asks the dynamic linker. `within` is an address in the agent.
pub(crate) fn layout(within: u64) -> Layout {
    let mut layout = Layout { within, program: None, copy: 0, image: 0 };
    iterate(note, from_mut(&mut layout).cast());
    layout
}

/// The executable is the first in the list.
extern "C" fn note(object: *mut dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: called by the dynamic linker with an object, and with what `layout` gave.
    let (object, layout) = unsafe { (&*object, &mut *data.cast::<Layout>()) };
    // SAFETY: the object's own table.
    let headers = unsafe { slice::from_raw_parts(object.headers, usize::from(object.header_count)) };
    let mut span = Span { start: u64::MAX, end: 0 };
    let mut image = None;
    let mut is_ours = false;
    for header in headers {
        let start = object.base.wrapping_add(header.address);
        let end = start.wrapping_add(header.in_memory);
        match header.kind {
            PT_LOAD => {
                span = Span { start: span.start.min(start), end: span.end.max(end) };
                is_ours |= start <= layout.within && layout.within < end;
            }
            PT_TLS => image = Some(start),
            _ => {}
        }
    }
    layout.program = layout.program.or(Some(span));
    if let Some(image) = image.filter(|_| is_ours) {
        layout.copy = object.tls_block as u64;
        layout.image = image;
    }
    c_int::from(is_ours)
}

/// How often objects came and went, as the dynamic linker counts it: who keeps a copy of the list goes by that.
pub(crate) fn changes() -> (u64, u64) {
    extern "C" fn first(object: *mut dl_phdr_info, size: usize, data: *mut c_void) -> c_int {
        if size >= core::mem::offset_of!(dl_phdr_info, tls_module) {
            // SAFETY: called by the dynamic linker with an object, and with what is given below.
            unsafe { *data.cast::<(u64, u64)>() = ((*object).added, (*object).removed) };
        }
        1
    }
    let mut changes = (0, 0);
    iterate(first, from_mut(&mut changes).cast());
    changes
}
