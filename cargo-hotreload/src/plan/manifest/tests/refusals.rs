//! What `add` does not do, and how it says so.

use super::super::{Additions, ManifestError, add, remove};
use super::{dependency, dylib, everything, features, flags};

fn refusal(text: &str, additions: &Additions) -> String {
    match add(text, additions) {
        Err(error @ ManifestError::Unsupported { .. }) => error.to_string(),
        other => panic!("{other:?} from\n{text}"),
    }
}

fn parse_error(text: &str) -> String {
    match add(text, &dylib()) {
        Err(error @ ManifestError::Parse { .. }) => error.to_string(),
        other => panic!("{other:?} from\n{text}"),
    }
}

#[test]
fn parse_errors_have_a_position() {
    assert!(parse_error("[lib]\ncrate-type = [\n").starts_with("2:15: "));
    assert!(parse_error("[lib]\r\nname = 日本\r\n").starts_with("2:8: "));
    assert!(parse_error("\u{feff}=").starts_with("1:1: "));
    assert!(parse_error("a = \"日本\" b").starts_with("1:10: "));
    assert!(parse_error("a = 1\nb = 1\na = 2\n").starts_with("3:1: "));
}

#[test]
fn parse_errors_point_into_the_text_with_our_lines() {
    let broken = add("[lib]\n", &dylib()).expect("takes a crate type") + "=\n";
    assert!(parse_error(&broken).starts_with("3:1: "));
}

#[test]
fn values_where_tables_belong() {
    assert_eq!(refusal("lib = 3\n", &dylib()), "`lib` is of type integer, not a table");
    assert_eq!(refusal("[[lib]]\n", &dylib()), "`lib` is of type array of tables, not a table");
    assert_eq!(refusal("[lib.crate-type]\n", &dylib()), "`lib.crate-type` is of type table, not a value");
    assert_eq!(refusal("lib.crate-type = 'lib'\n", &dylib()), "`lib.crate-type` is of type string, not an array");
    assert_eq!(
        refusal("[profile.dev]\npackage.\"a@1\" = false\n", &flags("a@1", &["-A"])),
        "`profile.dev.package.\"a@1\"` is of type boolean, not a table"
    );
    assert_eq!(refusal("dependencies = 3\n", &dependency("g", "p")), "`dependencies` is of type integer, not a table");
}

#[test]
fn dependencies_that_are_something_else() {
    let message = "`dependencies.g` is there already, and its path is not \"p\"";
    for text in ["[dependencies.g]\npath = \"q\"\n", "[dependencies]\ng = { version = \"1\" }\n", "[dependencies.g]\n"]
    {
        assert_eq!(refusal(text, &dependency("g", "p")), message);
    }
    let text = "[dependencies]\ng = \"1\"\n";
    assert_eq!(refusal(text, &dependency("g", "p")), "`dependencies.g` is of type string, not a table");
}

#[test]
fn marks_of_the_users_own() {
    let texts = [
        "a = 1\nb = 2 # hotreload: added\n",
        "a = 1\nb = 2 # hotreload: added  \r\n",
        "a = 1\n # hotreload: no final newline before",
        "a = 1\nb = [\"x\"] # hotreload: added `, \"y\"`\n",
        "a = '''\n # hotreload: added\n'''\n",
    ];
    for text in texts {
        for additions in [everything(), features(&["a"]), Additions::default()] {
            let message = refusal(text, &additions);
            assert!(message.starts_with("line 2 has a `# hotreload` comment"), "{message}");
        }
    }
}

#[test]
fn additions_that_differ_are_not_mixed() {
    let out = add("[lib]\n", &dylib()).expect("takes a crate type");
    assert!(refusal(&out, &everything()).starts_with("line 2 "));
    let renewed = add(&remove(&out), &everything()).expect("takes everything");
    assert_eq!(remove(&renewed), "[lib]\n");
}

#[test]
fn near_marks_are_no_marks() {
    let text = "# hotreload: added\na = 1# hotreload: added\nb = 1 # Hotreload: added\nc = [] # hotreload\nd = 1 # hotreload: added ``\n";
    assert_eq!(remove(text), text);
    assert_eq!(remove(&add(text, &everything()).expect("takes everything")), text);
}

#[test]
fn no_place_for_a_mark() {
    let text = "[x]\ny = 1\n[profile.dev.package]\napi = { rustflags = [], x = \"\"\"\n\"\"\" }\n";
    let message = "line 4 must be changed, but it ends within a multi-line string, where a mark cannot stand";
    assert_eq!(refusal(text, &flags("api", &["-A"])), message);
}
