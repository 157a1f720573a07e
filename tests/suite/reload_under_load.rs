//! Many edits of one process while it is asked all the time; `ci/bench.sh soak --strategy modules` is the long form.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use crate::support::http::Client;
use crate::support::poll::{BUILD, until};
use crate::support::server::Server;
use crate::support::session::Session;

/// How many edits, and how many clients ask meanwhile.
const EDITS: u32 = 25;
const CLIENTS: usize = 3;
/// After so many, nobody opens any more files than later.
const WARM: u32 = 10;
/// What may come and go: connections, a build's pipes.
const ROOM: usize = 12;

/// What the clients know.
#[derive(Debug, Default)]
struct Known {
    /// The newest edit that was seen to be live, and the newest one that was saved.
    live: AtomicU32,
    saved: AtomicU32,
    is_over: AtomicBool,
}

/// Each edit is what the next answer says, and the process stays with what it knows. No request fails, and none gets an
/// answer that is older than the last reload. Nobody opens more and more files. The program itself is not built for it.
#[test]
fn twenty_five_edits_under_load_are_as_many_reloads_of_one_process() {
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    server.greet("version 0");
    session.expect_reload();
    let host = server.built("note-server");
    let linked = || fs::metadata(&host).and_then(|file| file.modified()).expect("the program's file");
    // The edit before may have come before cargo had told what a build of the modules alone would be.
    let before = linked();
    let known = Known::default();
    let (asked, held) = thread::scope(|scope| {
        let ask = || until_over(&known, &session.client, pid);
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(ask)).collect();
        let held: Vec<[usize; 2]> = (1..=EDITS)
            .map(|number| {
                edit(&server, &session, &known, number);
                [pid, session.id()].map(open_files)
            })
            .collect();
        known.is_over.store(true, Ordering::SeqCst);
        let asked: u32 = clients.into_iter().map(|client| client.join().expect("right answers")).sum();
        (asked, held)
    });
    assert!(asked > EDITS * 10, "{asked} requests");
    let page = session.page();
    assert_eq!((page.pid, page.notes), (pid, u64::from(EDITS / 5)));
    assert!(page.requests >= u64::from(asked), "the counter goes on");
    assert_eq!(linked(), before, "an edit linked the program");
    let [warm, last] = [WARM, EDITS].map(|number| held[number as usize - 1]);
    assert!(last.iter().zip(warm).all(|(last, warm)| *last <= warm + ROOM), "{held:?}");
    session.terminate();
}

/// Saves the edit of this number, and sees that it is live.
fn edit(server: &Server, session: &Session, known: &Known, number: u32) {
    // Every fifth is one of two modules.
    let words = ["to_owned()", "to_uppercase()"];
    let (old, new) = if number.is_multiple_of(2) { (words[1], words[0]) } else { (words[0], words[1]) };
    let is_of_two = number.is_multiple_of(5);
    if is_of_two {
        server.edit("service/src/lib.rs", &format!("text.trim().{old}"), &format!("text.trim().{new}"));
    }
    known.saved.store(number, Ordering::SeqCst);
    server.greet(&format!("version {number}"));
    let is_live = || (session.page().greeting == format!("version {number}")).then_some(());
    until(BUILD, &format!("edit {number} is live"), is_live);
    known.live.store(number, Ordering::SeqCst);
    if is_of_two {
        session.client.add_note(&format!("note {number}"));
        let wanted = if new == words[0] { format!("note {number}") } else { format!("NOTE {number}") };
        let notes = session.client.get("/notes").expect("GET /notes");
        assert!(notes.contains(&wanted), "{wanted}: {notes}");
    }
}

/// Asks until it is over; how often.
fn until_over(known: &Known, client: &Client, pid: u32) -> u32 {
    let mut asked = 0;
    while !known.is_over.load(Ordering::SeqCst) {
        let least = known.live.load(Ordering::SeqCst);
        let page = client.page();
        let most = known.saved.load(Ordering::SeqCst);
        let number: u32 =
            page.greeting.strip_prefix("version ").and_then(|number| number.parse().ok()).expect("a number");
        assert!((least..=most).contains(&number), "version {number} after {least} was live and {most} was saved");
        assert_eq!(page.pid, pid);
        asked += 1;
    }
    asked
}

fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).expect("its files").count()
}
