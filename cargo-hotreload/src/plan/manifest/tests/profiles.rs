//! `rustflags` next to profiles in every notation.

use super::super::{Additions, PackageFlags};
use super::case::{API, Case, FLAG_A, FLAGS, INTRO, check};
use super::{dependency, flags};

const CASES: &[Case] = &[
    Case("none", "[workspace]\n", || flags("api", &["-A", "-B"]), &[INTRO, API, FLAGS]),
    Case("profile only", "[profile.dev]\nopt-level = 1\n", || flags("api", &["-A", "-B"]), &[INTRO, API, FLAGS]),
    Case(
        "package without flags",
        "[profile.dev.package.api]\nopt-level = 1\n",
        || flags("api", &["-A", "-B"]),
        &[FLAGS],
    ),
    Case(
        "package with flags",
        "[profile.dev.package.api]\nrustflags = [\"-g\"]\n",
        || flags("api", &["-A", "-B"]),
        &[r#"rustflags = ["-g", "-A", "-B"] # hotreload: added `, "-A"` and `, "-B"`"#],
    ),
    Case(
        "package with one of the flags",
        "[profile.dev.package.api]\nrustflags = [\"-B\"]\n",
        || flags("api", &["-A", "-B"]),
        &[r#"rustflags = ["-B", "-A"] # hotreload: added `, "-A"`"#],
    ),
    Case("quoted package", "[profile.dev.package.\"api\"]\n", || flags("api", &["-A", "-B"]), &[FLAGS]),
    Case(
        "quoted package, at the end",
        "[ profile . dev . package . 'api' ]",
        || flags("api", &["-A", "-B"]),
        &[r#"rustflags = ["-A", "-B"] # hotreload: no final newline before"#],
    ),
    Case(
        "sub-table before its table",
        "[profile.dev.package.db]\n[profile.dev]\n[profile]\n",
        || flags("api", &["-A", "-B"]),
        &[INTRO, API, FLAGS],
    ),
    Case(
        "inline package",
        "[profile.dev.package]\napi = { opt-level = 3 }\n",
        || flags("api", &["-A", "-B"]),
        &[
            r#"api = { opt-level = 3, rustflags = ["-A", "-B"] } # hotreload: added `, rustflags = []` and `"-A"` and `, "-B"`"#,
        ],
    ),
    Case(
        "inline package, empty",
        "[profile.dev.package]\napi = { }\n",
        || flags("api", &["-A", "-B"]),
        &[r#"api = {rustflags = ["-A", "-B"] } # hotreload: added `rustflags = []` and `"-A"` and `, "-B"`"#],
    ),
    Case(
        "inline package with flags",
        "[profile.dev.package]\napi = { rustflags = [\"-g\"] } # mine\n",
        || flags("api", &["-A", "-B"]),
        &[r#"api = { rustflags = ["-g", "-A", "-B"] } # mine # hotreload: added `, "-A"` and `, "-B"`"#],
    ),
    Case(
        "other inline package",
        "[profile.dev.package]\ndb = { opt-level = 3 }\n",
        || flags("api", &["-A", "-B"]),
        &[INTRO, API, FLAGS],
    ),
    Case(
        "dotted package",
        "[profile.dev]\npackage.api.opt-level = 3\n",
        || flags("api", &["-A", "-B"]),
        &[r#"package.api.rustflags = ["-A", "-B"] # hotreload: added"#],
    ),
    Case(
        "other dotted package",
        "[profile.dev]\n# first\npackage.db.opt-level = 3\n",
        || flags("api", &["-A", "-B"]),
        &[r#"package.api.rustflags = ["-A", "-B"] # hotreload: added"#],
    ),
    Case(
        "dotted package under an implied table",
        "[profile.dev.package.x]\n[profile.dev]\npackage.api.opt-level = 3\n",
        || flags("api", &["-A", "-B"]),
        &[r#"package.api.rustflags = ["-A", "-B"] # hotreload: added"#],
    ),
    Case(
        "dotted from the root",
        "profile.dev.opt-level = 1\n[package]\n",
        || flags("api", &["-A", "-B"]),
        &[r#"profile.dev.package.api.rustflags = ["-A", "-B"] # hotreload: added"#],
    ),
    Case(
        "inline profile",
        "[profile]\ndev = { opt-level = 1 }\n",
        || flags("api", &["-A", "-B"]),
        &[
            r#"dev = { opt-level = 1, package.api.rustflags = ["-A", "-B"] } # hotreload: added `, package.api.rustflags = []` and `"-A"` and `, "-B"`"#,
        ],
    ),
    Case(
        "dotted in inline",
        "[profile]\ndev = { package.api.opt-level = 1 }\n",
        || flags("api", &["-A", "-B"]),
        &[
            r#"dev = { package.api.opt-level = 1, package.api.rustflags = ["-A", "-B"] } # hotreload: added `, package.api.rustflags = []` and `"-A"` and `, "-B"`"#,
        ],
    ),
    Case(
        "inline in inline",
        "profile = { dev = { package = { api = {}, db = { } } } }\n",
        both_packages,
        &[
            r#"profile = { dev = { package = { api = {rustflags = ["-A", "-B"]}, db = {rustflags = ["-A"] } } } } # hotreload: added `rustflags = []` and `"-A"` and `, "-B"` and `rustflags = []` and `"-A"` (occurrence 2)"#,
        ],
    ),
    Case(
        "two packages on one line, same text",
        "[profile]\ndev = { package = { api = { rustflags = [\"-g\"] }, db = { rustflags = [\"-g\"] } } }\n",
        same_flag,
        &[
            r#"dev = { package = { api = { rustflags = ["-g", "-A"] }, db = { rustflags = ["-g", "-A"] } } } # hotreload: added `, "-A"` and `, "-A"` (occurrence 2)"#,
        ],
    ),
    Case(
        "package id",
        "[profile.dev.package.api]\n",
        || flags("api@1.2.0", &["-A"]),
        &[INTRO, r#"[profile.dev.package."api@1.2.0"] # hotreload: added"#, FLAG_A],
    ),
    Case(
        "flags with quotes and backslashes",
        "[profile.dev.package]\napi = {}\n",
        || flags("api", &[r#"--cfg=a="b`\""#, "-Cé"]),
        &[
            r#"api = {rustflags = ["--cfg=a=\"b`\\\"", "-Cé"]} # hotreload: added `rustflags = []` and `"--cfg=a=\\"b\`\\\\\\""` and `, "-Cé"`"#,
        ],
    ),
    Case(
        "flags listed twice",
        "[profile.dev]\n",
        listed_twice,
        &[INTRO, API, FLAGS, "[dependencies.g] # hotreload: added", r#"path = "p" # hotreload: added"#],
    ),
    Case(
        "sub-table of a table dotted from the root",
        "profile.dev.opt-level = 1\n[profile.dev.package.x]\n",
        || flags("api", &["-A", "-B"]),
        &[INTRO, API, FLAGS],
    ),
    Case(
        "sub-table of a dotted table",
        "[profile]\ndev.opt-level = 1\n[profile.dev.package.x]\n",
        || flags("api", &["-A", "-B"]),
        &[INTRO, API, FLAGS],
    ),
];

#[test]
fn profiles() {
    check(CASES);
}

fn both_packages() -> Additions {
    let rustflags = [flags("api", &["-A", "-B"]), flags("db", &["-A"])];
    Additions { rustflags: rustflags.into_iter().flat_map(|entry| entry.rustflags).collect(), ..Additions::default() }
}

fn same_flag() -> Additions {
    let rustflags = [flags("api", &["-A"]), flags("db", &["-A"])];
    Additions { rustflags: rustflags.into_iter().flat_map(|entry| entry.rustflags).collect(), ..Additions::default() }
}

fn listed_twice() -> Additions {
    let entry = |flag: &str| PackageFlags {
        profile: "dev".to_owned(),
        package: "api".to_owned(),
        flags: vec![flag.to_owned(), flag.to_owned()],
    };
    let group = dependency("g", "p").dependencies.remove(0);
    Additions {
        rustflags: vec![entry("-A"), entry("-B"), entry("-A")],
        dependencies: vec![group.clone(), group],
        ..Additions::default()
    }
}
