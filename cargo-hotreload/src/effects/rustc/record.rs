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

use crate::effects::files;
use crate::patch::rustc::call::Call;
use crate::patch::rustc::recorded::Recorded;

/// What files of calls end with.
pub(super) const EXTENSION: &str = "call";

/// Writes the call `words` into `records` and carries it out, by `next` if there is one. Returns only if that cannot be
/// started.
pub fn record_and_become(records: &Path, next: Option<&OsStr>, words: &[OsString]) -> io::Error {
    let (programs, arguments) = Call::split(words);
    let arguments = expanded(arguments);
    if Call::compiles(&arguments) {
        let programs = next.map(OsStr::to_owned).into_iter().chain(programs.iter().cloned()).collect();
        // Without a record, cargo is called instead.
        let _ = write(records, programs, arguments);
    }
    let mut all = next.into_iter().chain(words.iter().map(OsString::as_os_str));
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

fn write(records: &Path, programs: Vec<OsString>, arguments: Vec<OsString>) -> io::Result<()> {
    let compiler = programs.last().map(|program| stamp(program, env::var_os("PATH").as_deref())).unwrap_or_default();
    let environment = env::vars_os().collect();
    let call = Call { programs, arguments, directory: env::current_dir()?, environment, compiler };
    let bytes = call.encode();
    let Some(recorded) = Recorded::new(call) else { return Ok(()) };
    let name = format!("{}-{:016x}", recorded.crate_name, files::hash(recorded.key().path().as_os_str().as_bytes()));
    let file = records.join(&name).with_extension(EXTENSION);
    let written = write_whole(records, &name, &file, &bytes);
    if written.is_err() {
        // An old call is worse than none.
        let _ = fs::remove_file(file);
    }
    written
}

/// Nobody sees half a file, and nobody else reads it: the environment may have secrets.
fn write_whole(records: &Path, name: &str, file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = records.join(format!("{name}.{}", process::id()));
    let open = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
    let opened = open().or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(0o700).create(records)?;
            open()
        }
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
