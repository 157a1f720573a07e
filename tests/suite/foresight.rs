//! Modules that could not be loaded are not sent: the old code goes on, and the answers never stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

use crate::support::http::Client;
use crate::support::poll::BUILD;
use crate::support::server::Server;
use crate::support::session::Session;

/// Asks without a pause.
struct Load {
    is_over: Arc<AtomicBool>,
    answers: Arc<AtomicU32>,
    thread: Option<JoinHandle<Vec<String>>>,
}

impl Load {
    fn on(client: &Client) -> Self {
        let (is_over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (end, count, client) = (Arc::clone(&is_over), Arc::clone(&answers), client.clone());
        let ask = move || {
            let mut failed = Vec::new();
            while !end.load(Ordering::Relaxed) {
                match client.get("/") {
                    Ok(_) => drop(count.fetch_add(1, Ordering::Relaxed)),
                    Err(error) => failed.push(error.to_string()),
                }
            }
            failed
        };
        Self { is_over, answers, thread: Some(thread::spawn(ask)) }
    }

    /// How many answers there were; panics if one was missing.
    #[track_caller]
    fn end(mut self) -> u32 {
        self.is_over.store(true, Ordering::Relaxed);
        let failed = self.thread.take().expect("it asks").join().expect("it only asks");
        assert!(failed.is_empty(), "{failed:?}");
        self.answers.load(Ordering::Relaxed)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// A function that is nowhere, and one that a lower module has lost: each is named with the module that wants it. The process
/// answers all the time, and takes the next edit that mends it.
#[test]
fn what_could_not_be_loaded_is_named_and_the_old_code_answers() {
    const CALL: &str = "    let summary";
    let declared = |name: &str| {
        format!("#[allow(unsafe_code)]\nunsafe extern \"C\" {{\n    safe fn {name}() -> u32;\n}}\nmod error;")
    };
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    let load = Load::on(&session.client);

    server.edit("api/src/lib.rs", "mod error;", &declared("lower_part"));
    server.edit("api/src/lib.rs", CALL, &format!("    let _number = lower_part();\n{CALL}"));
    server.greet("one");
    let [said] = session.output.expect(BUILD, ["not reloaded, the program goes on with the old code"]);
    let what = "note-server-api wants `lower_part`, which nothing that is loaded has";
    assert!(said.ends_with(&format!("for the new one cannot be loaded: {what}")), "{said}");
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("Hello from the first version", pid));

    // The crate below gets it: now both can be loaded.
    let part = "#[allow(unsafe_code)]\n#[unsafe(no_mangle)]\npub extern \"C\" fn lower_part() -> u32 {\n    1\n}\n";
    let path = server.root().join("service/src/lib.rs");
    let before = std::fs::read_to_string(&path).expect("a source file");
    std::fs::write(&path, format!("{before}\n{part}")).expect("written");
    session.output.expect(BUILD, ["reloaded note-server-service, note-server-api, note-server-router"]);
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("one", pid));

    // And loses it again.
    std::fs::write(&path, format!("{before}\n{}", part.replace("lower_part", "another_part"))).expect("written");
    let [said] = session.output.expect(BUILD, ["not reloaded, the program goes on with the old code"]);
    let what = "note-server-api wants `lower_part`, which note-server-service no longer has";
    assert!(said.ends_with(&format!("for the new one cannot be loaded: {what}")), "{said}");
    assert_eq!(session.page().greeting, "one");
    server.edit("api/src/lib.rs", &declared("lower_part"), &declared("another_part"));
    server.edit("api/src/lib.rs", "lower_part()", "another_part()");
    server.greet("two");
    session.output.expect(BUILD, ["reloaded note-server-service, note-server-api, note-server-router"]);
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("two", pid));
    assert!(load.end() > 10);
    session.terminate();
}
