//! `run --strategy patch` when somebody ends, restarts or replaces a program while a patch is being put into it.
//!
//! The middle of a patch is held: a thread that waits for a child which shares its memory cannot be stopped, so the patch
//! is tried again and again for a while.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::thread::{self, Scope, ScopedJoinHandle};

use rustix::process::Signal;

use crate::support::command::{Finished, hotreload};
use crate::support::fifo::Fifo;
use crate::support::place::Started;
use crate::support::poll::{BUILD, until};
use crate::support::session_of_patches::{PATIENCE, Patched, kill, pid, runs_in};

/// Waits, in the first instance, for a child that shares its memory and reads a pipe.
const HOLD: &str = r#"
fn hold() {
    use std::ffi::{c_int, c_void};
    unsafe extern "C" {
        fn clone(run: extern "C" fn(*mut c_void) -> c_int, stack: *mut c_void, flags: c_int, value: *mut c_void) -> c_int;
        fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
        fn open(path: *const i8, flags: c_int) -> c_int;
        fn read(file: c_int, into: *mut c_void, size: usize) -> isize;
        fn _exit(code: c_int) -> !;
    }
    extern "C" fn wait(byte: *mut c_void) -> c_int {
        unsafe {
            read(open(c"../pipe".as_ptr(), 0), byte, 1);
            _exit(0)
        }
    }
    if std::env::var("HOTRELOAD_INSTANCE").as_deref() != Ok("1") || !std::path::Path::new("../pipe").exists() {
        return;
    }
    let mut stack = vec![0_u128; 4096];
    let mut byte = 0_u8;
    // CLONE_VM, CLONE_VFORK, SIGCHLD
    let child = unsafe { clone(wait, stack.as_mut_ptr_range().end.cast(), 0x4100 | 17, (&raw mut byte).cast()) };
    unsafe { waitpid(child, std::ptr::null_mut(), 0) };
}
"#;

struct Two {
    app: Patched,
    session: Started,
    pids: [u32; 2],
}

/// The first instance, which cannot be stopped.
struct Held {
    pipe: Fifo,
    reader: File,
}

impl Two {
    fn start() -> Self {
        let app = Patched::new();
        let main = app.fixture.read("ws/app/src/main.rs").replace("    let now", "    hold();\n    let now");
        app.fixture.write("ws/app/src/main.rs", &(main + HOLD));
        let session = app.launch(&["--bin", "app", "--instances", "2"]);
        let lines = session.output.expect(
            BUILD,
            ["[app#1] started process", "[app#2] started process", "app#1 | said: 1 main", "app#2 | said: 1 main"],
        );
        let pids = [pid(&lines[0]), pid(&lines[1])];
        Self { app, session, pids }
    }

    /// Edits a file, and waits until both are patched, which never were before, and say so.
    fn warm_up(&self) {
        self.app.edit("ws/api/src/lib.rs", "\"api {}", "\"first {}");
        self.both_say("[app#1] patched ", "[app#2] patched ", ["2 main first", "2 main first"]);
    }

    fn both_say(&self, first: &str, second: &str, said: [&str; 2]) {
        let said = [format!("app#1 | said: {}", said[0]), format!("app#2 | said: {}", said[1])];
        self.session.output.expect(BUILD, [first, second, &said[0], &said[1]]);
    }

    /// Edits a file, and returns when that is being put into the first instance.
    fn hold_with(&self, old: &str, new: &str) -> Held {
        let pipe = Fifo::at(self.app.fixture.path("pipe"));
        let reader = pipe.until_read();
        let described = self.descriptions();
        self.app.edit("ws/api/src/lib.rs", old, new);
        until(BUILD, "the patch is described", || (self.descriptions() > described).then_some(()));
        Held { pipe, reader }
    }

    /// Files that describe patches of the first instance: one more just before it is stopped.
    fn descriptions(&self) -> usize {
        let left = self.app.left();
        fs::read_dir(left[0].join("0")).map_or(0, Iterator::count)
    }
}

impl Held {
    fn release(self) {
        // In this order: it waits no second time.
        drop(self.pipe);
        drop(self.reader);
    }
}

