//! Files with new content and an old time stamp, as copies and renamed backups have one: cargo goes by time stamps alone, and
//! would say that what it has built is of this content.
//!
//! What cargo has noted about its own builds (`.fingerprint`) gets an old time stamp, too. Then cargo builds it again, and
//! notes it anew. The sources stay as they are.
//! Source: <https://doc.rust-lang.org/nightly/nightly-rustc/cargo/core/compiler/fingerprint/index.html#mtime-on-package-sources>.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

/// How long after it was written a file is noticed at the latest.
const JUST_NOW: Duration = Duration::from_secs(2);

/// Whether `path`, which was just written, does not look like it.
#[must_use]
pub fn is_overlooked(path: &Path) -> bool {
    let modified = fs::metadata(path).and_then(|file| file.modified());
    modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > JUST_NOW))
}

/// When `path` got what it says, or later: a copy may bring any time stamp along, but not that of the change of its own
/// directory entry and modes.
pub fn changed_at(path: &Path) -> io::Result<SystemTime> {
    let file = fs::metadata(path)?;
    let since_epoch = u64::try_from(file.ctime()).ok().zip(u32::try_from(file.ctime_nsec()).ok());
    let changed = since_epoch.map(|(seconds, nanos)| SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos));
    let modified = file.modified()?;
    Ok(changed.map_or(modified, |changed| changed.max(modified)))
}

/// Has cargo look at `file`, whoever of the `packages` reads it, in its next build of what is in `directory`, the target directory of
/// a profile.
pub fn expose(directory: &Path, packages: &BTreeSet<&str>, file: &Path) -> Result<()> {
    let cannot = || format!("cannot have cargo look at `{}`", file.display());
    for notes in directories_of(&directory.join(".fingerprint"), packages).with_context(cannot)? {
        for note in files_in(&notes).with_context(cannot)? {
            if is_about(&note, file) {
                age(&note).with_context(cannot)?;
            }
        }
    }
    for build in directories_of(&directory.join("build"), packages).with_context(cannot)? {
        // What a build script said; what it reads need not be in the notes.
        let output = build.join("output");
        if output.is_file() {
            age(&output).with_context(cannot)?;
        }
    }
    Ok(())
}

/// The directories of these packages: each has a hash behind its name.
fn directories_of(directory: &Path, packages: &BTreeSet<&str>) -> io::Result<Vec<PathBuf>> {
    let is_of_them = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).and_then(|name| name.rsplit_once('-'));
        name.is_some_and(|(package, _)| packages.contains(package))
    };
    Ok(files_in(directory)?.into_iter().filter(is_of_them).collect())
}

fn files_in(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        // Nothing was built yet.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Whether `note` lists what rustc has read, and a file of this name among it.
fn is_about(note: &Path, file: &Path) -> bool {
    let is_list = note.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"dep-"));
    let name = file.file_name().unwrap_or_default().as_encoded_bytes();
    is_list && fs::read(note).is_ok_and(|list| list.windows(name.len().max(1)).any(|part| part == name))
}

fn age(file: &Path) -> io::Result<()> {
    File::options().write(true).open(file)?.set_modified(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use super::{changed_at, expose, is_overlooked};

    #[test]
    fn what_was_written_with_an_old_time_stamp_is_overlooked() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("lib.rs");
        fs::write(&file, "").expect("written");
        assert!(!is_overlooked(&file));
        let set = |at| File::options().write(true).open(&file).expect("opened").set_modified(at).expect("set");
        let before = changed_at(&file).expect("its time");
        set(SystemTime::now() - Duration::from_mins(1));
        assert!(is_overlooked(&file));
        assert!(changed_at(&file).expect("its time") >= before, "it was changed after that");
        set(SystemTime::now() + Duration::from_mins(1));
        assert!(!is_overlooked(&file));
        assert!(!is_overlooked(Path::new("/nowhere/lib.rs")));
    }

    #[test]
    fn only_notes_of_these_packages_about_the_file_are_aged() {
        let directory = tempfile::tempdir().expect("a directory");
        let files = [
            (".fingerprint/api-1f/dep-lib-api", "src/lib.rs src/page.rs", true),
            (".fingerprint/api-2f/dep-test-lib-api", "src/lib.rs", false),
            (".fingerprint/api-1f/lib-api", "src/page.rs", false),
            (".fingerprint/api-core-1f/dep-lib-api_core", "src/page.rs", false),
            ("build/api-3f/output", "cargo::rerun-if-changed=src", true),
            ("build/other-3f/output", "", false),
        ];
        for (name, content, _) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
            fs::write(path, content).expect("written");
        }
        let packages = BTreeSet::from(["api"]);
        expose(directory.path(), &packages, Path::new("/ws/api/src/page.rs")).expect("exposed");
        for (name, _, is_aged) in files {
            let modified =
                fs::metadata(directory.path().join(name)).and_then(|file| file.modified()).expect("its time");
            assert_eq!(modified == SystemTime::UNIX_EPOCH, is_aged, "{name}");
        }
        expose(&directory.path().join("nothing-built"), &packages, Path::new("page.rs")).expect("nothing to do");
    }
}
