//! Two programs in one workspace: `api` loads the module `word`, `plain` links it, and `extra` besides.

use std::fs;

use crate::support::console::{HOST, WORD};
use crate::support::fixture::manifest;
use crate::support::place::Place;

/// The workspace.
pub(crate) struct Pair {
    pub(crate) place: Place,
}

impl Pair {
    /// Waits for its turn. Every file is in its first state.
    pub(crate) fn new() -> Self {
        let members = "members = [\"api\", \"plain\", \"word\", \"base\", \"extra\"]";
        let plain = manifest("plain", "word = { path = \"../word\" }\nextra = { path = \"../extra\" }\n");
        let place = Place::new(
            "pair",
            &[
                ("ws/Cargo.toml", format!("[workspace]\nresolver = \"3\"\n{members}\n")),
                ("ws/api/Cargo.toml", manifest("api", "word = { path = \"../word\" }\n")),
                ("ws/api/src/main.rs", HOST.into()),
                ("ws/plain/Cargo.toml", plain),
                ("ws/plain/src/main.rs", PLAIN.into()),
                ("ws/word/Cargo.toml", manifest("word", "base = { path = \"../base\" }\n")),
                ("ws/word/src/lib.rs", WORD.into()),
                ("ws/base/Cargo.toml", manifest("base", "")),
                ("ws/base/src/lib.rs", "pub fn letter() -> char {\n    'o'\n}\n".into()),
                ("ws/extra/Cargo.toml", manifest("extra", "")),
                ("ws/extra/src/lib.rs", "pub fn more() -> &'static str {\n    \"more\"\n}\n".into()),
            ],
        );
        Self { place }
    }

    /// Replaces `old`, which has to be in a file of the workspace, by `new`.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.place.root().join(file);
        let text = fs::read_to_string(&path).expect("a source file");
        assert!(text.contains(old), "{file} has no {old:?}");
        fs::write(&path, text.replacen(old, new, 1)).expect("written");
    }
}

/// Ends in the middle of a line when it is told to.
const PLAIN: &str = r#"//! Says what it was linked with, and which instance it is.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

unsafe extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
}

static STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn stop(_: i32) {
    STOP.store(true, Ordering::SeqCst);
}

fn main() {
    unsafe { signal(15, stop) };
    let instance = std::env::var("HOTRELOAD_INSTANCE").unwrap();
    println!("plain {instance}: {} and {}", word::console_word(), extra::more());
    while !STOP.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(5));
    }
    print!("no end of {instance}");
    std::io::stdout().flush().unwrap();
}
"#;
