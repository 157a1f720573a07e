//! Constants, tables and everything else that nobody changes while the program runs.

use crate::conformance::case::{Case, Edit};
use crate::conformance::hold;

#[test]
fn constants_are_the_new_ones() {
    hold(CASES, &[]);
}

const CASES: &[Case] = &[
    Case {
        name: "numbers",
        svc: r#"
const MASK: u128 = 0x1234_5678_9abc_def0_1122_3344_5566_7788;
#[inline(never)] fn float(x: f64) -> f64 { x * 1.25 + 0.5 }
#[inline(never)] fn single(x: f32) -> f32 { -x * 3.5f32 }
#[inline(never)] fn wide(x: u128) -> u128 { (x ^ MASK) / 3 }
#[inline(never)] fn four(x: [f32; 4]) -> [f32; 4] { let mut y = x; for (i, y) in y.iter_mut().enumerate() { *y = *y * [1.0f32, 2.0, 3.0, 4.0][i] + 0.25; } y }
#[cfg(target_arch = "x86_64")]
#[inline(never)] fn lanes(x: i32) -> i32 {
    use std::arch::x86_64::*;
    let sum = unsafe { _mm_add_epi32(_mm_set1_epi32(x), _mm_setr_epi32(1, 2, 3, 4)) };
    let lanes: [i32; 4] = unsafe { std::mem::transmute(sum) };
    lanes.iter().product()
}
pub fn answer() -> String { format!("{} {} {:x} {:?} {}", float(2.0), single(2.0), wide(5), four([1.0; 4]), lanes(1)) }
"#,
        low: "",
        first: "3 -7 611722833944a5005b61116c72227d9 [1.25, 2.25, 3.25, 4.25] 120",
        edits: &[Edit {
            replace: &[
                ("1.25 + 0.5", "1.5 + 0.25"),
                ("3.5f32", "4.5f32"),
                ("0x1234_", "0x0234_"),
                ("3.0, 4.0", "3.0, 5.0"),
                ("2, 3, 4)", "2, 3, 5)"),
            ],
            then: "3.25 -9 bc1cd2de3ef4fab060bbc171ccd284 [1.25, 2.25, 3.25, 5.25] 144",
        }],
    },
    Case {
        name: "tables",
        svc: r#"
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
static TABLE: &[(&str, u32)] = &[("one", 1), ("two", 2)];
static NESTED: &[&[&str]] = &[&["x"], &["y", "z"]];
static ACTIONS: [fn() -> u32; 2] = [first, second];
static ALIAS: &&[(&str, u32)] = &TABLE;
const fn cube(n: u32) -> u32 { n * n * n }
static CUBES: [u32; 3] = [cube(1), cube(2), cube(3)];
fn first() -> u32 { 1 }
fn second() -> u32 { 2 }
#[inline(never)] fn reader(n: usize) -> u32 { TABLE[n].1 + CUBES[n] + ALIAS[n].1 }
#[inline(never)] fn promoted() -> &'static [u32] { &[7, 8, 9] }
pub fn answer() -> String {
    format!("{} {} {} {} {:?}", NAMES[3], reader(1), NESTED.concat().join(""), ACTIONS.iter().map(|f| f()).sum::<u32>(), promoted())
}
"#,
        low: "",
        first: "d 12 xyz 3 [7, 8, 9]",
        edits: &[
            Edit {
                replace: &[
                    ("\"d\"]", "\"D\"]"),
                    ("(\"two\", 2)", "(\"two\", 20)"),
                    ("\"z\"", "\"Z\""),
                    ("n * n * n", "n * n"),
                    ("[first, second]", "[second, second]"),
                    ("8, 9", "8, 10"),
                ],
                then: "D 44 xyZ 4 [7, 8, 10]",
            },
            // Longer ones.
            Edit {
                replace: &[
                    ("\"D\"]", "\"D\", \"e\"]"),
                    ("[&str; 4]", "[&str; 5]"),
                    ("NAMES[3]", "NAMES[4]"),
                    ("&[(\"one\", 1), ", "&[(\"zero\", 0), (\"one\", 1), "),
                ],
                then: "e 6 xyZ 4 [7, 8, 10]",
            },
        ],
    },
    Case {
        name: "strings",
        svc: r#"
pub fn answer() -> String {
    let text: String = ["one", "two", "three", "four"].iter().map(|word| word.to_uppercase()).collect();
    format!("{text} {} {:?} {} {:?}", include_str!("included.txt"), b"bytes\xff", 'x', c"c string")
}
"#,
        low: "",
        first: "ONETWOTHREEFOUR included [98, 121, 116, 101, 115, 255] x \"c string\"",
        edits: &[
            Edit {
                replace: &[("\"two\"", "\"TWO AND A HALF\""), ("bytes", "b"), ("'x'", "'ü'"), ("c string", "C")],
                then: "ONETWO AND A HALFTHREEFOUR included [98, 255] ü \"C\"",
            },
            Edit {
                replace: &[("included.txt", "other.txt"), ("\"four\"", "\"\"")],
                then: "ONETWO AND A HALFTHREE another [98, 255] ü \"C\"",
            },
        ],
    },
    Case {
        name: "embedded",
        svc: r#"
struct Settings { name: &'static str, limit: u32, hook: fn(u32) -> u32 }
const SETTINGS: Settings = Settings { name: "small", limit: 3, hook: double };
static SHARED: Settings = Settings { limit: 10, ..SETTINGS };
fn double(n: u32) -> u32 { n * 2 }
#[inline(never)] fn by_reference() -> &'static Settings { &SETTINGS }
pub fn answer() -> String {
    let Settings { name, limit, hook } = by_reference();
    format!("{name} {} {}", hook(*limit), (SHARED.hook)(SHARED.limit))
}
"#,
        low: "",
        first: "small 6 20",
        edits: &[
            Edit {
                replace: &[("\"small\"", "\"large\""), ("limit: 3", "limit: 300"), ("limit: 10", "limit: 11")],
                then: "large 600 22",
            },
            Edit { replace: &[("n * 2", "n * 5")], then: "large 1500 55" },
        ],
    },
];
