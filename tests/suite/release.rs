//! What is released has nothing of hot reloading in it, and is the same before and after.

use std::fs;
use std::path::Path;

use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSymbol};

use crate::support::command::{cargo, clean, finish, hotreload};
use crate::support::server::{NAME, Server};
use crate::support::tree::assert_same;

/// The released program on stable: one executable that links neither libstd nor a module, imports no `dlopen`, and does
/// not know the loader's variable. After `enable` and `disable` nothing is built again; and built again by force, every
/// byte of it is the same.
#[test]
fn the_released_program_is_static_and_the_same_after_enable_and_disable() {
    let server = Server::new();
    let before = server.tree();
    let executable = server.root().join("target/release").join(NAME);
    release(&server);
    assert_is_static(&executable);
    let first = fs::read(&executable).expect("the executable");

    hotreload(server.root(), &["enable"]).expect_success();
    hotreload(server.root(), &["disable"]).expect_success();
    assert_same(&before, &server.tree());
    let again = release(&server);
    assert!(!again.contains("Compiling"), "everything is fresh: {again}");

    let members = ["", "-api", "-core", "-database", "-router", "-service"].map(|end| format!("--package={NAME}{end}"));
    let clean: Vec<&str> = ["clean", "--release"].into_iter().chain(members.iter().map(String::as_str)).collect();
    cargo("stable", server.root(), &clean).expect_success();
    assert!(!executable.exists());
    let rebuilt = release(&server);
    assert!(rebuilt.contains("Compiling note-server-core"), "{rebuilt}");
    assert!(first == fs::read(&executable).expect("the executable"), "the executable differs");
}

/// `cargo build --release` with stable Rust; returns what it printed.
#[track_caller]
fn release(server: &Server) -> String {
    let finished = cargo("stable", server.root(), &["build", "--release"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    finished.stderr
}

#[track_caller]
fn assert_is_static(executable: &Path) {
    let linked = finish(clean("ldd", executable.parent().expect("a directory")).arg(executable)).expect_success();
    assert!(linked.contains("libc.so"), "{linked}");
    assert!(!linked.contains("libstd") && !linked.contains("libnote_server"), "{linked}");

    let content = fs::read(executable).expect("the executable");
    let contains = |word: &[u8]| content.windows(word.len()).any(|window| window == word);
    assert!(contains(b"listening on http://"), "the search works");
    assert!(!contains(b"HOTRELOAD_MODULES"), "the loader is in the released program");

    let elf = ElfFile64::<Endianness>::parse(&content[..]).expect("an ELF file");
    let undefined: Vec<&[u8]> = elf
        .dynamic_symbols()
        .filter(ObjectSymbol::is_undefined)
        .filter_map(|symbol| symbol.name_bytes().ok())
        .collect();
    let is_imported = |name: &[u8]| undefined.iter().any(|symbol| symbol.starts_with(name));
    assert!(is_imported(b"write"), "the search works");
    assert!(!is_imported(b"dlopen"), "the released program can load modules");
}
