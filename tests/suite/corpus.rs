//! Manifests that nobody here wrote: every `Cargo.toml.orig` of the crates that this project itself depends on.

use std::env;
use std::fs;
use std::path::PathBuf;

use cargo_hotreload::plan::manifest::{Additions, PackageFlags, PathDependency, add, remove};
use toml_edit::DocumentMut;

/// What `enable` puts into a root manifest that is a member too.
fn additions() -> Additions {
    let flags = |profile: &str, package: &str| PackageFlags {
        profile: profile.into(),
        package: package.into(),
        flags: vec!["-Cprefer-dynamic=yes".into(), "--extern=force:hotreload_group_1".into()],
    };
    Additions {
        cargo_features: vec!["profile-rustflags".into()],
        crate_type: Some("dylib".into()),
        rustflags: vec![flags("dev", "api"), flags("dev", "api@1.0.0"), flags("release", "hotreload-group-1")],
        dependencies: vec![PathDependency { name: "hotreload-group-1".into(), path: "../.hotreload/groups/1".into() }],
    }
}

fn corpus() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let sources = home.expect("cargo's home directory").join("registry/src");
    let entries =
        |directory: PathBuf| fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let crates = entries(sources).flat_map(entries);
    crates.map(|path| path.join("Cargo.toml.orig")).filter(|path| path.is_file()).collect()
}

#[test]
fn every_manifest_of_the_registry_is_enabled_and_comes_back_byte_for_byte() {
    let corpus = corpus();
    // This project's own dependencies are there, whatever else is.
    assert!(corpus.len() >= 60, "only {} manifests", corpus.len());
    for path in corpus {
        let text = fs::read_to_string(&path).expect("a manifest");
        let enabled = add(&text, &additions()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(remove(&enabled) == text, "{} is not as it was", path.display());
        assert!(enabled.parse::<DocumentMut>().is_ok_and(|document| says_all(&document)), "{}", path.display());
    }
}

fn says_all(document: &DocumentMut) -> bool {
    let has = |array: &toml_edit::Item, wanted: &str| {
        array.as_array().is_some_and(|array| array.iter().any(|value| value.as_str() == Some(wanted)))
    };
    let library = &document["lib"];
    let types = library.get("crate-type").or_else(|| library.get("crate_type"));
    has(&document["cargo-features"], "profile-rustflags")
        && types.is_some_and(|types| has(types, "dylib"))
        && has(&document["profile"]["dev"]["package"]["api"]["rustflags"], "-Cprefer-dynamic=yes")
        && document["dependencies"]["hotreload-group-1"]["path"].as_str() == Some("../.hotreload/groups/1")
}
