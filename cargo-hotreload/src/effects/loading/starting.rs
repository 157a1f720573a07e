//! Whether a new process can load what was built, before the old one is stopped.
//!
//! 1. The dynamic linker says what it would do for this executable, in this environment: nobody knows better. A library,
//!    a version or a symbol that it does not find is the end of the new process;
//! 2. the modules, which the program opens by itself, are looked at as in a reload, with what the dynamic linker has found and
//!    with what the old process has opened besides. What is live has to be known for that: it may lack the same.
//!
//! What cannot be told is left to the program.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Seek};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use object::Endianness;
use object::read::elf::{ElfFile64, ProgramHeader};
use rustix::fs::{MemfdFlags, memfd_create};

use crate::effects::child::Running;
use crate::effects::loading::search::Search;
use crate::effects::loading::{File, faults, file_name, is_memory};
use crate::effects::mapped::map_sparsely;
use crate::effects::process;
use crate::plan::command::CommandLine;
use crate::plan::dynamic_linker::{Answer, Lacking, can_list, question};
use crate::plan::environment::LIBRARY_PATH;
use crate::plan::loading::Joined;
use crate::session::delivery::{Built, Image};
use crate::session::foresight::{Fault, Missing, Prospect};
use crate::session::verify::Mapping;

/// How long the dynamic linker may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What would keep `prospect` out of a new process, which is started by `line` in place of one that has `mappings`; `kept`
/// says where a file of what is live is kept.
#[must_use]
pub fn foresee_start(
    line: &CommandLine,
    mappings: &[Mapping],
    prospect: &Prospect,
    kept: impl Fn(&Image) -> PathBuf,
) -> Vec<Fault> {
    let Ok(Some(answer)) = ask(line) else { return Vec::new() };
    let fatal = of_start(&answer, &prospect.built);
    let modules: Vec<String> = prospect.built.modules().map(|module| module.package.clone()).collect();
    if !fatal.is_empty() || modules.is_empty() || prospect.live.is_none() {
        return fatal;
    }
    let Some(others) = others(&answer, mappings, &prospect.built) else { return Vec::new() };
    let library_path = line.set.iter().rev().find(|(name, _)| name == LIBRARY_PATH).map(|(_, value)| value.clone());
    let library_path = library_path.or_else(|| env::var_os(LIBRARY_PATH)).unwrap_or_default();
    let search = Search::new(library_path.as_bytes(), line.directory.clone());
    let mut faults = faults(&search, &others, prospect, &modules, kept);
    // The dynamic linker has looked for what the program cannot start without, and the rest may come from anywhere.
    let program = file_name(&prospect.built.executable.path);
    faults.retain(|fault| fault.wanted_by != program || fault.lost_by.is_some());
    faults
}

/// What the dynamic linker says of the program that `line` starts, if there is one that can be asked.
fn ask(line: &CommandLine) -> Result<Option<Answer>> {
    let Some(linker) = interpreter(&line.program)? else { return Ok(None) };
    if !can_list(&map_sparsely(&linker)?) {
        return Ok(None);
    }
    let Some(question) = question(line, &linker, |name| env::var_os(name)) else { return Ok(None) };
    let mut outputs = [memory("output")?, memory("error")?];
    let mut command = process::command(&question);
    command.stdin(Stdio::null()).stdout(outputs[0].try_clone()?).stderr(outputs[1].try_clone()?);
    let running = Running::start(command).with_context(|| format!("cannot run `{question}`"))?;
    let is_over = running.ends_within(PATIENCE);
    let status = running.reap()?;
    if !is_over || !status.success() {
        return Ok(None);
    }
    let [output, error] = outputs.each_mut().map(|file| -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    Ok(Answer::read(&output?, &error?))
}

/// A file that is nowhere on a disk.
fn memory(name: &str) -> Result<fs::File> {
    Ok(memfd_create(name, MemfdFlags::CLOEXEC)?.into())
}

/// The dynamic linker that the executable at `path` names.
fn interpreter(path: &Path) -> Result<Option<PathBuf>> {
    let data = map_sparsely(path)?;
    let elf = ElfFile64::<Endianness>::parse(&*data)?;
    let endian = elf.endian();
    let named = elf.elf_program_headers().iter().find_map(|header| header.interpreter(endian, &*data).ok().flatten());
    Ok(named.map(|path| PathBuf::from(OsStr::from_bytes(path))))
}

/// What is the end of a process of `built`, with who wants it.
fn of_start(answer: &Answer, built: &Built) -> Vec<Fault> {
    let fatal = answer.fatal();
    if fatal.is_empty() {
        return Vec::new();
    }
    let linking: Vec<(&PathBuf, Vec<String>)> =
        [&built.executable.path].into_iter().chain(&answer.found).map(|path| (path, needed(path))).collect();
    let links = |name: &String| linking.iter().find(|(_, needed)| needed.contains(name)).map(|(path, _)| *path);
    let fault = |Lacking { missing, wanted_by }: &Lacking| {
        let wanted_by = match missing {
            Missing::Library(name) => links(name),
            Missing::Symbol { .. } | Missing::Version { .. } => wanted_by.as_ref(),
        };
        let wanted_by = wanted_by.unwrap_or(&built.executable.path);
        let library = built.libraries.iter().find(|library| library.image.path == *wanted_by);
        let name = library.map_or_else(|| file_name(wanted_by), |library| library.package.clone());
        Fault { wanted_by: name, missing: missing.clone(), lost_by: None }
    };
    let mut faults: Vec<Fault> = Vec::new();
    for fault in fatal.into_iter().map(fault) {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults
}

/// The file names of the libraries that the file at `path` links.
fn needed(path: &Path) -> Vec<String> {
    let file = File::read(String::new(), path.to_owned());
    file.and_then(|file| Some(Joined::parse(&file.data).ok()?.needed)).unwrap_or_default()
}

/// The files that a new process has besides what is `built`: it opens what the old one has opened, as far as that is known. `None`
/// if one of them cannot be read any more.
fn others(answer: &Answer, mappings: &[Mapping], built: &Built) -> Option<Vec<PathBuf>> {
    let is_built = |path: &&PathBuf| built.mapped().any(|image| image.path == **path);
    let opened = mappings.iter().filter(|mapping| !is_memory(mapping)).map(|mapping| &mapping.path);
    let all: BTreeSet<&PathBuf> = answer.found.iter().chain(opened).filter(|path| !is_built(path)).collect();
    // Where a file was replaced, the new process opens the new one.
    all.into_iter().map(|path| path.exists().then(|| path.clone())).collect()
}
