//! Runs `cargo build` and reads from cargo's own messages which files it made.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Stdio};
use std::time::SystemTime;

use cargo_metadata::diagnostic::{Diagnostic as RustcMessage, DiagnosticLevel};
use cargo_metadata::{Artifact, CompilerMessage, Message, Target};

use crate::effects::child::Running;
use crate::effects::compile_times::{Done, package_name};
use crate::effects::{elf, process};
use crate::events::gather::diagnostic;
use crate::events::record;
use crate::plan::command::CommandLine;
use crate::plan::roles::Linked;
use crate::workspace::Workspace;
use crate::workspace::program::Kind;

/// Starts `line`; cargo shows its progress on `stderr`, its messages come through the pipe.
pub fn start(line: &CommandLine, stderr: Stdio) -> io::Result<(Running, ChildStdout)> {
    let mut command = process::command(line);
    command.stdout(Stdio::piped()).stderr(stderr);
    let mut running = Running::start(command)?;
    let stdout = running.take_stdout().ok_or_else(|| io::Error::other("cargo has no standard output"))?;
    Ok((running, stdout))
}

/// The files that a build made, by file name, and whether cargo called the build good.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    /// The executables of the programs that are run, by their names.
    pub executables: BTreeMap<String, PathBuf>,
    /// Every dylib.
    pub dylibs: BTreeMap<String, PathBuf>,
    /// Every Rust library, beside the manifest of its package; not by file name, which is any.
    pub rlibs: Vec<(PathBuf, PathBuf)>,
    /// Where build scripts have libraries looked for, by the directories that these write to.
    pub searched: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// What rustc said about links that failed, as it was shown.
    pub link_errors: Vec<String>,
    /// What rustc said, in order.
    pub diagnostics: Vec<record::Diagnostic>,
    /// What was compiled, in order.
    pub compiled: Vec<Done>,
    /// Cargo's last word.
    pub success: bool,
}

impl Artifacts {
    /// What is there after a build that made these and left the rest of `earlier` alone.
    #[must_use]
    pub fn over(self, earlier: &Self) -> Self {
        let mut dylibs = earlier.dylibs.clone();
        dylibs.extend(self.dylibs);
        let is_new = |manifest: &PathBuf| self.rlibs.iter().any(|(own, _)| own == manifest);
        let mut rlibs: Vec<_> = earlier.rlibs.iter().filter(|(manifest, _)| !is_new(manifest)).cloned().collect();
        rlibs.extend(self.rlibs);
        let mut executables = earlier.executables.clone();
        executables.extend(self.executables);
        let mut searched = earlier.searched.clone();
        searched.extend(self.searched);
        Self { executables, dylibs, rlibs, searched, ..self }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The build fails.
    Error,
    /// It does not.
    Warning,
    /// A remark about the others: how many there were, where to read more.
    Remark,
}

/// One of rustc's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// How bad it is.
    pub severity: Severity,
    /// As rustc shows it, with colours.
    pub text: String,
}

/// Reads cargo's messages to the end and passes diagnostics to `show`; `programs` are those that are wanted.
pub fn read_messages(stdout: impl Read, programs: &[(Kind, String)], show: impl Fn(Rendered)) -> Artifacts {
    let mut artifacts = Artifacts::default();
    let is_wanted = |target: &Target| programs.iter().any(|(kind, name)| kind.has(target) && target.name == *name);
    // A line that is no message is a build script's or cargo's own text: not for us.
    for message in Message::parse_stream(BufReader::new(stdout)).map_while(Result::ok) {
        match message {
            Message::CompilerArtifact(artifact) => {
                artifacts.compiled.extend(compiled(&artifact));
                if is_wanted(&artifact.target) {
                    let executable = artifact.executable.map(|path| (artifact.target.name, path.into_std_path_buf()));
                    artifacts.executables.extend(executable);
                } else if !artifact.target.is_proc_macro() {
                    let manifest = artifact.manifest_path.into_std_path_buf();
                    for path in artifact.filenames {
                        match (path.extension(), path.file_name().map(str::to_owned)) {
                            (Some("so"), Some(name)) => {
                                artifacts.dylibs.insert(name, path.into_std_path_buf());
                            }
                            (Some("rlib"), _) => artifacts.rlibs.push((manifest.clone(), path.into_std_path_buf())),
                            _ => {}
                        }
                    }
                }
            }
            Message::CompilerMessage(CompilerMessage { message, .. }) => {
                artifacts.diagnostics.push(diagnostic(&message));
                let is_link_error = message.message.contains("link") && message.level == DiagnosticLevel::Error;
                let rendered = rendered(message);
                if is_link_error {
                    artifacts.link_errors.push(rendered.text.clone());
                }
                show(rendered);
            }
            Message::BuildScriptExecuted(script) => {
                let paths = script.linked_paths.iter().map(|path| without_kind(path.as_str()).into()).collect();
                artifacts.searched.insert(script.out_dir.into_std_path_buf(), paths);
            }
            Message::BuildFinished(finished) => artifacts.success = finished.success,
            _ => {}
        }
    }
    artifacts
}

/// A path as a build script names it, without what is looked for there.
fn without_kind(path: &str) -> &str {
    match path.split_once('=') {
        Some(("native" | "crate" | "dependency" | "framework" | "all", path)) => path,
        Some(_) | None => path,
    }
}

