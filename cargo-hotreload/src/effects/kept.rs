//! The files of builds that may be wanted again, beside those that cargo makes.
//!
//! 1. After a good build, each file gets a second name by its content ([`Kept::keep`]). That costs nothing: linkers write new
//!    files, so what cargo replaces goes on under this name.
//! 2. [`Kept::put_back`] puts copies at the paths where the program finds them: a file that was mapped before would not count
//!    as new. Cargo's own files, in `deps/`, are other names of the newest ones, and stay what they are.
//! 3. Before the next build, and at the end, [`Kept::restore`] puts cargo's newest files there again: cargo would believe that
//!    they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::{Builder, TempPath};

use crate::effects::files;
use crate::session::delivery::{Built, Image};

/// Where a target directory has them, for each session by its process id.
const DIRECTORY: &str = "hotreload-kept";

/// The files that are kept. Dropping it puts cargo's files back, and removes the others.
#[derive(Debug)]
pub struct Kept {
    directory: PathBuf,
    /// What cargo has made, by path.
    newest: BTreeMap<PathBuf, u64>,
    /// What is at the path in its place.
    put_back: BTreeMap<PathBuf, u64>,
}

impl Kept {
    /// Nothing is kept yet. What a killed session has left in `target` is removed: the workspace is ours alone.
    pub fn new(target: &Path) -> Result<Self> {
        let all = target.join(DIRECTORY);
        files::remove_directory(&all)?;
        let directory = all.join(std::process::id().to_string());
        fs::create_dir_all(&directory).with_context(|| format!("cannot make `{}`", directory.display()))?;
        Ok(Self { directory, newest: BTreeMap::new(), put_back: BTreeMap::new() })
    }

    /// Keeps the files of `built`, which cargo has just made.
    pub fn keep(&mut self, built: &Built) -> Result<()> {
        self.newest.extend(built.mapped().map(|image| (image.path.clone(), image.content)));
        // `cargo clean` takes it away, with all that was kept.
        fs::create_dir_all(&self.directory).with_context(|| format!("cannot make `{}`", self.directory.display()))?;
        for image in built.mapped() {
            let name = self.name(image.content);
            if !name.exists() {
                link_or_copy(&image.path, &name).with_context(|| format!("cannot keep `{}`", image.path.display()))?;
            }
        }
        Ok(())
    }

    /// Keeps these contents and cargo's newest; the others are not wanted any more.
    pub fn retain(&self, contents: &BTreeSet<u64>) -> Result<()> {
        let cannot = || format!("cannot clear `{}`", self.directory.display());
        let wanted = contents.iter().chain(self.newest.values()).map(|content| self.name(*content));
        let wanted: BTreeSet<PathBuf> = wanted.collect();
        for entry in fs::read_dir(&self.directory).with_context(cannot)? {
            let path = entry.with_context(cannot)?.path();
            if !wanted.contains(&path) {
                fs::remove_file(&path).with_context(cannot)?;
            }
        }
        Ok(())
    }

    /// Puts the files of `built` where the program finds them: all, or none.
    pub fn put_back(&mut self, built: &Built) -> Result<()> {
        let mut prepared: Vec<(&Image, TempPath)> = Vec::new();
        for image in built.mapped().filter(|image| self.present(&image.path) != Some(image.content)) {
            let cannot = || format!("cannot put `{}` back", image.path.display());
            let name = self.name(image.content);
            if !name.exists() {
                bail!("{}: it was not kept", cannot());
            }
            let beside = beside(&image.path).with_context(cannot)?;
            fs::copy(&name, &beside).with_context(cannot)?;
            prepared.push((image, beside));
        }
        for (image, beside) in prepared {
            beside.persist(&image.path).with_context(|| format!("cannot replace `{}`", image.path.display()))?;
            self.put_back.insert(image.path.clone(), image.content);
        }
        Ok(())
    }

    /// Whether `built` is what cargo has made last.
    #[must_use]
    pub fn is_newest(&self, built: &Built) -> bool {
        built.mapped().all(|image| self.newest.get(&image.path) == Some(&image.content))
    }

    /// Puts cargo's newest files there again.
    pub fn restore(&mut self) -> Result<()> {
        while let Some((path, content)) = self.put_back.pop_first() {
            let Some(newest) = self.newest.get(&path).copied().filter(|newest| *newest != content) else { continue };
            let cannot = || format!("cannot put cargo's `{}` back", path.display());
            let beside = beside(&path).with_context(cannot)?;
            fs::remove_file(&beside).with_context(cannot)?;
            link_or_copy(&self.name(newest), &beside).with_context(cannot)?;
            beside.persist(&path).with_context(cannot)?;
        }
        Ok(())
    }

