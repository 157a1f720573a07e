//! How long the compiler worked on a crate.
//!
//! Cargo tells when a crate is done. When it began stands in the directory that cargo keeps for the crate's
//! fingerprint: the file `invoked.timestamp` is written just before rustc is called. That costs cargo nothing (unlike
//! `--timings`, which says so in a line of its own for every build), and is an internal matter of cargo: where the
//! file is not found, no time is told.
//! Source: `paths::set_invocation_time` in cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::events::record::Compiled;

/// A part of a package that cargo has just compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The package.
    pub package: String,
    /// Name of the library, program or build script.
    pub target: String,
    /// How cargo calls its kind: `lib`, `bin`, `example`, `build-script`.
    pub kind: &'static str,
    /// When cargo said so.
    pub at: SystemTime,
}

/// How long each of `done` took; `directory` is where the built profile's files go, and the build began at `began`.
#[must_use]
pub fn compile_times(done: &[Done], directory: &Path, began: SystemTime) -> Vec<Compiled> {
    let kept = if done.is_empty() { Vec::new() } else { entries(&directory.join(".fingerprint")) };
    let compiled = |done: &Done| Compiled {
        package: done.package.clone(),
        target: done.target.clone(),
        took_ms: took(done, &kept, began).map(Into::into),
    };
    done.iter().map(compiled).collect()
}

fn took(done: &Done, kept: &[(String, PathBuf)], began: SystemTime) -> Option<Duration> {
    let (package, marker) = (format!("{}-", done.package), format!("{}-", done.kind));
    let invoked = |directory: &PathBuf| {
        let at = fs::metadata(directory.join("invoked.timestamp")).and_then(|file| file.modified()).ok()?;
        // A coarse clock stamps files: it may be some milliseconds behind.
        let is_of_this_build = at + Duration::from_millis(10) >= began && at <= done.at;
        (is_of_this_build && entries(directory).iter().any(|(name, _)| name.starts_with(&marker))).then_some(at)
    };
    let of_package = kept.iter().filter(|(name, _)| {
        name.strip_prefix(&package)
            .is_some_and(|hash| hash.len() == 16 && hash.chars().all(|sign| sign.is_ascii_hexdigit()))
    });
    let began = of_package.filter_map(|(_, directory)| invoked(directory)).max()?;
    done.at.duration_since(began).ok()
}

fn entries(directory: &Path) -> Vec<(String, PathBuf)> {
    let Ok(found) = fs::read_dir(directory) else { return Vec::new() };
    found.filter_map(Result::ok).map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect()
}

/// The package's name in cargo's id of it: `path+file:///w/api#0.1.0`, `registry+https://…#serde@1.0.0`.
/// Source: "Package ID Specifications" in the Cargo Book.
#[must_use]
pub fn package_name(id: &str) -> &str {
    let (place, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None if fragment.is_empty() || fragment.starts_with(|first: char| first.is_ascii_digit()) => {
            let place = place.split('?').next().unwrap_or(place);
            place.trim_end_matches('/').rsplit('/').next().unwrap_or(place)
        }
        None => fragment,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::{Done, compile_times, package_name};

    #[test]
    fn the_name_of_a_package_is_in_its_id() {
        assert_eq!(package_name("path+file:///w/my-api#0.1.0"), "my-api");
        assert_eq!(package_name("path+file:///w/api#my-api@0.1.0"), "my-api");
        assert_eq!(package_name("registry+https://host/index#serde@1.0.0"), "serde");
        assert_eq!(package_name("git+https://host/some/thing?branch=main#1.2.3"), "thing");
    }

    #[test]
    fn a_compilation_lasts_from_the_call_of_rustc_to_the_message_of_cargo() {
        let target = tempfile::tempdir().expect("a temporary directory");
        let now = SystemTime::now();
        let unit = |name: &str, file: &str, ago: u64| {
            let directory = target.path().join(".fingerprint").join(name);
            fs::create_dir_all(&directory).expect("mkdir");
            fs::write(directory.join(file), "").expect("write");
            let stamp = fs::File::create(directory.join("invoked.timestamp")).expect("a file");
            stamp.set_modified(now - Duration::from_secs(ago)).expect("a time");
        };
        unit("api-0123456789abcdef", "lib-api", 5);
        unit("api-1123456789abcdef", "lib-api", 500);
        unit("api-2123456789abcdef", "build-script-build-script-build", 4);
        unit("api-more-0123456789abcdef", "lib-api_more", 2);
        let done = |package: &str, kind| Done { package: package.into(), target: "api".into(), kind, at: now };
        let times = |done: Done| compile_times(&[done], target.path(), now - Duration::from_secs(10))[0].took_ms;
        assert_eq!(times(done("api", "lib")).map(|took| took.0.as_secs()), Some(5));
        assert_eq!(times(done("api", "build-script")).map(|took| took.0.as_secs()), Some(4));
        assert_eq!(times(done("api", "bin")), None);
        assert_eq!(times(done("other", "lib")), None);
    }
}
