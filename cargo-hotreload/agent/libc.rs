//! What the agent uses of libc. It is not linked to it: the program is, and a version of its symbols that this machine
//! has would keep the agent from others.
#![allow(non_camel_case_types, reason = "as they are called in C")]

use core::ffi::{c_char, c_int, c_long, c_void};

/// `ElfW(Phdr)`.
#[repr(C)]
pub(crate) struct Phdr {
    pub(crate) kind: u32,
    pub(crate) flags: u32,
    pub(crate) offset: u64,
    pub(crate) address: u64,
    pub(crate) physical: u64,
    pub(crate) in_file: u64,
    pub(crate) in_memory: u64,
    pub(crate) alignment: u64,
}

pub(crate) const PT_LOAD: u32 = 1;
pub(crate) const PT_TLS: u32 = 7;
pub(crate) const PF_X: u32 = 1;
pub(crate) const PF_R: u32 = 4;
pub(crate) const PT_GNU_EH_FRAME: u32 = 0x6474_e550;

/// `struct dl_phdr_info`.
#[repr(C)]
pub(crate) struct dl_phdr_info {
    pub(crate) base: u64,
    pub(crate) name: *const c_char,
    pub(crate) headers: *const Phdr,
    pub(crate) header_count: u16,
    pub(crate) added: u64,
    pub(crate) removed: u64,
    pub(crate) tls_module: usize,
    pub(crate) tls_block: *mut c_void,
}

pub(crate) type Callback = extern "C" fn(*mut dl_phdr_info, usize, *mut c_void) -> c_int;

/// `struct dl_find_object` of glibc 2.35 and later, which is the same on x86-64 and AArch64.
#[repr(C)]
pub(crate) struct dl_find_object {
    pub(crate) flags: u64,
    pub(crate) map_start: u64,
    pub(crate) map_end: u64,
    pub(crate) link_map: *mut c_void,
    pub(crate) eh_frame: u64,
    pub(crate) reserved: [u64; 7],
}

pub(crate) const PROT_NONE: c_int = 0;
pub(crate) const PROT_READ: c_int = 1;
pub(crate) const PROT_WRITE: c_int = 2;
pub(crate) const PROT_EXEC: c_int = 4;
pub(crate) const MAP_PRIVATE: c_int = 0x2;
pub(crate) const MAP_ANONYMOUS: c_int = 0x20;
pub(crate) const MAP_NORESERVE: c_int = 0x4000;
pub(crate) const MAP_FIXED_NOREPLACE: c_int = 0x10_0000;
pub(crate) const EAGAIN: c_int = 11;
/// `RTLD_NEXT`
pub(crate) const NEXT: *mut c_void = usize::MAX as *mut c_void;

unsafe extern "C" {
    pub(crate) static mut environ: *mut *mut c_char;
    pub(crate) fn abort() -> !;
    pub(crate) fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    pub(crate) fn getpid() -> c_int;
    pub(crate) fn mmap(
        address: *mut c_void,
        length: usize,
        protection: c_int,
        flags: c_int,
        file: c_int,
        offset: c_long,
    ) -> *mut c_void;
    pub(crate) fn mprotect(address: *mut c_void, length: usize, protection: c_int) -> c_int;
    pub(crate) fn munmap(address: *mut c_void, length: usize) -> c_int;
    pub(crate) fn sbrk(increment: isize) -> *mut c_void;
}
