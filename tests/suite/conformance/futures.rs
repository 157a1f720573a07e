//! Futures of every kind, on an executor of ten lines.

use crate::conformance::case::{Case, Edit};
use crate::conformance::hold;

#[test]
fn futures_go_on_in_new_code() {
    hold(CASES, &[]);
}

const CASES: &[Case] = &[
    Case {
        name: "kinds",
        svc: r#"
use std::future::{Future, poll_fn, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop { if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) { return done } }
}
struct Yield(bool);
impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> { if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending } }
}
async fn plain(n: u32) -> u32 { Yield(false).await; n + 1 }
fn boxed(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> { Box::pin(async move { plain(n).await * 10 }) }
async fn recursive(n: u32) -> u32 { if n == 0 { 0 } else { Box::pin(recursive(n - 1)).await + 2 } }
trait Service { async fn call(&self, n: u32) -> String; fn later(&self) -> impl Future<Output = u32> { async { 5 } } }
struct One;
impl Service for One { async fn call(&self, n: u32) -> String { Yield(false).await; format!("one {n}") } }
async fn with(f: impl AsyncFn(u32) -> u32) -> u32 { f(1).await + f(2).await }
async fn join(a: impl Future<Output = u32>, b: impl Future<Output = u32>) -> (u32, u32) {
    let (mut a, mut b, mut x, mut y) = (pin!(a), pin!(b), None, None);
    poll_fn(move |context| {
        if x.is_none() && let Poll::Ready(done) = a.as_mut().poll(context) { x = Some(done) }
        if y.is_none() && let Poll::Ready(done) = b.as_mut().poll(context) { y = Some(done) }
        x.zip(y).map_or(Poll::Pending, Poll::Ready)
    }).await
}
pub fn answer() -> String {
    block_on(async {
        format!("{} {} {} {} {} {} {:?} {}", plain(1).await, boxed(2).await, recursive(3).await, One.call(4).await, One.later().await,
            with(async |n| plain(n).await).await, join(plain(7), boxed(8)).await, ready(9).await)
    })
}
"#,
        low: "",
        first: "2 30 6 one 4 5 5 (8, 90) 9",
        edits: &[
            Edit {
                replace: &[
                    ("n + 1 }", "n + 2 }"),
                    ("await * 10", "await * 100"),
                    ("await + 2", "await + 3"),
                    ("\"one {n}\"", "\"ONE {n}\""),
                    ("{ 5 }", "{ 6 }"),
                ],
                then: "3 400 9 ONE 4 6 7 (9, 1000) 9",
            },
            Edit {
                replace: &[
                    ("plain(n).await)", "plain(n).await * 2)"),
                    ("f(2).await", "f(3).await"),
                    ("ready(9)", "ready(10)"),
                ],
                then: "3 400 9 ONE 4 6 16 (9, 1000) 10",
            },
        ],
    },
    Case {
        name: "suspended",
        svc: r#"
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
struct Yield(bool);
impl Future for Yield {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> { if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending } }
}
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());
static TASK: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>> = Mutex::new(None);
fn say(text: String) { SAID.lock().unwrap().push(text); }
#[inline(never)] async fn step(n: u32) { say(format!("begin {n}")); Yield(false).await; say(format!("end {n}")); }
async fn task() { let mut n = 0; loop { step(n).await; n += 1; } }
pub fn answer() -> String {
    let mut slot = TASK.lock().unwrap();
    let task = slot.get_or_insert_with(|| Box::pin(task()));
    let _ = task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    std::mem::take(&mut *SAID.lock().unwrap()).join(", ")
}
"#,
        low: "",
        first: "begin 0",
        edits: &[
            Edit { replace: &[("\"end {n}\"", "\"END {n}\"")], then: "END 0, begin 1" },
            Edit { replace: &[("n += 1", "n += 10"), ("\"begin {n}\"", "\"BEGIN {n}\"")], then: "END 1, BEGIN 11" },
        ],
    },
];
