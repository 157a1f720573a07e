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
    differences(before, now).unwrap_or_else(|differences| panic!("{differences}"));
}

/// Everything in which `now` differs from what `before` was, as an error.
pub(crate) fn differences(before: &Tree, now: &Tree) -> Result<(), String> {
    let names: Vec<&PathBuf> = before.keys().chain(now.keys()).collect();
    let differs = |name: &&&PathBuf| before.get(**name) != now.get(**name);
    let shown =
        |name: &&PathBuf| format!("{}:\n  was {:?}\n  is  {:?}", name.display(), before.get(*name), now.get(*name));
    let different: std::collections::BTreeSet<String> = names.iter().filter(differs).map(shown).collect();
    if different.is_empty() {
        return Ok(());
    }
    Err(format!("not as it was:\n{}", different.into_iter().collect::<Vec<_>>().join("\n")))
}

/// Inode and time of the last change of a file: the same only if nobody wrote it.
pub(crate) fn stamp(path: &Path) -> (u64, i64, i64) {
    let metadata = fs::metadata(path).expect("a file");
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}

/// Makes everything below `top` what it was in `wanted`, but for what [`tree`] leaves out.
pub(crate) fn restore(top: &Path, wanted: &Tree) {
    let present = tree(top);
    let is_stale = |name: &&PathBuf| present.get(*name) != wanted.get(*name);
    for name in present.keys().rev().filter(is_stale) {
        let path = top.join(name);
        let removed = if fs::symlink_metadata(&path).expect("an entry").is_dir() {
            fs::remove_dir(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    for (name, entry) in wanted.iter().filter(|(name, entry)| present.get(*name) != Some(entry)) {
        let path = top.join(name);
        let mode = match entry {
            Entry::Directory { mode } => fs::create_dir(&path).map(|()| mode),
            Entry::File { mode, content } => fs::write(&path, content).map(|()| mode),
            Entry::Link { target } => {
                std::os::unix::fs::symlink(target, &path).expect("a link");
                continue;
            }
            Entry::Other => panic!("{} is no file", path.display()),
        };
        let mode = mode.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).expect("chmod");
    }
}
