//! Files: every write of this tool goes through here.
//!
//! A file is replaced as a whole: written beside, synced, renamed. The new content is prepared in the state
//! directory, so that a crash leaves nothing in the user's own directories.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::hash::Hasher;
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Error, Result};
use ignore::WalkBuilder;
use rustix::io::Errno;
use tempfile::NamedTempFile;
use twox_hash::XxHash3_64;

use crate::error::ErrorKind;
use crate::plan::bytes;
use crate::plan::generated::Generated;

/// The content of a text file, or `None` if there is none.
pub fn read_optional(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

/// The content of a file as [`bytes`] has it, or `None` if there is none.
pub fn read_bytes_optional(path: &Path) -> Result<Option<String>> {
    let cannot = || format!("cannot read `{}`", path.display());
    match fs::read(path) {
        Ok(read) => bytes::decode(read).map(Some).map_err(|_| Error::msg("it is no text").context(cannot())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(cannot),
    }
}

/// The content of a text file that has to be there.
pub fn read(path: &Path) -> Result<String> {
    read_optional(path)?.with_context(|| format!("`{}` does not exist", path.display()))
}

/// What `path` says, a file of `/proc`: the name of a thread may be cut in the middle of a character.
pub fn read_lossy(path: impl AsRef<Path>) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

/// A hash of a file's content, read piece by piece: executables are large.
pub fn content(path: &Path) -> io::Result<u64> {
    let mut hasher = XxHash3_64::default();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            read => hasher.write(&buffer[..read]),
        }
    }
}

/// A hash of `bytes`.
#[must_use]
pub fn hash(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// Refuses files that their owner made read-only, and directories in which nothing can be replaced.
///
/// A rename would replace a read-only file without asking, so its mode is taken as a wish.
///
/// # Errors
/// [`ErrorKind::ReadOnly`].
pub fn check_writable(path: &Path) -> Result<()> {
    let refused = || ErrorKind::ReadOnly { path: path.to_owned() };
    let target = resolved(path)?;
    if let Ok(metadata) = fs::metadata(&target)
        && metadata.permissions().mode() & 0o222 == 0
    {
        return Err(refused().into());
    }
    let directory = target.parent().unwrap_or(Path::new("/"));
    let writable = rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
    writable.map_err(|_| refused().into())
}

/// Replaces each path by its content, keeping mode and owner; a symbolic link stays and its target is replaced.
///
/// `scratch` is the directory in which the new contents are prepared. Many are written before the first is synced and
/// takes its place: hundreds of files are synced in a fraction of the time that one after the other would take.
pub fn replace(files: &[(&Path, &[u8])], scratch: &Path) -> Result<()> {
    // Each is open until it is in its place, and a process may have a thousand files open.
    for batch in files.chunks(256) {
        let mut replacements = Vec::with_capacity(batch.len());
        for (path, content) in batch {
            replacements.push(Replacement::prepare(path, resolved(path)?, content, scratch)?);
        }
        write_whole(replacements, scratch)?;
    }
    Ok(())
}

/// New content for a file, written beside it.
struct Replacement<'a> {
    path: &'a Path,
    target: PathBuf,
    content: &'a [u8],
    before: Option<Metadata>,
    prepared: NamedTempFile,
}

impl<'a> Replacement<'a> {
    fn prepare(path: &'a Path, target: PathBuf, content: &'a [u8], scratch: &Path) -> Result<Self> {
        let before = fs::metadata(&target).ok();
        match prepare(content, before.as_ref(), scratch) {
            Ok(prepared) => Ok(Self { path, target, content, before, prepared }),
            Err(error) => Err(unwritable(path, &target, error)),
        }
    }

    fn sync(&self) -> Result<()> {
        self.prepared.as_file().sync_all().map_err(|error| unwritable(self.path, &self.target, error))
    }

    fn persist(self) -> Result<()> {
        let Self { path, target, content, before, prepared } = self;
        let persisted = match prepared.persist(&target) {
            Ok(_) => Ok(()),
            // The workspace spans several file systems: prepare beside the target instead.
            Err(refused) if refused.error.kind() == io::ErrorKind::CrossesDevices => {
                let directory = target.parent().unwrap_or(Path::new("/"));
                prepare(content, before.as_ref(), directory).and_then(|beside| {
                    beside.as_file().sync_all()?;
                    beside.persist(&target).map_err(|refused| refused.error)?;
                    sync_directory(directory)
                })
            }
            Err(refused) => Err(refused.error),
        };
        persisted.map_err(|error| unwritable(path, &target, error))
    }
}

fn unwritable(path: &Path, target: &Path, error: io::Error) -> anyhow::Error {
    let error = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => ErrorKind::ReadOnly { path: target.to_owned() }.into(),
        _ => anyhow::Error::new(error),
    };
    error.context(format!("cannot write `{}`", path.display()))
}

/// Puts all in their places; `scratch` is where they were prepared.
fn write_whole(replacements: Vec<Replacement<'_>>, scratch: &Path) -> Result<()> {
    sync(&replacements)?;
    replacements.into_iter().try_for_each(Replacement::persist)?;
    // It took part in every one of these renames, so they are on the disk when it is.
    sync_directory(scratch).with_context(|| format!("cannot sync `{}`", scratch.display()))
}

