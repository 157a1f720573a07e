//! Closures that have another number after an edit.

use crate::conformance::case::{Case, Edit, Refusal};
use crate::conformance::setting::{Setting, settings};
use crate::conformance::{hold, hold_on};

/// Of closures with one signature, one below all others is new; above or between them, each number would be another one's.
#[test]
fn a_closure_comes_below_others_and_nowhere_else() {
    hold(&[ROW], REFUSALS);
}

const ROW: Case = Case {
    name: "row",
    svc: r#"
use std::sync::OnceLock;
type Stored = Box<dyn Fn(u32) -> u32 + Send + Sync>;
static STORED: OnceLock<Vec<Stored>> = OnceLock::new();
fn make() -> Vec<Stored> {
    vec![
        // above
        Box::new(|n| n + 1),
        // between
        Box::new(|n| n * 10),
        // below
    ]
}
fn all(of: &[Stored]) -> Vec<u32> { of.iter().map(|stored| stored(2)).collect() }
pub fn answer() -> String { format!("{:?} {:?}", all(STORED.get_or_init(make)), all(&make())) }
"#,
    low: "",
    first: "[3, 20] [3, 20]",
    edits: &[
        Edit { replace: &[("// below", "Box::new(|n| n + 500),\n// below")], then: "[3, 20] [3, 20, 502]" },
        Edit { replace: &[("n + 1)", "n + 3)"), ("n + 500", "n + 600")], then: "[5, 20] [5, 20, 602]" },
    ],
};

const REFUSALS: &[Refusal] = &[
    Refusal {
        case: "row",
        replace: &[("// above", "Box::new(|n| n * 7),\n// above")],
        why: "it cannot be told which `svc::row::make::{",
    },
    Refusal {
        case: "row",
        replace: &[("// between", "Box::new(|n| n * 7),\n// between")],
        why: "it cannot be told which `svc::row::make::{",
    },
    // Two that changed places.
    Refusal {
        case: "row",
        replace: &[("n + 3)", "n * 0)"), ("n * 10)", "n + 3)"), ("n * 0)", "n * 10)")],
        why: "it cannot be told which `svc::row::make::{",
    },
    // One that went from above.
    Refusal {
        case: "row",
        replace: &[("Box::new(|n| n + 3),", "")],
        why: "it cannot be told which `svc::row::make::{",
    },
];

/// What polls a task or calls an iterator from afar has an optimised body inside, and its name may tell nothing of that body:
/// a task that was begun by the old one must not stay what it was without a word.
#[test]
fn what_has_a_body_inside_is_told_apart_or_refused() {
    hold(&[INSIDE], &[INSIDE_REFUSED]);
}

const INSIDE: Case = Case {
    name: "inside",
    svc: r#"
use std::sync::Mutex;
static BEGUN: Mutex<Vec<Box<dyn Iterator<Item = u32> + Send>>> = Mutex::new(Vec::new());
fn boxed() -> Box<dyn Iterator<Item = u32> + Send> {
    // above
    Box::new((0..9).map(|n| n + 1))
}
pub fn answer() -> String {
    let mut begun = BEGUN.lock().unwrap();
    if begun.is_empty() { begun.push(boxed()); }
    format!("{:?} {:?}", begun[0].next(), boxed().next())
}
"#,
    low: "",
    first: "Some(1) Some(1)",
    edits: &[Edit { replace: &[("n + 1", "n + 11")], then: "Some(12) Some(11)" }],
};

const INSIDE_REFUSED: Refusal = Refusal {
    case: "inside",
    replace: &[
        (
            "// above",
            "let others: Box<dyn Iterator<Item = usize>> = std::hint::black_box(Box::new([\"a\"].iter().map(|text| text.len()))); assert_eq!(others.count(), 1);",
        ),
        ("n + 11", "n + 21"),
    ],
    why: "it cannot be told which `",
};

/// Older names of closures have a hash of the signature: one with another signature leaves those below it their own. The
/// newer mangling numbers all alike, and such an edit is refused.
#[test]
fn closures_are_found_below_one_with_another_signature() {
    let is_hashed = |setting: &Setting| setting.toolchain == "stable" && setting.opt_level == 0;
    let settings = settings().into_iter().filter(|setting| is_hashed(setting) && setting.options.is_empty());
    hold_on(&settings.collect::<Vec<_>>(), RENUMBERED, &[]);
}

const RENUMBERED: &[Case] = &[
    Case {
        name: "renumbered",
        svc: r#"
use std::sync::Mutex;
type Stored = Box<dyn Fn(u32) -> u32 + Send>;
type Later = Box<dyn FnOnce(u32) -> u32 + Send>;
static STORED: Mutex<Vec<Stored>> = Mutex::new(Vec::new());
static LATER: Mutex<Vec<Later>> = Mutex::new(Vec::new());
fn make() -> (Stored, Later) {
    // here
    (Box::new(|n| n + 1), Box::new(|n| n + 2))
}
pub fn answer() -> String {
    let (mut stored, mut later) = (STORED.lock().unwrap(), LATER.lock().unwrap());
    if stored.is_empty() { for _ in 0..4 { let (one, other) = make(); stored.push(one); later.push(other); } }
    let (one, other) = make();
    format!("{} {} {} {}", stored[0](0), later.pop().unwrap()(0), one(0), other(0))
}
"#,
        low: "",
        first: "1 2 1 2",
        edits: &[
            Edit {
                replace: &[(
                    "// here",
                    "let length: Box<dyn Fn(&str) -> usize> = Box::new(|text| text.len()); assert_eq!(length(\"four\"), 4);",
                )],
                then: "1 2 1 2",
            },
            Edit { replace: &[("n + 1", "n + 11")], then: "11 2 11 2" },
            Edit { replace: &[("n + 2", "n + 12"), ("text.len()", "text.len() + 0")], then: "11 12 11 12" },
        ],
    },
    // What the standard library makes for it has its number inside.
    Case {
        name: "adaptors",
        svc: r#"
use std::sync::atomic::{AtomicUsize, Ordering};
static ASKED: AtomicUsize = AtomicUsize::new(100);
pub fn answer() -> String {
    let asked = ASKED.fetch_add(1, Ordering::SeqCst);
    // here
    let twice: Vec<usize> = [asked].iter().map(|n| n * 2).collect();
    format!("{twice:?}")
}
"#,
        low: "",
        first: "[200]",
        edits: &[
            Edit {
                replace: &[
                    ("// here", "let odd = [1, 2, 3].iter().filter(|n| **n % 2 == 1).count();"),
                    ("{twice:?}", "{twice:?} {odd}"),
                ],
                then: "[202] 2",
            },
            Edit { replace: &[("n * 2", "n * 3"), ("== 1).count", "== 0).count")], then: "[306] 1" },
        ],
    },
];