/// One of two is killed while it is patched: the other gets the edit and keeps its state, and the next edit starts the
/// first one again.
#[test]
fn one_of_two_is_killed_while_it_is_patched() {
    let two = Two::start();
    two.warm_up();
    let held = two.hold_with("\"first {}", "\"second {}");
    kill(two.pids[0]);
    held.release();
    let output = &two.session.output;
    output.expect(
        PATIENCE,
        ["[app#1] the program died (signal 9, SIGKILL)", "[app#2] patched api", "app#2 | said: 3 main second"],
    );
    two.app.edit("ws/api/src/lib.rs", "\"second {}", "\"third {}");
    two.both_say("[app#1] started process", "[app#2] patched api", ["1 main third", "4 main third"]);
    two.app.edit("ws/app/src/main.rs", "\"main\"", "\"MAIN\"");
    // What the first one was started from may be older than the edit that started it.
    two.both_say("[app#1] patched ", "[app#2] patched ", ["2 MAIN third", "5 MAIN third"]);
    two.end();
}

/// What is asked for while one of two is patched is done when that is over, and the next edit is patched.
#[test]
fn a_reload_and_a_restart_are_asked_for_while_one_of_two_is_patched() {
    let two = Two::start();
    two.warm_up();
    let output = &two.session.output;
    let held = two.hold_with("\"first {}", "\"second {}");
    thread::scope(|scope| {
        let reloading = two.asks(scope, "reload");
        held.release();
        output.expect(BUILD, ["app#1 | said: 3 main second", "app#2 | said: 3 main second"]);
        reloading.join().expect("it does not panic").expect_success();
    });
    let held = two.hold_with("\"second {}", "\"third {}");
    thread::scope(|scope| {
        let restarting = two.asks(scope, "restart");
        held.release();
        two.both_say("[app#1] restarted as", "[app#2] restarted as", ["1 main third", "1 main third"]);
        restarting.join().expect("it does not panic").expect_success();
    });
    two.app.edit("ws/api/src/lib.rs", "\"third {}", "\"fourth {}");
    two.both_say("[app#1] patched ", "[app#2] patched ", ["2 main fourth", "2 main fourth"]);
    two.end();
}

/// Nobody who talks nonsense to the session, or says nothing, is answered, and the patch goes on.
#[test]
fn garbage_comes_to_the_session_while_one_of_two_is_patched() {
    let two = Two::start();
    two.warm_up();
    let held = two.hold_with("\"first {}", "\"second {}");
    let directory = two.app.root().join(".hotreload/session");
    let socket = File::open(&directory).expect("its directory");
    let connect = || {
        let path = format!("/proc/self/fd/{}/control.sock", socket.as_raw_fd());
        UnixStream::connect(path).expect("the session listens")
    };
    let silent = connect();
    let long = vec![b'x'; 1 << 20];
    for garbage in [&b"\0\xff\n"[..], b"\"rel", b"{\"reload\":[[[[\n", b"\"none\"\n", b"\n", &long] {
        let mut stream = connect();
        // It may have closed the connection before it has everything.
        drop(stream.write_all(garbage));
        drop(stream.shutdown(Shutdown::Write));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        assert_eq!(String::from_utf8_lossy(&answer), "");
    }
    held.release();
    two.both_say("[app#1] patched api", "[app#2] patched api", ["3 main second", "3 main second"]);
    assert!(hotreload(&two.app.root(), &["status"]).stdout.contains("app#1: program "));
    drop(silent);
    two.end();
}

/// Ctrl+C while one of two is patched ends everything.
#[test]
fn the_session_is_interrupted_while_one_of_two_is_patched() {
    let two = Two::start();
    two.warm_up();
    let held = two.hold_with("\"first {}", "\"second {}");
    two.session.signal(Signal::INT);
    held.release();
    let (app, (code, text)) = (two.app, two.session.end());
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}

impl Two {
    /// Asks the session for something, and returns when it knows that.
    fn asks<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        what: &'static str,
    ) -> ScopedJoinHandle<'scope, Finished> {
        let asking = scope.spawn(move || hotreload(&self.app.root(), &[what]));
        let log = self.app.root().join(".hotreload/events.jsonl");
        let is_known = || fs::read_to_string(&log).is_ok_and(|log| log.contains(&format!("\"request\":\"{what}\"")));
        until(PATIENCE, "the session is asked", || is_known().then_some(()));
        asking
    }

    fn end(self) {
        let text = self.session.terminate();
        assert!(!text.contains("panicked"), "{text}");
        let app = self.app;
        assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
    }
}