/// Syncs side by side: a file system commits all that wait for it at once.
fn sync(replacements: &[Replacement<'_>]) -> Result<()> {
    const AT_ONCE: usize = 16;
    let share = replacements.len().div_ceil(AT_ONCE).max(1);
    thread::scope(|scope| {
        let shares =
            replacements.chunks(share).map(|share| scope.spawn(|| share.iter().try_for_each(Replacement::sync)));
        let threads: Vec<_> = shares.collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("it does not panic"))
    })
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn prepare(content: &[u8], like: Option<&Metadata>, directory: &Path) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".hotreload-").tempfile_in(directory)?;
    file.write_all(content)?;
    if let Some(like) = like {
        // Only root may give files away; for anyone else the owner is the same already, or the call changes nothing.
        let (owner, group) = (rustix::fs::Uid::from_raw(like.uid()), rustix::fs::Gid::from_raw(like.gid()));
        let _ = rustix::fs::fchown(&file, Some(owner), Some(group));
        file.as_file().set_permissions(like.permissions())?;
    } else {
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    Ok(file)
}

/// The file behind a symbolic link; a path that does not exist yet stays as it is.
fn resolved(path: &Path) -> Result<PathBuf> {
    match path.canonicalize() {
        Ok(target) => Ok(target),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error).with_context(|| format!("cannot open `{}`", path.display())),
    }
}

/// Writes a file that nobody else knows of, in a temporary directory.
pub fn write_scratch(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Writes a generated file, with its directories, unless it has this content already: its time stamp then tells
/// cargo that nothing changed.
pub fn generate(path: &Path, content: &(impl AsRef<[u8]> + ?Sized)) -> Result<()> {
    let content = content.as_ref();
    if fs::read(path).is_ok_and(|before| before == content) {
        return Ok(());
    }
    let directory = path.parent().unwrap_or(Path::new("/"));
    make_directory(directory)?;
    write_whole(vec![Replacement::prepare(path, path.to_owned(), content, directory)?], directory)
}

/// Writes a generated file with a time stamp that never changes, for sources whose content cargo knows from elsewhere
/// (a manifest with the same list): made again after they were removed, they are not compiled again.
pub fn generate_timeless(file: &Generated) -> Result<()> {
    generate(&file.path, &file.content)?;
    let mode = if file.executable { 0o755 } else { 0o644 };
    let dated = File::options().write(true).open(&file.path).and_then(|opened| {
        opened.set_permissions(fs::Permissions::from_mode(mode))?;
        opened.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(24))
    });
    dated.with_context(|| format!("cannot write `{}`", file.path.display()))
}

/// Whether `directory` is empty or not there.
pub fn is_vacant(directory: &Path) -> Result<bool> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot open `{}`", directory.display())),
    }
}

/// Path, mode and content of every file below `root`, but for build output and the data of programs.
pub fn snapshot(root: &Path) -> Result<BTreeMap<PathBuf, (u32, Vec<u8>)>> {
    let is_output = |name: &OsStr| name == "target" || name == "data";
    let walk = WalkBuilder::new(root)
        .standard_filters(false)
        .filter_entry(move |entry| entry.depth() != 1 || !is_output(entry.file_name()))
        .build();
    let mut found = BTreeMap::new();
    for entry in walk {
        let entry = entry?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let content =
                fs::read(entry.path()).with_context(|| format!("cannot read `{}`", entry.path().display()))?;
            found.insert(entry.path().to_owned(), (entry.metadata()?.permissions().mode(), content));
        }
    }
    Ok(found)
}

/// Makes a directory, and sees to it that it is there after a crash of the machine, too.
pub fn make_synced_directory(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Ok(()) => sync_directory(path.parent().unwrap_or(Path::new("/"))),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
    .with_context(|| format!("cannot make the directory `{}`", path.display()))
}

/// Makes a directory with its parents.
pub fn make_directory(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the directory `{}`", path.display()))
}

/// Removes a file if it is there.
pub fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes a directory with everything in it, if it is there.
pub fn remove_directory(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::{check_writable, generate, replace};

    #[test]
    fn replacing_keeps_the_mode_and_writes_through_a_link() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (file, link) = (directory.path().join("real.toml"), directory.path().join("link.toml"));
        fs::write(&file, "old").expect("write");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("chmod");
        symlink("real.toml", &link).expect("symlink");
        replace(&[(link.as_path(), b"new")], directory.path()).expect("replace");
        assert_eq!(fs::read_to_string(&file).expect("read"), "new");
        assert_eq!(fs::metadata(&file).expect("stat").permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).expect("stat").is_symlink());
        assert_eq!(fs::read_dir(directory.path()).expect("list").count(), 2, "no temporary file is left");
    }

    #[test]
    fn a_read_only_file_is_refused() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("Cargo.toml");
        fs::write(&file, "").expect("write");
        assert!(check_writable(&file).is_ok());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).expect("chmod");
        assert!(check_writable(&file).is_err());
    }

    #[test]
    fn generating_the_same_again_leaves_the_file_alone() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("a/b");
        generate(&file, "x").expect("generate");
        let before = fs::metadata(&file).expect("stat").ino();
        generate(&file, "x").expect("generate");
        assert_eq!(fs::metadata(&file).expect("stat").ino(), before);
    }
}
