//! Programs with C and assembly, in third-party crates and in crates of the workspace.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::command::{cargo, clean, finish, hotreload};
use crate::support::fixture::manifest as library;
use crate::support::place::{Place, git_repository};

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

/// A crate that compiles C with its build script. Whoever calls its functions has them inlined: the C is needed there.
fn wrapper_of_c(name: &str) -> [(String, String); 5] {
    let c = "static int count;\n\nint NAME_next(void) { return ++count; }\n\n\
             __attribute__((visibility(\"hidden\"))) int NAME_hidden(void) { return 10 * count; }\n";
    let rust = "unsafe extern \"C\" {\n    fn NAME_next() -> i32;\n    fn NAME_hidden() -> i32;\n    fn NAME_whole() -> i32;\n}\n\n\
                #[inline]\npub fn word() -> String {\n    \
                unsafe { format!(\"{} {} {}\", NAME_next(), NAME_hidden(), NAME_whole()) }\n}\n";
    let build = "fn main() {\n    cc::Build::new().file(\"NAME.c\").compile(\"NAME\");\n    \
                 cc::Build::new().file(\"whole.c\").link_lib_modifier(\"+whole-archive\").compile(\"NAME_whole\");\n    \
                 println!(\"cargo::rerun-if-changed=NAME.c\");\n}\n";
    let named = |text: &str| text.replace("NAME", name);
    [
        ("Cargo.toml".into(), library(name, "\n[build-dependencies]\ncc = \"1\"\n")),
        ("build.rs".into(), named(build)),
        (named("NAME.c"), named(c)),
        ("whole.c".into(), named("int NAME_whole(void) { return 5; }\n")),
        ("src/lib.rs".into(), named(rust)),
    ]
}

/// C in a member, and in a dependency that is compiled into a group.
fn own_c() -> Place {
    let dependency = wrapper_of_c("far");
    let files: Vec<(&str, &str)> = dependency.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let far =
        format!("far = {{ git = \"{}\" }}\nnear = {{ path = \"../near\" }}\n", git_repository("c-from-git", &files));
    let member = wrapper_of_c("near").map(|(name, text)| (format!("ws/near/{name}"), text));
    let source = "pub fn word() -> String {\n    format!(\"{} {}\", near::word(), far::word())\n}\n";
    let main =
        "fn main() {\n    println!(\"{}\", user::word());\n    println!(\"{} {}\", near::word(), far::word());\n}\n";
    let rest = [
        ("ws/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"near\", \"user\"]\n".into()),
        ("ws/app/Cargo.toml", library("app", &format!("{far}user = {{ path = \"../user\" }}\n"))),
        ("ws/app/src/main.rs", main.into()),
        ("ws/user/Cargo.toml", library("user", &far)),
        ("ws/user/src/lib.rs", source.into()),
    ];
    let member = member.iter().map(|(name, text)| (name.as_str(), text.clone()));
    Place::new("own-c", &member.chain(rest).collect::<Vec<_>>())
}

/// Each C library is in the process once: all callers see one counter. The tool's own lines may stand between.
#[track_caller]
fn assert_counted(printed: &str) {
    for line in ["1 10 5 1 10 5\n", "2 20 5 2 20 5\n"] {
        assert!(printed.contains(line), "no {line:?} in\n{printed}");
    }
}

#[test]
fn c_code_of_a_member_and_of_a_dependency_is_called_from_other_crates() {
    let own_c = own_c();
    let before = own_c.files();
    let printed = own_c.run(&[]);
    assert_counted(&printed);
    assert!(own_c.files() == before, "a file differs from what it was");
}

/// A linker that cargo's configuration names is called still, for what ours has prepared.
#[test]
fn c_code_is_called_from_other_crates_with_a_configured_linker() {
    let own_c = own_c();
    let script = "#!/bin/sh\necho linked >> target/calls\nexec cc \"$@\"\n";
    let configured = [
        (own_c.path("ws/.cargo/config.toml"), "[target.'cfg(unix)']\nlinker = \"bin/my-cc\"\n"),
        (own_c.path("ws/bin/my-cc"), script),
    ];
    for (path, content) in &configured {
        fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
        fs::write(path, content).expect("written");
    }
    fs::set_permissions(&configured[1].0, fs::Permissions::from_mode(0o755)).expect("chmod");
    let calls = own_c.path("ws/target/calls");
    let _ = fs::remove_file(&calls);
    let printed = own_c.run(&["--target-dir", "target/configured-linker"]);
    for (path, _) in &configured {
        fs::remove_file(path).expect("removed");
    }
    assert_counted(&printed);
    assert!(fs::read_to_string(&calls).expect("calls of the linker").contains("linked"));
    fs::remove_dir_all(own_c.path("ws/target/configured-linker")).expect("removed");
}
