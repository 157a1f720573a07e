//! Precedence, and what each fault in a manifest is answered with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::{Conduct, Selection};
use crate::config::values::{Linker, OnStuck, SignalName, Strategy, Wanted};
use crate::config::{Layer, Settings, Source, flags, manifest, nearest};
use crate::error::ErrorKind;

fn read(body: &str) -> Result<Layer, ErrorKind> {
    let text = format!("[workspace]\nmembers = []\n\n[workspace.metadata.hotreload]\n{body}\n");
    manifest::read(&text, "Cargo.toml", Path::new("/w"))
}

fn fault(body: &str) -> (String, String, String) {
    match read(body) {
        Err(ErrorKind::Setting { place, message, help }) => (place, message, help),
        other => panic!("{body}: {other:?}"),
    }
}

const ALL: &str = r#"
bin = "server"
features = ["metrics", "dep/x"]
profile = "fast"
exclude = ["proto"]
linker = "mold"
toolchain = "nightly-2026-05-19"
target-dir = "build/hot"
reload-signal = 10
stop-signal = "quit"
args = ["--port", "8080"]
env = { RUST_LOG = "debug" }
debounce = 100
strategy = "restart"
on-stuck = "warn"
"#;

#[test]
fn every_setting_is_read_and_shown_with_its_place() {
    let settings = Settings::from(read(ALL).expect("all are right"));
    assert_eq!(*settings.hosts, [Wanted::Binary("server".into())]);
    assert_eq!(settings.features.names, ["metrics", "dep/x"]);
    assert_eq!(*settings.target_dir, Some(PathBuf::from("/w/build/hot")));
    assert_eq!(
        (settings.reload_signal.to_string(), settings.stop_signal.to_string()),
        ("SIGUSR1".into(), "SIGQUIT".into())
    );
    assert_eq!((*settings.linker, *settings.strategy), (Linker::Mold, Strategy::Restart));
    assert_eq!(*settings.debounce, Duration::from_millis(100));
    let changed = settings.changed();
    assert_eq!(*settings.on_stuck, OnStuck::Warn);
    assert_eq!(changed.len(), 14);
    assert_eq!(changed[12].source, Source::Manifest("Cargo.toml:18:12".into()));
    let shown: Vec<&str> = changed.iter().map(|shown| shown.value.as_str()).collect();
    assert_eq!(shown[9..12], ["--port 8080", "RUST_LOG=debug", "100 ms"]);
}

#[test]
fn nothing_set_is_all_defaults() {
    assert_eq!(read("").map(Settings::from).expect("empty"), Settings::default());
    assert!(Settings::default().changed().is_empty());
    assert_eq!(*Settings::default().reload_signal, SignalName::INT);
}

#[test]
fn flags_win_over_the_manifest_setting_by_setting() {
    let selection = Selection { example: Some("tour".into()), profile: Some("dev".into()), ..Selection::default() };
    let conduct = Conduct { env: vec![("A".into(), "1".into())], ..Conduct::default() };
    let flags = flags::of_conduct(&conduct).over(flags::of_selection(&selection, Path::new("/here")));
    let settings = Settings::from(flags.over(read(ALL).expect("all are right")));
    assert_eq!(*settings.hosts, [Wanted::Example("tour".into())]);
    assert_eq!(settings.profile.source, Source::Flag("--profile"));
    assert_eq!(*settings.linker, Linker::Mold);
    // Variables are merged one by one.
    assert_eq!(settings.env.keys().collect::<Vec<_>>(), ["A", "RUST_LOG"]);
    assert!(settings.changed().iter().all(|shown| shown.name != "profile"), "dev is the default, whoever says it");
}

#[test]
fn several_programs_and_instances_can_be_set() {
    let settings = Settings::from(read("bin = ['api', 'worker']\ninstances = 2").expect("all are right"));
    assert_eq!(settings.hosts.len(), 2);
    assert_eq!(settings.instances.count(), 2);
    let shown = settings.changed();
    let last = shown.last().expect("two settings");
    assert_eq!((last.name, last.value.as_str()), ("instances", "2"));
    assert_eq!(last.source, Source::Manifest("Cargo.toml:6:13".into()));
}

