//! Panics go through old and new functions, and run what has to be cleaned up.

use crate::conformance::case::{Case, Edit};
use crate::conformance::{hold, hold_unoptimised};

#[test]
fn panics_go_through_old_and_new_functions() {
    hold(CASES, &[]);
}

#[test]
fn panics_go_through_frames_that_stay() {
    hold_unoptimised(RUNNING);
}

const CASES: &[Case] = &[
    Case {
        name: "panics",
        svc: r#"
use std::panic::{Location, UnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
static DROPPED: Mutex<String> = Mutex::new(String::new());
struct Loud(char);
impl Drop for Loud { fn drop(&mut self) { DROPPED.lock().unwrap().push(self.0); } }
#[inline(never)] fn outer(f: impl FnOnce() + UnwindSafe) { let _loud = Loud('o'); middle(f); }
#[inline(never)] fn middle(f: impl FnOnce() + UnwindSafe) { let _loud = Loud('m'); inner(f) }
#[inline(never)] fn inner(f: impl FnOnce() + UnwindSafe) { let _loud = Loud('i'); f() }
#[inline(never)] fn index(n: usize) -> u32 { [1, 2, 3][std::hint::black_box(n)] }
fn said(f: impl FnOnce() + UnwindSafe) -> String {
    let panic = catch_unwind(f).unwrap_err();
    let text = panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|text| text.to_string()));
    let dropped = std::mem::take(&mut *DROPPED.lock().unwrap());
    format!("{}/{dropped}", text.unwrap_or_else(|| "something else".into()))
}
#[track_caller] fn line() -> u32 { Location::caller().line() - Location::caller().line() }
pub fn answer() -> String {
    let name = "x";
    format!("{} {} {} {} {}", said(|| outer(|| panic!("no"))), said(|| outer(|| panic!("no {name}"))),
        said(|| outer(|| resume_unwind(Box::new(7_u8)))), said(|| outer(|| drop(index(5)))), line())
}
"#,
        low: "",
        first: "no/imo no x/imo something else/imo index out of bounds: the len is 3 but the index is 5/imo 0",
        edits: &[
            // One frame of three is new.
            Edit {
                replace: &[("Loud('m')", "Loud('M')"), ("[1, 2, 3][", "[1, 2][")],
                then: "no/iMo no x/iMo something else/iMo index out of bounds: the len is 2 but the index is 5/iMo 0",
            },
            // What is cleaned up is new.
            Edit {
                replace: &[
                    ("push(self.0)", "push_str(&format!(\"<{}>\", self.0))"),
                    ("inner(f) }", "let _two = Loud('2'); inner(f) }"),
                ],
                then: "no/<i><2><M><o> no x/<i><2><M><o> something else/<i><2><M><o> index out of bounds: the len is 2 but the index is 5/<i><2><M><o> 0",
            },
        ],
    },
    Case {
        name: "results",
        svc: r#"
use std::error::Error;
use std::fmt;
#[derive(Debug, Clone, PartialEq)] enum Trouble { Small(u32), Large { text: String } }
impl fmt::Display for Trouble { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { match self {
    Self::Small(n) => write!(f, "small {n}"), Self::Large { text } => write!(f, "large {text}") } } }
impl Error for Trouble {}
fn first(n: u32) -> Result<u32, Box<dyn Error>> { if n > 5 { return Err(Trouble::Large { text: "t".repeat(n as usize) }.into()) } Ok("7".parse::<u32>()? + n) }
fn second(n: u32) -> Result<String, Box<dyn Error>> { let n = first(n)?; if n == 8 { Err(Box::new(Trouble::Small(n)))? } Ok(format!("fine {n}")) }
pub fn answer() -> String { (0..7).step_by(2).map(|n| second(n).unwrap_or_else(|error| error.to_string())).chain([format!("{:?}", second(1))]).collect::<Vec<_>>().join(", ") }
"#,
        low: "",
        first: "fine 7, fine 9, fine 11, large tttttt, Err(Small(8))",
        edits: &[Edit {
            replace: &[
                ("\"7\".parse", "\"6\".parse"),
                ("large {text}", "LARGE {text}"),
                ("\"fine {n}\"", "\"good {n}\""),
            ],
            then: "good 6, small 8, good 10, LARGE tttttt, Ok(\"good 7\")",
        }],
    },
];

/// Optimised, they are refused.
const RUNNING: &[Case] = &[Case {
    name: "old_frames",
    svc: r#"
use std::panic::catch_unwind;
use std::sync::{Mutex, OnceLock, mpsc::{Receiver, Sender, channel}};
struct Loud(String);
static DROPPED: Mutex<String> = Mutex::new(String::new());
impl Drop for Loud { fn drop(&mut self) { DROPPED.lock().unwrap().push_str(&self.0); } }
#[inline(never)] fn fails(n: u32) -> u32 { let _loud = Loud(format!("f{n}")); if std::hint::black_box(n) > 2 { panic!("too many") } n }
/// Its frame is on the stack while all else changes.
fn stays(asked: Receiver<()>, tell: Sender<String>) {
    let _loud = Loud("s".into());
    for () in asked {
        let result = catch_unwind(|| { let _loud = Loud("c".into()); fails(3) });
        tell.send(format!("{} {}", result.is_err(), std::mem::take(&mut *DROPPED.lock().unwrap()))).unwrap();
    }
}
static THREAD: OnceLock<(Mutex<Sender<()>>, Mutex<Receiver<String>>)> = OnceLock::new();
pub fn answer() -> String {
    let (ask, told) = THREAD.get_or_init(|| {
        let ((ask, asked), (tell, told)) = (channel(), channel());
        std::thread::spawn(move || stays(asked, tell));
        (Mutex::new(ask), Mutex::new(told))
    });
    ask.lock().unwrap().send(()).unwrap();
    told.lock().unwrap().recv().unwrap()
}
"#,
    low: "",
    first: "true f3c",
    edits: &[
        Edit { replace: &[("\"f{n}\"", "\"F{n}\""), ("Loud(\"s\"", "Loud(\"S\"")], then: "true F3c" },
        Edit { replace: &[("(n) > 2", "(n) > 20")], then: "false F3c" },
    ],
}];
