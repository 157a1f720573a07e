//! On real files: libraries that a C compiler has linked, and a real process that has some of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{foresee, is_memory};
use crate::effects::files::content;
use crate::effects::probe::executable_mappings;
use crate::plan::roles::Role;
use crate::session::delivery::{Built, Image, Library};
use crate::session::foresight::{Aim, Missing, Prospect};
use crate::session::verify::Mapping;

mod starting;

/// A directory of libraries, and a process that has loaded them.
struct Place {
    directory: tempfile::TempDir,
    process: Option<Child>,
}

/// A program that loads what it is told on its command line, and then waits.
const HOST: &str = "#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **names) { for (int i = 1; i < n; i++) \
                    if (!dlopen(names[i], RTLD_LAZY | RTLD_GLOBAL)) return 1; puts(\"\"); fflush(stdout); return getchar(); }";

impl Place {
    fn new() -> Self {
        let place = Self { directory: tempfile::tempdir().expect("a directory"), process: None };
        place.compile("host", HOST, &["-ldl", "-rdynamic"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn compile(&self, name: &str, source: &str, arguments: &[&str]) {
        let (source_file, output) = (self.path("source.c"), self.path(name));
        fs::write(&source_file, source).expect("written");
        let _ = fs::remove_file(&output);
        let mut compiler = Command::new("cc");
        compiler.arg("-w").arg(&source_file).arg("-o").arg(&output).args(arguments);
        assert!(compiler.current_dir(self.directory.path()).status().expect("a C compiler").success());
    }

    /// Links a library of this name; `arguments` may name others.
    fn library(&self, name: &str, source: &str, arguments: &[&str]) {
        let soname = format!("-Wl,-soname,{name}");
        self.compile(name, source, &[&["-shared", "-fPIC", &soname][..], arguments].concat());
    }

    fn start(&mut self, names: &[&str]) {
        let mut command = Command::new(self.path("host"));
        command.args(names.iter().map(|name| self.path(name)));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the host");
        let mut byte = [0];
        std::io::Read::read_exact(child.stdout.as_mut().expect("its output"), &mut byte).expect("it has loaded them");
        self.process = Some(child);
    }

    fn image(&self, name: &str) -> Image {
        let path = self.path(name);
        Image { content: content(&path).expect("a file"), path }
    }

    /// The modules `low` and `high` as they are now.
    fn built(&self) -> Built {
        let library = |name: &str| Library {
            package: name.into(),
            role: Role::Module,
            image: self.image(&format!("lib{name}.so")),
            used: None,
        };
        Built { executable: self.image("host"), libraries: vec![library("low"), library("high")], carried: vec![] }
    }

    /// What keeps a change in the module `changed` out; `live` are files that were kept elsewhere.
    fn faults(&self, changed: &str, live: Option<(Built, &Path)>) -> Vec<String> {
        let pid = self.process.as_ref().expect("the host").id();
        let (live, directory) = live.unzip();
        let changed = vec![changed.to_owned()];
        let prospect = Prospect { built: self.built(), aim: Aim::Reload(changed.clone()), live };
        let kept = |image: &Image| {
            let name = image.path.file_name().expect("a name");
            directory.map_or_else(|| image.path.clone(), |directory| directory.join(name))
        };
        let faults = foresee(pid, &executable_mappings(pid), &prospect, &changed, kept);
        faults.iter().map(ToString::to_string).collect()
    }

    /// Copies of the modules as they are, in another directory.
    fn keep(&self) -> tempfile::TempDir {
        let kept = tempfile::tempdir().expect("a directory");
        for name in ["host", "liblow.so", "libhigh.so"] {
            fs::copy(self.path(name), kept.path().join(name)).expect("copied");
        }
        kept
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

const LOW: &str = "int lower(void) { return 1; }";
const HIGH: &str = "int lower(void); int puts(const char *); int higher(void) { return puts(\"\") + lower(); }";

fn running() -> Place {
    let mut place = Place::new();
    place.library("liblow.so", LOW, &[]);
    place.library("libhigh.so", HIGH, &[]);
    place.start(&["liblow.so", "libhigh.so"]);
    place
}

#[test]
fn memory_and_devices_are_no_files_whatever_files_are_called() {
    let is_memory = |path: &str, deleted| is_memory(&Mapping { path: path.into(), inode: 1, deleted });
    for (path, deleted) in [("/memfd:jit", true), ("/SYSV0000002a", true), ("/dev/zero", true), ("/dev/gpu0", false)] {
        assert!(is_memory(path, deleted), "{path}");
    }
    for path in ["/SYSV-tools/lib.so", "/memfd:dir/lib.so", "/dev/shm/target/lib.so", "/usr/lib/libc.so.6"] {
        assert!(!is_memory(path, false), "{path}");
    }
}

#[test]
fn what_finds_everything_has_no_fault() {
    let place = running();
    assert_eq!((place.faults("low", None), place.faults("high", None)), (vec![], vec![]));
}

#[test]
fn a_symbol_that_is_nowhere_is_found_missing_and_a_weak_one_is_not() {
    let place = running();
    place.library("libhigh.so", &format!("{HIGH} int not_there(void); int other(void) {{ return not_there(); }}"), &[]);
    assert_eq!(place.faults("high", None), ["high wants `not_there`, which nothing that is loaded has"]);
    let weak = "int __attribute__((weak)) not_there(void); int other(void) { return not_there ? not_there() : 0; }";
    place.library("libhigh.so", &format!("{HIGH} {weak}"), &[]);
    assert_eq!(place.faults("high", None), Vec::<String>::new());
}

#[test]
fn what_a_module_lost_is_missed_by_those_above_and_by_the_program() {
    let place = running();
    let (kept, live) = (place.keep(), place.built());
    place.library("liblow.so", "int renamed(void) { return 1; }", &[]);
    assert_eq!(place.faults("low", Some((live, kept.path()))), ["high wants `lower`, which low no longer has"]);

    let mut place = Place::new();
    place.library("liblow.so", LOW, &[]);
    place.library("libhigh.so", "int higher(void) { return 2; }", &[]);
    place.compile(
        "host",
        &format!("{HOST}\nint lower(void); int used(void) {{ return lower(); }}"),
        &["-ldl", "-rdynamic", "-Wl,--unresolved-symbols=ignore-all", "-Wl,-z,lazy", "-fPIC"],
    );
    place.start(&["liblow.so", "libhigh.so"]);
    let (kept, live) = (place.keep(), place.built());
    place.library("liblow.so", "int renamed(void) { return 1; }", &[]);
    assert_eq!(place.faults("low", Some((live, kept.path()))), ["host wants `lower`, which low no longer has"]);
}

#[test]
fn what_was_missing_all_along_is_no_fault() {
    let mut place = Place::new();
    place.library("liblow.so", LOW, &[]);
    let lazy = format!("{HIGH} int never_called(void); int other(void) {{ return never_called(); }}");
    place.library("libhigh.so", &lazy, &["-Wl,-z,lazy"]);
    place.start(&["liblow.so", "libhigh.so"]);
    let (kept, live) = (place.keep(), place.built());
    place.library("libhigh.so", &format!("{lazy} int more(void) {{ return 3; }}"), &["-Wl,-z,lazy"]);
    assert_eq!(place.faults("high", Some((live, kept.path()))), Vec::<String>::new());
    assert_eq!(place.faults("high", None), ["high wants `never_called`, which nothing that is loaded has"]);
}

#[test]
fn a_library_that_is_linked_newly_is_found_or_not_and_so_is_what_it_wants() {
    let place = running();
    let extra = "int deep(void); int extra(void) { return deep(); }";
    place.library("libdeep.so", "int deep(void) { return 4; }", &[]);
    place.library("libextra.so", extra, &["-L.", "-ldeep", "-Wl,-rpath,$ORIGIN"]);
    let high = format!("{HIGH} int extra(void); int other(void) {{ return extra(); }}");
    let found = ["-L.", "-lextra", "-ldeep", "-Wl,-rpath,$ORIGIN"];
    place.library("libhigh.so", &high, &found);
    assert_eq!(place.faults("high", None), Vec::<String>::new());
    // What all of them are looked for in has it not.
    fs::remove_file(place.path("libdeep.so")).expect("removed");
    let faults = place.faults("high", None);
    assert!(faults.iter().any(|fault| fault.ends_with("links `libdeep.so`, which the dynamic linker does not find")));
    place.library("libdeep.so", "int deep(void) { return 4; }", &[]);
    place.library("libhigh.so", &high, &found[..2]);
    let faults = place.faults("high", None);
    assert!(faults[0].starts_with("high links `libextra.so`, which"), "{faults:?}");
}

#[test]
fn a_version_that_a_library_has_not_is_missing() {
    let place = running();
    let script =
        |version: &str| fs::write(place.path("map"), format!("{version} {{ global: versioned; }};")).expect("it");
    script("ONE");
    place.library("libextra.so", "int versioned(void) { return 1; }", &["-Wl,--version-script=map"]);
    let high = format!("{HIGH} int versioned(void); int other(void) {{ return versioned(); }}");
    place.library("libhigh.so", &high, &["-L.", "-lextra", "-Wl,-rpath,$ORIGIN"]);
    assert_eq!(place.faults("high", None), Vec::<String>::new());
    script("TWO");
    place.library("libextra.so", "int versioned(void) { return 1; }", &["-Wl,--version-script=map"]);
    assert_eq!(place.faults("high", None), ["high wants `versioned@ONE`, which nothing that is loaded has"]);
}

#[test]
fn what_cannot_be_told_is_left_to_the_program() {
    let place = running();
    place.library("libhigh.so", "int not_there(void); int other(void) { return not_there(); }", &[]);
    let pid = place.process.as_ref().expect("the host").id();
    let mut mappings = executable_mappings(pid);
    let changed = vec!["high".to_owned()];
    let prospect = Prospect { built: place.built(), aim: Aim::Reload(changed.clone()), live: None };
    let missing = Missing::Symbol { name: "not_there".into(), version: None };
    let found = foresee(pid, &mappings, &prospect, &changed, |image| image.path.clone());
    assert_eq!(found.into_iter().map(|fault| fault.missing).collect::<Vec<_>>(), [missing]);
    for mapping in mappings.iter_mut().filter(|mapping| mapping.path.ends_with("libc.so.6")) {
        mapping.deleted = true;
    }
    assert!(foresee(pid, &mappings, &prospect, &changed, |image| image.path.clone()).is_empty());
}
