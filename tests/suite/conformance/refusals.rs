//! What must not get in: the reason is told, and the program goes on as it was.

use crate::conformance::case::{Case, Refusal};
use crate::conformance::hold;

#[test]
fn what_is_not_safe_is_refused() {
    hold(CASES, REFUSALS);
}

const CASES: &[Case] = &[
    Case {
        name: "statics",
        svc: r#"
use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(5);
static mut PLAIN: u32 = 5;
thread_local! { static LOCAL: Cell<u32> = const { Cell::new(5) }; }
fn first() -> u32 { static INNER: AtomicU32 = AtomicU32::new(1); INNER.fetch_add(1, Ordering::SeqCst) }
pub fn answer() -> String { unsafe { PLAIN += 1 }; LOCAL.set(LOCAL.get() + 1); format!("{} {} {} {}", COUNT.fetch_add(1, Ordering::SeqCst), unsafe { PLAIN }, LOCAL.get(), first()) }
"#,
        low: "",
        first: "5 6 6 1",
        edits: &[],
    },
    Case {
        name: "closures",
        svc: r#"
use std::sync::{Mutex, OnceLock};
static STORED: OnceLock<Box<dyn Fn(u32) -> u32 + Send + Sync>> = OnceLock::new();
fn keep(f: impl Fn(u32) -> u32 + Send + Sync + 'static) -> u32 { STORED.get_or_init(|| Box::new(f))(1) }
pub fn answer() -> String { format!("{}", keep(|n| n + 1)) }
"#,
        low: "",
        first: "2",
        edits: &[],
    },
    Case {
        name: "vtables",
        svc: r#"
use std::sync::OnceLock;
trait Shape: Send + Sync { fn first(&self) -> u32; fn second(&self) -> u32; }
struct Square(u32);
impl Shape for Square { fn first(&self) -> u32 { self.0 } fn second(&self) -> u32 { self.0 * 2 } }
static OLD: OnceLock<Box<dyn Shape>> = OnceLock::new();
#[inline(never)] fn ask(shape: &dyn Shape) -> String { format!("{} {}", shape.first(), shape.second()) }
pub fn answer() -> String { ask(&**OLD.get_or_init(|| Box::new(Square(3)))) }
"#,
        low: "",
        first: "3 6",
        edits: &[],
    },
    Case {
        name: "layouts",
        svc: r#"
use std::sync::Mutex;
#[derive(Debug)] enum Kind { One, Two(u32) }
#[derive(Debug)] struct Kept { kind: Kind, width: u32, }
static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());
pub fn answer() -> String {
    let mut kept = KEPT.lock().unwrap();
    let kind = if kept.is_empty() { Kind::One } else { Kind::Two(1) };
    kept.push(Kept { kind, width: 3 });
    format!("{kept:?}")
}
"#,
        low: "",
        first: "[Kept { kind: One, width: 3 }]",
        edits: &[],
    },
];

const REFUSALS: &[Refusal] = &[
    Refusal {
        case: "statics",
        replace: &[("AtomicU32::new(5)", "AtomicU32::new(6)")],
        why: "the initial value of `svc::statics::COUNT` changed",
    },
    Refusal {
        case: "statics",
        replace: &[("PLAIN: u32 = 5", "PLAIN: u32 = 6")],
        why: "the initial value of `svc::statics::PLAIN",
    },
    Refusal {
        case: "statics",
        replace: &[("Cell::new(5)", "Cell::new(6)")],
        why: "the initial value of `svc::statics::LOCAL",
    },
    Refusal {
        case: "statics",
        replace: &[("INNER: AtomicU32 = AtomicU32::new(1)", "INNER: AtomicU32 = AtomicU32::new(2)")],
        why: "the initial value of `svc::statics::first::INNER` changed",
    },
    // A second static of the same name above the first.
    Refusal {
        case: "statics",
        replace: &[(
            "static INNER",
            "{ static INNER: AtomicU32 = AtomicU32::new(1); INNER.fetch_add(7, Ordering::SeqCst); } static INNER",
        )],
        why: "it cannot be told which `svc::statics::first::INNER` is which",
    },
    // One closure above another that is stored.
    Refusal {
        case: "closures",
        replace: &[(
            "format!(\"{}\", keep(",
            "let more: Box<dyn Fn(u32) -> u32> = std::hint::black_box(Box::new(|n| n * 7)); format!(\"{}\", more(1) + keep(",
        )],
        why: "it cannot be told which `svc::closures::",
    },
    // The same where the other one has another signature: names alone would have it that the stored one is gone.
    Refusal {
        case: "closures",
        replace: &[(
            "format!(\"{}\", keep(|n| n + 1",
            "let more: Box<dyn Fn(&str) -> usize> = std::hint::black_box(Box::new(|text| text.len())); format!(\"{} {}\", more(\"\"), keep(|n| n + 2",
        )],
        why: "it cannot be told which `",
    },
    // Objects of the old vtable are there.
    Refusal {
        case: "vtables",
        replace: &[(
            "fn first(&self) -> u32; fn second(&self) -> u32;",
            "fn second(&self) -> u32; fn first(&self) -> u32;",
        )],
        why: "the methods of a trait object changed",
    },
    Refusal {
        case: "vtables",
        replace: &[
            ("fn first(&self) -> u32; ", "fn zeroth(&self) -> u32 { 0 } fn first(&self) -> u32; "),
            ("shape.first()", "shape.zeroth() + shape.first()"),
        ],
        why: "the layout of `&dyn svc::vtables::Shape` changed",
    },
    // Data of the old form is there.
    Refusal {
        case: "layouts",
        replace: &[("{ One, Two(u32) }", "{ Zero, One, Two(u32), Text(String) }")],
        why: "svc::layouts::Kind",
    },
    Refusal {
        case: "layouts",
        replace: &[("width: u32,", "width: u32, height: u64,"), ("width: 3 }", "width: 3, height: 4 }")],
        why: "svc::layouts::Kept",
    },
];
