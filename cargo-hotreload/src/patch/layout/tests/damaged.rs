//! Objects that are cut or overwritten: an error or fewer types, but never a panic.

use std::ops::Range;
use std::sync::OnceLock;

use object::{LittleEndian, Object, ObjectSection};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig as Config, any};
use proptest::proptest;

use super::rustc::Crate;
use crate::patch::layout::{Coverage, compare, read};

const SOURCE: &str = "pub enum Kind { One(u32, [[u8; 4]; 2]), Two { a: String } }
    pub async fn lookup(kind: Kind) -> usize { std::future::ready(()).await; size_of_val(&kind) }
    pub static NAMES: std::sync::Mutex<Vec<Kind>> = std::sync::Mutex::new(Vec::new());
    pub fn f(kind: &Kind) -> Box<dyn Fn(u8) -> u8> { let a = size_of_val(kind) as u8; Box::new(move |b| a + b) }";

/// An object, and where its debug information is.
fn object() -> &'static (Vec<u8>, Vec<Range<usize>>) {
    static OBJECT: OnceLock<(Vec<u8>, Vec<Range<usize>>)> = OnceLock::new();
    OBJECT.get_or_init(|| {
        let flags = ["-Ccodegen-units=1"];
        let mut compiled = Crate { toolchain: "stable", source: SOURCE, flags: &flags }.compile().expect("a library");
        let (_, bytes) = compiled.objects.remove(0);
        let elf = object::read::elf::ElfFile64::<LittleEndian>::parse(&*bytes).expect("an object");
        let debug = elf.sections().filter(|section| section.name().is_ok_and(|name| name.starts_with(".debug_")));
        let ranges = debug.filter_map(|section| section.file_range()).map(|(begin, length)| {
            let begin = usize::try_from(begin).expect("a place in memory");
            begin..begin + usize::try_from(length).expect("a length in memory")
        });
        let ranges = ranges.filter(|range| !range.is_empty()).collect();
        (bytes, ranges)
    })
}

fn survives(bytes: &[u8]) {
    if let Ok(described) = read(bytes) {
        let whole = read(&object().0).expect("an object").types;
        let found = compare(&whole, &described.types);
        // Names are spelled, too.
        let told: Vec<_> = found.differences.iter().map(ToString::to_string).collect();
        assert!(told.iter().all(|told| !told.is_empty()));
        let mut running = described.types.clone();
        running.add(&whole);
        assert_eq!(compare(&running, &described.types).differences, []);
    }
}

#[test]
fn what_is_whole_can_be_read() {
    let described = read(&object().0).expect("an object");
    assert_eq!(described.coverage, Coverage::Full);
    assert!(described.types.paths().contains(&"cases::lookup::{async_fn_env#0}".to_owned()));
}

#[test]
fn what_is_no_object_is_no_object() {
    assert_eq!(
        read(b"#!/bin/sh").expect_err("no object").to_string(),
        "it is no object file that can be read: Invalid ELF header size or alignment"
    );
    assert!(read(&[]).is_err());
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_cut_object_is_no_disaster(length in any::<proptest::sample::Index>()) {
        let (bytes, _) = object();
        survives(&bytes[..length.index(bytes.len())]);
    }

    #[test]
    fn an_overwritten_object_is_no_disaster(
        edits in vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let (bytes, ranges) = object();
        let mut bytes = bytes.clone();
        for (range, at, value) in edits {
            let range = range.get(ranges);
            bytes[range.start + at.index(range.len())] = value;
        }
        survives(&bytes);
    }

    #[test]
    fn overwritten_headers_are_no_disaster(
        edits in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (bytes, _) = object();
        let mut bytes = bytes.clone();
        let (headers, half) = (64, bytes.len() / 2);
        for (at, value) in edits {
            // The section table stands at the end.
            let at = at.index(headers + half);
            let place = if at < headers { at } else { bytes.len() - (at - headers) - 1 };
            bytes[place] = value;
        }
        survives(&bytes);
    }
}
