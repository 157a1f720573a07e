//! Functions that nobody calls by name: through vtables, pointers, closures, from C, and from loops that go on.

use crate::conformance::case::{Case, Edit};
use crate::conformance::hold;

#[test]
fn pointers_to_functions_lead_to_new_bodies() {
    hold(CASES, &[]);
}

const CASES: &[Case] = &[
    Case {
        name: "objects",
        svc: r#"
use std::sync::Mutex;
trait Animal: Send { fn name(&self) -> String; fn legs(&self) -> u32 { 4 } }
struct Dog(u32);
impl Animal for Dog { fn name(&self) -> String { format!("dog {}", self.0) } }
static OLD: Mutex<Vec<Box<dyn Animal>>> = Mutex::new(Vec::new());
pub fn answer() -> String {
    let mut old = OLD.lock().unwrap();
    let number = old.len() as u32;
    old.push(Box::new(Dog(number)));
    old.iter().map(|animal| format!("{} {}", animal.name(), animal.legs())).collect::<Vec<_>>().join(", ")
}
"#,
        low: "",
        first: "dog 0 4",
        edits: &[
            Edit { replace: &[("\"dog {}\"", "\"hound {}\""), ("{ 4 }", "{ 5 }")], then: "hound 0 5, hound 1 5" },
            // One more type for the trait, beside objects of the old one.
            Edit {
                replace: &[
                    (
                        "static OLD",
                        "struct Bird;\nimpl Animal for Bird { fn name(&self) -> String { \"bird\".into() } fn legs(&self) -> u32 { 2 } }\nstatic OLD",
                    ),
                    ("Box::new(Dog(number))", "if number == 2 { Box::new(Bird) } else { Box::new(Dog(number)) }"),
                ],
                then: "hound 0 5, hound 1 5, bird 2",
            },
            Edit {
                replace: &[("\"bird\"", "\"sparrow\""), ("\"hound {}\"", "\"dog {}\"")],
                then: "dog 0 5, dog 1 5, sparrow 2, dog 3 5",
            },
        ],
    },
    Case {
        name: "closures",
        svc: r#"
use std::sync::Mutex;
type Closure = Box<dyn Fn(u32) -> u32 + Send>;
static STORED: Mutex<Vec<Closure>> = Mutex::new(Vec::new());
fn make(by: u32) -> Closure { Box::new(move |n| n * by) }
fn other(by: u32) -> Closure { Box::new(move |n| n + by) }
pub fn answer() -> String {
    let mut stored = STORED.lock().unwrap();
    stored.push(make(10)); stored.push(other(1));
    format!("{:?}", stored.iter().map(|stored| stored(2)).collect::<Vec<_>>())
}
"#,
        low: "",
        first: "[20, 3]",
        edits: &[
            Edit { replace: &[("n * by)", "n * by + 1000)")], then: "[1020, 3, 1020, 3]" },
            Edit {
                replace: &[("n + by)", "n + by + 5)"), ("make(10)", "make(30)")],
                then: "[1020, 8, 1020, 8, 1060, 8]",
            },
        ],
    },
    Case {
        name: "pointers",
        svc: r#"
use std::sync::OnceLock;
static FIRST: OnceLock<fn() -> u32> = OnceLock::new();
#[inline(never)] fn chosen() -> u32 { 1 }
#[inline(never)] fn is_chosen(f: fn() -> u32) -> bool { f as usize == chosen as fn() -> u32 as usize }
static KNOWN: fn() -> u32 = chosen;
pub fn answer() -> String {
    let first = *FIRST.get_or_init(|| chosen);
    format!("{} {} {} {}", first(), is_chosen(first), is_chosen(KNOWN), is_chosen(std::hint::black_box(chosen)))
}
"#,
        low: "",
        first: "1 true true true",
        edits: &[
            Edit { replace: &[("{ 1 }", "{ 2 }")], then: "2 true true true" },
            Edit {
                replace: &[("as usize ==", "as *const () as usize =="), ("{ 2 }", "{ 3 }")],
                then: "3 true true true",
            },
        ],
    },
    Case {
        name: "callbacks",
        svc: r#"
use std::ffi::{c_int, c_void};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
unsafe extern "C" {
    fn qsort(base: *mut c_void, count: usize, size: usize, compare: extern "C" fn(*const i32, *const i32) -> c_int);
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
    fn raise(number: c_int) -> c_int;
}
static CAUGHT: AtomicU32 = AtomicU32::new(0);
static ONCE: Once = Once::new();
extern "C" fn compare(a: *const i32, b: *const i32) -> c_int { unsafe { (*a).cmp(&*b) as c_int } }
extern "C" fn caught(number: c_int) { CAUGHT.fetch_add(number as u32, Ordering::SeqCst); }
pub fn answer() -> String {
    let mut all = [3, 1, 2];
    ONCE.call_once(|| unsafe { signal(10, caught); });
    unsafe { qsort(all.as_mut_ptr().cast(), 3, 4, compare); raise(10); }
    format!("{all:?} {}", CAUGHT.load(Ordering::SeqCst))
}
"#,
        low: "",
        first: "[1, 2, 3] 10",
        edits: &[Edit {
            replace: &[("(*a).cmp(&*b)", "(*b).cmp(&*a)"), ("number as u32", "number as u32 * 10")],
            then: "[3, 2, 1] 110",
        }],
    },
    // C keeps pointers to what it calls when a thread ends, and while it looks for something.
    Case {
        name: "kept_by_c",
        svc: r#"
use std::ffi::{c_int, c_void};
use std::sync::{Mutex, OnceLock};
unsafe extern "C" {
    fn pthread_key_create(key: *mut u32, destructor: extern "C" fn(*mut c_void)) -> c_int;
    fn pthread_setspecific(key: u32, value: *const c_void) -> c_int;
    fn bsearch(key: *const u32, base: *const u32, count: usize, size: usize, compare: Compare) -> *const u32;
}
type Compare = extern "C" fn(*const u32, *const u32) -> c_int;
static KEY: OnceLock<u32> = OnceLock::new();
static KEPT: OnceLock<Compare> = OnceLock::new();
static ENDED: Mutex<Vec<String>> = Mutex::new(Vec::new());
extern "C" fn ended(value: *mut c_void) { ENDED.lock().unwrap().push(format!("old {}", value as usize)); }
extern "C" fn compare(wanted: *const u32, one: *const u32) -> c_int { unsafe { (*wanted).cmp(&*one) as c_int } }
pub fn answer() -> String {
    let key = *KEY.get_or_init(|| { let mut key = 0; unsafe { pthread_key_create(&mut key, ended) }; key });
    let round = ENDED.lock().unwrap().len() + 1;
    std::thread::spawn(move || unsafe { pthread_setspecific(key, round as *const c_void); }).join().unwrap();
    let (all, compare) = ([1_u32, 2, 3, 4, 5, 6, 7], *KEPT.get_or_init(|| compare));
    let found = unsafe { bsearch(&4, all.as_ptr(), all.len(), 4, compare).as_ref() };
    format!("{:?} {found:?}", ENDED.lock().unwrap())
}
"#,
        low: "",
        first: "[\"old 1\"] Some(4)",
        edits: &[Edit {
            replace: &[("\"old {}\"", "\"new {}\""), ("(*wanted).cmp", "(*wanted + 2).cmp")],
            then: "[\"old 1\", \"new 2\"] Some(6)",
        }],
    },
    Case {
        name: "loops",
        svc: r#"
use std::sync::{Mutex, OnceLock, mpsc::{Sender, Receiver, channel}};
static THREAD: OnceLock<(Mutex<Sender<u32>>, Mutex<Receiver<String>>)> = OnceLock::new();
#[inline(never)] fn work(n: u32) -> String { format!("work {n}") }
fn forever(asked: Receiver<u32>, done: Sender<String>) { for n in asked { done.send(format!("{} in the loop", work(n))).unwrap(); } }
pub fn answer() -> String {
    let (asked, done) = THREAD.get_or_init(|| {
        let (asked, receiver) = channel();
        let (sender, done) = channel();
        std::thread::spawn(move || forever(receiver, sender));
        (Mutex::new(asked), Mutex::new(done))
    });
    asked.lock().unwrap().send(3).unwrap();
    done.lock().unwrap().recv().unwrap()
}
"#,
        low: "",
        first: "work 3 in the loop",
        edits: &[
            Edit { replace: &[("\"work {n}\"", "\"new work {n}\"")], then: "new work 3 in the loop" },
            Edit { replace: &[("new work", "newest work")], then: "newest work 3 in the loop" },
        ],
    },
    Case {
        name: "iterators",
        svc: r#"
struct Countdown(u32);
impl Iterator for Countdown { type Item = u32; fn next(&mut self) -> Option<u32> { self.0 = self.0.checked_sub(1)?; Some(self.0) } }
impl std::fmt::Display for Countdown { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "from {}", self.0) } }
impl std::str::FromStr for Countdown { type Err = std::num::ParseIntError; fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) } }
pub fn answer() -> String {
    let counted: Countdown = "3".parse().unwrap();
    format!("{}: {:?}", counted.to_string(), counted.filter(|n| n % 2 == 0).map(|n| n + 1).collect::<Vec<_>>())
}
"#,
        low: "",
        first: "from 3: [3, 1]",
        edits: &[Edit {
            replace: &[
                ("Some(self.0)", "Some(self.0 * 2)"),
                ("from {}", "down from {}"),
                ("text.parse()", "text.parse().map(|n: u32| n + 1)"),
            ],
            then: "down from 4: [7, 5, 3, 1]",
        }],
    },
    // The method has another hash then, and the old objects the old one.
    Case {
        name: "impl_above",
        svc: r#"
use std::sync::Mutex;
trait Speak: Send { fn word(&self) -> String; }
struct Cat;
// here
impl Speak for Cat { fn word(&self) -> String { "meow".into() } }
impl Cat { fn own(&self) -> String { "own".into() } }
static OLD: Mutex<Vec<Box<dyn Speak>>> = Mutex::new(Vec::new());
static POINTERS: Mutex<Vec<fn(&Cat) -> String>> = Mutex::new(Vec::new());
pub fn answer() -> String {
    let (mut old, mut pointers) = (OLD.lock().unwrap(), POINTERS.lock().unwrap());
    old.push(Box::new(Cat)); pointers.push(Cat::own);
    old.iter().map(|one| one.word()).chain(pointers.iter().map(|f| f(&Cat))).collect::<Vec<_>>().join(" ")
}
"#,
        low: "",
        first: "meow own",
        edits: &[
            Edit {
                replace: &[(
                    "// here",
                    "impl Cat { fn above() -> u32 { 1 } }\nimpl Clone for Cat { fn clone(&self) -> Self { Cat } }",
                )],
                then: "meow meow own own",
            },
            Edit { replace: &[("\"meow\"", "\"purr\""), ("\"own\"", "\"new\"")], then: "purr purr purr new new new" },
        ],
    },
    // What holds a function itself has the same name as what holds a pointer to one, and no bytes.
    Case {
        name: "items",
        svc: r#"
fn work() -> u32 { 1 }
pub fn answer() -> String { format!("{}", std::thread::spawn(work).join().unwrap()) }
"#,
        low: "",
        first: "1",
        edits: &[Edit {
            replace: &[
                ("fn work", "static LATER: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| 40);\nfn work"),
                ("{}\", std", "{}\", *LATER + std"),
            ],
            then: "41",
        }],
    },
    // A function that is taken out and put in again is what it was, and old pointers lead to it.
    Case {
        name: "undone",
        svc: r#"
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(1);
static KEPT: OnceLock<fn() -> u32> = OnceLock::new();
fn keep(f: fn() -> u32) -> u32 { KEPT.get_or_init(|| f)() }
fn counted() -> u32 { COUNT.fetch_add(1, Ordering::SeqCst) }
pub fn answer() -> String { format!("{}", keep(counted)) }
"#,
        low: "",
        first: "1",
        edits: &[
            Edit {
                replace: &[
                    ("fn counted() -> u32 { COUNT.fetch_add(1, Ordering::SeqCst) }\n", ""),
                    ("keep(counted)", "COUNT.fetch_add(10, Ordering::SeqCst) + keep(other)"),
                    ("pub fn", "fn other() -> u32 { 0 }\npub fn"),
                ],
                then: "14",
            },
            Edit {
                replace: &[
                    ("pub fn", "fn counted() -> u32 { COUNT.fetch_add(1, Ordering::SeqCst) + 100 }\npub fn"),
                    ("COUNT.fetch_add(10, Ordering::SeqCst) + keep(other)", "keep(counted)"),
                ],
                then: "113",
            },
        ],
    },
];
