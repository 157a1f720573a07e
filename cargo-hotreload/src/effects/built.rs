//! What the files that a build made mean for a program: read from their contents and from what they link.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::effects::build::{Artifacts, library_directories};
use crate::effects::{elf, files, signs};
use crate::plan::groups;
use crate::plan::roles::{Role, file_name, role_of};
use crate::session::delivery::{Built, Carried, Image, Library, Used};
use crate::why::names::{Names, is_own, telling};
use crate::workspace::Workspace;
use crate::workspace::graph::{HostIndex, LibraryIndex};

/// Hashes of files that were read before, so that only new files are read.
#[derive(Debug, Default)]
pub struct Contents {
    files: BTreeMap<PathBuf, (u64, i64, i64, u64)>,
    /// What programs use of libraries, by the contents of both.
    used: BTreeMap<(u64, u64), Option<Used>>,
}

impl Contents {
    fn image(&mut self, path: &Path) -> Result<Image> {
        Ok(Image { path: path.to_owned(), content: self.of(path)? })
    }

    /// What `program` itself uses of the resident `library`, unless it is so much that it must be meant to.
    fn used(&mut self, program: &Image, library: &Image) -> Option<Used> {
        const MOST: usize = 12;
        let symbols = |image: &Image| signs::linking(&File::open(&image.path).ok()?).ok();
        let read = || {
            let (program, library) = (symbols(program)?, symbols(library)?);
            let symbols = || library.defined.intersection(&program.undefined).map(String::as_str);
            let telling = telling(symbols());
            let is_own = telling.iter().any(|name| is_own(name));
            (1..=MOST).contains(&telling.len()).then(|| Used { names: Names::of(telling).to_string(), is_own })
        };
        self.used.entry((program.content, library.content)).or_insert_with(read).clone()
    }

    fn of(&mut self, path: &Path) -> Result<u64> {
        let cannot = || format!("cannot read the built file `{}`", path.display());
        let metadata = fs::metadata(path).with_context(cannot)?;
        let (inode, seconds, nanos) = (metadata.ino(), metadata.mtime(), metadata.mtime_nsec());
        if let Some(known) = self.files.get(path).filter(|known| (known.0, known.1, known.2) == (inode, seconds, nanos))
        {
            return Ok(known.3);
        }
        let content = files::content(path).with_context(cannot)?;
        self.files.insert(path.to_owned(), (inode, seconds, nanos, content));
        Ok(content)
    }
}

/// What `artifacts` mean for the program `host`: which libraries it has, and which of them it can swap.
pub fn describe(
    workspace: &Workspace,
    host: HostIndex,
    artifacts: &Artifacts,
    contents: &mut Contents,
) -> Result<Built> {
    let bin = &workspace.hosts[host].bin;
    let Some(executable) = artifacts.executables.get(bin) else { bail!("cargo built no `{bin}`") };
    let directories: Vec<PathBuf> = library_directories(executable);
    let linked = elf::linked(executable, &directories)?;
    let below = workspace.graph.below_host(host);
    let is_below = |index: &LibraryIndex| below.contains(index);
    let mut locals = Vec::new();
    for library in workspace.graph.local().filter(is_below).map(|index| &workspace.graph.libraries[index]) {
        let name = file_name(library);
        let Some(path) = artifacts.dylibs.get(&name) else { continue };
        let role = role_of(&name, Some(&linked));
        locals.push(Library { package: library.package.clone(), role, image: contents.image(path)?, used: None });
    }
    let program = contents.image(executable)?;
    for library in locals.iter_mut().filter(|library| library.role == Role::Resident) {
        library.used = contents.used(&program, &library.image);
    }
    let mut libraries = Vec::new();
    let is_among = Among::of(workspace, &linked.libraries, &locals, &directories)?;
    for (name, path) in &artifacts.dylibs {
        if let Some(package) = groups::package_of_file(name).filter(|_| is_among.has(name)) {
            libraries.push(Library { package, role: Role::Resident, image: contents.image(path)?, used: None });
        }
    }
    libraries.extend(locals);
    let mut carried = Vec::new();
    let indices = (0..workspace.graph.libraries.len()).filter(is_below);
    for library in indices.map(|index| &workspace.graph.libraries[index]).filter(|library| library.local().is_none()) {
        for (_, path) in artifacts.rlibs.iter().filter(|(manifest, _)| library.manifest() == Some(manifest)) {
            carried.push(Carried { package: library.package.clone(), image: contents.image(path)? });
        }
    }
    Ok(Built { executable: program, libraries, carried })
}

/// Which dependency groups are part of a program.
enum Among {
    /// All: there is no other program that they could be there for.
    All,
    /// Those of these file names.
    Some(BTreeSet<String>),
}

impl Among {
    /// Those that the program itself links, or one of its `libraries`.
    fn of(
        workspace: &Workspace,
        linked: &BTreeSet<String>,
        libraries: &[Library],
        directories: &[PathBuf],
    ) -> Result<Self> {
        if workspace.hosts.len() == 1 {
            return Ok(Self::All);
        }
        let mut names = linked.clone();
        for library in libraries {
            names.extend(elf::linked(&library.image.path, directories)?.libraries);
        }
        Ok(Self::Some(names))
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.contains(name),
        }
    }
}
