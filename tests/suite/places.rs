//! Names that a shell, the dynamic linker or the kernel would take for something else, and values that hope for a shell.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::command::{cargo, hotreload, hotreload_command};
use crate::support::fixture::{Fixture, manifest};
use crate::support::place::{Started, git_repository};
use crate::support::poll::BUILD;
use crate::support::tree::{Tree, assert_same, restore, tree};

/// Everything that has a meaning for somebody, and works.
const HOSTILE: &str = "-a 'b\" $(touch x) `touch x` \\d {e}[f]* & #é";
/// What follows a package's directory: as odd as cargo lets it be.
const CRATES: &str = "my 'own' $(touch x) crates";

/// A program of two crates in `directory`, one of them in a directory with an odd name.
fn workspace(directory: &Path) -> Tree {
    let fixture = Fixture::empty()
        .file("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"{CRATES}/api\"]\n"))
        .file("app/Cargo.toml", &manifest("app", &format!("api = {{ path = \"../{CRATES}/api\" }}\n")))
        .file("app/src/main.rs", "fn main() {\n    loop {\n        println!(\"it says {}\", api::word());\n        std::thread::sleep(std::time::Duration::from_millis(20));\n    }\n}\n")
        .file(&format!("{CRATES}/api/Cargo.toml"), &manifest("api", ""))
        .file(&format!("{CRATES}/api/src/lib.rs"), "pub fn word() -> &'static str {\n    \"one\"\n}\n");
    fs::create_dir_all(directory).expect("mkdir");
    restore(directory, &fixture.tree());
    cargo("stable", directory, &["metadata", "--format-version", "1"]);
    tree(directory)
}

/// A directory in `top` that is called `name`.
fn named(top: &Fixture, name: impl AsRef<OsStr>) -> PathBuf {
    top.root().canonicalize().expect("its path").join(name.as_ref())
}

/// Nothing but what is `expected` is in `top`, wherever somebody may have touched it.
#[track_caller]
fn assert_only(top: &Fixture, expected: &Path) {
    let entries: Vec<PathBuf> =
        fs::read_dir(top.root()).expect("listed").map(|entry| entry.expect("one").path()).collect();
    assert_eq!(entries, [expected]);
}

#[test]
fn a_workspace_with_an_odd_name_is_enabled_and_comes_back() {
    for name in [HOSTILE.as_bytes(), b"semi;colon", b"co:lon", b"new\nline", b"--help"] {
        let top = Fixture::empty();
        let directory = named(&top, OsStr::from_bytes(name));
        let before = workspace(&directory);
        hotreload(&directory, &["enable"]).expect_success();
        assert_ne!(before, tree(&directory));
        hotreload(&directory, &["disable"]).expect_success();
        assert_same(&before, &tree(&directory));
        assert_only(&top, &directory);
    }
}

#[test]
fn a_workspace_with_an_odd_name_is_run_and_its_edits_are_carried_in() {
    for (strategy, report) in [("patch", "patched api"), ("modules", "restarted as process")] {
        let top = Fixture::empty();
        let directory = named(&top, HOSTILE);
        let before = workspace(&directory);
        let session = Started::launch(hotreload_command(&directory, &["run", "--strategy", strategy]));
        session.output.expect(BUILD, ["it says one"]);
        let source = directory.join(CRATES).join("api/src/lib.rs");
        let text = fs::read_to_string(&source).expect("read");
        fs::write(&source, text.replace("one", "two")).expect("written");
        session.output.expect(BUILD, [report, "it says two"]);
        session.terminate();
        fs::write(&source, text).expect("written");
        assert_same(&before, &tree(&directory));
        assert_only(&top, &directory);
    }
}

/// A file that it maps as code has a name that is no text, and that of its thread is cut off in a character.
const ODD_PROGRAM: &str = r#"
use std::{ffi, thread, time::Duration};

unsafe extern "C" {
    fn dlopen(name: *const ffi::c_char, flags: ffi::c_int) -> *mut ffi::c_void;
}

fn main() {
    assert!(!unsafe { dlopen(c"plug\xff.so".as_ptr(), 2) }.is_null());
    let speaks = || loop {
        println!("it says {}", word());
        thread::sleep(Duration::from_millis(20));
    };
    thread::Builder::new().name("überwachung-äöü".into()).spawn(speaks).unwrap().join().unwrap()
}

fn word() -> &'static str {
    "one"
}
"#;

