use std::collections::BTreeSet;

use crate::patch::view::tests::edits::{Edit, Expected, edits};
use crate::patch::view::{Callers, Known, Sources, View, compare};

mod edits;
mod objects;
mod oracle;

/// Whether a verdict is what the table says.
fn is_expected(edit: &Edit, view: &View) -> bool {
    match (&edit.expected, view) {
        (Expected::Nothing, View::Nothing)
        | (Expected::Masked, View::Masked)
        | (Expected::Unparsable, View::Unparsable { .. }) => true,
        (Expected::Layouts(wanted), View::MaskedIfLayoutsSame { functions }) => wanted == functions,
        (Expected::Seen(why), View::Visible { .. }) => view.to_string().contains(why.as_str()),
        _ => false,
    }
}

#[test]
fn the_table_of_edits_holds() {
    let edits = edits();
    assert!(edits.len() > 200, "there are {} edits", edits.len());
    let mut names = BTreeSet::new();
    for edit in &edits {
        assert!(names.insert(&edit.name), "{} stands there twice", edit.name);
    }
    let wrong: Vec<String> = edits
        .iter()
        .filter_map(|edit| {
            let view = compare(&edit.before, &edit.now, Callers::Unoptimized, &Known::default());
            let message = || format!("{}: {:?}, but: {view}", edit.name, edit.expected);
            (!is_expected(edit, &view)).then(message)
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_edit_backwards_is_seen_if_it_is_forwards() {
    for edit in edits() {
        let view = |before, now| compare(before, now, Callers::Unoptimized, &Known::default()).is_masked();
        let (there, back) = (view(&edit.before, &edit.now), view(&edit.now, &edit.before));
        let may_be_parsed = edit.expected != Expected::Unparsable && !edit.name.contains("parse");
        assert!(!may_be_parsed || there == back, "{}", edit.name);
    }
}

#[test]
fn without_callers_only_the_parser_objects() {
    for edit in edits() {
        let view = compare(&edit.before, &edit.now, Callers::None, &Known::default());
        let is_right = match &edit.expected {
            Expected::Nothing => view == View::Nothing,
            Expected::Unparsable => matches!(view, View::Unparsable { .. }),
            Expected::Masked | Expected::Layouts(_) | Expected::Seen(_) => view == View::Masked,
        };
        assert!(is_right, "{}: {view}", edit.name);
    }
}

#[test]
fn callers_that_optimize_hold_async_bodies() {
    for edit in edits() {
        let view = compare(&edit.before, &edit.now, Callers::Optimized, &Known::default());
        match &edit.expected {
            Expected::Layouts(_) => assert!(matches!(view, View::Visible { .. }), "{}: {view}", edit.name),
            // It holds no body but the poll function's.
            _ if edit.name == "an async function moves" => assert!(matches!(view, View::Visible { .. })),
            _ => assert!(is_expected(&edit, &view), "{}: {view}", edit.name),
        }
    }
}

#[test]
fn a_compiler_that_inlines_shows_every_body_that_callers_can_name() {
    let verdict = |before: &str, now: &str| {
        compare(&crate_of(before), &crate_of(now), Callers::Inlining, &Known::default()).is_masked()
    };
    assert!(!verdict("pub fn f() -> u32 { 1 }", "pub fn f() -> u32 { 2 }"));
    assert!(!verdict("pub fn f(x: &[u8]) -> u8 { x[0] }", "\npub fn f(x: &[u8]) -> u8 { x[0] }"));
    assert!(!verdict("pub fn f() -> u32 { g() } fn g() -> u32 { 1 }", "pub fn f() -> u32 { g() } fn g() -> u32 { 2 }"));
}

#[test]
fn lines_are_told_from_what_is_made_of_them() {
    let is_of_lines = |text: &str| {
        let view = compare(&crate_of(text), &crate_of(&format!("\n{text}")), Callers::Unoptimized, &Known::default());
        assert!(matches!(view, View::Visible { .. }), "{text}: {view}");
        view.is_of_lines()
    };
    assert!(is_of_lines("pub fn f<T>(x: &[T]) -> &T { assert!(x.len() > 1); if !(x.is_empty()) { todo!() } &x[1] }"));
    assert!(is_of_lines("#[inline] pub fn f(x: &[u8]) -> u8 { x[1] }"));
    assert!(is_of_lines("pub trait T { fn f(&self) -> Vec<u8> { vec![g(); 3] } } fn g() -> u8 { 1 }"));
    for body in ["line!()", "std::line ! []", "vec![column!()][0]", "dbg!(1)", "tracing::info!(\"x\"); 1", "own!()"] {
        assert!(!is_of_lines(&format!("pub fn f<T>() -> u32 {{ {body} }}")), "{body}");
    }
    assert!(!is_of_lines("#[tracing::instrument] pub fn f<T>(x: T) -> u32 { g(x) }"));
    assert!(!is_of_lines("pub const LINE: u32 = line!();"));
}

#[test]
fn the_lists_can_be_extended() {
    let known = Known {
        attributes: BTreeSet::from(["timed".to_owned()]),
        macros: BTreeSet::from(["html".to_owned(), "maud::html".to_owned()]),
    };
    let text =
        |name: &str| format!("#[timed] pub fn f() {{ html! {{ h1 {{ \"{name}\" }} }}; maud::html!(\"{name}\"); }}");
    let (before, now) = (crate_of(&text("old")), crate_of(&text("new")));
    assert_eq!(compare(&before, &now, Callers::Unoptimized, &known), View::Masked);
    assert!(!compare(&before, &now, Callers::Unoptimized, &Known::default()).is_masked());
}

#[test]
fn reasons_read_as_sentences() {
    let of = |before: &str, now: &str| {
        compare(&crate_of(before), &crate_of(now), Callers::Unoptimized, &Known::default()).to_string()
    };
    assert_eq!(
        of("mod m { pub struct Config; }", "mod m {\n pub struct Config { x: u32 }\n}\nconst N: u32 = 1;"),
        "callers see it: `m::Config` (a type) changed, src/lib.rs:2, and 1 more"
    );
    assert_eq!(
        of("pub struct S; impl S { pub fn f<T>(&self) {} }", "pub struct S; impl S { pub fn f<T>(&self) { g() } }"),
        "callers see it: `S::f` (a generic function) changed, src/lib.rs:1"
    );
    assert_eq!(of("fn f() {}", "\nfn f( {}"), "src/lib.rs:2 cannot be parsed: cannot parse string into token stream");
    assert_eq!(
        of("pub async fn f() { g(1) }", "pub async fn f() { g(2) }"),
        "callers see it only if the layout changed of the future of `f`"
    );
    assert_eq!(of("fn f() {}", "fn f() { 1; }"), "callers see nothing of it");
    assert_eq!(of("fn f() {}", "fn f() {} // f"), "nothing that is compiled changed");
}

#[test]
fn a_root_that_is_missing_shows_everything() {
    let mut before = crate_of("pub fn f() -> u32 { 1 }");
    before.root = "src/main.rs".into();
    let mut now = crate_of("pub fn f() -> u32 { 2 }");
    now.root = "src/main.rs".into();
    assert!(!compare(&before, &now, Callers::Unoptimized, &Known::default()).is_masked());
}

/// A crate of one file.
fn crate_of(text: &str) -> Sources {
    Sources { root: "src/lib.rs".into(), files: [("src/lib.rs".into(), text.to_owned())].into() }
}
