//! Objects whose debug information is not simply in them, and what needs no object.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::output;
use crate::patch::agent_state::{Region, SLOT};
use crate::patch::companion::debugger::{Entry, List};
use crate::patch::companion::{Companion, Symbol};
use crate::patch::link::{Linked, Loaded};
use crate::patch::object::{Binding, Kind};
use crate::patch::placed::Write;
use crate::patch::set::Set;

const ADDRESS: u64 = 0x0012_3000;

/// Compiles a function to an object.
fn object(directory: &Path, flags: &[&str]) -> Vec<u8> {
    let path = |name: &str| directory.join(name).into_os_string().into_string().expect("text");
    let (source, object) = (path("svc.rs"), path("svc.o"));
    fs::write(&source, "#[unsafe(no_mangle)]\npub fn double(n: u32) -> u32 { n * 2 }").expect("written");
    let arguments = ["--edition=2024", "--crate-type=lib", "--emit=obj", "-g", "-o", &object, &source];
    output("rustc", &[&arguments, flags].concat());
    fs::read(object).expect("an object")
}

/// The companion of a patch with the only function of `object` in it.
fn companion<'data>(set: &mut Set<'data>, object: &'data [u8]) -> Companion<'data> {
    set.add(object).expect("an object");
    let code = set.sections().filter(|(_, section)| section.kind == Kind::Code && section.size > 0);
    let loaded = code.map(|(id, _)| Loaded { part: 0, id, address: ADDRESS }).collect();
    let linked = Linked { loaded, ..Linked::default() };
    Companion::of(&[set], &linked, 0).expect("readable").expect("there is code")
}

fn is_named(companion: &Companion<'_>) -> bool {
    let only = |symbol: &Symbol<'_>| (symbol.name, symbol.address) == ("double", ADDRESS);
    companion.symbols.iter().all(only) && companion.symbols.len() == 1
}

fn sections(image: &[u8], directory: &Path) -> String {
    let file = directory.join("companion");
    fs::write(&file, image).expect("written");
    output("readelf", &["-SW".as_ref(), file.as_os_str()])
}

#[test]
fn of_compressed_debug_information_names_are_left() {
    let directory = TempDir::new().expect("a directory");
    let plain = object(directory.path(), &[]);
    let file = directory.path().join("svc.o");
    output("objcopy", &["--compress-debug-sections".as_ref(), file.as_os_str()]);
    let compressed = fs::read(file).expect("an object");
    let has_debug = |object: &[u8]| {
        let mut set = Set::default();
        let companion = companion(&mut set, object);
        assert!(is_named(&companion));
        sections(&companion.image, directory.path()).contains(".debug_")
    };
    assert!(has_debug(&plain));
    assert!(!has_debug(&compressed));
}

#[test]
fn lines_are_there_when_the_rest_is_in_a_file_of_its_own() {
    let directory = TempDir::new().expect("a directory");
    let flags = ["-Csplit-debuginfo=unpacked", "-Cdwarf-version=5"];
    let object = object(directory.path(), &flags);
    let mut set = Set::default();
    let companion = companion(&mut set, &object);
    assert!(is_named(&companion));
    let file = directory.path().join("companion");
    fs::write(&file, &companion.image).expect("written");
    let info = output("readelf", &["--debug-dump=info,no-follow-links".as_ref(), file.as_os_str()]);
    assert!(info.contains("DW_AT_dwo_name") && !info.contains("DW_TAG_subprogram"), "{info}");
    let frames = super::frames(&file, [ADDRESS]);
    let (name, place) = &frames[0][0];
    // Older binutils say the name of the codegen unit, too.
    assert!(name == "double" && place.contains("svc.rs") && place.ends_with(":2"), "{frames:?}");
}

#[test]
fn a_patch_without_functions_has_no_companion() {
    assert!(Companion::of(&[], &Linked::default(), 0).expect("nothing to read").is_none());
}

#[test]
fn each_slot_with_code_needs_the_file() {
    let mut companion = companion_at(Region { start: 3 * SLOT, length: 2 * SLOT + 1 });
    let region = Region { start: SLOT, length: 100 * SLOT };
    assert_eq!(companion.slots(region), 2..5);
    companion.code.length = SLOT;
    assert_eq!(companion.slots(region), 2..3);
}

fn companion_at(code: Region) -> Companion<'static> {
    let symbol = Symbol { name: "f", address: code.start, size: 1, binding: Binding::Local, kind: Kind::Code };
    let target = crate::patch::companion::Target { machine: object::elf::EM_X86_64, flags: object::elf::FileFlags(0) };
    Companion { image: b"image".to_vec(), symbols: vec![symbol], code, extents: Vec::new(), frames: None, target }
}

#[test]
fn entries_are_a_list_in_both_directions() {
    let companion = companion_at(Region { start: SLOT, length: 1 });
    let entry = Entry::new(&companion, Path::new("/somewhere")).expect("an entry");
    let list = List { descriptor: 0x100, first: 0 };
    let (writes, list) = entry.register(0x1000, list);
    assert_eq!(list, List { descriptor: 0x100, first: 0x1000 });
    let words = |bytes: &[u8]| -> Vec<u64> {
        bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes"))).collect()
    };
    assert_eq!(words(&writes[0].bytes[..32]), [0, 0, 0x1020, entry.size() - 32]);
    let address = |address, to: u64| Write { address, bytes: to.to_le_bytes().to_vec() };
    assert_eq!(writes[1..], [address(0x110, 0x1000)]);
    let (writes, list) = entry.register(0x2000, list);
    assert_eq!(words(&writes[0].bytes[..32]), [0x1000, 0, 0x2020, entry.size() - 32]);
    assert_eq!(writes[1..], [address(0x1008, 0x2000), address(0x110, 0x2000)]);
    assert_eq!(list.first, 0x2000);
}
