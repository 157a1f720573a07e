//! Functions that run while they are replaced.

use cargo_hotreload::live::{NotPatched, Patched};

use crate::conformance::laboratory::{Laboratory, Program, Sources};
use crate::conformance::setting::{Setting, settings};

const SVC: &str = r#"
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;
static SEEN: AtomicU32 = AtomicU32::new(0);
static ROUNDS: AtomicU32 = AtomicU32::new(0);
fn value() -> u32 { 1 }
fn work() { let add = std::hint::black_box(0); loop { SEEN.store(value() + 0 + add, SeqCst); ROUNDS.fetch_add(1, SeqCst); thread::sleep(Duration::from_millis(1)); } }
fn after(rounds: u32) -> u32 {
    let until = ROUNDS.load(SeqCst) + rounds;
    while ROUNDS.load(SeqCst) < until { thread::yield_now(); }
    SEEN.load(SeqCst)
}
pub fn answer(question: &str) -> String {
    if question == "start" { thread::spawn(work); }
    after(2).to_string()
}
"#;

struct Trial {
    laboratory: Laboratory,
    program: Program,
    text: String,
}

impl Trial {
    fn new(setting: &Setting) -> Self {
        let mut laboratory = Laboratory::new(setting);
        let compiled = laboratory.compile(&sources(SVC));
        let mut program = laboratory.start(&compiled);
        assert_eq!(program.ask("start"), "1", "{setting}");
        Self { laboratory, program, text: SVC.to_owned() }
    }

    fn patch(&mut self, old: &str, new: &str) -> Result<Patched, NotPatched> {
        assert!(self.text.contains(old), "{old}");
        self.text = self.text.replace(old, new);
        let compiled = self.laboratory.compile(&sources(&self.text));
        self.program.patch(&compiled)
    }
}

fn sources(svc: &str) -> Sources {
    Sources { svc: vec![("lib.rs".to_owned(), svc.to_owned())], low: vec![("lib.rs".to_owned(), String::new())] }
}

/// A loop that never returns calls the new bodies of others, and that its own is not run is told, once.
#[test]
fn an_old_body_that_runs_on_is_told() {
    for setting in settings().into_iter().filter(|setting| setting.opt_level == 0) {
        let mut trial = Trial::new(&setting);
        let patched = trial.patch("value() -> u32 { 1 }", "value() -> u32 { 2 }").expect("patched");
        assert_eq!((patched.running(), trial.program.ask("now")), (vec![], "2".to_owned()), "{setting}");
        let patched = trial.patch("value() + 0", "value() + 10").expect("patched");
        assert_eq!((patched.running(), trial.program.ask("now")), (vec!["svc::work".to_owned()], "2".to_owned()));
        let patched = trial.patch("value() -> u32 { 2 }", "value() -> u32 { 3 }").expect("patched");
        assert_eq!((patched.running(), trial.program.ask("now")), (vec![], "3".to_owned()), "{setting}");
        let patched = trial.patch("fn work()", "// Another line.\nfn work()").expect("patched");
        assert_eq!(patched.running(), Vec::<String>::new(), "{setting}");
        // A new thread runs the new body.
        assert_eq!(trial.program.ask("start").parse::<u32>().expect("a number") % 10, 3, "{setting}");
    }
}

/// Optimised code has its callees inside, or knows what they do: it does not go on beside new ones.
#[test]
fn an_optimised_body_that_runs_is_not_replaced() {
    for setting in settings().into_iter().filter(|setting| setting.opt_level > 0) {
        let mut trial = Trial::new(&setting);
        let refused = trial.patch("value() -> u32 { 1 }", "value() -> u32 { 2 }").expect_err("it runs").to_string();
        assert!(refused.contains("` is running, and its optimised code may rely on"), "{setting}: {refused}");
        assert_eq!(trial.program.ask("now"), "1", "{setting}");
    }
}
