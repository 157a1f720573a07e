//! Workspaces that nobody prepared: everything that makes dylibs of crates fail, in programs that are built and run.

use std::fs;
use std::path::Path;

use crate::support::command::{cargo, clean, finish, hotreload};
use crate::support::fixture::manifest as library;
use crate::support::place::{Place, git_repository};

/// The workspace's own crates see each other and third parties in every way that cargo knows.
fn zoo() -> Place {
    let git = git_repository(
        "from-git",
        &[
            ("Cargo.toml", &library("from-git", "")),
            ("src/lib.rs", "pub fn word() -> &'static str {\n    \"git\"\n}\n"),
        ],
    );
    let root = "[package]\nname = \"zoo\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
        [workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\n\n\
        [workspace.dependencies]\nitoa = \"1\"\n\n\
        [dependencies]\nleft = { path = \"crates/left\" }\nright = { path = \"crates/right\" }\n\
        plain = { path = \"crates/plain\" }\noutside = { path = \"../outside\" }\n";
    let left = "itoa.workspace = true\nderive-word = { path = \"../derive-word\" }\nlog = { version = \"0.4\", features = [\"std\"] }\n\
        smartstring = \"1\"\n\n[target.'cfg(windows)'.dependencies]\nwinapi = \"0.3\"\n";
    let right = format!(
        "itoa.workspace = true\nold-itoa = {{ package = \"itoa\", version = \"0.4\" }}\n\
         from-git = {{ git = \"{git}\" }}\ncfg-if = \"1\"\nlog = \"0.4\"\nboth = {{ path = \"../both\" }}\n\n\
         [build-dependencies]\ncfg-if = \"1\"\nlog = \"0.4\"\nboth = {{ path = \"../both\" }}\n\n[features]\ndefault = [\"extra\"]\nextra = []\n"
    );
    let derive =
        "[package]\nname = \"derive-word\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n";
    Place::new(
        "zoo",
        &[
            ("ws/Cargo.toml", root.into()),
            (
                "ws/src/main.rs",
                "fn main() {\n    println!(\"{} {} {} {}\", left::word(), right::word(), plain::word(), outside::word());\n}\n".into(),
            ),
            ("ws/crates/left/Cargo.toml", library("left", left)),
            (
                "ws/crates/left/src/lib.rs",
                "#[derive(derive_word::Word)]\npub struct Left;\n\npub fn word() -> String {\n    log::debug!(\"left\");\n    \
                 let short: smartstring::alias::String = Left::WORD.into();\n    \
                 format!(\"{short}{}\", itoa::Buffer::new().format(1))\n}\n"
                    .into(),
            ),
            ("ws/crates/right/Cargo.toml", library("right", &right)),
            (
                "ws/crates/right/build.rs",
                "fn main() {\n    log::debug!(\"building\");\n    println!(\"cargo::rustc-env=BUILT={}\", both::word());\n    \
                 println!(\"cargo::rerun-if-changed=build.rs\");\n}\n"
                    .into(),
            ),
            (
                "ws/crates/right/src/lib.rs",
                "pub fn word() -> String {\n    log::debug!(\"right\");\n    let mut old = String::new();\n    \
                 old_itoa::fmt(&mut old, 2).unwrap();\n    cfg_if::cfg_if! {\n        if #[cfg(feature = \"extra\")] { old += \"extra\"; }\n    }\n    \
                 format!(\"{old}{}{}{}\", itoa::Buffer::new().format(3), from_git::word(), env!(\"BUILT\")) + &both::word()\n}\n"
                    .into(),
            ),
            // A build script uses it and so does the program.
            ("ws/crates/both/Cargo.toml", library("both", "itoa.workspace = true\n")),
            (
                "ws/crates/both/src/lib.rs",
                "pub fn word() -> String {\n    format!(\"both{}\", itoa::Buffer::new().format(5))\n}\n".into(),
            ),
            // It sees neither `smartstring` nor anything else: with the trait impls of that crate in scope, this sum is
            // ambiguous (E0277).
            ("ws/crates/plain/Cargo.toml", library("plain", "")),
            (
                "ws/crates/plain/src/lib.rs",
                "pub fn word() -> String {\n    let (a, b) = (String::from(\"pl\"), String::from(\"ain\"));\n    a + &b\n}\n".into(),
            ),
            ("ws/crates/derive-word/Cargo.toml", derive.into()),
            (
                "ws/crates/derive-word/src/lib.rs",
                "use proc_macro::TokenStream;\n\n#[proc_macro_derive(Word)]\npub fn word(_: TokenStream) -> TokenStream {\n    \
                 \"impl Left { pub const WORD: &'static str = \\\"left\\\"; }\".parse().unwrap()\n}\n"
                    .into(),
            ),
            ("outside/Cargo.toml", library("outside", "itoa = \"1\"\n")),
            (
                "outside/src/lib.rs",
                "pub fn word() -> String {\n    format!(\"outside{}\", itoa::Buffer::new().format(4))\n}\n".into(),
            ),
        ],
    )
}

#[test]
fn a_workspace_with_everything_that_breaks_dylibs_runs_and_is_put_back() {
    let zoo = zoo();
    let before = zoo.files();
    let printed = zoo.run(&[]);
    assert!(printed.contains("left1 2extra3gitboth5both5 plain outside4"), "{printed}");
    // Not `assert_eq`: the difference would be thousands of lines.
    assert!(zoo.files() == before, "a file differs from what it was");
}

/// The oldest resolver unifies the features of build scripts and programs.
fn first_resolver() -> Place {
    let root = "[workspace]\nresolver = \"1\"\nmembers = [\"app\", \"left\", \"right\"]\n";
    let script = "log = { version = \"0.4\", features = [\"std\"] }\n";
    Place::new(
        "first-resolver",
        &[
            ("ws/Cargo.toml", root.into()),
            ("ws/app/Cargo.toml", library("app", "left = { path = \"../left\" }\nright = { path = \"../right\" }\n")),
            ("ws/app/src/main.rs", "fn main() {\n    println!(\"{} {}\", left::word(), right::word());\n}\n".into()),
            ("ws/left/Cargo.toml", library("left", &format!("log = \"0.4\"\n\n[build-dependencies]\n{script}"))),
            ("ws/left/build.rs", "fn main() {\n    log::debug!(\"building\");\n}\n".into()),
            ("ws/left/src/lib.rs", "pub fn word() -> String {\n    log::max_level().to_string()\n}\n".into()),
            ("ws/right/Cargo.toml", library("right", "log = \"0.4\"\n")),
            ("ws/right/src/lib.rs", "pub fn word() -> String {\n    log::max_level().to_string()\n}\n".into()),
        ],
    )
}

#[test]
fn a_workspace_with_the_first_resolver_runs() {
    let printed = first_resolver().run(&[]);
    assert!(printed.contains("OFF OFF"), "{printed}");
}

/// Libraries that make no dylib as they are: without std, or for C as well. One that is for C alone is built beside.
fn odd_libraries() -> Place {
    let c_library = |types: &str| format!("\n[lib]\ncrate-type = [{types}]\n");
    let bare = "#![no_std]\nextern crate alloc;\n\npub fn word() -> alloc::string::String {\n    \
                alloc::string::String::from(\"bare\")\n}\n";
    let both =
        "#[unsafe(no_mangle)]\npub extern \"C\" fn five_for_c() -> u32 {\n    bare::word().len() as u32 + 1\n}\n";
    let only = "#[unsafe(no_mangle)]\npub extern \"C\" fn only_for_c() -> usize {\n    bare::word().len()\n}\n";
    let below = "bare = { path = \"../bare\" }\n";
    Place::new(
        "odd-libraries",
        &[
            (
                "ws/Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"bare\", \"both\", \"only\"]\n".into(),
            ),
            (
                "ws/app/Cargo.toml",
                library("app", &format!("{below}both = {{ path = \"../both\" }}\nonly = {{ path = \"../only\" }}\n")),
            ),
            (
                "ws/app/src/main.rs",
                "fn main() {\n    println!(\"{} {}\", bare::word(), both::five_for_c());\n}\n".into(),
            ),
            ("ws/bare/Cargo.toml", library("bare", "")),
            ("ws/bare/src/lib.rs", bare.into()),
            ("ws/both/Cargo.toml", library("both", below) + &c_library("'cdylib', \"rlib\"")),
            ("ws/both/src/lib.rs", both.into()),
            ("ws/only/Cargo.toml", library("only", below) + &c_library("\"cdylib\"")),
            ("ws/only/src/lib.rs", only.into()),
        ],
    )
}

#[test]
fn libraries_without_std_and_for_c_run_as_dylibs() {
    let odd = odd_libraries();
    let before = odd.files();
    let printed = odd.run(&[]);
    assert!(printed.contains("bare 5"), "{printed}");
    assert!(odd.files() == before, "a file differs from what it was");
    let output = odd.root().join("target/hotreload/debug/deps");
    for library in ["libbare.so", "libboth.so", "libonly.so"] {
        assert!(output.join(library).exists(), "no {library}");
    }
}

/// Two programs of one workspace, which see different libraries and third-party crates.
fn two_programs() -> Place {
    let main = |words: &str| format!("fn main() {{\n    println!(\"{{}}\", {words});\n}}\n");
    let shared = "pub fn word() -> String {\n    itoa::Buffer::new().format(7).to_owned()\n}\n";
    Place::new(
        "two-programs",
        &[
            (
                "ws/Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\", \"shared\", \"only\"]\n".into(),
            ),
            ("ws/one/Cargo.toml", library("one", "shared = { path = \"../shared\" }\nitoa = \"1\"\n")),
            ("ws/one/src/main.rs", main("format!(\"one {} {}\", shared::word(), itoa::Buffer::new().format(1))")),
            (
                "ws/two/Cargo.toml",
                library("two", "shared = { path = \"../shared\" }\nonly = { path = \"../only\" }\ncfg-if = \"1\"\n"),
            ),
            ("ws/two/src/main.rs", main("format!(\"two {} {}\", shared::word(), only::word())")),
            ("ws/shared/Cargo.toml", library("shared", "itoa = \"1\"\n")),
            ("ws/shared/src/lib.rs", shared.into()),
            ("ws/only/Cargo.toml", library("only", "cfg-if = \"1\"\nitoa = \"1\"\n")),
            ("ws/only/src/lib.rs", shared.replace('7', "8")),
        ],
    )
}

#[test]
fn two_programs_are_enabled_at_once() {
    let place = two_programs();
    let before = place.files();
    let root = place.root();
    hotreload(&root, &["enable", "--bin", "one", "--bin", "two"]).expect_success();
    cargo("nightly", &root, &["build"]).expect_success();
    for (program, says) in [("one", "one 7 1\n"), ("two", "two 7 8\n")] {
        let mut program = clean(root.join("target/debug").join(program), &root);
        // What `run` sets, and what a shell needs to start it by hand.
        program.env("LD_LIBRARY_PATH", library_directory());
        assert_eq!(finish(&mut program).expect_success(), says);
    }
    hotreload(&root, &["disable"]).expect_success();
    let _ = fs::remove_file(root.join("Cargo.lock"));
    assert!(place.files() == before, "a file differs from what it was");
}

/// Where the nightly's `libstd` is.
fn library_directory() -> String {
    let printed = finish(clean("rustc", Path::new("/")).args(["+nightly", "--print", "target-libdir"]));
    printed.expect_success().trim().to_owned()
}

/// Packages from elsewhere that a build by hand compiled anew.
fn compiled_third_parties(root: &Path) -> Vec<String> {
    let printed = cargo("nightly", root, &["build", "--message-format", "json"]).expect_success();
    let messages = printed.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let is_compiled =
        |message: &serde_json::Value| message["reason"] == "compiler-artifact" && message["fresh"] == false;
    let packages =
        messages.filter(is_compiled).map(|message| message["package_id"].as_str().unwrap_or_default().to_owned());
    packages.filter(|id| !id.starts_with("path+")).collect()
}

#[test]
fn enabling_and_disabling_compiles_no_third_party_crate_again() {
    let zoo = zoo();
    // A lock file of its own, so that both states resolve to the same versions.
    cargo("nightly", &zoo.root(), &["generate-lockfile"]).expect_success();
    compiled_third_parties(&zoo.root());
    for state in ["enable", "disable", "enable", "disable"] {
        hotreload(&zoo.root(), &[state]).expect_success();
        let compiled = compiled_third_parties(&zoo.root());
        assert!(compiled.is_empty(), "after {state}: {compiled:?}");
    }
    fs::remove_file(zoo.root().join("Cargo.lock")).expect("removed");
}
