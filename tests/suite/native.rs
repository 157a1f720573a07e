//! Programs with C and assembly, in third-party crates and in crates of the workspace.

use crate::support::command::{cargo, clean, finish, hotreload};
use crate::support::fixture::manifest as library;
use crate::support::place::Place;

/// zstd-sys compiles C with hidden visibility and zstd inlines wrappers of it into its users; ring has assembly.
fn native() -> Place {
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"pack\", \"unpack\"]\n";
    Place::new(
        "native",
        &[
            ("ws/Cargo.toml", workspace.into()),
            ("ws/app/Cargo.toml", library("app", "pack = { path = \"../pack\" }\nunpack = { path = \"../unpack\" }\n")),
            (
                "ws/app/src/main.rs",
                "fn main() {\n    let packed = pack::pack(b\"hello\");\n    println!(\"{} {}\", unpack::unpack(&packed), pack::hash(b\"x\"));\n}\n"
                    .into(),
            ),
            ("ws/pack/Cargo.toml", library("pack", "zstd = { version = \"0.13\", default-features = false }\nring = \"0.17\"\n")),
            (
                "ws/pack/src/lib.rs",
                "pub fn pack(data: &[u8]) -> Vec<u8> {\n    zstd::encode_all(data, 3).unwrap()\n}\n\n\
                 pub fn hash(data: &[u8]) -> String {\n    let digest = ring::digest::digest(&ring::digest::SHA256, data);\n    \
                 digest.as_ref().iter().map(|byte| format!(\"{byte:02x}\")).collect()\n}\n"
                    .into(),
            ),
            ("ws/unpack/Cargo.toml", library("unpack", "zstd = { version = \"0.13\", default-features = false }\n")),
            (
                "ws/unpack/src/lib.rs",
                "pub fn unpack(data: &[u8]) -> String {\n    String::from_utf8(zstd::decode_all(data).unwrap()).unwrap()\n}\n"
                    .into(),
            ),
        ],
    )
}

/// SHA-256 of `x`, as `sha256sum` prints it.
const HASH: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

#[test]
fn native_code_with_hidden_symbols_runs_from_a_group() {
    let native = native();
    let printed = native.run(&[]);
    assert!(printed.contains(&format!("hello {HASH}")), "{printed}");
}

#[test]
fn release_builds_tests_and_checks_work_by_hand_while_enabled() {
    let native = native();
    let nightly = |arguments: &[&str]| cargo("nightly", &native.root(), arguments).expect_success();
    hotreload(&native.root(), &["enable"]).expect_success();
    nightly(&["check", "--all-targets"]);
    nightly(&["test"]);
    nightly(&["build"]);
    // Unoptimised, so that it takes less time; it is the release profile all the same.
    nightly(&["build", "--release", "--config", "profile.release.opt-level=0"]);
    let program = native.root().join("target/release/app");
    let linked = finish(clean("ldd", &native.root()).arg(&program)).stdout;
    assert!(!linked.contains("libstd") && !linked.contains("hotreload") && !linked.contains("libpack"), "{linked}");
    assert!(finish(&mut clean(&program, &native.root())).stdout.contains(HASH));
    hotreload(&native.root(), &["disable"]).expect_success();
}
