//! What a call of rustc compiles, how, and from what.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use twox_hash::XxHash3_64;

use crate::patch::content::Optimised;
use crate::patch::rustc::call::Call;

mod options;

use options::{Word, words};

/// One way in which a crate is compiled: where its results are, without `lib` before and an extension behind. The same
/// crate with other features or for another program has another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(PathBuf);

impl Key {
    /// The unit that `file` is a result of: `libNAME-HASH.rlib`.
    #[must_use]
    pub fn of_library(file: &Path) -> Option<Self> {
        let stem = file.file_stem()?.as_bytes().strip_prefix(b"lib")?;
        Some(Self(file.with_file_name(OsStr::from_bytes(stem))))
    }

    /// Where cargo has the results.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// `NAME-HASH`.
    #[must_use]
    pub fn stem(&self) -> &OsStr {
        self.0.file_name().unwrap_or_default()
    }
}

/// What comes out of a compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrateType {
    /// A program.
    Bin,
    /// A Rust library: `lib` and `rlib`.
    Rlib,
    /// A shared Rust library.
    Dylib,
    /// A shared library for C.
    Cdylib,
    /// A static library for C.
    Staticlib,
    /// A library for the compiler.
    ProcMacro,
}

/// What part a crate has in a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A library of any type.
    Library,
    /// A program, also an example.
    Program,
    /// Tests with their harness.
    Test,
    /// The compiler loads it.
    ProcMacro,
    /// Cargo runs it before it compiles the package.
    BuildScript,
}

/// A crate that is used by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extern {
    /// Its name in the source.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Which argument it is, and how much of that comes before the path.
    pub(super) at: (usize, usize),
}

/// A call of rustc that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// As it was made.
    pub call: Call,
    /// The crate's name.
    pub crate_name: String,
    /// What comes out.
    pub crate_types: Vec<CrateType>,
    /// Whether the harness for tests is put in.
    pub harness: Harness,
    /// The edition, if it is named.
    pub edition: Option<String>,
    /// The crate's root file, as it was named.
    pub source: PathBuf,
    /// What is written: `dep-info`, `metadata`, `link`.
    pub emit: Vec<String>,
    /// Where to.
    pub out_dir: PathBuf,
    /// What stands behind the crate's name in the names of results.
    pub extra_filename: OsString,
    /// What tells the crate from others of its name.
    pub metadata: Option<String>,
    /// What is kept for the next time.
    pub incremental: Option<PathBuf>,
    /// The crates that are used by name.
    pub externs: Vec<Extern>,
    /// The target triple, if it is named.
    pub target: Option<String>,
    /// The linker, if it is named.
    pub linker: Option<OsString>,
    /// `-C opt-level`.
    pub opt_level: Option<String>,
    /// `-C debuginfo`.
    pub debug_info: Option<String>,
    /// `-C codegen-units`.
    pub codegen_units: Option<u32>,
    /// Whether debug information goes into files of its own.
    splits_debug_info: bool,
    /// Whether these are put together when a program is linked.
    packs_debug_info: bool,
    /// The argument that names the directory, and how much of it comes before.
    out_dir_at: (usize, usize),
}

/// Whether the harness for tests is put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Harness {
    /// No.
    #[default]
    Absent,
    /// `--test`.
    Present,
}

impl Recorded {
    /// Reads `call`. `None` if it names no crate, no source or no place for results: nothing that cargo does.
    #[must_use]
    pub fn new(call: Call) -> Option<Self> {
        let arguments = call.arguments.clone();
        let mut read = Self {
            crate_name: String::new(),
            crate_types: Vec::new(),
            harness: Harness::Absent,
            edition: None,
            source: PathBuf::new(),
            emit: Vec::new(),
            out_dir: PathBuf::new(),
            extra_filename: OsString::new(),
            metadata: None,
            incremental: None,
            externs: Vec::new(),
            target: None,
            linker: None,
            opt_level: None,
            debug_info: None,
            codegen_units: None,
            splits_debug_info: false,
            packs_debug_info: false,
            out_dir_at: (0, 0),
            call,
        };
        for word in words(&arguments) {
            match word {
                Word::Input(source) => read.source = source.into(),
                Word::Flag("--test") => read.harness = Harness::Present,
                Word::Flag(_) => {}
                Word::Option { name, value, at } => read.take(&name, value, at),
            }
        }
        let is_whole = !read.crate_name.is_empty() && !read.source.as_os_str().is_empty();
        (is_whole && !read.out_dir.as_os_str().is_empty()).then_some(read)
    }

    fn take(&mut self, name: &str, value: &OsStr, at: (usize, usize)) {
        let text = || value.to_string_lossy().into_owned();
        match name {
            "--crate-name" => self.crate_name = text(),
            "--crate-type" => self.crate_types.extend(text().split(',').filter_map(CrateType::new)),
            "--edition" => self.edition = Some(text()),
            "--emit" => self.emit.extend(text().split(',').map(str::to_owned)),
            "--out-dir" => (self.out_dir, self.out_dir_at) = (value.into(), at),
            "--target" => self.target = Some(text()),
            "--extern" => self.externs.extend(Extern::new(value, at)),
            "-C" => self.take_codegen(value),
            _ => {}
        }
    }

