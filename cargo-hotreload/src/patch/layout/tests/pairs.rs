//! Edits, and what is said of them. All cases of a toolchain are one crate, so that it is compiled twice only.

use std::fmt::Write as _;

use super::rustc::{Crate, TOOLCHAINS};
use crate::patch::layout::{Comparison, compare};

const PRELUDE: &str = include_str!("cases/prelude.rs");
const CASES: [&str; 4] = [
    include_str!("cases/structs.txt"),
    include_str!("cases/enums.txt"),
    include_str!("cases/functions.txt"),
    include_str!("cases/futures.txt"),
];

/// One edit.
#[derive(Debug, Clone, Copy)]
struct Case {
    name: &'static str,
    before: &'static str,
    after: &'static str,
    expected: &'static str,
}

fn cases() -> Vec<Case> {
    let texts = CASES.iter().flat_map(|text| text.split("## ").filter(|text| !text.is_empty()));
    let cases = texts.map(|text| {
        let (name, text) = text.split_once('\n').expect("a name");
        let (before, text) = text.split_once("\n--\n").expect("a source");
        let (after, expected) = text.split_once("\n==\n").expect("an edited source");
        Case { name, before, after, expected: expected.trim() }
    });
    cases.collect()
}

fn source(cases: &[Case], text: impl Fn(&Case) -> &'static str) -> String {
    let mut source = PRELUDE.to_owned();
    for case in cases {
        writeln!(source, "pub mod {} {{ use crate::*; {} }}", case.name, text(case)).expect("room");
    }
    source
}

/// What is said of the module of a case, one line each.
fn told(comparison: &Comparison, case: &str) -> String {
    let module = format!("cases::{case}::");
    let mut lines = String::new();
    let mut say = |path: &str, line: String| {
        if path.contains(&module) {
            writeln!(lines, "{}", line.replace(&module, "")).expect("room");
        }
    };
    for found in &comparison.differences {
        say(
            &found.path,
            format!("{found} [{:?} {:?} {:?} {:?}]", found.kind, found.identity, found.harm, found.extent),
        );
    }
    comparison.signatures.iter().for_each(|found| say(&found.path, found.to_string()));
    comparison.statics.iter().for_each(|found| say(&found.path, found.to_string()));
    lines
}

/// Optimised code has no function of its own where it was inlined.
fn without_signatures(told: &str) -> Vec<&str> {
    told.lines().filter(|line| !line.starts_with("the signature of ")).collect()
}

fn check(toolchain: &str, flags: &[&str], same: impl Fn(&str, &str) -> bool) {
    let cases = cases();
    let compile = |source: String| Crate { toolchain, source: &source, flags }.compile();
    let Some(before) = compile(source(&cases, |case| case.before)) else { return };
    let after = compile(source(&cases, |case| case.after)).expect("the same toolchain");
    let comparison = compare(&before.types(), &after.types());
    let mut wrong = String::new();
    for case in &cases {
        let told = told(&comparison, case.name);
        if !same(told.trim(), case.expected) {
            writeln!(wrong, "## {}\n{}\n==\n{told}\nexpected:\n{}\n", case.name, case.after, case.expected)
                .expect("room");
        }
    }
    assert!(wrong.is_empty(), "{toolchain} {flags:?}\n{wrong}");
}

#[test]
fn every_edit_is_told() {
    for toolchain in TOOLCHAINS {
        check(toolchain, &["-Copt-level=0"], |told, expected| told == expected);
    }
}

#[test]
fn every_edit_of_optimised_code_is_told() {
    for toolchain in TOOLCHAINS {
        let flags = ["-Copt-level=1", "-Cdwarf-version=5", "-Ccodegen-units=1"];
        check(toolchain, &flags, |told, expected| without_signatures(told) == without_signatures(expected));
    }
}

#[test]
fn units_that_refer_to_each_other_are_read() {
    // Optimising across the units of a crate puts several into one object. Equal functions would become one, which is
    // then described as one of them.
    let flags = ["-Copt-level=2", "-Ccodegen-units=4", "-Zmerge-functions=disabled"];
    check("nightly", &flags, |told, expected| without_signatures(told) == without_signatures(expected));
}
