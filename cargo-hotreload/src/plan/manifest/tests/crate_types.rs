//! `crate-type` in every notation.

use super::case::{Case, INTRO, LIB, TYPES, check};
use super::dylib;

const CASES: &[Case] = &[
    Case("no lib table", "[package]\nname = \"a\"\n", dylib, &[INTRO, LIB, TYPES]),
    Case("lib table", "[lib]\npath = \"src/a.rs\"\n", dylib, &[TYPES]),
    Case("lib header with blanks and comment", "[ lib ] # the library\npath = \"a.rs\"\n", dylib, &[TYPES]),
    Case("quoted header", "[\"lib\"]\npath = \"a.rs\"\n", dylib, &[TYPES]),
    Case(
        "empty lib table at the end",
        "[package]\nname = \"a\"\n[lib]",
        dylib,
        &[r#"crate-type = ["lib", "dylib"] # hotreload: no final newline before"#],
    ),
    Case("only a sub-table of lib", "[lib.metadata]\nx = 1\n", dylib, &[INTRO, LIB, TYPES]),
    Case(
        "one line",
        "[lib]\ncrate-type = [\"lib\"]\n",
        dylib,
        &[r#"crate-type = ["lib", "dylib"] # hotreload: added `, "dylib"`"#],
    ),
    Case(
        "one line, blanks inside",
        "[lib]\ncrate-type = [ \"lib\" ]  \n",
        dylib,
        &[r#"crate-type = [ "lib", "dylib" ]   # hotreload: added `, "dylib"`"#],
    ),
    Case(
        "one line, trailing comma",
        "[lib]\ncrate-type = [\"lib\", ]\n",
        dylib,
        &[r#"crate-type = ["lib", "dylib", ] # hotreload: added ` "dylib",`"#],
    ),
    Case("empty array", "[lib]\ncrate-type = []\n", dylib, &[r#"crate-type = ["dylib"] # hotreload: added `"dylib"`"#]),
    Case(
        "empty array with blank",
        "[lib]\ncrate-type = [ ]\n",
        dylib,
        &[r#"crate-type = ["dylib" ] # hotreload: added `"dylib"`"#],
    ),
    Case("present", "[lib]\ncrate-type = [\"lib\", \"dylib\"]\n", dylib, &[]),
    Case("present as literal string", "[lib]\ncrate-type = ['dylib']\n", dylib, &[]),
    Case("present with an escape", "[lib]\ncrate-type = [\"\\u0064ylib\"]\n", dylib, &[]),
    Case(
        "a C library gives way",
        "[lib]\ncrate-type = [\"cdylib\", 'rlib'] # for Python\n",
        dylib,
        &[r#"crate-type = ["dylib", 'rlib'] # for Python # hotreload: replaced `"cdylib"` by `"dylib"`"#],
    ),
    Case(
        "a C library on a line of its own",
        "[lib]\ncrate-type = [\n\t'rlib',\n\t'cdylib' , # \"dylib\"\n]\n",
        dylib,
        &["\t\"dylib\" , # \"dylib\" # hotreload: replaced `'cdylib'` by `\"dylib\"`"],
    ),
    Case(
        "a C library in a table on one line",
        "lib = { crate-type = [\"rlib\", \"cdylib\"] }\n",
        dylib,
        &[r#"lib = { crate-type = ["rlib", "dylib"] } # hotreload: replaced `"cdylib"` by `"dylib"`"#],
    ),
    Case(
        "comment after the array",
        "[lib]\ncrate-type = [\"lib\"] # not \"dylib\"\n",
        dylib,
        &[r#"crate-type = ["lib", "dylib"] # not "dylib" # hotreload: added `, "dylib"`"#],
    ),
    Case(
        "comment that has the inserted text",
        "[lib]\ncrate-type = [\"lib\"] # not , \"dylib\" yet\n",
        dylib,
        &[r#"crate-type = ["lib", "dylib"] # not , "dylib" yet # hotreload: added `, "dylib"`"#],
    ),
    Case("inserted text further left", "[lib]\n\"x, \\\"dylib\\\"\" = 1\n", dylib, &[TYPES]),
    Case(
        "the same array twice on the line",
        "lib = { keywords = [\"a\", \"dylib\"], crate-type = [\"lib\"] }\n",
        dylib,
        &[
            r#"lib = { keywords = ["a", "dylib"], crate-type = ["lib", "dylib"] } # hotreload: added `, "dylib"` (occurrence 2)"#,
        ],
    ),
    Case("several lines", "[lib]\ncrate-type = [\n    \"lib\",\n]\n", dylib, &[r#"    "dylib", # hotreload: added"#]),
    Case(
        "several lines, tabs, no trailing comma",
        "[lib]\ncrate-type = [\n\t\"lib\"\n]\n",
        dylib,
        &["\t\"dylib\", # hotreload: added"],
    ),
    Case(
        "several lines, comments",
        "[lib]\ncrate-type = [ # kinds\n  # first\n  \"lib\" # last, no comma\n  # end\n]\n",
        dylib,
        &[r#"  "dylib", # hotreload: added"#],
    ),
    Case(
        "several lines, commented out",
        "[lib]\ncrate-type = [\n\t\"lib\",\n#\t\"dylib\",\n]\n",
        dylib,
        &["\t\"dylib\", # hotreload: added"],
    ),
    Case(
        "several lines, first beside the bracket",
        "[lib]\ncrate-type = [\"lib\",\n  \"staticlib\"]\n",
        dylib,
        &[r#"crate-type = ["dylib", "lib", # hotreload: added `"dylib", `"#],
    ),
    Case(
        "several lines, comma first",
        "[lib]\ncrate-type = [ \"lib\"\n, \"staticlib\"\n]\n",
        dylib,
        &[r#"crate-type = ["dylib",  "lib" # hotreload: added `"dylib", `"#],
    ),
    Case("several lines, empty", "[lib]\n  crate-type = [\n  ]\n", dylib, &[r#"      "dylib", # hotreload: added"#]),
    Case(
        "blank line in the array",
        "[lib]\ncrate-type = [\n\n  \"lib\"]\n",
        dylib,
        &[r#"  "dylib", # hotreload: added"#],
    ),
    Case(
        "legacy key",
        "[lib]\ncrate_type = [\"lib\"]\n",
        dylib,
        &[r#"crate_type = ["lib", "dylib"] # hotreload: added `, "dylib"`"#],
    ),
    Case(
        "both keys",
        "[lib]\ncrate_type = [\"lib\"]\ncrate-type = [\"rlib\"]\n",
        dylib,
        &[r#"crate-type = ["rlib", "dylib"] # hotreload: added `, "dylib"`"#],
    ),
    Case(
        "inline table",
        "lib = { path = \"a.rs\" }\n",
        dylib,
        &[
            r#"lib = { path = "a.rs", crate-type = ["lib", "dylib"] } # hotreload: added `, crate-type = ["lib"]` and `, "dylib"`"#,
        ],
    ),
    Case(
        "inline table, empty",
        "lib = {}\n",
        dylib,
        &[r#"lib = {crate-type = ["lib", "dylib"]} # hotreload: added `crate-type = ["lib"]` and `, "dylib"`"#],
    ),
    Case(
        "inline table over lines by an array",
        "lib = { x = [\n 1,\n], path = \"a.rs\" }\n",
        dylib,
        &[
            r#"lib = {crate-type = ["lib", "dylib"],  x = [ # hotreload: added `crate-type = ["lib"], ` and `, "dylib"`"#,
        ],
    ),
    Case(
        "inline table over lines, TOML 1.1",
        "lib = {\n  path = \"a.rs\",\n}\n",
        dylib,
        &[r#"  crate-type = ["lib", "dylib"], # hotreload: added"#],
    ),
    Case(
        "inline table, trailing comma, TOML 1.1",
        "lib = { path = \"a.rs\", }\n",
        dylib,
        &[
            r#"lib = { path = "a.rs", crate-type = ["lib", "dylib"], } # hotreload: added ` crate-type = ["lib"],` and `, "dylib"`"#,
        ],
    ),
    Case(
        "dotted key",
        "lib.path = \"a.rs\"\n\n[package]\nname = \"a\"\n",
        dylib,
        &[r#"lib.crate-type = ["lib", "dylib"] # hotreload: added"#],
    ),
    Case(
        "dotted key with array",
        "\"lib\" . crate-type = [\"lib\"]\n",
        dylib,
        &[r#""lib" . crate-type = ["lib", "dylib"] # hotreload: added `, "dylib"`"#],
    ),
    Case(
        "header in a multi-line string",
        "[package]\ndescription = \"\"\"\n[lib]\ncrate-type = [\"lib\"]\n\"\"\"\n",
        dylib,
        &[INTRO, LIB, TYPES],
    ),
    Case("header in a comment", "#[lib]\n#crate-type = [\"lib\"]\n", dylib, &[INTRO, LIB, TYPES]),
];

#[test]
fn crate_types() {
    check(CASES);
}
