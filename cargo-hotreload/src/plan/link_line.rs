//! What a call of the linker by rustc says about native code: where it may be, and how much of it is taken.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// How much of a static library the linker takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The objects that define what is needed.
    Needed,
    /// Every object (`--whole-archive`).
    Whole,
}

/// A static library that a local crate links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticLibrary {
    /// Where it may be: the first of these that exists is meant.
    pub candidates: Vec<PathBuf>,
    /// What is taken from it.
    pub taken: Taken,
}

/// The Rust libraries among `arguments`, but for rustc's own helpers: each crate brings those itself.
#[must_use]
pub fn rlibs(arguments: &[OsString]) -> Vec<PathBuf> {
    let rlibs = with_extension(arguments, "rlib");
    rlibs.filter(|path| !file_name(path).starts_with("libcompiler_builtins-")).map(Path::to_owned).collect()
}

/// The metadata of the linked crate: rustc puts it into a dylib as an object of this name.
#[must_use]
pub fn metadata(arguments: &[OsString]) -> Vec<PathBuf> {
    with_extension(arguments, "o").filter(|path| file_name(path) == "rmeta.o").map(Path::to_owned).collect()
}

/// The static libraries among `arguments`, given by their path or by `-l` where static ones are asked for.
#[must_use]
pub fn static_libraries(arguments: &[OsString]) -> Vec<StaticLibrary> {
    let directories = arguments.windows(2).filter(|pair| pair[0] == "-L").map(|pair| Path::new(&pair[1]));
    let directories: Vec<&Path> = directories.collect();
    let (mut is_static, mut taken) = (false, Taken::Needed);
    let mut found = Vec::new();
    for argument in arguments {
        let text = argument.to_string_lossy();
        // The C compiler passes that on to the linker; rustc writes it before paths, too.
        match text.strip_prefix("-Wl,").unwrap_or(&text) {
            "-Bstatic" => is_static = true,
            "-Bdynamic" => is_static = false,
            "--whole-archive" => taken = Taken::Whole,
            "--no-whole-archive" => taken = Taken::Needed,
            path if Path::new(path).extension() == Some(OsStr::new("a")) && !path.starts_with('-') => {
                found.push(StaticLibrary { candidates: vec![PathBuf::from(path)], taken });
            }
            other => {
                let Some(name) = other.strip_prefix("-l").filter(|_| is_static) else { continue };
                // With a colon it is the name of a file.
                let file = name.strip_prefix(':').map_or_else(|| format!("lib{name}.a"), str::to_owned);
                let candidates = directories.iter().map(|directory| directory.join(&file)).collect();
                found.push(StaticLibrary { candidates, taken });
            }
        }
    }
    found
}

fn with_extension<'path>(arguments: &'path [OsString], extension: &str) -> impl Iterator<Item = &'path Path> {
    arguments.iter().map(Path::new).filter(move |path| path.extension() == Some(OsStr::new(extension)))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use super::{Taken, metadata, rlibs, static_libraries};

    fn line(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn static_libraries_are_told_from_dynamic_ones() {
        let line = line(
            "a.o -Wl,-Bstatic -lseven -Wl,--whole-archive -l:all.a -Wl,/t/x/libsix.a -Wl,--no-whole-archive /t/libeight.a \
             -Wl,-Bdynamic -lgcc_s -L /out -L /lib",
        );
        let found: Vec<_> = static_libraries(&line).into_iter().map(|found| (found.candidates, found.taken)).collect();
        let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(
            found,
            [
                (paths(&["/out/libseven.a", "/lib/libseven.a"]), Taken::Needed),
                (paths(&["/out/all.a", "/lib/all.a"]), Taken::Whole),
                (paths(&["/t/x/libsix.a"]), Taken::Whole),
                (paths(&["/t/libeight.a"]), Taken::Needed),
            ]
        );
    }

    #[test]
    fn rust_libraries_and_metadata_are_found_by_their_names() {
        let line = line("/t/rustcX/rmeta.o /t/a.rcgu.o /d/libzstd_sys-1.rlib /s/libcompiler_builtins-2.rlib libstd.so");
        assert_eq!(rlibs(&line), [PathBuf::from("/d/libzstd_sys-1.rlib")]);
        assert_eq!(metadata(&line), [PathBuf::from("/t/rustcX/rmeta.o")]);
    }
}
