//! The laws that every manifest must obey; the submodules supply the manifests.
//!
//! 1. `remove(add(x)) == x`, byte for byte.
//! 2. What the user edits in between survives (`edits`, `random`).
//! 3. Bytes that are not ours are never changed: follows from 1 and 2.
//! 4. The result parses, and has the old values and the additions, nothing else.

mod case;
mod crate_types;
mod dependencies;
mod edits;
mod files;
mod generate;
mod model;
mod profiles;
mod random;
mod refusals;
mod uncomment;

use model::{Model, expect};

use super::{Additions, PackageFlags, PathDependency, add, has_additions, remove};

/// Adds, checks all laws that need no edits, and returns the result.
fn added(text: &str, additions: &Additions) -> String {
    let out = add(text, additions).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(remove(&out), text, "law 1: from\n{out}");
    assert_eq!(remove(text), text, "remove is no-op on text without marks");
    assert_eq!(add(&out, additions).as_ref(), Ok(&out), "add is idempotent");
    assert_eq!(has_additions(&out), out != text);
    let mut expected = Model::parse(text);
    expect(&mut expected, additions);
    assert_eq!(Model::parse(&out), expected, "law 4: from\n{out}");
    out
}

/// The lines with a mark, which is what `add` has done, at one glance.
fn marked(text: &str) -> Vec<&str> {
    super::lines::lines(text).map(|line| line.content).filter(|line| has_additions(line)).collect()
}

fn features(names: &[&str]) -> Additions {
    Additions { cargo_features: owned(names), ..Additions::default() }
}

fn dylib() -> Additions {
    Additions { crate_type: Some("dylib".to_owned()), ..Additions::default() }
}

fn flags(package: &str, flags: &[&str]) -> Additions {
    let entry = PackageFlags { profile: "dev".to_owned(), package: package.to_owned(), flags: owned(flags) };
    Additions { rustflags: vec![entry], ..Additions::default() }
}

fn dependency(name: &str, path: &str) -> Additions {
    let entry = PathDependency { name: name.to_owned(), path: path.to_owned() };
    Additions { dependencies: vec![entry], ..Additions::default() }
}

/// A little of everything.
fn everything() -> Additions {
    Additions {
        cargo_features: owned(&["profile-rustflags"]),
        crate_type: Some("dylib".to_owned()),
        rustflags: [flags("api", &["-A"]), flags("db", &["-B"])].into_iter().flat_map(|a| a.rustflags).collect(),
        dependencies: dependency("group-1", ".hotreload/1").dependencies,
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
