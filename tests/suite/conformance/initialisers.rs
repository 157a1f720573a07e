//! What runs before `main`.

use crate::conformance::case::{Case, Edit, Refusal};
use crate::conformance::hold;

#[test]
fn what_ran_before_main_does_not_run_again_and_must_not_change() {
    hold(CASES, REFUSALS);
}

const CASES: &[Case] = &[
    Case {
        name: "before",
        svc: r#"
use std::sync::atomic::{AtomicU32, Ordering};
static RAN: AtomicU32 = AtomicU32::new(0);
#[used] #[unsafe(link_section = ".init_array")] static FIRST: extern "C" fn() = first;
extern "C" fn first() { RAN.fetch_add(1, Ordering::SeqCst); }
pub fn answer() -> String { format!("ran {}", RAN.load(Ordering::SeqCst)) }
"#,
        low: "",
        first: "ran 1",
        edits: &[Edit { replace: &[("\"ran {}\"", "\"ran {} times\"")], then: "ran 1 times" }],
    },
    Case {
        name: "nothing_before",
        svc: "pub fn answer() -> String { \"nothing\".into() }\nextern \"C\" fn here() {}\n",
        low: "",
        first: "nothing",
        edits: &[],
    },
];

const REFUSALS: &[Refusal] = &[
    Refusal {
        case: "before",
        replace: &[
            ("FIRST: extern \"C\" fn() = first", "FIRST: extern \"C\" fn() = second"),
            ("pub fn", "extern \"C\" fn second() {}\npub fn"),
        ],
        why: "what runs before `main` changed",
    },
    Refusal {
        case: "before",
        replace: &[(
            "#[used]",
            "#[used] #[unsafe(link_section = \".init_array\")] static OTHER: extern \"C\" fn() = first;\n#[used]",
        )],
        why: "what runs before `main` changed",
    },
    Refusal {
        case: "nothing_before",
        replace: &[(
            "pub fn",
            "#[used] #[unsafe(link_section = \".init_array\")] static OTHER: extern \"C\" fn() = here;\npub fn",
        )],
        why: "what runs before `main` changed",
    },
    // Its body runs only there.
    Refusal {
        case: "before",
        replace: &[("RAN.fetch_add(1,", "RAN.fetch_add(2,")],
        why: "what runs before `main` changed",
    },
];
