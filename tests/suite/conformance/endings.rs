//! What C calls when the program ends, by pointers that it was given before.

use crate::conformance::laboratory::{Laboratory, Sources};
use crate::conformance::setting::settings;

const SVC: &str = r#"
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicU32, Ordering};
unsafe extern "C" {
    fn atexit(last: extern "C" fn()) -> c_int;
    fn on_exit(last: extern "C" fn(c_int, *mut c_void), value: *mut c_void) -> c_int;
}
static COUNT: AtomicU32 = AtomicU32::new(0);
extern "C" fn last() { println!("old last {}", COUNT.fetch_add(1, Ordering::SeqCst)); }
extern "C" fn with_code(code: c_int, value: *mut c_void) { println!("old {code} with {} {}", value as usize, COUNT.fetch_add(1, Ordering::SeqCst)); }
pub fn answer(_: &str) -> String {
    unsafe { format!("{} {}", atexit(last), on_exit(with_code, 7 as *mut c_void)) }
}
"#;

#[test]
fn what_is_called_at_the_end_is_new() {
    for setting in settings() {
        let sources = |svc: String| Sources {
            svc: vec![("lib.rs".to_owned(), svc)],
            low: vec![("lib.rs".to_owned(), String::new())],
        };
        let mut laboratory = Laboratory::new(&setting);
        let compiled = laboratory.compile(&sources(SVC.to_owned()));
        let mut program = laboratory.start(&compiled);
        assert_eq!(program.ask("register"), "0 0", "{setting}");
        let compiled = laboratory.compile(&sources(SVC.replace("\"old ", "\"new ")));
        program.patch(&compiled).unwrap_or_else(|refused| panic!("{setting}: {refused}"));
        // The last one first.
        assert_eq!(program.end(), "new 0 with 7 0\nnew last 1\n", "{setting}");
    }
}
