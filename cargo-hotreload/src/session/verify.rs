//! Whether new code is live: read from the kernel's own list of what a process has mapped, not from what it says.
//!
//! Paths and inodes are compared within `/proc/PID/maps` only. What `stat` says of the file is left out, because some
//! file systems (overlayfs, btrfs) show other numbers there.
//! Source: `proc_pid_maps(5)`.

use std::path::PathBuf;

/// An executable mapping of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The file's path.
    pub path: PathBuf,
    /// The file's inode.
    pub inode: u64,
    /// Whether the file has been removed or replaced since it was mapped.
    pub deleted: bool,
}

/// A file that is to be mapped anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Its path.
    pub path: PathBuf,
    /// The inode that was mapped from this path before, if any.
    pub old: Option<u64>,
    /// Whether the process is new: then there is no old code in it, and a file that is gone was removed since, maybe by the
    /// program itself.
    pub is_start: bool,
}

/// What is still missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    /// The old code is still mapped.
    OldMapped(PathBuf),
    /// The new code is not mapped.
    NewMissing(PathBuf),
}

impl Unmet {
    /// The file that is concerned.
    #[must_use]
    pub fn path(&self) -> &PathBuf {
        match self {
            Self::OldMapped(path) | Self::NewMissing(path) => path,
        }
    }
}

/// The inode of the code that is mapped from `path`.
#[must_use]
pub fn mapped_inode(path: &PathBuf, mappings: &[Mapping]) -> Option<u64> {
    mappings.iter().find(|mapping| mapping.path == *path).map(|mapping| mapping.inode)
}

/// The inode of the code that is mapped from `path`, if the file there is another one by now.
///
/// Code that is mapped from the file as it is there is new already: the program was told to reload by somebody else.
#[must_use]
pub fn replaced_inode(path: &PathBuf, mappings: &[Mapping]) -> Option<u64> {
    mappings.iter().find(|mapping| mapping.path == *path && mapping.deleted).map(|mapping| mapping.inode)
}

/// The expectations that `mappings` do not meet.
#[must_use]
pub fn unmet(expected: &[Expectation], mappings: &[Mapping]) -> Vec<Unmet> {
    let state = |expectation: &Expectation| {
        let here = || mappings.iter().filter(|mapping| mapping.path == expectation.path);
        let is_old = |mapping: &Mapping| mapping.deleted || Some(mapping.inode) == expectation.old;
        if !expectation.is_start && here().any(is_old) {
            Some(Unmet::OldMapped(expectation.path.clone()))
        } else if here().next().is_none() {
            Some(Unmet::NewMissing(expectation.path.clone()))
        } else {
            None
        }
    };
    expected.iter().filter_map(state).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Expectation, Mapping, Unmet, unmet};

    fn mapping(inode: u64, deleted: bool) -> Mapping {
        Mapping { path: PathBuf::from("/t/libapi.so"), inode, deleted }
    }

    fn missing(mappings: &[Mapping]) -> Vec<Unmet> {
        unmet(&[Expectation { path: PathBuf::from("/t/libapi.so"), old: Some(1), is_start: false }], mappings)
    }

    #[test]
    fn new_code_alone_is_live() {
        assert_eq!(missing(&[mapping(2, false)]), []);
    }

    #[test]
    fn old_code_beside_the_new_is_not_live() {
        let path = PathBuf::from("/t/libapi.so");
        assert_eq!(missing(&[mapping(1, true), mapping(2, false)]), [Unmet::OldMapped(path.clone())]);
        assert_eq!(missing(&[mapping(1, true)]), [Unmet::OldMapped(path)]);
    }

    #[test]
    fn nothing_mapped_is_not_live() {
        assert_eq!(missing(&[]), [Unmet::NewMissing(PathBuf::from("/t/libapi.so"))]);
    }

    #[test]
    fn code_that_was_replaced_again_is_not_live() {
        assert_eq!(missing(&[mapping(2, true)]).len(), 1);
    }

    #[test]
    fn a_new_process_may_remove_what_it_was_started_from() {
        let expected = [Expectation { path: PathBuf::from("/t/libapi.so"), old: None, is_start: true }];
        assert_eq!(unmet(&expected, &[mapping(2, true)]), []);
        assert_eq!(unmet(&expected, &[]).len(), 1);
    }
}
