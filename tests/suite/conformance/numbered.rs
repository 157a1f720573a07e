//! Closures that have another number after an edit.

use crate::conformance::case::{Case, Edit};
use crate::conformance::hold_on;
use crate::conformance::setting::{Setting, settings};

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