#[test]
fn a_target_directory_is_seen_from_where_it_is_written() {
    let selection = Selection { target_dir: Some("t".into()), ..Selection::default() };
    let layer = flags::of_selection(&selection, Path::new("/here"));
    assert_eq!(layer.target_dir.and_then(|setting| setting.value), Some(PathBuf::from("/here/t")));
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    for (wrong, right) in [
        ("reload-signals", "reload-signal"),
        ("target_dir", "target-dir"),
        ("excludes", "exclude"),
        ("feature", "features"),
    ] {
        let (place, message, help) = fault(&format!("{wrong} = 1"));
        assert_eq!((place.as_str(), message), ("Cargo.toml:5:1", format!("there is no setting `{wrong}`")));
        assert!(help.starts_with(&format!("did you mean `{right}`?")), "{wrong}: {help}");
    }
    assert_eq!(nearest("LINKR", ["bin", "linker"]), Some("linker"));
}

#[test]
fn every_key_refuses_another_type_in_one_sentence() {
    let cases = [
        ("bin = 1", "`bin` has to be the name of a binary or a list of them, not an integer"),
        ("features = 'a'", "`features` has to be a list of features, not a string"),
        ("profile = ''", "`profile` has to be the name of a profile, not an empty string"),
        ("exclude = ['']", "`exclude` has to be a list of packages, not one with an empty string"),
        ("linker = true", "`linker` has to be the name of a linker, not a boolean"),
        ("toolchain = []", "`toolchain` has to be rustup's name of a nightly, not an array"),
        ("target-dir = 3", "`target-dir` has to be a path as seen from the workspace root, not an integer"),
        ("reload-signal = []", "`reload-signal` has to be the name or number of a signal, not an array"),
        ("reload-signal = 'KILL'", "`reload-signal`: no program can catch SIGKILL, so it cannot mean reload"),
        ("stop-signal = 'NOPE'", "`stop-signal`: there is no signal `NOPE`"),
        ("args = ['a', 2]", "each element of `args` has to be a string, but number 2 is an integer"),
        ("env = 'A=1'", "`env` has to be a table of variables, not a string"),
        ("env.A = 1", "`env.A` has to be a string, not an integer"),
        ("env = { 'A=B' = 'x' }", "`env`: `A=B` is no name of a variable"),
        ("debounce = '30'", "`debounce` has to be a number of milliseconds, not a string"),
        ("debounce = -5", "`debounce`: -5 is not between 0 and 60000 milliseconds"),
        ("instances = 'two'", "`instances` has to be a number of processes, not a string"),
        ("instances = 0", "`instances`: 0 is not between 1 and 64"),
        ("on-stuck = 1", "`on-stuck` has to be `restart` or `warn`, not an integer"),
        ("strategy = 1.5", "`strategy` has to be the name of a strategy, not a float"),
    ];
    for (body, expected) in cases {
        let (place, message, help) = fault(body);
        assert_eq!(message, expected, "{body}");
        assert!(place.starts_with("Cargo.toml:5:"), "{place}");
        assert!(help.starts_with("write it like this: `"), "{help}");
    }
}

#[test]
fn a_wrong_choice_names_the_nearest_and_all() {
    let (place, message, help) = fault("bin = 'x'\nlinker = 'molt'");
    assert_eq!((place.as_str(), message.as_str()), ("Cargo.toml:6:10", "`linker` cannot be `molt`"));
    assert_eq!(help, "did you mean `mold`? It can be auto, default, mold, gold, lld, bfd");
}

#[test]
fn a_lone_package_has_them_in_its_own_table() {
    let alone = "[package]\nname = 'x'\n[package.metadata.hotreload]\ndebounce = 5\n";
    let layer = |text: &str| manifest::read(text, "Cargo.toml", Path::new("/w")).expect("right");
    assert!(layer(alone).debounce.is_some());
    // With a workspace the package is one among others.
    assert_eq!(layer(&format!("[workspace]\n{alone}")), Layer::default());
}

#[test]
fn what_is_no_table_or_no_toml_is_said() {
    let text = "[workspace]\nmetadata.hotreload = 3\n";
    let Err(ErrorKind::Setting { message, .. }) = manifest::read(text, "Cargo.toml", Path::new("/w")) else {
        panic!("accepted")
    };
    assert_eq!(message, "`workspace.metadata.hotreload` has to be a table, not an integer");
    let broken = manifest::read("[workspace\n", "Cargo.toml", Path::new("/w"));
    assert!(matches!(broken, Err(ErrorKind::Manifest { place, .. }) if place.starts_with("Cargo.toml:1:")));
}
