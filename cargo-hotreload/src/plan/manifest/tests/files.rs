//! Line endings, byte order marks, empty files, and `cargo-features` at the top.

use super::case::{API, Case, DB, FEATURES, FLAG_A, FLAG_B, GROUP, GROUP_PATH, INTRO, INTRO_AT_END, LIB, TYPES, check};
use super::{added, dylib, everything, features};

const CASES: &[Case] = &[
    Case("empty", "", everything, &[FEATURES, INTRO, LIB, TYPES, API, FLAG_A, DB, FLAG_B, GROUP, GROUP_PATH]),
    Case(
        "byte order mark only",
        "\u{feff}",
        everything,
        &[
            "\u{feff}cargo-features = [\"profile-rustflags\"] # hotreload: added",
            INTRO,
            LIB,
            TYPES,
            API,
            FLAG_A,
            DB,
            FLAG_B,
            GROUP,
            GROUP_PATH,
        ],
    ),
    Case(
        "byte order mark",
        "\u{feff}[package]\nname = \"a\"\n",
        everything,
        &[
            "\u{feff}cargo-features = [\"profile-rustflags\"] # hotreload: added",
            INTRO,
            LIB,
            TYPES,
            API,
            FLAG_A,
            DB,
            FLAG_B,
            GROUP,
            GROUP_PATH,
        ],
    ),
    Case(
        "byte order mark and own features",
        "\u{feff}cargo-features = [\"a\"]\n",
        || features(&["profile-rustflags"]),
        &["\u{feff}cargo-features = [\"a\", \"profile-rustflags\"] # hotreload: added `, \"profile-rustflags\"`"],
    ),
    Case(
        "a single newline",
        "\n",
        everything,
        &[FEATURES, INTRO, LIB, TYPES, API, FLAG_A, DB, FLAG_B, GROUP, GROUP_PATH],
    ),
    Case(
        "a comment without newline",
        "# nothing",
        everything,
        &[FEATURES, INTRO_AT_END, LIB, TYPES, API, FLAG_A, DB, FLAG_B, GROUP, GROUP_PATH],
    ),
    Case(
        "blanks without newline",
        "[package]\nname = \"a\"\n\t ",
        everything,
        &[FEATURES, INTRO_AT_END, LIB, TYPES, API, FLAG_A, DB, FLAG_B, GROUP, GROUP_PATH],
    ),
    Case(
        "carriage returns",
        "[package]\r\nname = \"a\"\r\n[lib]\r\ncrate-type = [\r\n  \"lib\"\r\n]\r\n",
        everything,
        &[FEATURES, r#"  "dylib", # hotreload: added"#, INTRO, API, FLAG_A, DB, FLAG_B, GROUP, GROUP_PATH],
    ),
    Case(
        "carriage returns, no final newline",
        "[package]\r\nname = \"a\"",
        everything,
        &[FEATURES, INTRO_AT_END, LIB, TYPES, API, FLAG_A, DB, FLAG_B, GROUP, GROUP_PATH],
    ),
    Case(
        "mixed endings",
        "[package]\nname = \"a\"\r\n[lib]\r\ncrate-type = [\"lib\"]\r\n",
        everything,
        &[
            FEATURES,
            r#"crate-type = ["lib", "dylib"] # hotreload: added `, "dylib"`"#,
            INTRO,
            API,
            FLAG_A,
            DB,
            FLAG_B,
            GROUP,
            GROUP_PATH,
        ],
    ),
    Case(
        "final line changed and no newline",
        "[lib]\ncrate-type = [\"lib\"]",
        everything,
        &[
            FEATURES,
            r#"crate-type = ["lib", "dylib"] # hotreload: added `, "dylib"`"#,
            INTRO_AT_END,
            API,
            FLAG_A,
            DB,
            FLAG_B,
            GROUP,
            GROUP_PATH,
        ],
    ),
    Case(
        "wide characters",
        "[package]\nname = \"ä\" # 日本\n[lib]\ncrate-type = [ \"ü\" ] # 日本\n",
        dylib,
        &[r#"crate-type = [ "ü", "dylib" ] # 日本 # hotreload: added `, "dylib"`"#],
    ),
    Case("features, none", "# head\n\n[workspace]\n", || features(&["profile-rustflags"]), &[FEATURES]),
    Case(
        "features, some",
        "cargo-features = [\"codegen-backend\"]\n[workspace]\n",
        || features(&["profile-rustflags"]),
        &[r#"cargo-features = ["codegen-backend", "profile-rustflags"] # hotreload: added `, "profile-rustflags"`"#],
    ),
    Case(
        "features, quoted key below others",
        "x = 1\n\"cargo-features\" = [\n  \"codegen-backend\",\n]\n",
        || features(&["profile-rustflags"]),
        &[r#"  "profile-rustflags", # hotreload: added"#],
    ),
    Case(
        "features, commented out",
        "#cargo-features = [\"profile-rustflags\"]\n",
        || features(&["profile-rustflags"]),
        &[FEATURES],
    ),
];

#[test]
fn files() {
    check(CASES);
}

#[test]
fn lines_of_ours_end_like_the_first_line() {
    let crlf = added("[lib]\r\npath = \"a\"\n", &everything());
    assert_eq!(crlf.matches('\n').count(), crlf.matches("\r\n").count() + 1, "{crlf:?}");
    let lf = added("[lib]\npath = \"a\"\r\n[package]", &everything());
    assert_eq!(lf.matches("\r\n").count(), 1, "{lf:?}");
}