    /// What is at `path` now, as far as it is one of ours.
    fn present(&self, path: &Path) -> Option<u64> {
        self.put_back.get(path).or_else(|| self.newest.get(path)).copied()
    }

    /// Where the file of this content is kept.
    #[must_use]
    pub fn name(&self, content: u64) -> PathBuf {
        self.directory.join(format!("{content:016x}"))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Cargo does the same with its next build.
        let _ = self.restore();
        let _ = files::remove_directory(&self.directory);
        let _ = self.directory.parent().map(fs::remove_dir);
    }
}

/// An empty file in the directory of `path`; it goes unless it is moved.
fn beside(path: &Path) -> io::Result<TempPath> {
    let directory = path.parent().unwrap_or(Path::new("."));
    Ok(Builder::new().prefix(".hotreload-").tempfile_in(directory)?.into_temp_path())
}

/// A second name for a file; a copy where the file system has no such thing.
fn link_or_copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(drop))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::Path;

    use super::Kept;
    use crate::effects::files::content;
    use crate::plan::roles::Role;
    use crate::session::delivery::{Built, Image, Library};

    /// What cargo does: a new file in `deps`, and a second name for it above.
    fn link(target: &Path, name: &str, text: &str) -> Image {
        let (own, path) = (target.join("deps").join(name), target.join(name));
        fs::create_dir_all(target.join("deps")).expect("mkdir");
        let _ = (fs::remove_file(&own), fs::remove_file(&path));
        fs::write(&own, text).expect("written");
        fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).expect("a mode");
        fs::hard_link(&own, &path).expect("a link");
        Image { content: content(&path).expect("a file"), path }
    }

    fn build(target: &Path, host: &str, api: &str) -> Built {
        let image = link(target, "libapi.so", api);
        let library = Library { package: "api".into(), role: Role::Module, image, used: None };
        Built { executable: link(target, "host", host), libraries: vec![library], carried: vec![] }
    }

    fn read(target: &Path) -> [String; 2] {
        ["host", "libapi.so"].map(|name| fs::read_to_string(target.join(name)).expect("a file"))
    }

    #[test]
    fn a_former_build_comes_back_as_new_files_and_cargos_own_stay_and_return() {
        let target = tempfile::tempdir().expect("a directory");
        let target = target.path();
        let mut kept = Kept::new(target).expect("kept");
        let first = build(target, "host", "api 1");
        kept.keep(&first).expect("kept");
        let second = build(target, "host", "api 2");
        kept.keep(&second).expect("kept");
        let inode = |path: &Path| fs::metadata(path).expect("a file").ino();
        let of_cargo = inode(&target.join("deps/libapi.so"));

        assert_eq!((kept.is_newest(&first), kept.is_newest(&second)), (false, true));
        kept.put_back(&first).expect("put back");
        assert_eq!(read(target), ["host", "api 1"]);
        let put = fs::metadata(target.join("libapi.so")).expect("a file");
        assert_eq!((put.permissions().mode() & 0o777, put.nlink()), (0o755, 1), "a file of its own");
        assert_eq!(inode(&target.join("deps/libapi.so")), of_cargo);
        // The same again is nothing to do, and forward is a new file as well.
        kept.put_back(&first).expect("put back");
        assert_eq!(inode(&target.join("libapi.so")), put.ino());
        kept.put_back(&second).expect("put back");
        assert_eq!(read(target), ["host", "api 2"]);
        assert_ne!(inode(&target.join("libapi.so")), of_cargo);
        kept.put_back(&first).expect("put back");

        kept.restore().expect("restored");
        assert_eq!(read(target), ["host", "api 2"]);
        assert_eq!(inode(&target.join("libapi.so")), of_cargo, "cargo's own file");
        kept.put_back(&first).expect("put back");
        drop(kept);
        assert_eq!((read(target), inode(&target.join("libapi.so"))), (["host".into(), "api 2".into()], of_cargo));
        let left: Vec<_> = fs::read_dir(target).expect("listed").map(|entry| entry.expect("one").file_name()).collect();
        assert_eq!(left.len(), 3, "deps, host, libapi.so: {left:?}");
    }

    #[test]
    fn what_is_not_kept_is_refused_and_changes_nothing() {
        let target = tempfile::tempdir().expect("a directory");
        let target = target.path();
        let mut kept = Kept::new(target).expect("kept");
        let first = build(target, "host 1", "api 1");
        kept.keep(&first).expect("kept");
        let second = build(target, "host 2", "api 2");
        kept.keep(&second).expect("kept");
        kept.retain(&[first.executable.content].into()).expect("cleared");
        let error = kept.put_back(&first).expect_err("the library is gone").to_string();
        assert!(error.ends_with("libapi.so` back: it was not kept"), "{error}");
        assert_eq!(read(target), ["host 2", "api 2"]);
    }
}
