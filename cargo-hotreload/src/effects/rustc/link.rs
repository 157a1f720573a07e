//! The links by which rustc is told where results go: to cargo's directory while cargo calls it, to one of ours when we
//! do. Only one of both does that at a time.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process;

/// Makes `link` lead to `directory`.
pub(super) fn point(link: &Path, directory: &Path) -> io::Result<()> {
    if fs::read_link(link).is_ok_and(|there| there == directory) {
        return Ok(());
    }
    let beside = link.with_extension(format!("out.{}", process::id()));
    let made = symlink(directory, &beside).or_else(|error| match error.kind() {
        // Left by a process of this id that was killed.
        io::ErrorKind::AlreadyExists => fs::remove_file(&beside).and_then(|()| symlink(directory, &beside)),
        _ => Err(error),
    });
    made.and_then(|()| fs::rename(&beside, link)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}
