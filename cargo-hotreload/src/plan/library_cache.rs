//! The dynamic linker's list of installed libraries, `/etc/ld.so.cache`.
//! Source: `sysdeps/generic/dl-cache.h` of glibc.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// What the list begins with. In older ones another list is before it.
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
/// The bytes of its head.
const HEAD: usize = 48;
/// The bytes of an entry.
const ENTRY: usize = 24;

/// Every file of this name in the list `data`, for whichever processor.
#[must_use]
pub fn paths(data: &[u8], name: &str) -> Vec<PathBuf> {
    let Some(begin) = data.windows(MAGIC.len()).position(|window| window == MAGIC) else { return Vec::new() };
    let list = &data[begin..];
    let number = |at: usize| Some(u32::from_ne_bytes(list.get(at..at + 4)?.try_into().ok()?) as usize);
    let text = |at: usize| list.get(at..)?.split(|byte| *byte == 0).next();
    let entry = |index: usize| {
        let at = HEAD + index * ENTRY;
        let is_wanted = text(number(at + 4)?)? == name.as_bytes();
        let path = is_wanted.then(|| number(at + 8).and_then(text))??;
        Some(PathBuf::from(OsStr::from_bytes(path)))
    };
    let count = number(MAGIC.len()).unwrap_or(0).min(list.len() / ENTRY);
    (0..count).filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAGIC, paths};

    #[test]
    fn the_list_of_this_machine_has_libc() {
        let data = std::fs::read("/etc/ld.so.cache").expect("the list of this machine");
        let found = paths(&data, "libc.so.6");
        assert!(!found.is_empty() && found.iter().all(|path| path.exists()), "{found:?}");
        assert!(paths(&data, "libnot-there.so").is_empty());
    }

    #[test]
    fn a_damaged_list_has_nothing() {
        let endless = [MAGIC, &[0xff; 60]].concat();
        assert!(paths(&endless, "libc.so.6").is_empty() && paths(b"", "x").is_empty());
    }
}
