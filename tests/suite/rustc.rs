//! Cargo's calls of rustc are written down, and repeated without cargo and without a linker.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cargo_hotreload::effects::rustc::compile::Code;
use cargo_hotreload::effects::rustc::records::{self, Stale};
use cargo_hotreload::patch::rustc::plan::{Base, Refusal, Seen};
use cargo_hotreload::patch::rustc::recorded::{CrateType, Kind};
use cargo_hotreload::patch::rustc::stand_in::records_directory;

use crate::support::fixture::{Fixture, manifest};
use crate::support::recording::{Files, Recording, TOOLCHAINS, compiled, has};

/// Notes what it is called with, and calls it.
const WRAPPER: &str = "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$0.log\"\nexec \"$@\"\n";

/// Compiles C, as a package without the crate `cc` would.
const BUILD_C: &str = r#"use std::{env, path::PathBuf, process::Command};
fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let object = out.join("seven.o");
    assert!(Command::new("cc").args(["-c", "seven.c", "-o"]).arg(&object).status().unwrap().success());
    assert!(Command::new("ar").arg("crs").arg(out.join("libseven.a")).arg(&object).status().unwrap().success());
    println!("cargo::rustc-link-search=native={}\ncargo::rustc-link-lib=static=seven", out.display());
    println!("cargo::rerun-if-changed=seven.c");
}
"#;

const BUILD_GENERATED: &str = r#"fn main() {
    println!("cargo::rustc-env=TOLD=by the script");
    println!("cargo::rerun-if-changed=build.rs");
    std::fs::write(std::env::var("OUT_DIR").unwrap() + "/made.rs", "pub const MADE: &str = \"made\";").unwrap();
}
"#;

const CORE: &str = r#"include!(concat!(env!("OUT_DIR"), "/made.rs"));
pub fn core() -> String {
    let feature = if cfg!(feature = "loud") { "loud" } else { "quiet" };
    let flag = if cfg!(flagged) { "flagged" } else { "plain" };
    format!("core-one {} {MADE} {feature} {flag}", env!("TOLD"))
}
#[unsafe(no_mangle)]
pub extern "C" fn core_for_c() -> u32 { 1 }
"#;

const DERIVE: &str = "extern crate proc_macro;\n#[proc_macro]\n\
    pub fn word(_: proc_macro::TokenStream) -> proc_macro::TokenStream { \"\\\"word\\\"\".parse().unwrap() }\n";

fn everything() -> Fixture {
    let application = manifest(
        "app",
        "renamed = { package = \"core-lib\", path = \"../core-lib\", features = [\"loud\"] }\n\
        native = { path = \"../native\" }\nouter = { path = \"../../outer\" }\nderive = { path = \"../derive\" }\n",
    );
    let library = manifest("core-lib", "") + "\n[features]\nloud = []\n\n[lib]\ncrate-type = [\"rlib\", \"cdylib\"]\n";
    let main = "fn main() { println!(\"app-one {} {} {} {}\", renamed::core(), native::native(), outer::outer(), derive::word!()); }\n";
    let roots = "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"core-lib\", \"native\", \"derive\"]\n\n\
        [profile.dev.package.core-lib]\nopt-level = 1\n";
    Fixture::empty()
        .file("ws/Cargo.toml", roots)
        .file("ws/app/Cargo.toml", &application)
        .file("ws/app/src/main.rs", main)
        .file("ws/app/src/bin/second.rs", "fn main() { println!(\"second-one {}\", outer::outer()); }\n")
        .file("ws/core-lib/Cargo.toml", &library)
        .file("ws/core-lib/build.rs", BUILD_GENERATED)
        .file("ws/core-lib/src/lib.rs", CORE)
        .file("ws/native/Cargo.toml", &manifest("native", ""))
        .file("ws/native/build.rs", BUILD_C)
        .file("ws/native/seven.c", "int seven(void) { return 7; }\n")
        .file("ws/native/src/lib.rs", "unsafe extern \"C\" { safe fn seven() -> i32; }\npub fn native() -> String { format!(\"native-one {}\", seven()) }\n")
        .file("ws/derive/Cargo.toml", &(manifest("derive", "") + "\n[lib]\nproc-macro = true\n"))
        .file("ws/derive/src/lib.rs", DERIVE)
        .file("outer/Cargo.toml", &manifest("outer", ""))
        .file("outer/src/lib.rs", "pub fn outer() -> &'static str { \"outer-one\" }\n")
        .file("wrap per", WRAPPER)
        .mode("wrap per", 0o755)
}

