//! What stands commented out and is brought to life: the lines, the laws, the refusals.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use proptest::sample::select;
use proptest::test_runner::Config;

use super::super::lines::lines;
use super::super::{ManifestError, Scope, has_additions, remove, uncomment};
use super::marked;

/// Name, manifest, the lines of the result that have a mark (without it).
struct Case(&'static str, &'static str, &'static [&'static str]);

const FEATURES: &str = "cargo-features = [\"profile-rustflags\"]";

const CASES: &[Case] = &[
    Case("nothing", "", &[]),
    Case("cargo-features", "#cargo-features = [\"profile-rustflags\"]\n\n[workspace]\n", &[FEATURES]),
    Case("no final newline", "#cargo-features = [\"profile-rustflags\"]", &[FEATURES]),
    Case(
        "byte order mark and carriage returns",
        "\u{feff}#cargo-features = [\"profile-rustflags\"]\r\n[profile.dev]\r\n#rustflags = [\r\n#\t'-g',\r\n#]\r\n",
        &["\u{feff}cargo-features = [\"profile-rustflags\"]", "rustflags = [", "\t'-g',", "]"],
    ),
    Case("other cargo-features", "#cargo-features = [\"codegen-backend\"]\n", &[]),
    Case("cargo-features below a header", "[a]\n#cargo-features = [\"profile-rustflags\"]\n", &[]),
    Case("cargo-features in prose", "# cargo-features = [\"profile-rustflags\"] goes here\n", &[]),
    Case(
        "on one line, with blanks all over",
        "[profile.dev]\n \t#  rustflags=['--cfg',\t'x'] # why  \n",
        &[" \t  rustflags=['--cfg',\t'x'] # why  "],
    ),
    Case(
        "every table of the dev profile",
        "[profile.dev]\n#rustflags = [\"-a\"]\n[profile.dev.package.'*']\n#rustflags = [\"-b\"]\n\
         [profile.\"dev\".package.api]\n#rustflags = [\"-c\"]\n[profile.dev.build-override]\n#rustflags = [\"-d\"]\n",
        &["rustflags = [\"-a\"]", "rustflags = [\"-b\"]", "rustflags = [\"-c\"]", "rustflags = [\"-d\"]"],
    ),
    Case(
        "other tables and other settings",
        "[profile.dev]\n#lto = \"thin\"\n# rustflags are for later\n[profile.release]\n#rustflags = [\"-a\"]\n\
         [profile.dev-fast]\n#rustflags = [\"-b\"]\n[profile.release.package.api]\n#rustflags = [\n#\t'-c',\n#]\n",
        &[],
    ),
    Case("below a commented-out header", "[profile.dev]\n#[profile.fast]\n#rustflags = [\"-a\"]\n[workspace]\n", &[]),
    Case(
        "a real header ends a commented-out one",
        "#[profile.fast]\n#rustflags = [\"-a\"]\n[profile.dev]\n#rustflags = [\"-b\"]\n",
        &["rustflags = [\"-b\"]"],
    ),
    Case(
        "prose, doubly commented flags and empty lines within a block",
        "[profile.dev]\n#rustflags = [\n# the loader needs this:\n#\t'-a', '-b'\n##\t,'-c'\n\n#\t, '-d' # why\n#]\n#]\n",
        &["rustflags = [", "\t'-a', '-b'", "\t, '-d' # why", "]"],
    ),
    Case(
        "elements beside the brackets",
        "[profile.dev]\n#rustflags = [ '-a',\n#   '-b' ]\ndebug = 0\n",
        &["rustflags = [ '-a',", "   '-b' ]"],
    ),
    Case(
        "crate types",
        "[lib]\ncrate-type = [\n\t\"rlib\",\n#\t\"dylib\",\n]\n[[bin]]\ncrate-type = [\n#\t\"dylib\",\n]\n",
        &["\t\"dylib\","],
    ),
    Case("indented crate types", "[lib]\ncrate_type = [ \"lib\",\n    # 'dylib',\n]\n", &["     'dylib',"]),
    Case("a comma before", "[lib]\ncrate-type = [\n  \"rlib\"\n#, \"dylib\"\n]\n", &[", \"dylib\""]),
    Case("one is enough", "[lib]\ncrate-type = [\n#\"dylib\",\n#\"dylib\",\n]\n", &["\"dylib\","]),
    Case("there already", "[lib]\ncrate-type = [\n\"dylib\",\n#\"dylib\",\n]\n", &[]),
    Case(
        "other crate types and prose",
        "[lib]\ncrate-type = [\n\"rlib\",\n#\"cdylib\",\n# no \"dylib\",\n#\"rlib\", \"dylib\",\n]\n#\"dylib\",\n",
        &[],
    ),
    Case(
        "within strings",
        "d = \"\"\"\n#cargo-features = [\"profile-rustflags\"]\n\"\"\"\n[profile.dev]\nx = '''\n#rustflags = ['-a']\n'''\n\
         [lib]\ncrate-type = [\"\"\"\n#\"dylib\",\n\"\"\"]\n",
        &[],
    ),
];

