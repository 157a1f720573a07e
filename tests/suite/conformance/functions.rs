//! Functions of every size and kind.

use crate::conformance::case::{Case, Edit};
use crate::conformance::hold;

#[test]
fn functions_get_new_bodies() {
    hold(CASES, &[]);
}

const CASES: &[Case] = &[
    Case {
        name: "tiny",
        svc: r#"
use std::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(0);
#[inline(never)] fn nothing() {}
#[inline(never)] fn one() -> u32 { 1 }
#[inline(never)] fn no() -> bool { false }
#[inline(never)] extern "C" fn echo(n: u64) -> u64 { n }
pub fn answer() -> String { nothing(); format!("{} {} {} {}", one(), no(), echo(7), COUNT.load(Ordering::SeqCst)) }
"#,
        low: "",
        first: "1 false 7 0",
        edits: &[
            Edit {
                replace: &[
                    ("nothing() {}", "nothing() { COUNT.fetch_add(5, Ordering::SeqCst); }"),
                    ("{ 1 }", "{ 2 }"),
                    ("{ false }", "{ true }"),
                    ("{ n }", "{ n + 1 }"),
                ],
                then: "2 true 8 5",
            },
            Edit { replace: &[("COUNT.fetch_add(5,", "COUNT.fetch_add(6,")], then: "2 true 8 11" },
        ],
    },
    Case {
        name: "huge",
        svc: r#"
macro_rules! times10 { ($x:expr) => { $x; $x; $x; $x; $x; $x; $x; $x; $x; $x; } }
fn huge(mut n: u64) -> u64 {
    times10!(times10!(times10!(n = std::hint::black_box(n).wrapping_mul(3) ^ 1)));
    n % 1000 + 0
}
pub fn answer() -> String { format!("{}", huge(5) >= 5000) }
"#,
        low: "",
        first: "false",
        edits: &[Edit { replace: &[("n % 1000 + 0", "n % 1000 + 5000")], then: "true" }],
    },
    Case {
        name: "recursion",
        svc: r#"
#[inline(never)]
fn depth(n: u32) -> u32 { if std::hint::black_box(n) == 0 { 0 } else { 1 + std::hint::black_box(depth(n - 1)) } }
#[inline(never)] fn even(n: u32) -> bool { n == 0 || odd(std::hint::black_box(n) - 1) }
#[inline(never)] fn odd(n: u32) -> bool { n != 0 && even(std::hint::black_box(n) - 1) }
pub fn answer() -> String { format!("{} {}", depth(4), even(10)) }
"#,
        low: "",
        first: "4 true",
        edits: &[Edit { replace: &[("1 + std", "3 + std"), ("n == 0 || odd", "n != 0 && odd")], then: "12 false" }],
    },
    Case {
        name: "generics",
        svc: r#"
use std::fmt::Display;
fn show<T: Display>(value: T) -> String { format!("<{value}>") }
struct Holder<T, const N: usize>([T; N]);
impl<T: Copy + Into<u64>, const N: usize> Holder<T, N> {
    fn sum(&self) -> u64 { let mut sum = 0; for item in self.0 { sum += item.into(); } sum + 0 }
}
pub fn answer() -> String { format!("{} {} {} {}", show(1u8), show("a"), Holder([1u8, 2]).sum(), Holder([1u32, 2, 3]).sum()) }
"#,
        low: "",
        first: "<1> <a> 3 6",
        edits: &[
            Edit { replace: &[("<{value}>", "[{value}]"), ("sum + 0 }", "sum + N as u64 }")], then: "[1] [a] 5 9" },
            // An instance that the program does not have.
            Edit { replace: &[("show(1u8)", "show(1.5f32)"), ("[1u8, 2]", "[1u16, 2, 3, 4]")], then: "[1.5] [a] 14 9" },
        ],
    },
    Case {
        name: "macros",
        svc: r#"
macro_rules! make { ($($name:ident $value:expr),*) => { $(#[inline(never)] fn $name() -> u32 { $value })* } }
make!(a 1, b 2, c 3);
pub fn answer() -> String { format!("{}{}{}", a(), b(), c()) }
"#,
        low: "",
        first: "123",
        edits: &[
            Edit { replace: &[("b 2", "b 7")], then: "173" },
            Edit {
                replace: &[("make!(a 1,", "make!(z 9, a 1,"), ("{}{}{}\", a()", "{}{}{}{}\", z(), a()")],
                then: "9173",
            },
        ],
    },
    Case {
        name: "comes_and_goes",
        svc: r#"
mod inner { pub fn first() -> &'static str { "first" } }
#[inline(never)] fn second() -> &'static str { "second" }
pub fn answer() -> String { format!("{} {}", inner::first(), second()) }
"#,
        low: "",
        first: "first second",
        edits: &[
            Edit {
                replace: &[
                    ("fn second() -> &'static str { \"second\" }", "fn third() -> &'static str { \"third\" }"),
                    (", second()", ", third()"),
                ],
                then: "first third",
            },
            Edit {
                replace: &[
                    ("fn third", "fn second() -> &'static str { \"second again\" }\n#[inline(never)] fn third"),
                    (", third()", ", second().len() + third().len()"),
                ],
                then: "first 17",
            },
        ],
    },
    Case {
        name: "switch",
        svc: r#"
#[inline(never)]
fn name(n: u32) -> &'static str {
    match n { 0 => "zero", 1 => "one", 2 => "two", 3 => "three", 4 => "four", 5 => "five", 6 => "six", 7 => "seven",
        8 => "eight", 9 => "nine", 10 => "ten", 11 => "eleven", 12 => "twelve", _ => "many" }
}
#[inline(never)]
fn number(text: &str) -> u64 {
    match text { "zero" => 0, "one" => 1, "two" => 2, "three" => 3, "four" => 4, "five" => 5, _ => 1000 }
}
#[inline(never)]
fn act(n: u32) -> u64 {
    let mut sum = 0;
    match std::hint::black_box(n) { 0 => sum += number("one"), 1 => sum += 17 * number("two"), 2 => sum ^= 0x55, 3 => sum = number(name(4)),
        4 => sum -= number("zero"), 5 => sum |= 3 << number("three"), 6 => return 99, 7 => sum = 5, 8 => sum = number("five"), _ => {} }
    sum
}
pub fn answer() -> String { format!("{} {} {:?}", name(12), number(name(5)), (0..10).map(act).collect::<Vec<_>>()) }
"#,
        low: "",
        first: "twelve 5 [1, 34, 85, 4, 0, 24, 99, 5, 5, 0]",
        edits: &[Edit {
            replace: &[
                ("12 => \"twelve\"", "12 => \"dozen\""),
                ("\"five\" => 5", "\"five\" => 55"),
                ("7 => sum = 5", "7 => sum = 6"),
            ],
            then: "dozen 55 [1, 34, 85, 4, 0, 24, 99, 6, 55, 0]",
        }],
    },
    Case {
        name: "signatures",
        svc: r#"
#[inline(never)] fn add(a: u32, b: u32) -> u32 { a + b }
#[inline(never)] fn twice(n: u32) -> u32 { add(n, n) }
pub fn answer() -> String { format!("{} {}", add(1, 2), twice(4)) }
"#,
        low: "",
        first: "3 8",
        edits: &[Edit {
            replace: &[
                (
                    "fn add(a: u32, b: u32) -> u32 { a + b }",
                    "fn add(text: &str, a: u32) -> String { format!(\"{text}{a}\") }",
                ),
                ("-> u32 { add(n, n) }", "-> String { add(\"twice \", n) }"),
                ("add(1, 2)", "add(\"once \", 2)"),
            ],
            then: "once 2 twice 4",
        }],
    },
    Case {
        name: "dependencies",
        svc: r#"
fn make(n: u32) -> String { dep::debug((n, "text")) }
pub fn answer() -> String { let kept = dep::keep(make(1)); format!("{kept} {} {}", dep::kept(), dep::apply(dep::small(3), |n| n * 2)) }
"#,
        low: "",
        first: "1 (1, \"text\")/1 8",
        edits: &[
            Edit { replace: &[("|n| n * 2", "|n| n * 3")], then: "2 (1, \"text\")/1 (1, \"text\")/2 12" },
            // Another instance of a generic function of a crate that is not compiled again.
            Edit {
                replace: &[("(n, \"text\")", "[n, 5]"), ("dep::small(3)", "dep::small(4)")],
                then: "3 (1, \"text\")/1 (1, \"text\")/2 [1, 5]/3 15",
            },
        ],
    },
];
