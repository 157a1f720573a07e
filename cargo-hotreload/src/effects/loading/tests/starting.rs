//! What is foreseen of a start is what then becomes of it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use super::{HIGH, HOST, LOW, Place};
use crate::effects::loading::starting::foresee_start;
use crate::effects::probe::executable_mappings;
use crate::effects::process;
use crate::plan::command::CommandLine;
use crate::session::delivery::{Built, Image};
use crate::session::foresight::{Aim, Prospect};

/// A program that links `extra`, and ends well if all goes well.
const PROGRAM: &str = "int extra(void); int main(void) { return extra() - 1; }";
const EXTRA: &str = "int extra(void) { return 1; }";
const BESIDE: &str = "-Wl,-rpath,$ORIGIN";
const NOT_FOUND: &str = "program links `libextra.so`, which the dynamic linker does not find";
const NONE: [&str; 0] = [];

impl Place {
    /// Links `program`, as source and arguments have it.
    fn program(&self, source: &str, arguments: &[&str]) {
        self.compile("program", source, arguments);
    }

    fn line(&self, variables: &[(&str, OsString)]) -> CommandLine {
        let line = CommandLine::new(self.path("program"), self.directory.path());
        variables.iter().fold(line, |line, (name, value)| line.env(name, value))
    }

    /// What is foreseen of a start of `program` with these `variables`.
    fn foreseen(&self, variables: &[(&str, OsString)]) -> Vec<String> {
        let built = Built { executable: self.image("program"), libraries: vec![], carried: vec![] };
        let prospect = Prospect { built, aim: Aim::Restart, live: None };
        let faults = foresee_start(&self.line(variables), &[], &prospect, |image| image.path.clone());
        faults.iter().map(ToString::to_string).collect()
    }

    /// The same, which has to be what becomes of it.
    #[track_caller]
    fn start_of(&self, variables: &[(&str, OsString)]) -> Vec<String> {
        let faults = self.foreseen(variables);
        let status = process::command(&self.line(variables)).stderr(Stdio::null()).status().expect("it is started");
        assert_eq!(status.success(), faults.is_empty(), "{status}: {faults:?}");
        faults
    }

    fn move_to(&self, name: &str, directory: &str) -> PathBuf {
        let directory = self.path(directory);
        fs::create_dir_all(&directory).expect("a directory");
        fs::rename(self.path(name), directory.join(name)).expect("moved");
        directory
    }
}

#[test]
fn a_library_that_the_program_links_is_found_or_not() {
    let place = Place::new();
    place.library("libextra.so", EXTRA, &[]);
    place.program(PROGRAM, &["-L.", "-lextra"]);
    assert_eq!(place.start_of(&[]), [NOT_FOUND]);
    let path = |path: PathBuf| [("LD_LIBRARY_PATH", path.into_os_string())];
    assert_eq!(place.start_of(&path(place.path(""))), NONE);
    place.program(PROGRAM, &["-L.", "-lextra", BESIDE]);
    assert_eq!(place.start_of(&[]), NONE);
    let elsewhere = place.move_to("libextra.so", "else where");
    assert_eq!(place.start_of(&[]), [NOT_FOUND]);
    assert_eq!(place.start_of(&path(elsewhere)), NONE);
}

#[test]
fn a_library_that_another_one_links_is_named_with_that() {
    let place = Place::new();
    place.library("libdeep.so", "int deep(void) { return 1; }", &[]);
    place.library("libextra.so", "int deep(void); int extra(void) { return deep(); }", &["-L.", "-ldeep"]);
    let linked = ["-L.", "-lextra", "-Wl,--allow-shlib-undefined", BESIDE];
    // The places that a program names are, in one way to do it, also those of what it links.
    place.program(PROGRAM, &[&linked[..], &["-Wl,--enable-new-dtags"]].concat());
    let deep = "libextra.so links `libdeep.so`, which the dynamic linker does not find";
    assert_eq!(place.start_of(&[]), [deep]);
    place.program(PROGRAM, &[&linked[..], &["-Wl,--disable-new-dtags"]].concat());
    assert_eq!(place.start_of(&[]), NONE);
    // What is missing besides because of that is not told.
    place.library("libextra.so", "int deep(void); int other(void) { return deep(); }", &["-L.", "-ldeep"]);
    fs::remove_file(place.path("libdeep.so")).expect("removed");
    assert_eq!(place.start_of(&[]), [deep]);
}