/// Uncomments, checks the laws, and returns the result.
fn uncommented(text: &str, scope: Scope) -> Result<String, ManifestError> {
    let out = uncomment(text, scope)?;
    assert_eq!(remove(&out), text, "from\n{out}");
    assert_eq!(uncomment(&out, scope).as_ref(), Ok(&out), "once is enough");
    assert_eq!(has_additions(&out), out != text);
    let sign_lost = |(old, new): (super::super::lines::Line<'_>, super::super::lines::Line<'_>)| {
        let (value, _) = new.content.split_once(" # hotreload: uncommented `#").unwrap_or((new.content, ""));
        old.ending == new.ending && (value == old.content || value == old.content.replacen('#', "", 1))
    };
    assert!(lines(text).zip(lines(&out)).all(sign_lost), "nothing but comment signs goes: {out}");
    Ok(out)
}

#[test]
fn cases() {
    for Case(name, text, expected) in CASES {
        let out = uncommented(text, Scope::Root).unwrap_or_else(|error| panic!("{name}: {error}"));
        let bare = |line: &&str| line.split_once(" # hotreload: uncommented `#").expect("a mark").0.to_owned();
        let found: Vec<String> = marked(&out).iter().map(bare).collect();
        assert_eq!(found, *expected, "{name}: {out}");
    }
}

#[test]
fn a_member_gets_its_crate_type_only() {
    let text = "#cargo-features = ['profile-rustflags']\n[profile.dev]\n#rustflags = ['-a']\n[lib]\ncrate-type = [\n#'dylib'\n]";
    let out = uncommented(text, Scope::Member).expect("uncommented");
    assert_eq!(marked(&out), ["'dylib' # hotreload: uncommented `#`"]);
}

#[test]
fn what_cannot_be_is_refused_with_its_line() {
    let fault = |text| uncomment(text, Scope::Root).expect_err("refused").to_string();
    assert_eq!(fault("[profile.dev]\n# rustflags = [\n#\t'-a',\n"), "line 2: the commented-out `rustflags` has no end");
    assert_eq!(
        fault("[profile.dev]\n#rustflags = [\n#\t'-a'\n#\t'-b',\n#]\n"),
        "line 2: the commented-out `rustflags` is no list of strings"
    );
    let twice = fault("[profile.dev]\nrustflags = []\n#rustflags = ['-a']\n");
    assert!(twice.starts_with("3:1: with its commented-out settings: duplicate key"), "{twice}");
    let comma = fault("[lib]\ncrate-type = [\n  'rlib'\n# 'dylib'\n]\n");
    assert!(comma.starts_with("4:"), "{comma}");
    assert!(fault("a =\n").starts_with("1:"));
    assert!(fault("[lib] # hotreload: uncommented `#`\n").contains("line 1 has a `# hotreload` comment"));
}

#[test]
fn what_the_user_edits_survives() {
    let text = "[profile.dev]\n#rustflags = [\n#\t'-a',\n#]\n";
    let out = uncommented(text, Scope::Root).expect("uncommented");
    let edited = out
        .replace("\t'-a',", "  '-a', '-b',")
        .replace("`#\t`\n", "`#\t` # mine\n")
        .replace("dev]\n", "dev] # here\ndebug = 0\n");
    let expected = "[profile.dev] # here\ndebug = 0\n#rustflags = [\n  #'-a', '-b', # mine\n#]\n";
    assert_eq!(remove(&edited), expected);
}