/// `message` as it is shown.
pub(super) fn rendered(message: RustcMessage) -> Rendered {
    Rendered { severity: severity(&message), text: message.rendered.unwrap_or_default() }
}

/// How bad `message` is. The compiler's own sums ("aborting due to 2 previous errors") have the level of what they count.
fn severity(message: &RustcMessage) -> Severity {
    match message.level {
        _ if is_sum(message) => Severity::Remark,
        DiagnosticLevel::Error | DiagnosticLevel::Ice => Severity::Error,
        DiagnosticLevel::Warning => Severity::Warning,
        _ => Severity::Remark,
    }
}

/// Whether `message` only counts others. Cargo passes on none that it recognizes.
pub(super) fn is_sum(message: &RustcMessage) -> bool {
    let sums = ["aborting due to ", " warning emitted", " warnings emitted"];
    let is_about_nothing = message.code.is_none() && message.spans.is_empty();
    is_about_nothing && sums.iter().any(|sum| message.message.contains(sum))
}

/// What `artifact` says of the compiler's work, if there was any.
fn compiled(artifact: &Artifact) -> Option<Done> {
    let kind = match &artifact.target {
        target if target.is_bin() => "bin",
        target if target.is_example() => "example",
        target if target.is_custom_build() => "build-script",
        _ => "lib",
    };
    let package = package_name(&artifact.package_id.repr).to_owned();
    let Target { name, .. } = &artifact.target;
    (!artifact.fresh).then(|| Done { package, target: name.clone(), kind, at: SystemTime::now() })
}

/// What the programs of `workspace` link, if they were built.
#[must_use]
pub fn linked(workspace: &Workspace) -> Option<Linked> {
    let executables = workspace.hosts.iter().map(|host| workspace.executable(host));
    let each = executables.filter_map(|executable| elf::linked(&executable, &library_directories(&executable)).ok());
    each.reduce(|mut all, one| {
        all.libraries.extend(one.libraries);
        Linked { opens_libraries: all.opens_libraries || one.opens_libraries, ..all }
    })
}

/// Where the dynamic linker finds what a build made, and what the build scripts made that have libraries looked for in the
/// directories `searched`. Those that are no part of the build are not among them, as with `cargo run`.
#[must_use]
pub fn search_directories<'path>(
    executable: &Path,
    searched: impl IntoIterator<Item = &'path PathBuf>,
) -> Vec<PathBuf> {
    let own = library_directories(executable);
    let of_scripts = searched.into_iter().filter(|directory| directory.starts_with(&own[0])).cloned();
    let mut directories: Vec<PathBuf> = Vec::new();
    for directory in of_scripts.collect::<Vec<_>>().into_iter().chain(own) {
        if !directories.contains(&directory) {
            directories.push(directory);
        }
    }
    directories
}

/// Where the dynamic linker finds what a build made.
#[must_use]
pub fn library_directories(executable: &Path) -> Vec<PathBuf> {
    let directory = executable.parent().unwrap_or(Path::new("/"));
    // Examples have a directory of their own, their libraries have not.
    let directory = directory.parent().filter(|_| directory.ends_with("examples")).unwrap_or(directory);
    vec![directory.to_owned(), directory.join("deps")]
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{library_directories, read_messages, search_directories};
    use crate::workspace::program::Kind;

    #[test]
    fn the_libraries_of_an_example_are_above_it() {
        let expected = [PathBuf::from("/t/debug"), PathBuf::from("/t/debug/deps")];
        assert_eq!(library_directories(Path::new("/t/debug/x")), expected);
        assert_eq!(library_directories(Path::new("/t/debug/examples/x")), expected);
    }

    #[test]
    fn libraries_of_build_scripts_are_looked_for_in_the_build_alone() {
        let message = |out: &str, paths: &str| {
            format!(
                "{{\"reason\":\"build-script-executed\",\"package_id\":\"path+file:///w#a@0.1.0\",\"linked_libs\":[],\
                 \"linked_paths\":[{paths}],\"cfgs\":[],\"env\":[],\"out_dir\":\"{out}\"}}\n"
            )
        };
        let read = |text: &str| read_messages(text.as_bytes(), &[], |_| ());
        let first = message("/t/debug/build/a/out", "\"native=/t/debug/build/a/out\",\"/usr/lib\"")
            + &message("/t/debug/build/b/out", "\"/t/debug/build/a/out\",\"all=/t/debug/build/b/out/l=b\"");
        let second = message("/t/debug/build/a/out", "\"native=/t/debug/new\"");
        let directories = |text: &str, earlier: &str| {
            let artifacts = read(text).over(&read(earlier));
            search_directories(Path::new("/t/debug/x"), artifacts.searched.values().flatten())
        };
        let (a, b) = ("/t/debug/build/a/out", "/t/debug/build/b/out/l=b");
        assert_eq!(directories(&first, ""), [a, b, "/t/debug", "/t/debug/deps"].map(PathBuf::from));
        assert_eq!(
            directories(&second, &first),
            ["/t/debug/new", a, b, "/t/debug", "/t/debug/deps"].map(PathBuf::from)
        );
    }

    #[test]
    fn the_last_word_decides() {
        let is_good = |text: &str| read_messages(text.as_bytes(), &[(Kind::Binary, "x".into())], |_| ()).success;
        assert!(is_good("{\"reason\":\"build-finished\",\"success\":true}\n"));
        assert!(!is_good(""));
        assert!(!is_good("not json\n{\"reason\":\"build-finished\",\"success\":false}\n"));
    }
}
