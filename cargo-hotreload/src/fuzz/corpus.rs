//! Real files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Manifests of the crates that this project depends on, of its own, and of its tests.
pub(super) fn manifests() -> Vec<Vec<u8>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let entries = |directory: PathBuf| {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let crates = home.map(|home| home.join("registry/src")).into_iter().flat_map(entries).flat_map(entries);
    let foreign = crates.map(|path| path.join("Cargo.toml.orig")).filter_map(|path| fs::read(path).ok());
    let own = [
        "Cargo.toml",
        "../Cargo.toml",
        "../tests/fixtures/own-profile/Cargo.toml",
        "../tests/fixtures/own-profile/src/core/Cargo.toml",
    ];
    let own = own.iter().map(|name| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect("our own"));
    foreign.filter(|text| text.len() < 6000).chain(own).collect()
}

/// The examples of the documentation.
pub(super) fn events() -> Vec<u8> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md")).expect("our own");
    let examples = text.lines().filter(|line| line.starts_with('{'));
    examples.flat_map(|line| [line, "\n"]).collect::<String>().into_bytes()
}

pub(super) fn lock_files() -> Vec<Vec<u8>> {
    let own = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).expect("our own");
    let beginning: String = own.split_inclusive("\n\n").take(12).collect();
    let group = "[[package]]\nname = \"hotreload-group-1\"\nversion = \"0.0.0\"\ndependencies = [\n \"anstream\",\n]\n";
    vec![
        beginning.clone().into_bytes(),
        (beginning.replace('\n', "\r\n")).into_bytes(),
        (beginning + group).into_bytes(),
    ]
}

const SOURCE: &str = "use std::collections::HashMap;\n\
    pub enum Shape { Round(f64), Named { name: String, sides: Option<Box<Shape>> } }\n\
    pub static WORD: &str = \"word\";\n\
    thread_local! { static COUNT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) }; }\n\
    pub fn word(shapes: &HashMap<String, Shape>) -> String {\n    COUNT.with(|count| count.set(count.get() + 1));\n    \
    match shapes.get(WORD) { Some(Shape::Round(size)) => format!(\"{size}\"), Some(Shape::Named { name, .. }) => name.clone(), None => panic!(\"none\") }\n}\n";

/// Objects and a library, made by rustc with all of its debug information.
pub(super) fn objects() -> Vec<Vec<u8>> {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("api.rs"), SOURCE).expect("written");
    let made = |arguments: &[&str], file: &str| {
        let common = ["--crate-type", "rlib", "--edition", "2024", "-g", "-Cmetadata=1", "api.rs", "-o", file];
        let status = Command::new("rustc").args(arguments).args(common).current_dir(directory.path()).status();
        assert!(status.expect("rustc starts").success());
        fs::read(directory.path().join(file)).expect("made")
    };
    vec![
        made(&["--emit=obj", "-Ccodegen-units=1"], "api.o"),
        made(&["--emit=obj", "-Ccodegen-units=1", "-Copt-level=2", "-Cdebuginfo=1"], "small.o"),
        made(&["--emit=link"], "libapi.rlib"),
    ]
}

/// An object, a library and an executable in C, and the agent: they are small.
pub(super) fn elf_files() -> Vec<Vec<u8>> {
    let directory = tempfile::tempdir().expect("a directory");
    let source = "#include <dlfcn.h>\n__thread int count;\nstatic int hidden = 3;\n__attribute__((visibility(\"hidden\"))) int word(void) { return hidden + count++; }\nint main(void) { return dlopen(0, 1) == 0 ? word() : 0; }\n";
    fs::write(directory.path().join("a.c"), source).expect("written");
    let made = |arguments: &[&str], file: &str| {
        let status =
            Command::new("cc").args(arguments).args(["a.c", "-o", file]).current_dir(directory.path()).status();
        assert!(status.expect("cc starts").success());
        fs::read(directory.path().join(file)).expect("made")
    };
    let agent = include_bytes!(concat!(env!("OUT_DIR"), "/agent.so"));
    vec![
        made(&["-c", "-g"], "a.o"),
        made(&["-shared", "-fPIC", "-Wl,-z,nodelete"], "a.so"),
        made(&[], "a"),
        made(
            &["-static-pie", "-nostdlib", "-nostartfiles", "-Wl,--entry=main,--unresolved-symbols=ignore-all"],
            "static",
        ),
        agent.to_vec(),
    ]
}
