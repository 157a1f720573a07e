//! The wrapper of rustc: writes down the call, then becomes what is called.
//!
//! Cargo calls it for each crate and for each question to the compiler, so it does nothing else, and nothing that goes
//! wrong here may fail a build.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::effects::rustc::link::point;
use crate::patch::rustc::call::Call;
use crate::patch::rustc::recorded::Recorded;

/// What files of calls end with.
pub(super) const EXTENSION: &str = "call";

/// Writes the call `words` into `records` and carries it out, by `next` if there is one. Returns only if that cannot be
/// started.
pub fn record_and_become(records: &Path, next: Option<&OsStr>, words: &[OsString]) -> io::Error {
    let (programs, given) = Call::split(words);
    let programs: Vec<OsString> = next.map(OsStr::to_owned).into_iter().chain(programs.iter().cloned()).collect();
    let arguments = expanded(given);
    let recorded = if Call::compiles(&arguments) { recorded(records, &programs, &arguments) } else { None };
    // Arguments that were put into a file are too many for anything else.
    let linked = recorded.filter(|_| given == arguments).and_then(|recorded| {
        let link = recorded.call.link.as_deref()?;
        Some(recorded.arguments_with_results_in(link))
    });
    let mut all = programs.into_iter().chain(linked.unwrap_or_else(|| given.to_vec()));
    let Some(program) = all.next() else { return io::ErrorKind::InvalidInput.into() };
    Command::new(program).args(all).exec()
}

/// `arguments` with those that cargo put into a file, a line for each, because they are too many.
fn expanded(arguments: &[OsString]) -> Vec<OsString> {
    let lines = |argument: &OsString| -> Option<Vec<OsString>> {
        let path = OsStr::from_bytes(argument.as_bytes().strip_prefix(b"@")?);
        let bytes = fs::read(path).ok()?;
        Some(bytes.split(|byte| *byte == b'\n').map(|line| OsString::from_vec(line.to_vec())).collect())
    };
    arguments.iter().flat_map(|argument| lines(argument).unwrap_or_else(|| vec![argument.clone()])).collect()
}

/// The call, written down, and its link made. Without a record, cargo is called later instead.
fn recorded(records: &Path, programs: &[OsString], arguments: &[OsString]) -> Option<Recorded> {
    let compiler = programs.last().map(|program| stamp(program, env::var_os("PATH").as_deref())).unwrap_or_default();
    let mut recorded = Recorded::new(Call {
        programs: programs.to_vec(),
        arguments: arguments.to_vec(),
        directory: env::current_dir().ok()?,
        environment: env::vars_os().collect(),
        compiler,
        link: None,
    })?;
    DirBuilder::new().recursive(true).mode(0o700).create(records).ok()?;
    let link = recorded.result_link(records);
    recorded.call.link = link.filter(|link| point(link, &recorded.absolute(&recorded.out_dir)).is_ok());
    let file = records.join(recorded.file_name()).with_extension(EXTENSION);
    if write_whole(&file, &recorded.call.encode()).is_err() {
        // An old call is worse than none.
        let _ = fs::remove_file(file);
    }
    Some(recorded)
}

/// Nobody sees half a file, and nobody else reads it: the environment may have secrets.
fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension(process::id().to_string());
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
    let opened = open().or_else(|error| match error.kind() {
        // Left by a process of this id that was killed.
        io::ErrorKind::AlreadyExists => fs::remove_file(&beside).and_then(|()| open()),
        _ => Err(error),
    });
    let written = opened.and_then(|mut open| open.write_all(bytes)).and_then(|()| fs::rename(&beside, file));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// What changes when another compiler is put in the place of `program`; empty if it is not there.
pub(super) fn stamp(program: &OsStr, path: Option<&OsStr>) -> String {
    let has_directory = program.as_bytes().contains(&b'/');
    let found: Option<PathBuf> = if has_directory { Some(program.into()) } else { found_in(path, program) };
    let metadata = found.and_then(|file| fs::metadata(file).ok());
    metadata.map(|it| format!("{} {}.{}", it.size(), it.mtime(), it.mtime_nsec())).unwrap_or_default()
}

/// The file that `program` is found as in `path`.
pub(super) fn found_in(path: Option<&OsStr>, program: impl AsRef<Path>) -> Option<PathBuf> {
    let mut all = path.into_iter().flat_map(env::split_paths).map(|directory| directory.join(&program));
    all.find(|file| file.is_file())
}
