//! A directory as it is: to prove that it is the same afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What stands under one name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    Directory { mode: u32 },
    File { mode: u32, content: Vec<u8> },
    Link { target: PathBuf },
    Other,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory { mode } => write!(formatter, "directory {mode:o}"),
            Self::File { mode, content } => {
                write!(formatter, "file {mode:o} {:?}", String::from_utf8_lossy(content))
            }
            Self::Link { target } => write!(formatter, "link to {}", target.display()),
            Self::Other => write!(formatter, "something else"),
        }
    }
}

/// Every entry below a directory.
pub(crate) type Tree = BTreeMap<PathBuf, Entry>;

/// Everything below `top`, but for what programs leave there: `target` and `data` directly in it.
pub(crate) fn tree(top: &Path) -> Tree {
    let mut found = Tree::new();
    visit(top, top, &mut found);
    found
}

fn visit(top: &Path, directory: &Path, found: &mut Tree) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(top).expect("below").to_owned();
        if ["target", "data"].iter().any(|left_out| name == Path::new(left_out)) {
            continue;
        }
        let metadata = fs::symlink_metadata(&path).expect("its metadata");
        let mode = metadata.permissions().mode() & 0o7777;
        let entry = if metadata.is_symlink() {
            Entry::Link { target: fs::read_link(&path).expect("its target") }
        } else if metadata.is_dir() {
            visit(top, &path, found);
            Entry::Directory { mode }
        } else if metadata.is_file() {
            Entry::File { mode, content: fs::read(&path).expect("its content") }
        } else {
            Entry::Other
        };
        found.insert(name, entry);
    }
}

/// Panics unless `now` is what `before` was, and names what differs.
#[track_caller]
pub(crate) fn assert_same(before: &Tree, now: &Tree) {
    let names: Vec<&PathBuf> = before.keys().chain(now.keys()).collect();
    let differs = |name: &&&PathBuf| before.get(**name) != now.get(**name);
    let shown =
        |name: &&PathBuf| format!("{}:\n  was {:?}\n  is  {:?}", name.display(), before.get(*name), now.get(*name));
    let different: std::collections::BTreeSet<String> = names.iter().filter(differs).map(shown).collect();
    assert!(different.is_empty(), "not as it was:\n{}", different.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Inode and time of the last change of a file: the same only if nobody wrote it.
pub(crate) fn stamp(path: &Path) -> (u64, i64, i64) {
    let metadata = fs::metadata(path).expect("a file");
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}
