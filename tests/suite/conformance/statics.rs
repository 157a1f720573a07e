//! Statics and thread-locals keep what they hold, and new ones begin with what they should.

use crate::conformance::case::{Case, Edit};
use crate::conformance::hold;

#[test]
fn statics_keep_their_values() {
    hold(CASES, &[]);
}

const CASES: &[Case] = &[
    Case {
        name: "kinds",
        svc: r#"
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, RwLock};
static ZERO: AtomicU32 = AtomicU32::new(0);
static SEVEN: AtomicU64 = AtomicU64::new(7);
static LAZY: LazyLock<Mutex<BTreeMap<u32, String>>> = LazyLock::new(|| Mutex::new(BTreeMap::from([(0, "first".to_owned())])));
static ONCE: OnceLock<String> = OnceLock::new();
static TABLE: [RwLock<u8>; 3] = [RwLock::new(1), RwLock::new(2), RwLock::new(3)];
static mut COUNT: u32 = 40;
fn inside() -> u32 { static INNER: AtomicU32 = AtomicU32::new(100); INNER.fetch_add(1, Ordering::SeqCst) }
fn generic<T: Default>() -> u32 { static SHARED: AtomicU32 = AtomicU32::new(0); SHARED.fetch_add(1, Ordering::SeqCst) }
pub fn answer() -> String {
    let count = unsafe { COUNT += 1; COUNT };
    let zero = ZERO.fetch_add(1, Ordering::SeqCst);
    let mut lazy = LAZY.lock().unwrap();
    lazy.insert(count, "more".to_owned());
    let once = ONCE.get_or_init(|| format!("set at {zero}"));
    *TABLE[1].write().unwrap() += 10;
    format!("{zero} {} {} {once} {} {count} {} {}", SEVEN.fetch_add(1, Ordering::SeqCst), lazy.len(), TABLE[1].read().unwrap(),
        inside(), generic::<u8>() + generic::<u16>())
}
"#,
        low: "",
        first: "0 7 2 set at 0 12 41 100 1",
        edits: &[
            Edit {
                replace: &[("{zero} {} {}", "new {zero} {} {}"), ("INNER.fetch_add(1,", "INNER.fetch_add(2,")],
                then: "new 1 8 3 set at 0 22 42 101 5",
            },
            // More of them, and one in each of the functions.
            Edit {
                replace: &[
                    (
                        "static mut COUNT",
                        "static FRESH: AtomicU32 = AtomicU32::new(1000);\nstatic LATER: LazyLock<String> = LazyLock::new(|| \"later\".repeat(2));\nstatic mut COUNT",
                    ),
                    (
                        "format!(\"new {zero}",
                        "static HERE: AtomicU32 = AtomicU32::new(500);\n    format!(\"{} {} {} {zero}",
                    ),
                    (
                        "{} {}\", SEVEN",
                        "{} {}\", FRESH.fetch_add(1, Ordering::SeqCst), *LATER, HERE.fetch_add(1, Ordering::SeqCst), SEVEN",
                    ),
                ],
                then: "1000 laterlater 500 2 9 4 set at 0 32 43 103 9",
            },
            Edit {
                replace: &[("\"{} {} {} {zero}", "\"{}, {}, {}, {zero}")],
                then: "1001, laterlater, 501, 3 10 5 set at 0 42 44 105 13",
            },
        ],
    },
    Case {
        name: "thread_locals",
        svc: r#"
use std::cell::{Cell, RefCell};
use std::sync::{Mutex, OnceLock, mpsc::{Receiver, Sender, channel}};
struct Loud(&'static str);
static DROPPED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
impl Drop for Loud { fn drop(&mut self) { DROPPED.lock().unwrap().push(self.0); } }
thread_local! {
    static PLAIN: Cell<u32> = const { Cell::new(10) };
    static LAZY: RefCell<Vec<u32>> = RefCell::new(vec![1, 2]);
    static DROPS: Loud = const { Loud("old") };
}
#[inline(never)]
fn touch() -> String {
    PLAIN.set(PLAIN.get() + 1);
    LAZY.with_borrow_mut(|all| all.push(PLAIN.get()));
    let (plain, lazy) = (PLAIN.get(), LAZY.with_borrow(Vec::len));
    DROPS.with(|loud| format!("{}{}{}", loud.0, plain, lazy))
}
static OLD: OnceLock<(Mutex<Sender<()>>, Mutex<Receiver<String>>)> = OnceLock::new();
pub fn answer() -> String {
    let (ask, told) = OLD.get_or_init(|| {
        let ((ask, asked), (tell, told)) = (channel(), channel());
        std::thread::spawn(move || { for () in asked { tell.send(touch()).unwrap(); } });
        (Mutex::new(ask), Mutex::new(told))
    });
    ask.lock().unwrap().send(()).unwrap();
    let old = told.lock().unwrap().recv().unwrap();
    let new = std::thread::spawn(|| touch()).join().unwrap();
    format!("{old} {new} {} {:?}", touch(), DROPPED.lock().unwrap())
}
"#,
        low: "",
        first: "old113 old113 old113 [\"old\"]",
        edits: &[
            Edit {
                replace: &[("\"{}{}{}\", loud.0", "\"{}:{}{}\", loud.0")],
                then: "old:124 old:113 old:124 [\"old\", \"old\"]",
            },
            // New ones, in old threads and in a new one, with a destructor and without.
            Edit {
                replace: &[
                    (
                        "static DROPS",
                        "static MORE: Cell<u64> = const { Cell::new(77) };\n    static SLOW: RefCell<String> = RefCell::new(\"s\".repeat(2));\n    static GOES: Loud = const { Loud(\"new\") };\n    static DROPS",
                    ),
                    (
                        "#[inline(never)]",
                        "fn more() -> String {\n    MORE.set(MORE.get() + 1);\n    SLOW.with_borrow_mut(|slow| slow.push('t'));\n    GOES.with(|new| assert_eq!(new.0, \"new\"));\n    format!(\"{}{}\", MORE.get(), SLOW.with_borrow(String::clone))\n}\n#[inline(never)]",
                    ),
                    ("\"{}:{}{}\", loud.0", "\"{}{}:{}{}\", more(), loud.0"),
                ],
                then: "78sstold:135 78sstold:113 78sstold:135 [\"old\", \"old\", \"new\", \"old\"]",
            },
            Edit {
                replace: &[("format!(\"{}{}\", MORE", "format!(\"{}-{}\", MORE")],
                then: "79-ssttold:146 78-sstold:113 79-ssttold:146 [\"old\", \"old\", \"new\", \"old\", \"new\", \"old\"]",
            },
        ],
    },
    Case {
        name: "allocator",
        svc: r#"
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
struct Counting;
static BYTES: AtomicUsize = AtomicUsize::new(0);
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 { if layout.size() == 12_345 { BYTES.fetch_add(1, Ordering::SeqCst); } unsafe { System.alloc(layout) } }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) { unsafe { System.dealloc(at, layout) } }
}
#[global_allocator] static ALLOCATOR: Counting = Counting;
pub fn answer() -> String { drop(std::hint::black_box(vec![0_u8; 12_345])); drop(std::hint::black_box(Vec::<u8>::with_capacity(12_345))); format!("{}", BYTES.load(Ordering::SeqCst)) }
"#,
        low: "",
        first: "2",
        edits: &[
            Edit { replace: &[("BYTES.fetch_add(1,", "BYTES.fetch_add(10,")], then: "22" },
            Edit { replace: &[("format!(\"{}\"", "format!(\"{} allocations\"")], then: "42 allocations" },
        ],
    },
];