#[test]
fn a_program_with_odd_names_in_it_is_patched() {
    let fixture = Fixture::empty().file("Cargo.toml", &manifest("app", "")).file("src/main.rs", ODD_PROGRAM);
    let directory = fixture.root().canonicalize().expect("its path");
    fs::write(directory.join("plug.c"), "int plug;\n").expect("written");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "plug.c", "-o"]).arg(OsStr::from_bytes(b"plug\xff.so"));
    assert!(compiler.current_dir(&directory).status().expect("a C compiler").success());
    let mut run = hotreload_command(&directory, &["run", "--strategy", "patch"]);
    run.env("LD_LIBRARY_PATH", &directory);
    let session = Started::launch(run);
    session.output.expect(BUILD, ["it says one"]);
    fs::write(directory.join("src/main.rs"), ODD_PROGRAM.replace("one", "two")).expect("written");
    session.output.expect(BUILD, ["patched app: 1 function", "it says two"]);
    session.terminate();
}

#[test]
fn what_cannot_work_is_refused_in_a_sentence() {
    let cases = [
        (&b"co:lon"[..], 34, "its path has a colon", "--target-dir DIR"),
        (b"new\nline", 34, "its path has a line break", "move the workspace"),
        (b"a b;c", 34, "its path has a space or a dollar sign beside", "--target-dir DIR"),
        (b"l\xffatin", 12, "not representable in Unicode", "cargo metadata"),
    ];
    for (name, code, reason, help) in cases {
        let top = Fixture::empty();
        let directory = named(&top, OsStr::from_bytes(name));
        let before = workspace(&directory);
        for strategy in ["patch", "modules"] {
            let finished = hotreload(&directory, &["run", "--strategy", strategy]);
            assert_eq!(finished.code, Some(code), "{finished:#?}");
            let (message, helped) = finished.stderr.rsplit_once("help: ").expect("a line of help");
            assert!(message.contains(reason) && helped.contains(help), "{finished:#?}");
            assert_same(&before, &tree(&directory));
        }
    }
}

/// Settings, arguments, variables, a linker: each gets where it belongs as it is, and nobody runs what is in it.
#[test]
fn nothing_from_a_manifest_reaches_a_shell() {
    let hostile = "$(touch x) `touch x`; touch x & \"'\\";
    let far = [("Cargo.toml", &*manifest("far", "")), ("src/lib.rs", "pub fn far() {}\n")];
    let far = format!("far = {{ git = \"{}\" }}\n", git_repository("far-from-git", &far));
    let settings = format!(
        "\n[workspace.metadata.hotreload]\nargs = ['''{hostile}''']\nenv = {{ HOSTILE = '''{hostile}''' }}\nlinker = 'default'\n\
         target-dir = '''out $(touch x)'''\n\n[profile.dev.package.base]\nrustflags = ['--cfg=hostile=\"$(touch x)\"']\n"
    );
    let main = "fn main() {\n    let word = std::env::var(\"HOSTILE\");\n    println!(\"args {:?} env {word:?} linked {}\", std::env::args().nth(1), my_api::answer());\n}\n";
    let fixture = Fixture::three_crates()
        .file("app/src/main.rs", main)
        .append("base/Cargo.toml", &far)
        .append("my-api/Cargo.toml", &far)
        .file("base/build.rs", "fn main() {}\n")
        .append("Cargo.toml", &settings)
        .replace("Cargo.toml", "[workspace]", "cargo-features = ['profile-rustflags']\n\n[workspace]")
        .file("tools/cc $(touch x) 'it'", "#!/bin/sh\necho linked >> \"$LINKED\"\nexec cc \"$@\"\n")
        .mode("tools/cc $(touch x) 'it'", 0o755)
        .file(
            ".cargo/config.toml",
            &format!("[target.{}-unknown-linux-gnu]\nlinker = \"tools/cc $(touch x) 'it'\"\n", std::env::consts::ARCH),
        );
    cargo("nightly", fixture.root(), &["metadata", "--format-version", "1"]).expect_success();
    let before = fixture.tree();
    let linked = tempfile::NamedTempFile::new().expect("a file");
    let mut command = hotreload_command(fixture.root(), &["run", "--strategy", "modules"]);
    command.env("LINKED", linked.path());
    let session = Started::launch(command);
    let expected = format!("args Some({hostile:?}) env Ok({hostile:?}) linked 42");
    session.output.expect(BUILD, [&expected, "the program ended (exit code 0)"]);
    session.terminate();
    assert!(!fs::read_to_string(linked.path()).expect("read").is_empty(), "the linker of the configuration was called");
    let mut after = fixture.tree();
    after.retain(|name, _| !name.starts_with("out $(touch x)"));
    assert_same(&before, &after);
}