#[test]
fn directories_that_hang_on_the_machine_are_those_of_the_dynamic_linker() {
    let place = Place::new();
    place.library("libextra.so", EXTRA, &[]);
    place.program(PROGRAM, &["-L.", "-lextra", BESIDE]);
    place.move_to("libextra.so", "glibc-hwcaps/x86-64-v2");
    place.start_of(&[]);
    for lib in ["lib64", "lib", "lib/x86_64-linux-gnu"] {
        place.library("libextra.so", EXTRA, &[]);
        place.program(PROGRAM, &["-L.", "-lextra", "-Wl,-rpath,$ORIGIN/$LIB"]);
        place.move_to("libextra.so", lib);
    }
    assert_eq!(place.start_of(&[]), NONE);
}

#[test]
fn symbols_are_missed_where_the_start_looks_for_them() {
    let place = Place::new();
    for (binding, is_foreseen) in [("-Wl,-z,now", true), ("-Wl,-z,lazy", false)] {
        place.library("libextra.so", EXTRA, &[]);
        let source = "int extra(void); int main(int n, char **a) { return n > 1 ? extra() : 0; }";
        place.program(source, &["-L.", "-lextra", BESIDE, binding]);
        place.library("libextra.so", "int renamed(void) { return 1; }", &[]);
        let wanted = ["program wants `extra`, which nothing that is loaded has"];
        assert_eq!(place.start_of(&[]), wanted[..usize::from(is_foreseen)]);
        assert_eq!(place.start_of(&[("LD_BIND_NOW", "1".into())]), wanted);
    }
    // A symbol of a preloaded library is as good.
    place.library("libpre.so", EXTRA, &[]);
    place.program(PROGRAM, &["-L.", "-lpre", BESIDE, "-Wl,-z,now"]);
    place.library("libpre.so", "int renamed(void) { return 1; }", &[]);
    place.library("libextra.so", EXTRA, &[]);
    assert_eq!(place.start_of(&[]).len(), 1);
    let preload = [("LD_PRELOAD", place.path("libextra.so").into_os_string())];
    assert_eq!(place.start_of(&preload), NONE);
    // One that is not there is left out by the dynamic linker itself.
    assert_eq!(place.start_of(&[("LD_PRELOAD", "/not/there.so".into())]).len(), 1);
}

#[test]
fn a_version_that_a_library_has_not_ends_a_start() {
    let place = Place::new();
    let version = |version: &str| {
        fs::write(place.path("map"), format!("{version} {{ global: extra; }};")).expect("written");
        place.library("libextra.so", EXTRA, &["-Wl,--version-script=map"]);
    };
    version("ONE");
    place.program(PROGRAM, &["-L.", "-lextra", BESIDE]);
    assert_eq!(place.start_of(&[]), NONE);
    version("TWO");
    assert_eq!(place.start_of(&[]), ["program wants version `ONE` of `libextra.so`, which does not have it"]);
}

#[test]
fn what_cannot_be_asked_is_left_to_the_program() {
    let place = Place::new();
    place.compile("program", "int main(void) { return 0; }", &["-static"]);
    assert_eq!(place.start_of(&[]), NONE);
    place.library("libextra.so", EXTRA, &[]);
    place.program(PROGRAM, &["-L.", "-lextra"]);
    assert_eq!(place.foreseen(&[("LD_AUDIT", "libaudit.so".into())]), NONE);
    // One that does not know the question would run the program.
    let linker = place.path("linker");
    fs::write(&linker, "#!/bin/sh\ntouch \"$0.was-run\"\n").expect("written");
    fs::set_permissions(&linker, fs::Permissions::from_mode(0o755)).expect("executable");
    place.program(PROGRAM, &["-L.", "-lextra", &format!("-Wl,--dynamic-linker={}", linker.display())]);
    assert_eq!(place.foreseen(&[]), NONE);
    assert!(!place.path("linker.was-run").exists());
    fs::write(place.path("program"), "no program").expect("written");
    assert_eq!(place.foreseen(&[]), NONE);
}