/// Built with everything that can differ from one workspace to the next; the target is named only for one of the toolchains.
fn built(toolchain: &'static str) -> Recording {
    let mut recording = Recording::new(everything(), toolchain);
    recording.wrapper = Some(recording.fixture.path("wrap per").into());
    let odd = OsString::from_vec(b"line 1\nline 2 \xff".to_vec());
    recording.variables = vec![("RUSTFLAGS".into(), "--cfg flagged".into()), ("ODD".into(), odd)];
    if toolchain == "nightly" {
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        recording.fixture.write("ws/.cargo/config.toml", &format!("[build]\ntarget = \"{triple}\"\n"));
        recording.triple = Some(triple);
    }
    recording.build(&["--workspace"]).expect_success();
    recording
}

const ALL: [(&str, &str, &str); 4] = [
    ("core_lib", "ws/core-lib/src/lib.rs", "core-one"),
    ("native", "ws/native/src/lib.rs", "native-one"),
    ("outer", "outer/src/lib.rs", "outer-one"),
    ("app", "ws/app/src/main.rs", "app-one"),
];

#[test]
fn each_crate_is_compiled_as_cargo_did_and_nothing_of_cargos_is_touched() {
    for toolchain in TOOLCHAINS {
        let recording = built(toolchain);
        let expected = "app-one core-one by the script made loud flagged native-one 7 outer-one word\n";
        assert_eq!(recording.printed("app"), expected);
        assert_recorded(&recording);
        for (name, file, text) in ALL {
            recording.edit(file, text, &text.replace("one", "two"));
            let before = recording.files();
            let out = tempfile::tempdir().expect("a directory");
            let plan = recording.plan(("app", "app"), &[(name, Seen::ByNobody)], &Base::default(), out.path());
            let done = compiled(&plan.expect("a plan"));
            assert_eq!(done.iter().map(|it| it.crate_name.as_str()).collect::<Vec<_>>(), [name]);
            assert!(has(&done[0].code, &text.replace("one", "two")), "{done:?}");
            assert!(!has(&done[0].code, text), "{done:?}");
            let dep_info =
                fs::read_to_string(done[0].dep_info.as_ref().expect("it is asked for")).expect("it is there");
            assert!(
                dep_info.contains(file.rsplit_once("ws/").map_or("src/lib.rs", |(_, inside)| inside)),
                "{dep_info}"
            );
            assert_same_files(&recording, &before);
        }
        let out = tempfile::tempdir().expect("a directory");
        recording.edit("ws/app/src/bin/second.rs", "second-one", "second-two");
        let plan = recording.plan(("app", "second"), &[("second", Seen::ByNobody)], &Base::default(), out.path());
        let done = compiled(&plan.expect("a plan"));
        assert!(matches!(&done[0].code, Code::Objects(objects) if objects.code.len() > 1), "{done:?}");
        assert!(has(&done[0].code, "second-two"));

        let rebuilt: BTreeSet<String> = recording.compiled_by_cargo().into_iter().collect();
        let expected = ["app", "core_lib", "native", "outer", "second"].map(str::to_owned).into();
        assert_eq!(rebuilt, expected, "cargo sees what was edited");
        let expected = "app-two core-two by the script made loud flagged native-two 7 outer-two word\n";
        assert_eq!(recording.printed("app"), expected);
        assert_eq!(recording.printed("second"), "second-two outer-two\n");
        assert_eq!(recording.compiled_by_cargo(), [""; 0], "everything is fresh");
        assert_eq!(recording.compiled_without_us(), "", "a build without the wrapper is the same build");
        assert_eq!(recording.compiled_by_cargo(), [""; 0], "and so is one with it");
    }
}

