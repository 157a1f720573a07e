//! Law 2 by hand: what the user does to an enabled manifest, and what must be left of it.

use super::super::{Additions, remove};
use super::{added, dependency, dylib, everything, features, flags};

/// Adds, replaces `from` by `to` as the user would, removes, and compares.
fn edited(text: &str, additions: &Additions, from: &str, to: &str, expected: &str) {
    let out = added(text, additions);
    assert_eq!(out.matches(from).count(), 1, "`{from}` must be once in\n{out}");
    assert_eq!(remove(&out.replace(from, to)), expected, "from\n{out}");
}

const ONE: &str = "[lib]\ncrate-type = [\"lib\"] # kinds\n";

#[test]
fn elements_around_ours() {
    let ty = |inside: &str| format!("[lib]\ncrate-type = [{inside}] # kinds\n");
    for (now, later) in [
        (r#""lib", "dylib", "cdylib""#, r#""lib", "cdylib""#),
        (r#""cdylib", "lib", "dylib""#, r#""cdylib", "lib""#),
        (r#""lib", "cdylib", "dylib""#, r#""lib", "cdylib""#),
        (r#""lib","dylib""#, r#""lib""#),
        (r#""lib" , "dylib" , "x""#, r#""lib"  , "x""#),
        (r#""lib",  "dylib""#, r#""lib""#),
        (r#""dylib", "lib""#, r#""lib""#),
        (r#""dylib""#, ""),
        (r#" "dylib" "#, "  "),
        (r#""lib""#, r#""lib""#),
        (r#""lib", "my-dylib""#, r#""lib", "my-dylib""#),
        ("", ""),
    ] {
        edited(ONE, &dylib(), r#"["lib", "dylib"] # kinds"#, &format!("[{now}] # kinds"), &ty(later));
    }
}

#[test]
fn elements_beside_ours_in_brackets_that_were_empty() {
    let text = "[lib]\ncrate-type = []\n";
    for (now, later) in [
        (r#"["dylib", "lib"]"#, r#"["lib"]"#),
        (r#"["lib", "dylib"]"#, r#"["lib"]"#),
        (r#"["lib", "dylib", "x"]"#, r#"["lib", "x"]"#),
    ] {
        edited(text, &dylib(), "[\"dylib\"]", now, &format!("[lib]\ncrate-type = {later}\n"));
    }
}

#[test]
fn elements_in_an_array_of_ours_in_an_inline_table() {
    let text = "[profile.dev.package]\napi = { opt-level = 3 }\n";
    let from = r#"["-A", "-B"] }"#;
    for (now, later) in [
        (r#"["-A", "-B", "-C"] }"#, r#", rustflags = ["-C"]"#),
        (r#"["-C", "-A", "-B"] }"#, r#", rustflags = ["-C"]"#),
        (r#"["-A", "-C", "-B"] }"#, r#", rustflags = ["-C"]"#),
        (r#"["-A"] }"#, ""),
        ("[] }", ""),
    ] {
        let expected = format!("[profile.dev.package]\napi = {{ opt-level = 3{later} }}\n");
        edited(text, &flags("api", &["-A", "-B"]), from, now, &expected);
    }
    let text = "lib = { path = \"a\" }\n";
    let expected = "lib = { path = \"a\", crate-type = [\"lib\", \"cdylib\"] }\n";
    edited(text, &dylib(), "\"dylib\"] }", "\"dylib\", \"cdylib\"] }", expected);
}

#[test]
fn keys_beside_ours() {
    let text = "[profile.dev.package]\napi = {}\n";
    let expected = "[profile.dev.package]\napi = {debug = 1}\n";
    edited(text, &flags("api", &["-A"]), "\"-A\"]}", "\"-A\"], debug = 1}", expected);
    edited(text, &flags("api", &["-A"]), "{rust", "{debug = 1, rust", expected);
    let text = "dependencies = { serde = \"1\" }\n";
    let expected = "dependencies = { serde = \"2\", toml = \"1\" }\n";
    let out = added(text, &dependency("g", "p"));
    let now = out.replace("\"1\"", "\"2\"").replace(" }", ", toml = \"1\" }");
    assert_eq!(remove(&now), expected);
}

#[test]
fn comments_on_lines_with_something_of_ours() {
    let expected = "[lib]\ncrate-type = [\"lib\"] # kinds # mine\n";
    edited(ONE, &dylib(), "# kinds", "# kinds # mine", expected);
    edited(ONE, &dylib(), ", \"dylib\"`", ", \"dylib\"` # mine", expected);
    edited(ONE, &dylib(), ", \"dylib\"`", ", \"dylib\"` and more", "[lib]\ncrate-type = [\"lib\"] # kinds and more\n");
    edited(ONE, &dylib(), "\"] # kinds", "\"]", "[lib]\ncrate-type = [\"lib\"]\n");
    // Prose that has our element is not our element.
    for prose in ["# no \"dylib\"", "# [\"dylib\" is slow]", "# no \"dylib\", no"] {
        let expected = format!("[lib]\ncrate-type = [\"lib\"] {prose}\n");
        edited(ONE, &dylib(), ", \"dylib\"] # kinds", &format!("] {prose}"), &expected);
    }
}

#[test]
fn comment_of_ours_taken_away() {
    // Without the mark the element is the user's.
    let expected = "[lib]\ncrate-type = [\"lib\", \"dylib\"] # kinds\n";
    edited(ONE, &dylib(), " # hotreload: added `, \"dylib\"`", "", expected);
}

#[test]
fn elements_in_arrays_over_lines() {
    let text = "[lib]\ncrate-type = [\n  \"lib\"\n]\n";
    let expected = "[lib]\ncrate-type = [\n  \"lib\", # x\n  \"cdylib\"\n]\n";
    edited(text, &dylib(), "  \"lib\"", "  \"lib\", # x\n  \"cdylib\"", expected);
    edited(text, &dylib(), "  \"dylib\", # hotreload: added\n", "", text);
    // A formatter lines comments up, and an editor leaves blanks.
    edited(text, &dylib(), ", # hotreload: added", ",       # hotreload: added \t", text);
}

#[test]
fn lines_around_and_within_our_block() {
    let text = "[dependencies]\nserde = \"1\"\n";
    let group = dependency("g", "p");
    edited(
        text,
        &group,
        "serde = \"1\"\n",
        "serde = \"1\"\ntoml = \"2\"\n",
        "[dependencies]\nserde = \"1\"\ntoml = \"2\"\n",
    );
    edited(text, &group, "path", "optional = true\npath", "[dependencies]\nserde = \"1\"\noptional = true\n");
    edited(text, &group, "serde = \"1\"\n", "", "[dependencies]\n");
    edited(text, &group, "[dependencies.g] # hotreload: added\n", "", text);
    let out = added(text, &group) + "[features]\n";
    assert_eq!(remove(&out), "[dependencies]\nserde = \"1\"\n[features]\n");
}

#[test]
fn end_of_a_file_without_newline() {
    let text = "[dependencies]\nserde = \"1\"";
    let group = dependency("g", "p");
    let out = added(text, &group);
    assert_eq!(remove(&(out.clone() + "[features]\n")), format!("{text}\n[features]\n"));
    assert_eq!(remove(&(out.clone() + "[features]")), format!("{text}\n[features]"));
    assert_eq!(remove(out.trim_end()), text, "an editor that takes the final newline away");
    edited(text, &group, "serde = \"1\"\n", "", "[dependencies]");
    // The line that knows about the newline is gone, and the newline stays.
    let start = out.find("# added").expect("has an introduction");
    let end = out.find("[dependencies.g]").expect("has a table");
    assert_eq!(remove(&format!("{}{}", &out[..start], &out[end..])), format!("{text}\n"));
}

#[test]
fn other_line_endings() {
    for text in ["[lib]\ncrate-type = [\"lib\"]\n", "[lib]\ncrate-type = [\n\"lib\"\n]\n", "[package]", ""] {
        let out = added(text, &everything());
        assert_eq!(remove(&out.replace('\n', "\r\n")), text.replace('\n', "\r\n"));
        let out = added(&text.replace('\n', "\r\n"), &everything());
        assert_eq!(remove(&out.replace("\r\n", "\n")), text);
    }
}

#[test]
fn text_that_does_not_parse_any_more() {
    let text = "[package]\nname = \"a\"\n";
    edited(text, &everything(), "name = \"a\"", "<<<<<<< ours\nname = [", "[package]\n<<<<<<< ours\nname = [\n");
}

#[test]
fn two_marks_on_a_line() {
    let text = "cargo-features = [\"a\"]\n";
    let out = added(text, &features(&["b", "c"]));
    let twice = out.replace("\"c\"]", "\"c\", \"d\"]").replace('\n', " # hotreload: added `, \"d\"`\n");
    assert_eq!(remove(&twice), text);
}

#[test]
fn prose_like_ours_on_a_line_from_which_ours_is_gone() {
    let text = "[lib]\ncrate-type = [\"lib\"] # not , \"dylib\" yet\n";
    edited(text, &dylib(), ", \"dylib\"]", "]", text);
    let text = "[lib]\ncrate-type = [\"lib\", # no \"dylib\", never\n]\n";
    edited(text, &dylib(), "[\"dylib\", ", "[", text);
}

#[test]
fn brackets_moved_to_other_lines() {
    let expected = "[lib]\ncrate-type = [\"lib\" # kinds\n]\n";
    let out = added(ONE, &dylib()).replace("\"] # kinds", "\" # kinds") + "]\n";
    assert_eq!(remove(&out), expected);
    let expected = "[lib]\ncrate-type = [\"lib\"\n]\n";
    let out = added(ONE, &dylib()).replace("\"] # kinds", "\"") + "]\n";
    assert_eq!(remove(&out), expected);
}

#[test]
fn line_of_ours_that_the_user_has_signed() {
    let text = "[lib]\ncrate-type = [\n  \"lib\",\n]\n";
    let expected = "[lib]\ncrate-type = [\n  \"dylib\", # hotreload: added, and mine\n  \"lib\",\n]\n";
    edited(text, &dylib(), "# hotreload: added", "# hotreload: added, and mine", expected);
}
