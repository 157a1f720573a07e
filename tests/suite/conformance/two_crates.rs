//! Edits of a crate that others use, compiled and patched with its callers.

use crate::conformance::case::{Case, Edit};
use crate::conformance::hold;

#[test]
fn callers_have_the_new_code_too() {
    hold(CASES, &[]);
}

const CASES: &[Case] = &[
    Case {
        name: "bodies",
        svc: r#"
use low::bodies::{Shape, inlined, plain, generic, TABLE, LIMIT, with};
#[inline(never)] fn reader() -> u32 { TABLE.iter().sum::<u32>() + LIMIT }
pub fn answer() -> String {
    format!("{} {} {} {} {} {} {}", plain(1), inlined(1), generic(1u8), generic("a"), reader(), Shape::default().area(), with(|n| n + 1))
}
"#,
        low: r#"
pub fn plain(n: u32) -> u32 { n + 10 }
#[inline] pub fn inlined(n: u32) -> u32 { n + 100 }
pub fn generic<T: std::fmt::Debug>(value: T) -> String { format!("{value:?}!") }
pub static TABLE: [u32; 3] = [1, 2, 3];
pub const LIMIT: u32 = 1000;
pub struct Shape { width: u32 }
impl Default for Shape { fn default() -> Self { Self { width: 4 } } }
impl Shape { pub fn area(&self) -> u32 { self.width * self.width } }
pub fn with(f: impl Fn(u32) -> u32) -> u32 { f(5) }
"#,
        first: "11 101 1! \"a\"! 1006 16 6",
        edits: &[
            Edit {
                replace: &[
                    ("n + 100", "n + 200"),
                    ("n + 10 ", "n + 20 "),
                    ("{value:?}!", "{value:?}?"),
                    ("1, 2, 3]", "1, 2, 4]"),
                    ("= 1000", "= 2000"),
                    ("f(5)", "f(6)"),
                ],
                then: "21 201 1? \"a\"? 2007 16 7",
            },
            Edit {
                replace: &[
                    ("width: 4", "width: 5"),
                    ("self.width * self.width", "self.width * self.width * 2"),
                    ("n + 20 ", "n + 30 "),
                ],
                then: "31 201 1? \"a\"? 2007 50 7",
            },
        ],
    },
    Case {
        name: "traits",
        svc: r#"
use low::traits::{Speak, Boxed, register, all};
struct Cat;
impl Speak for Cat { fn word(&self) -> String { "meow".into() } }
pub fn answer() -> String { register(Box::new(Cat)); format!("{} {}", all(), Boxed(Box::new(3u8)).show()) }
"#,
        low: r#"
use std::sync::Mutex;
pub trait Speak: Send { fn word(&self) -> String; fn twice(&self) -> String { self.word().repeat(2) } }
static ALL: Mutex<Vec<Box<dyn Speak>>> = Mutex::new(Vec::new());
pub fn register(one: Box<dyn Speak>) { ALL.lock().unwrap().push(one); }
pub fn all() -> String { ALL.lock().unwrap().iter().map(|one| one.twice()).collect() }
pub struct Boxed<T>(pub Box<T>);
impl<T: std::fmt::Display> Boxed<T> { pub fn show(&self) -> String { format!("[{}]", self.0) } }
impl<T> Drop for Boxed<T> { fn drop(&mut self) { register(Box::new(Gone)); } }
struct Gone;
impl Speak for Gone { fn word(&self) -> String { "-".into() } }
"#,
        first: "meowmeow [3]",
        edits: &[
            Edit {
                replace: &[("repeat(2)", "repeat(1) + \".\""), ("\"[{}]\"", "\"({})\""), ("\"-\"", "\"+\"")],
                then: "meow.+.meow. (3)",
            },
            Edit {
                replace: &[("register(Box::new(Gone))", "drop(Gone)"), ("\"meow\"", "\"purr\"")],
                then: "purr.+.purr.+.purr. (3)",
            },
            Edit { replace: &[("\"purr\"", "\"hiss\"")], then: "hiss.+.hiss.+.hiss.hiss. (3)" },
        ],
    },
    Case {
        name: "state",
        svc: r#"
pub fn answer() -> String { low::state::LOCAL.with(|local| local.set(local.get() + 1)); format!("{} {} {}", low::state::next(), low::state::get::<u8>(), low::state::LOCAL.get()) }
"#,
        low: r"
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
pub static COUNT: AtomicU32 = AtomicU32::new(3);
thread_local! { pub static LOCAL: Cell<u32> = const { Cell::new(0) }; }
#[inline] pub fn next() -> u32 { COUNT.fetch_add(1, Ordering::SeqCst) }
pub fn get<T>() -> u32 { static CALLS: AtomicU32 = AtomicU32::new(0); CALLS.fetch_add(size_of::<T>() as u32, Ordering::SeqCst) + COUNT.load(Ordering::SeqCst) }
",
        first: "3 4 1",
        edits: &[
            Edit { replace: &[("COUNT.fetch_add(1,", "COUNT.fetch_add(10,")], then: "4 15 2" },
            Edit {
                replace: &[
                    ("low::state::next(),", "low::state::next() + 1000,"),
                    ("CALLS.fetch_add(", "100 + CALLS.fetch_add("),
                ],
                then: "1014 126 3",
            },
        ],
    },
];