/// A place whose process has loaded its modules, and `libown.so` without being told to.
fn running() -> Place {
    let mut place = Place::new();
    place.library("liblow.so", LOW, &[]);
    place.library("libhigh.so", HIGH, &[]);
    place.library("libown.so", "int own(void) { return 1; }", &[]);
    place.start(&["liblow.so", "libhigh.so", "libown.so"]);
    place
}

impl Place {
    /// What is foreseen of a start of the host, whose process runs; `live` are files that were kept elsewhere.
    fn restart(&self, live: Option<(&Built, &tempfile::TempDir)>) -> Vec<String> {
        let pid = self.process.as_ref().expect("the host").id();
        let start = CommandLine::new(self.path("host"), self.directory.path());
        let prospect = Prospect { built: self.built(), aim: Aim::Restart, live: live.map(|(live, _)| live.clone()) };
        let kept = |image: &Image| {
            let name = image.path.file_name().expect("a name");
            live.map_or_else(|| image.path.clone(), |(_, directory)| directory.path().join(name))
        };
        let faults = foresee_start(&start, &executable_mappings(pid), &prospect, kept);
        faults.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn modules_of_a_new_process_find_each_other_and_what_the_old_one_has_opened() {
    let place = running();
    let (kept, live) = (place.keep(), place.built());
    let live = Some((&live, &kept));
    assert_eq!(place.restart(live), NONE);
    let high = |name: &str| format!("{HIGH} int {name}(void); int other(void) {{ return {name}(); }}");
    // The executable is another one: there will be a new process, with new modules in it.
    place.compile("host", &format!("{HOST}\nint more(void) {{ return 1; }}"), &["-ldl", "-rdynamic"]);
    place.library("libhigh.so", &high("own"), &[]);
    assert_eq!(place.restart(live), NONE);
    place.library("libhigh.so", &high("not_there"), &[]);
    assert_eq!(place.restart(live), ["high wants `not_there`, which nothing that is loaded has"]);
    place.library("liblow.so", "int renamed(void) { return 1; }", &[]);
    place.library("libhigh.so", HIGH, &[]);
    assert_eq!(place.restart(live), ["high wants `lower`, which low no longer has"]);
    let program = |name: &str| {
        let source = format!("{HOST}\nint {name}(void); int used(void) {{ return {name}(); }}");
        let lazy = ["-ldl", "-rdynamic", "-Wl,--unresolved-symbols=ignore-all", "-Wl,-z,lazy", "-fPIC"];
        place.compile("host", &source, &lazy);
    };
    program("lower");
    assert_eq!(
        place.restart(live),
        ["high wants `lower`, which low no longer has", "host wants `lower`, which low no longer has"]
    );
    // Nobody knows what the old process has got along without.
    assert_eq!(place.restart(None), NONE);
    place.library("liblow.so", LOW, &[]);
    program("from_a_library_that_it_opens");
    assert_eq!(place.restart(live), NONE);
}

#[test]
fn libraries_of_modules_are_looked_for_as_in_a_reload() {
    let place = running();
    let (kept, live) = (place.keep(), place.built());
    let live = Some((&live, &kept));
    let high = format!("{HIGH} int extra(void); int other(void) {{ return extra(); }}");
    place.library("libextra.so", EXTRA, &[]);
    place.library("libhigh.so", &high, &["-L.", "-lextra"]);
    let not_found = "high links `libextra.so`, which the dynamic linker does not find";
    assert_eq!(place.restart(live)[0], not_found);
    place.library("libhigh.so", &high, &["-L.", "-lextra", BESIDE]);
    assert_eq!(place.restart(live), NONE);
    place.move_to("libextra.so", "glibc-hwcaps/any");
    assert_eq!(place.restart(live), NONE);
    place.library("libextra.so", EXTRA, &[]);
    place.library("libhigh.so", &high, &["-L.", "-lextra", "-Wl,-rpath,/not/there/$LIB"]);
    fs::remove_file(place.path("libextra.so")).expect("removed");
    assert_eq!(place.restart(live), NONE, "it may be there");
    // What an old process has opened and what is gone, a new one may have no need of.
    place.library("libextra.so", EXTRA, &[]);
    place.library("libhigh.so", &high, &["-L.", "-lextra"]);
    fs::remove_file(place.path("libown.so")).expect("removed");
    assert_eq!(place.restart(live), NONE);
}
