//! Rust libraries as archives: which of their objects defines what.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};
use object::ReadCache;
use object::read::archive::{ArchiveFile, ArchiveOffset};

use crate::patch::outline::hash;

/// Every symbol of a number of libraries, by a hash of its name: there may be hundreds of thousands.
#[derive(Debug, Default)]
pub struct Rlibs {
    files: Vec<PathBuf>,
    index: HashMap<u64, Member>,
}

/// An object in one of the libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Member {
    file: usize,
    offset: u64,
}

impl Rlibs {
    /// Reads the tables of symbols of `files`. Of several that define something, the first counts.
    pub fn index(files: Vec<PathBuf>) -> Result<Self> {
        let mut index = HashMap::new();
        for (file, path) in files.iter().enumerate() {
            let cannot = || format!("cannot read `{}` as a library", path.display());
            let cache = ReadCache::new(File::open(path).with_context(cannot)?);
            let archive = ArchiveFile::parse(&cache).with_context(cannot)?;
            for symbol in archive.symbols().with_context(cannot)?.into_iter().flatten() {
                let symbol = symbol.with_context(cannot)?;
                let member = Member { file, offset: symbol.offset().0 };
                index.entry(hash(symbol.name())).or_insert(member);
            }
        }
        Ok(Self { files, index })
    }

    /// The objects that define `names`, each once; fewer where nobody does.
    pub fn objects(&self, names: &BTreeSet<String>) -> Result<Vec<Vec<u8>>> {
        let hashes = names.iter().map(hash);
        let members: BTreeSet<Member> = hashes.filter_map(|hash| self.index.get(&hash).copied()).collect();
        members.into_iter().map(|member| self.read(member)).collect()
    }

    fn read(&self, Member { file, offset }: Member) -> Result<Vec<u8>> {
        let cannot = || format!("cannot read `{}` as a library", self.files[file].display());
        let cache = ReadCache::new(File::open(&self.files[file]).with_context(cannot)?);
        let archive = ArchiveFile::parse(&cache).with_context(cannot)?;
        let member = archive.member(ArchiveOffset(offset)).with_context(cannot)?;
        Ok(member.data(&cache).with_context(cannot)?.to_vec())
    }
}
