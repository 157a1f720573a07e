//! `cargo hotreload link-group`: the linker of dependency groups and of local crates that may have native code, called
//! by rustc.
//!
//! It passes everything on to the real linker, with two changes for dylibs that have native code: native objects that
//! Rust code can name are put in as a whole, and the version script exports them. See [`crate::plan::native`].

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::cli::LinkGroup;
use crate::commands::Outcome;
use crate::effects::{elf, files, native};
use crate::plan::link_line::{self, Taken};
use crate::plan::native::{Natives, extended_version_script};

/// How often objects that cannot be linked are left out before that is given up; each round finds more of them.
const ROUNDS: usize = 8;

/// Links as rustc asks, with the native code made visible.
pub fn link_group(arguments: &LinkGroup) -> Result<Outcome> {
    let link = Link::new(arguments)?;
    if !link.makes_rust_dylib()? {
        return finished(link.run(&link.arguments)?);
    }
    let (objects, names) = native::read(&link.sources())?;
    if objects.is_empty() {
        return finished(link.run(&link.arguments)?);
    }
    let natives = Natives::new(objects.iter().map(|read| read.object.clone()).collect(), &names);
    let mut left_out = BTreeSet::new();
    for _ in 0..ROUNDS {
        let carried = natives.carried(&left_out);
        let prepared = link.prepare(&objects, &carried, &natives.exports(&carried))?;
        let status = link.run(&prepared.arguments)?;
        if !status.success() {
            return finished(status);
        }
        let broken = natives.broken(&link.undefined()?);
        if broken.is_subset(&left_out) {
            return Ok(Outcome::Done);
        }
        left_out.extend(broken);
    }
    bail!("native code of the library still needs symbols that nobody defines")
}

fn finished(status: ExitStatus) -> Result<Outcome> {
    // The linker has said why; rustc shows that.
    if status.success() { Ok(Outcome::Done) } else { bail!("the linker ended with {status}") }
}

/// A call of the linker, as rustc makes it.
struct Link {
    /// What rustc would call without us: `cc`, or what cargo's configuration names.
    linker: OsString,
    arguments: Vec<OsString>,
    version_script: Option<PathBuf>,
    output: PathBuf,
}

/// The changed arguments, and the files that they name.
struct Prepared {
    arguments: Vec<OsString>,
    _directory: TempDir,
}

const VERSION_SCRIPT: &str = "-Wl,--version-script=";

impl Link {
    fn new(call: &LinkGroup) -> Result<Self> {
        let arguments = expanded(&call.arguments)?;
        let script = arguments.iter().find_map(|argument| argument.to_str()?.strip_prefix(VERSION_SCRIPT));
        let output = arguments.iter().position(|argument| argument == "-o").and_then(|at| arguments.get(at + 1));
        let output = output.context("the linker was called without an output")?.into();
        let version_script = script.map(PathBuf::from);
        Ok(Self { linker: call.linker.clone(), version_script, output, arguments })
    }

    fn run(&self, arguments: &[OsString]) -> Result<ExitStatus> {
        // The `linker` setting of ours comes as `-fuse-ld` among the arguments.
        let status = Command::new(&self.linker).args(arguments).status();
        status.with_context(|| format!("cannot run the linker `{}`", self.linker.display()))
    }

    /// Whether a library for other Rust crates comes out: not an executable, and not one for C.
    fn makes_rust_dylib(&self) -> Result<bool> {
        let script = self.version_script.as_deref().map(files::read).transpose()?;
        Ok(script.is_some_and(|script| script.contains("rust_metadata_")))
    }

    /// Where native code and the names of it are.
    fn sources(&self) -> native::Sources {
        let mut sources = native::Sources {
            rlibs: link_line::rlibs(&self.arguments),
            metadata: link_line::metadata(&self.arguments),
            archives: Vec::new(),
        };
        for library in link_line::static_libraries(&self.arguments) {
            let found = library.candidates.into_iter().find(|path| path.exists());
            sources.archives.extend(found.map(|path| (path, library.taken)));
        }
        sources
    }

    /// The call with the objects `carried` put in front of the libraries and `exports` made visible.
    fn prepare(&self, objects: &[native::Read], carried: &[usize], exports: &BTreeSet<String>) -> Result<Prepared> {
        let directory = tempfile::tempdir()?;
        let mut lifted = 0;
        let mut paths = Vec::new();
        for &index in carried.iter().filter(|index| objects[**index].taken == Taken::Needed) {
            let mut bytes = objects[index].bytes.clone();
            lifted += native::lift_visibility(&mut bytes, exports)?;
            let path = directory.path().join(format!("native-{index}.o"));
            files::write_scratch(&path, &bytes)?;
            paths.push(path.into_os_string());
        }
        let script = directory.path().join("exports");
        let original = self.version_script.as_deref().map(files::read).transpose()?.unwrap_or_default();
        files::write_scratch(&script, extended_version_script(&original, exports).as_bytes())?;

        let is_script = |argument: &OsString| argument.to_str().is_some_and(|text| text.starts_with(VERSION_SCRIPT));
        let mut arguments: Vec<OsString> =
            self.arguments.iter().filter(|argument| !is_script(argument)).cloned().collect();
        // Objects come before all libraries, so that these give what the objects need.
        arguments.splice(0..0, paths);
        arguments.push(format!("{VERSION_SCRIPT}{}", script.display()).into());
        if lifted > 0 {
            // Code that was compiled for hidden symbols reaches them without the global offset table: the library
            // has to bind to its own.
            arguments.push("-Wl,-Bsymbolic".into());
        }
        Ok(Prepared { arguments, _directory: directory })
    }

    /// Symbols that the linked library needs and that none of its libraries has.
    fn undefined(&self) -> Result<BTreeSet<String>> {
        let mut needs = native::dynamic_symbols(&self.output)?.needs;
        for name in elf::dynamic(&self.output)?.needed {
            if let Some(path) = self.find_library(&name) {
                let defines = native::dynamic_symbols(&path)?.defines;
                needs.retain(|symbol| !defines.contains(symbol));
            }
        }
        Ok(needs)
    }

    /// Where the linker finds the shared library `name`.
    fn find_library(&self, name: &str) -> Option<PathBuf> {
        let given = self.arguments.iter().map(Path::new).find(|path| path.file_name() == Some(OsStr::new(name)));
        if let Some(given) = given.filter(|path| path.exists()) {
            return Some(given.to_owned());
        }
        let pairs = self.arguments.windows(2).filter(|pair| pair[0] == "-L");
        pairs.map(|pair| Path::new(&pair[1]).join(name)).find(|path| path.exists()).or_else(|| {
            let printed = Command::new(&self.linker).arg(format!("-print-file-name={name}")).output().ok()?;
            let path = PathBuf::from(String::from_utf8(printed.stdout).ok()?.trim());
            path.is_absolute().then_some(path)
        })
    }
}

/// `arguments` with each `@file` replaced by what it lists: rustc does that when the command line gets too long.
pub(super) fn expanded(arguments: &[OsString]) -> Result<Vec<OsString>> {
    let mut all = Vec::new();
    for argument in arguments {
        match argument.to_str().and_then(|text| text.strip_prefix('@')) {
            Some(file) => {
                let text = files::read(Path::new(file))?;
                all.extend(listed(&text));
            }
            None => all.push(argument.clone()),
        }
    }
    Ok(all)
}

/// The arguments in a file of them.
pub(crate) fn listed(text: &str) -> impl Iterator<Item = OsString> {
    text.lines().map(|line| OsString::from(line.replace(r"\ ", " ").replace(r"\\", r"\")))
}
