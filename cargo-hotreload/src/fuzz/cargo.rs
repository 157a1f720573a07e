//! What cargo and rustc print and write.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use cargo_metadata::Metadata;

use super::Target;
use crate::commands::link_group::listed;
use crate::effects::build::read_messages;
use crate::effects::cargo::refusal;
use crate::effects::dep_info::prerequisites;
use crate::patch::rustc::call::Call;
use crate::patch::rustc::recorded::Recorded;
use crate::plan::native::{extended_version_script, metadata_names};
use crate::plan::{link_line, toolchain};
use crate::workspace::program::Kind;
use crate::workspace::unit_graph::UnitGraph;

/// Words of JSON.
const WORDS: [&str; 12] = ["{", "}", "[", "]", "\"", ":", ",", "null", "18446744073709551616", "-1", "\\ud800", "\n"];

#[test]
fn messages() {
    let corpus = [include_bytes!("messages.jsonl").to_vec()];
    let programs = [(Kind::Binary, "app".to_owned())];
    Target { name: "cargo's messages", corpus: &corpus, words: &WORDS, inputs: 600 }.assert_survives(|bytes| {
        let _ = read_messages(bytes, &programs, |_| ());
    });
}

#[test]
fn unit_graphs_and_metadata() {
    let corpus = [include_bytes!("unit-graph.json").to_vec(), include_bytes!("metadata.json").to_vec()];
    Target { name: "cargo's unit graph and metadata", corpus: &corpus, words: &WORDS, inputs: 600 }.assert_survives(
        |bytes| {
            if let Ok(graph) = serde_json::from_slice::<UnitGraph>(bytes) {
                let _ = graph.keys(|_| false);
            }
            let _ = serde_json::from_slice::<Metadata>(bytes);
        },
    );
}

#[test]
fn other_output() {
    let corpus = [
        &b"error: duplicate key\n --> b/Cargo.toml:5:1\n  |\n5 | version\n"[..],
        b"error: could not find `Cargo.toml` in `/` or any parent directory\n",
        b"/t/debug/app: /w/app/src/main.rs /w/a\\ b.rs \\\n /w/c.rs\n\n/w/app/src/main.rs:\n",
        b"nightly-x86_64-unknown-linux-gnu (active, default) /home/me/.rustup/toolchains/nightly\nstable /x\n",
        b"-o\n/t/lib\\ x.so\n-Wl,--version-script=/t/list\n/t/libapi.rlib\n-lz\n-Wl,-Bstatic\n-l:libx.a\n",
        b"{\n  global:\n    api_word;\n\n  local:\n    *;\n};\n",
    ]
    .map(<[u8]>::to_vec);
    let words = ["\\", " ", ":", ": ", "\n", "global:", "{", "};", "-Wl,", "-l", "@", "--> Cargo.toml:", "(active"];
    let exports = BTreeSet::from(["ZSTD_compress".to_owned()]);
    Target { name: "version scripts, link lines, dep-info", corpus: &corpus, words: &words, inputs: 3000 }
        .assert_survives(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            let _ = refusal(&text, Path::new("/w"));
            let _ = prerequisites(&text);
            let _ = toolchain::installed(&text);
            let script = extended_version_script(&text, &exports);
            assert!(!text.contains('{') || script.contains("ZSTD_compress;"));
            let arguments: Vec<OsString> = listed(&text).collect();
            let _ = (
                link_line::rlibs(&arguments),
                link_line::metadata(&arguments),
                link_line::static_libraries(&arguments),
            );
            let _ = metadata_names(bytes);
        });
}

#[test]
fn recorded_calls() {
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let call = Call {
        programs: words(&["rustc"]),
        arguments: words(&[
            "--crate-name",
            "api",
            "--edition=2024",
            "api/src/lib.rs",
            "--crate-type",
            "lib",
            "-C",
            "metadata=1",
            "-C",
            "extra-filename=-2",
            "--out-dir",
            "/t/deps",
            "--extern",
            "base=/t/deps/libbase-3.rmeta",
            "-Copt-level=1",
            "--emit=dep-info,metadata,link",
            "-C",
            "debuginfo=2",
        ]),
        directory: "/w".into(),
        environment: vec![("CARGO_MANIFEST_DIR".into(), "/w/api".into()), ("OUT_DIR".into(), "/t/out".into())],
        compiler: "1.95 7".into(),
        link: Some("/t/link".into()),
    };
    let corpus = [call.encode()];
    let words = [
        "\0",
        "\0\0",
        "--crate-type\0",
        "bin\0",
        "-Copt-level=",
        "--test\0",
        "--extern\0",
        "=",
        "4294967296\0",
        "18446744073709551615\0",
        "@",
        "-o\0",
    ];
    Target { name: "recorded calls of rustc", corpus: &corpus, words: &words, inputs: 3000 }.assert_survives(|bytes| {
        let Some(call) = Call::decode(bytes) else { return };
        assert_eq!(Call::decode(&call.encode()).map(|again| again.arguments), Some(call.arguments.clone()));
        let Some(recorded) = Recorded::new(call) else { return };
        let _ = (recorded.key(), recorded.stem(), recorded.kind(), recorded.package_directory().is_some());
        let _ = (recorded.source_file(), recorded.optimised(), recorded.packs_debug_info(), recorded.file_name());
        let _ = (recorded.links(), recorded.result_link(Path::new("/r")));
        let _ = recorded.arguments_with_results_in(Path::new("/o"));
    });
}