    fn take_codegen(&mut self, option: &OsStr) {
        let bytes = option.as_bytes();
        let at = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
        let value = OsStr::from_bytes(bytes.get(at + 1..).unwrap_or_default());
        let text = || Some(value.to_string_lossy().into_owned());
        match &bytes[..at] {
            b"extra-filename" => value.clone_into(&mut self.extra_filename),
            b"metadata" => self.metadata = text(),
            b"incremental" => self.incremental = Some(value.into()),
            b"linker" => self.linker = Some(value.to_owned()),
            b"split-debuginfo" => {
                self.splits_debug_info = value != "off";
                self.packs_debug_info = value == "packed";
            }
            b"opt-level" => self.opt_level = text(),
            b"debuginfo" => self.debug_info = text(),
            b"codegen-units" => self.codegen_units = text().and_then(|count| count.parse().ok()),
            _ => {}
        }
    }

    /// Which unit it is.
    #[must_use]
    pub fn key(&self) -> Key {
        Key(self.absolute(&self.out_dir).join(self.stem()))
    }

    /// `NAME-HASH`, which results are called by.
    #[must_use]
    pub fn stem(&self) -> OsString {
        let mut stem = OsString::from(&self.crate_name);
        stem.push(&self.extra_filename);
        stem
    }

    /// What part the crate has in the build.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.crate_types.first() {
            _ if self.harness == Harness::Present => Kind::Test,
            Some(CrateType::ProcMacro) => Kind::ProcMacro,
            // Cargo tells the name of each program, and build scripts are no programs to it.
            Some(CrateType::Bin) | None if self.call.variable("CARGO_BIN_NAME").is_some() => Kind::Program,
            Some(CrateType::Bin) | None if self.crate_name.starts_with("build_script_") => Kind::BuildScript,
            Some(CrateType::Bin) | None => Kind::Program,
            Some(_) => Kind::Library,
        }
    }

    /// Where the package's manifest is; cargo says that to each compiler.
    #[must_use]
    pub fn package_directory(&self) -> Option<&Path> {
        self.call.variable("CARGO_MANIFEST_DIR").map(Path::new)
    }

    /// What the package's build script wrote, if it has one.
    #[must_use]
    pub fn generated(&self) -> Option<&Path> {
        self.call.variable("OUT_DIR").map(Path::new)
    }

    /// The crate's root file.
    #[must_use]
    pub fn source_file(&self) -> PathBuf {
        self.absolute(&self.source)
    }

    /// The compiler: a path, or a name that is looked for in the recorded `PATH`.
    #[must_use]
    pub fn compiler(&self) -> &OsStr {
        self.call.programs.last().map_or(OsStr::new("rustc"), OsString::as_os_str)
    }

    /// `path` as seen from where the call was made.
    #[must_use]
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.call.directory.join(path)
    }

    /// Whether the compiler optimises.
    #[must_use]
    pub fn optimised(&self) -> Optimised {
        if self.opt_level.as_deref().is_none_or(|level| level == "0") { Optimised::No } else { Optimised::Yes }
    }

    /// The link that stands for the results' directory, if the call can do with one.
    ///
    /// rustc takes the name of that directory into account when it decides whether machine code of its cache can be used
    /// again. So cargo's calls and ours have to name the same one, and mean different ones.
    #[must_use]
    pub fn result_link(&self, records: &Path) -> Option<PathBuf> {
        // Without a cache there is nothing to win. Separate debug information is looked for where it was written.
        let has_cache = self.incremental.is_some() && !self.splits_debug_info;
        has_cache.then(|| records.join(self.file_name()).with_extension("out"))
    }

    /// Whether it is a program, or a C library, whose debug information rustc would put together from what the linker made.
    #[must_use]
    pub fn packs_debug_info(&self) -> bool {
        self.packs_debug_info && self.kind() != Kind::Library
    }

    /// What files about it are called by.
    #[must_use]
    pub fn file_name(&self) -> String {
        let unit = self.key().path().as_os_str().as_bytes().to_vec();
        format!("{}-{:016x}", self.crate_name, XxHash3_64::oneshot(&unit))
    }

    /// The arguments of the call, with `directory` for results.
    #[must_use]
    pub fn arguments_with_results_in(&self, directory: &Path) -> Vec<OsString> {
        let mut arguments = self.call.arguments.clone();
        let (at, before) = self.out_dir_at;
        arguments[at] = replaced(&arguments[at], before, directory);
        arguments
    }

    /// Whether a linker is called for something that comes out.
    #[must_use]
    pub fn links(&self) -> bool {
        let is_linked = |it: &CrateType| !matches!(it, CrateType::Rlib | CrateType::Staticlib);
        self.harness == Harness::Present || self.crate_types.is_empty() || self.crate_types.iter().any(is_linked)
    }
}

/// `argument` with `path` for what comes behind the first `before` bytes.
pub(super) fn replaced(argument: &OsStr, before: usize, path: &Path) -> OsString {
    OsString::from_vec([&argument.as_bytes()[..before], path.as_os_str().as_bytes()].concat())
}

impl CrateType {
    fn new(name: &str) -> Option<Self> {
        Some(match name {
            "bin" => Self::Bin,
            "lib" | "rlib" => Self::Rlib,
            "dylib" => Self::Dylib,
            "cdylib" => Self::Cdylib,
            "staticlib" => Self::Staticlib,
            "proc-macro" => Self::ProcMacro,
            _ => return None,
        })
    }
}

impl Extern {
    /// Reads `[options:]NAME=PATH`; a crate of the compiler itself has no path.
    fn new(value: &OsStr, (word, before): (usize, usize)) -> Option<Self> {
        let bytes = value.as_bytes();
        let equals = bytes.iter().position(|byte| *byte == b'=')?;
        let name = bytes[..equals].rsplit(|byte| *byte == b':').next()?;
        Some(Self {
            name: String::from_utf8_lossy(name).into_owned(),
            path: OsString::from_vec(bytes[equals + 1..].to_vec()).into(),
            at: (word, before + equals + 1),
        })
    }
}

#[cfg(test)]
mod tests;