/// What the records say of everything that was built.
#[track_caller]
fn assert_recorded(recording: &Recording) {
    let units = recording.units();
    let program = units.program("app", &recording.root().join("app"), &recording.debug()).expect("recorded");
    let parts = units.parts(program);
    let find = |name: &str| *parts.units.iter().chain(&parts.tools).find(|it| it.crate_name == name).expect(name);
    assert_eq!(parts.unrecorded, [""; 0].map(Path::new));
    assert_eq!(find("derive").kind(), Kind::ProcMacro);
    assert_eq!(find("build_script_build").kind(), Kind::BuildScript);
    assert_eq!(find("app").kind(), Kind::Program);
    let core = find("core_lib");
    assert_eq!(
        (core.crate_types.as_slice(), core.opt_level.as_deref()),
        (&[CrateType::Rlib, CrateType::Cdylib][..], Some("1"))
    );
    assert!(core.call.variable("TOLD").is_some_and(|value| value == "by the script"));
    assert!(core.generated().is_some_and(Path::is_dir));
    assert_eq!(core.call.variable("ODD"), recording.variables[1].1.as_os_str().into());
    assert_eq!(program.externs.iter().filter(|it| it.name == "renamed").count(), 1, "{:?}", program.externs);
    assert_eq!(find("outer").package_directory(), Some(recording.fixture.path("outer").as_path()));
    assert_eq!(core.call.programs[0], recording.wrapper.clone().expect("a wrapper"));
    let log = fs::read_to_string(recording.fixture.path("wrap per.log")).expect("the wrapper's log");
    assert!(log.contains("rustc -vV") && log.contains("--crate-name core_lib"), "{log}");
    let directory = records_directory(&recording.target());
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if !path.is_symlink() {
            assert_eq!((mode(&path), path.extension()), (0o600, Some("call".as_ref())), "{}", path.display());
        }
    }
}

#[track_caller]
fn assert_same_files(recording: &Recording, before: &Files) {
    let now = recording.files();
    let changed: Vec<_> = before.keys().chain(now.keys()).filter(|path| before.get(*path) != now.get(*path)).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn what_cannot_be_repeated_is_told() {
    let recording = built("stable");
    let refused = |name| {
        let plan = recording.plan(("app", "app"), &[(name, Seen::ByNobody)], &Base::default(), Path::new("/nowhere"));
        plan.expect_err("refused")
    };
    assert!(matches!(refused("derive"), Refusal::NoPart(_)));
    assert!(matches!(refused("build_script_build"), Refusal::NoPart(_)));

    let units = recording.units();
    let program = units.program("app", &recording.root().join("app"), &recording.debug()).expect("recorded");
    let core = *units.parts(program).units.iter().find(|unit| unit.crate_name == "core_lib").expect("recorded");
    assert_eq!(records::check(core, &Base::default()), Ok(()));
    let generated = core.generated().expect("it has a script").to_owned();
    let aside = recording.fixture.path("aside");
    fs::rename(&generated, &aside).expect("moved");
    assert_eq!(records::check(core, &Base::default()), Err(Stale::Generated(generated.clone())));
    fs::rename(&aside, &generated).expect("moved back");
    let source = recording.root().join("core-lib/src/lib.rs");
    fs::rename(&source, &aside).expect("moved");
    assert_eq!(records::check(core, &Base::default()), Err(Stale::Source(source.clone())));
    fs::rename(&aside, &source).expect("moved back");
    let library = program.absolute(&program.externs[0].path);
    fs::remove_file(&library).expect("removed");
    assert_eq!(records::check(program, &Base::default()), Err(Stale::Library(library)));

    // A compiler that is replaced where it is, as an update does it.
    let mut other = core.clone();
    let compiler = recording.fixture.path("rustc");
    fs::write(&compiler, WRAPPER).expect("written");
    fs::set_permissions(&compiler, Permissions::from_mode(0o755)).expect("chmod");
    *other.call.programs.last_mut().expect("the compiler") = compiler.clone().into();
    assert_eq!(records::check(&other, &Base::default()), Err(Stale::Compiler(compiler)));

    fs::remove_dir_all(recording.target()).expect("removed");
    assert!(matches!(records::check(core, &Base::default()), Err(Stale::Results(_))));
    assert_eq!(recording.units().program("app", &recording.root().join("app"), &recording.debug()), None);
}
