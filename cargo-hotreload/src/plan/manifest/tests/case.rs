//! Hand-written manifests, each with the marked lines that it must get.

use super::super::Additions;
use super::{added, marked};

pub(super) const INTRO: &str =
    "# added by `cargo hotreload enable`; `cargo hotreload disable` takes it out # hotreload: added";
pub(super) const INTRO_AT_END: &str =
    "# added by `cargo hotreload enable`; `cargo hotreload disable` takes it out # hotreload: no final newline before";
pub(super) const FEATURES: &str = r#"cargo-features = ["profile-rustflags"] # hotreload: added"#;
pub(super) const LIB: &str = "[lib] # hotreload: added";
pub(super) const TYPES: &str = r#"crate-type = ["lib", "dylib"] # hotreload: added"#;
pub(super) const API: &str = "[profile.dev.package.api] # hotreload: added";
pub(super) const FLAG_A: &str = r#"rustflags = ["-A"] # hotreload: added"#;
pub(super) const FLAGS: &str = r#"rustflags = ["-A", "-B"] # hotreload: added"#;
pub(super) const DB: &str = "[profile.dev.package.db] # hotreload: added";
pub(super) const FLAG_B: &str = r#"rustflags = ["-B"] # hotreload: added"#;
pub(super) const GROUP: &str = "[dependencies.group-1] # hotreload: added";
pub(super) const GROUP_PATH: &str = r#"path = ".hotreload/1" # hotreload: added"#;

/// A name, a manifest, what to add to it, and all lines of the result that have a mark.
pub(super) struct Case(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) fn() -> Additions,
    pub(super) &'static [&'static str],
);

pub(super) fn check(cases: &[Case]) {
    for Case(name, text, additions, expected) in cases {
        let out = added(text, &additions());
        assert_eq!(marked(&out), *expected, "{name}: {out}");
    }
}
