//! Debug information that is missing, reduced, compressed or elsewhere.

use std::fs;

use super::rustc::{Compiled, Crate, TOOLCHAINS};
use crate::patch::layout::{Blind, Coverage, Types, compare, read};

const SOURCE: &str = "pub struct Config { pub port: u16, name: String }
    pub async fn lookup(config: Config) -> usize { config.name.len() }
    pub fn port(config: &Config) -> u16 { config.port }";

fn compile(toolchain: &str, flags: &[&str]) -> Option<Compiled> {
    Crate { toolchain, source: SOURCE, flags }.compile()
}

/// That of the crate, going by its objects alone.
fn coverage(compiled: &Compiled) -> Coverage {
    Coverage::of_crate(
        compiled.objects.iter().map(|(name, object)| read(object).unwrap_or_else(|e| panic!("{name}: {e}")).coverage),
    )
}

#[test]
fn a_debug_level_is_seen() {
    let levels = [
        ("0", Coverage::None),
        ("line-directives-only", Coverage::None),
        ("line-tables-only", Coverage::LinesOnly),
        ("1", Coverage::LinesOnly),
        ("2", Coverage::Full),
    ];
    for toolchain in TOOLCHAINS {
        for (level, expected) in levels {
            let Some(compiled) = compile(toolchain, &[&format!("-Cdebuginfo={level}")]) else { continue };
            assert_eq!(coverage(&compiled), expected, "{toolchain}, level {level}");
        }
    }
}

#[test]
fn a_crate_that_describes_nothing_is_not_full() {
    let source = "pub fn f() {} pub fn g() { f() }";
    for (level, expected) in [("1", Coverage::LinesOnly), ("2", Coverage::LinesOnly), ("0", Coverage::None)] {
        let level = format!("-Cdebuginfo={level}");
        let compiled = Crate { toolchain: "stable", source, flags: &[&level] }.compile().expect("a library");
        assert_eq!(coverage(&compiled), expected, "{level}");
    }
    let empty = Crate { toolchain: "stable", source: "pub struct S;", flags: &[] }.compile().expect("a library");
    assert_eq!(coverage(&empty), Coverage::Nothing);
    assert_eq!(Coverage::of_crate([Coverage::Unclear, Coverage::Full, Coverage::Nothing]), Coverage::Full);
}

#[test]
fn split_debug_information_is_read_from_where_it_is() {
    for toolchain in TOOLCHAINS {
        for version in ["-Cdwarf-version=4", "-Cdwarf-version=5"] {
            let Some(whole) = compile(toolchain, &[version]) else { continue };
            let split = compile(toolchain, &[version, "-Csplit-debuginfo=unpacked"]).expect("the same toolchain");
            assert_eq!(coverage(&split), Coverage::Split, "{toolchain} {version}");
            let mut types = Types::default();
            for (_, object) in &split.objects {
                let described = read(object).expect("an object");
                assert!(described.types.is_empty());
                for file in described.elsewhere {
                    let bytes = fs::read(split.directory.path().join(file)).expect("a .dwo file");
                    let described = read(&bytes).expect("a .dwo file");
                    assert_eq!(described.coverage, Coverage::Full);
                    types.add(&described.types);
                }
            }
            let whole = whole.types();
            assert_eq!(types.paths(), whole.paths(), "{toolchain} {version}");
            for (running, new) in [(&whole, &types), (&types, &whole)] {
                let comparison = compare(running, new);
                assert_eq!(comparison.differences, []);
                assert_eq!(comparison.signatures, []);
            }
        }
    }
}

#[test]
fn packed_debug_information_lies_in_the_library() {
    let compiled = compile("stable", &["-Csplit-debuginfo=packed"]).expect("a library");
    assert!(!compiled.split.is_empty());
    for (name, object) in &compiled.split {
        assert_eq!(read(object).map(|described| described.coverage), Ok(Coverage::Full), "{name}");
    }
}

#[test]
fn compressed_debug_information_is_no_silence() {
    if let Some(compiled) = compile("nightly", &["-Zdebuginfo-compression=zlib"]) {
        assert_eq!(coverage(&compiled), Coverage::Compressed);
    }
}

#[test]
fn what_would_help_is_said() {
    let said = |coverage| Blind { package: "api".to_owned(), profile: "my-dev".to_owned(), coverage }.to_string();
    assert_eq!(
        said(Coverage::LinesOnly),
        "the debug information of `api` has lines but no types, so nobody can tell whether a layout changed: set \
         `debug = 2` in `[profile.my-dev.package.api]`, or CARGO_PROFILE_MY_DEV_DEBUG=2 for all"
    );
    assert!(said(Coverage::None).contains("is missing"));
    assert!(said(Coverage::Split).ends_with("or CARGO_PROFILE_MY_DEV_SPLIT_DEBUGINFO=off"));
    assert!(said(Coverage::Compressed).ends_with("set `-Zdebuginfo-compression=none` in its rustflags"));
}
