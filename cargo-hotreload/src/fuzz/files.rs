//! Files of the user's, and our own.

use std::path::Path;

use super::{Target, corpus};
use crate::config;
use crate::effects::cargo_lock::Note;
use crate::events::Line;
use crate::plan::disable::{Action, restore_lock, restore_manifest, strip_lock};
use crate::plan::journal::{Entry, Journal, Lifetime};
use crate::plan::manifest::{self, Additions, PackageFlags, PathDependency, Scope};
use crate::plan::own_profile::{FlagSource, OwnProfile};
use crate::plan::{bytes, diff, lockfile};
use crate::report::{page, rounds};

fn additions() -> Additions {
    Additions {
        cargo_features: vec!["profile-rustflags".into()],
        crate_type: Some("dylib".into()),
        rustflags: vec![PackageFlags {
            profile: "dev".into(),
            package: "api".into(),
            flags: vec!["-Cprefer-dynamic=yes".into()],
        }],
        dependencies: vec![PathDependency { name: "hotreload-group-1".into(), path: "../.hotreload/groups/1".into() }],
    }
}

/// What can be added can be taken out again, byte for byte; what is taken out once is out.
#[test]
fn manifests() {
    let corpus = corpus::manifests();
    let words = [
        " # hotreload: added",
        ": added `",
        "\"\"\"",
        "'''",
        "[lib]",
        "crate-type = [",
        "]\n",
        "\r\n",
        "#cargo-features = [\"profile-rustflags\"]",
        "#rustflags = [",
        "\u{feff}",
        "{",
        "}",
    ];
    Target { name: "manifest and its inverse", corpus: &corpus, words: &words, inputs: 1500 }.assert_survives(
        |bytes| {
            let text = String::from_utf8_lossy(bytes);
            let bare = manifest::remove(&text);
            assert_eq!(manifest::remove(&bare), bare);
            assert_eq!(manifest::has_additions(&text), bare != text);
            for scope in [Scope::Root, Scope::Member] {
                if let Ok(uncommented) = manifest::uncomment(&bare, scope) {
                    assert_eq!(manifest::remove(&uncommented), bare);
                }
            }
            if let Ok(added) = manifest::add(&text, &additions()) {
                assert_eq!(manifest::remove(&added), bare);
                let entry = Entry { path: "Cargo.toml".into(), before: bare.clone(), after: added.clone() };
                let back = restore_manifest(Some(&entry), &added);
                assert!(added == bare && back == Action::Keep || back == Action::Restore(bare.clone()));
                let _ = diff::unified(Path::new("Cargo.toml"), Some(&bare), &added);
            }
            let _ = OwnProfile::detect(&text, ["own_mods"]);
            let _ = config::manifest::read(&text, "Cargo.toml", Path::new("/w"));
        },
    );
}

#[test]
fn lock_files() {
    let corpus = corpus::lock_files();
    let words = [
        "[[package]]\n",
        "name = \"hotreload-group-1\"\n",
        " \"hotreload-group-2\",\n",
        "dependencies = [\n",
        "]\n",
        "\r\n",
    ];
    Target { name: "Cargo.lock", corpus: &corpus, words: &words, inputs: 1000 }.assert_survives(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let without = lockfile::without_groups(&text);
        assert_eq!(lockfile::without_groups(&without), without);
        let _ = strip_lock(Some(&text));
        for before in &corpus {
            let before = String::from_utf8_lossy(before);
            let _ = restore_lock(Some(&before), Some(&text));
            let _ = restore_lock(Some(&text), Some(&before));
        }
    });
}

#[test]
fn journals() {
    let entry = |name: &str| Entry {
        path: name.into(),
        before: "a = 1\n".into(),
        after: "a = 1\nb = 2 # hotreload: added\n".into(),
    };
    let journal = Journal {
        version: 1,
        lifetime: Lifetime::Session,
        flags: FlagSource::Builtin,
        manifests: vec![entry("Cargo.toml"), entry("api/Cargo.toml")],
        lock: Some("version = 4\n".into()),
    };
    let written = serde_json::to_vec_pretty(&journal).expect("JSON");
    let corpus = [written.clone(), b"{\"lock\":null}".to_vec(), b"{\"lock\":\"version = 4\\n\"}".to_vec()];
    let words = ["\"path\": \"../../etc/passwd\"", "\"version\": 2", "null", "[", "{", "\\u0000", "1e999"];
    Target { name: "journal", corpus: &corpus, words: &words, inputs: 3000 }.assert_survives(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(journal) = Journal::parse(&text) {
            assert!(journal.manifests.iter().all(|entry| entry.path.ends_with("Cargo.toml")));
        }
        let _ = serde_json::from_str::<Note>(&text);
    });
    assert_eq!(Journal::parse(&String::from_utf8_lossy(&written)), Ok(journal));
}

/// Any file comes back as it was, whatever is in it.
#[test]
fn bytes_that_are_no_text() {
    let corpus = corpus::manifests();
    Target { name: "bytes that are no text", corpus: &corpus, words: &["\u{10fe80}", "é"], inputs: 1000 }
        .assert_survives(|read| {
            if let Ok(text) = bytes::decode(read.to_vec()) {
                assert_eq!(&*bytes::encode(&text), read);
            }
        });
}

/// A log that can be read can be told.
#[test]
fn event_logs() {
    let corpus = [corpus::events()];
    let words = [
        "\"time\":\"9999-12-31T23:59:59.999999Z\"",
        "\"build\":18446744073709551615",
        "\n",
        "\"event\":\"live\"",
        "-1",
        "1e308",
        "\"milliseconds\":",
    ];
    Target { name: "event log and its report", corpus: &corpus, words: &words, inputs: 300 }.assert_survives(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<Line> = text.lines().filter_map(|line| Line::parse(line).ok()).collect();
        if let Some(session) = rounds::session(&lines) {
            let _ = page::page(&session, None);
        }
        let _ = lines.iter().map(|line| line.record.to_string().len()).sum::<usize>();
        let _ = Line::parse_all(&text);
    });
}