/// Manifests in pieces, most of which make no sense together.
fn pieces() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "#cargo-features = [\"profile-rustflags\"]",
        "[profile.dev]",
        "[profile.dev.package.'*']",
        "[profile.release]",
        "#[profile.dev.package.a]",
        "#rustflags = [",
        "\t# rustflags = [ '-a', # why",
        "#rustflags = [\"--cfg=x\"]",
        "#\t'--cfg', 'x',",
        "##\t'-z',",
        "#]",
        "  # ]",
        "[lib]",
        "crate-type = [",
        "\t\"rlib\",",
        "#\t\"dylib\",",
        " \t#  \t'dylib',\t ",
        "]",
        "",
        "# prose",
        "debug = 0",
        "text = '''",
        "'''",
        " # hotreload: uncommented `#\t`",
    ];
    let line = (select(PIECES), select(&["\n", "\n", "\r\n", "", "x"]));
    vec(line.prop_map(|(line, ending)| [line, ending].concat()), 0..24).prop_map(|lines| lines.concat())
}

/// Manifests that make sense: tables with something commented out in each, in every style.
fn tables() -> impl Strategy<Value = String> {
    const BODIES: &[&str] = &[
        "#rustflags = [\n#\t'--cfg', 'x',\n#\t\"-b\",\n#]\n",
        "debug = 0\n# rustflags = [ '-a', # why\n# prose\n\n##\t'-no',\n#   '-b' ] # end\n",
        "\t#\trustflags=[\"--cfg=x\"]\nstrip = '''\n#rustflags = ['-a']\n'''\n",
        "#rustflags = []\n#[profile.dev]\n#rustflags = ['-other']\n",
        "# nothing but prose about rustflags = [\n",
    ];
    const HEADS: &[&str] = &["profile.dev.package.", "profile.dev.package.", "profile.release.package.", "other."];
    const TYPES: &[&str] = &["\"rlib\",\n#\t\"dylib\",\n", "#'dylib'\n", "'lib',\n\t# 'dylib', # yes\n#'cdylib'\n"];
    let table = (select(HEADS), select(BODIES), 0..4_usize);
    (vec(table, 0..6), select(TYPES), any::<bool>()).prop_map(|(tables, types, returns)| {
        let mut text = String::from("#cargo-features = [\"profile-rustflags\"]\n");
        for (number, (head, body, blank)) in tables.into_iter().enumerate() {
            text = format!("{text}{}[{head}a{number}]\n{body}", "\n".repeat(blank));
        }
        text = format!("{text}[lib]\ncrate-type = [\n{types}]");
        if returns { text.replace('\n', "\r\n") } else { text }
    })
}

proptest! {
    #![proptest_config(Config { cases: 1024, ..Config::default() })]

    #[test]
    fn laws_hold_for_pieces(text in pieces()) {
        let once = remove(&text);
        prop_assert_eq!(remove(&once), once.as_str());
        for scope in [Scope::Root, Scope::Member] {
            // A refusal is allowed; what it says is the business of other tests.
            let _ = uncommented(&once, scope);
        }
    }

    #[test]
    fn laws_hold_for_tables(text in tables()) {
        let out = uncommented(&text, Scope::Root).expect("it makes sense");
        let document = out.parse::<toml_edit::DocumentMut>().expect("a manifest");
        assert_eq!(document["cargo-features"][0].as_str(), Some("profile-rustflags"));
        let types = document["lib"]["crate-type"].as_array().expect("an array");
        assert!(types.iter().any(|name| name.as_str() == Some("dylib")), "{out}");
        assert!(!out.contains("\nrustflags = ['-other']"), "{out}");
        let release = document.get("profile").and_then(|profile| profile.get("release"));
        assert!(!release.is_some_and(|table| table.to_string().contains("# hotreload: added")), "{out}");
    }

    #[test]
    fn laws_hold_for_any_text(text in any::<String>()) {
        if remove(&text) == text {
            let _ = uncommented(&text, Scope::Root);
        }
    }
}
