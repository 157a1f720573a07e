//! What a process has mapped, from `/proc/PID/maps`. Source: `proc_pid_maps(5)`.
//!
//! Read as bytes: the names of files need not be text, and one that is none must not hide all others. (The `procfs` crate
//! gives up at the first such name.)

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The kernel's remark behind the path of a file that is not there any more.
const DELETED: &[u8] = b" (deleted)";

/// A mapping of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    /// Its addresses.
    pub addresses: Range<u64>,
    /// Whether what is there may be run.
    pub is_code: bool,
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// The file's inode.
    pub inode: u64,
    /// The file, if it is one.
    pub file: Option<Named>,
}

/// A file as the kernel names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path. A line break is `\012` there, and so is this name.
    pub path: PathBuf,
    /// It was removed or replaced since.
    pub deleted: bool,
}

impl Named {
    /// Reads what the kernel shows for a file, in `maps` or as the target of a link.
    #[must_use]
    pub fn read(shown: &[u8]) -> Self {
        let before = shown.strip_suffix(DELETED);
        Self { path: OsStr::from_bytes(before.unwrap_or(shown)).into(), deleted: before.is_some() }
    }
}

/// What the process or thread `id` has mapped, lowest first; nothing once it has ended.
///
/// # Errors
/// If there is no such process, or it is not ours to look at.
pub fn of(id: impl Display) -> io::Result<Vec<Map>> {
    Ok(read(&fs::read(format!("/proc/{id}/maps"))?))
}

/// Reads the lines of `maps`; what is no such line is left out.
#[must_use]
pub fn read(maps: &[u8]) -> Vec<Map> {
    maps.split(|byte| *byte == b'\n').filter_map(map).collect()
}

/// `BEGIN-END PERMISSIONS OFFSET DEVICE INODE`, spaces, and the name, which may have spaces itself.
fn map(line: &[u8]) -> Option<Map> {
    let mut fields = line.splitn(6, |byte| *byte == b' ');
    let mut field = || str::from_utf8(fields.next()?).ok();
    let (begin, end) = field()?.split_once('-')?;
    let permissions = field()?;
    let offset = hexadecimal(field()?)?;
    let _device = field()?;
    let inode = field()?.parse().ok()?;
    let name = fields.next().unwrap_or_default().trim_ascii_start();
    Some(Map {
        addresses: hexadecimal(begin)?..hexadecimal(end)?,
        is_code: permissions.contains('x'),
        offset,
        inode,
        file: name.starts_with(b"/").then(|| Named::read(name)),
    })
}

fn hexadecimal(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use super::{Map, Named, read};

    fn files(maps: &[u8]) -> Vec<Named> {
        read(maps).into_iter().filter_map(|map| map.file).collect()
    }

    #[test]
    fn each_line_is_a_mapping() {
        let maps = b"55d0c5e8f000-55d0c5e90000 r-xp 00001000 08:01 123                        /a b (deleted)\n\
                     7ffc1000-7ffc2000 rw-p 00000000 00:00 0                          [stack]\n\
                     7ffd1000-7ffd2000 rw-p 00000000 00:00 0 \n";
        let file = Some(Named { path: "/a b".into(), deleted: true });
        let addresses = 0x55d0_c5e8_f000..0x55d0_c5e9_0000;
        let first = Map { addresses, is_code: true, offset: 0x1000, inode: 123, file };
        let read = read(maps);
        assert_eq!(read[0], first);
        assert_eq!(read[1..].iter().map(|map| map.addresses.start).collect::<Vec<_>>(), [0x7ffc_1000, 0x7ffd_1000]);
        assert!(read[1..].iter().all(|map| map.file.is_none() && !map.is_code));
    }

    /// Names that look like something else, or are no text.
    #[test]
    fn a_name_is_what_it_is() {
        let odd =
            [&b"/\xff/\xfe.so"[..], b"/SYSV", b"/SYSV-tools/lib.so", b"/ends with a space ", b"/[heap]", b"/a\\012b"];
        for name in odd {
            let line =
                [b"1000-2000 r-xp 00000000 08:01 1              ", name, b"\n2000-3000 r-xp 0 08:01 2 /b\n"].concat();
            let found = files(&line);
            let path = Path::new(OsStr::from_bytes(name));
            assert_eq!((found.len(), found[0].path.as_path(), found[0].deleted), (2, path, false));
        }
    }

    #[test]
    fn what_is_no_mapping_is_left_out() {
        for line in [
            &b""[..],
            b"\n\n",
            b"1000",
            b"1000-",
            b"x-y r-xp 0 0:0 0 /a",
            b"1000-2000 r-xp 0 0:0 x /a",
            b"\xff-1 r 0 0 0",
        ] {
            assert_eq!(read(line), [], "{line:?}");
        }
    }
}
