//! The control socket in the hands of somebody else: garbage, half messages, thousands of connections, other users.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

use nix::libc;

use crate::support::command::{Finished, clean};
use crate::support::fixture::{Fixture, manifest};
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON};

/// As many files as a session may have open.
const FILES: usize = 200;

/// A session of a program of one crate.
struct Site {
    fixture: Fixture,
    session: Started,
}

impl Site {
    fn start() -> Self {
        Self::start_in(Fixture::empty())
    }

    fn start_in(fixture: Fixture) -> Self {
        let fixture = fixture.file("Cargo.toml", &manifest("app", "")).file("src/main.rs", &program(0));
        let script = format!("ulimit -n {FILES}; exec \"$0\" \"$@\"");
        let mut command = clean("sh", fixture.root());
        command.args([
            "-c",
            &script,
            env!("CARGO_BIN_EXE_cargo-hotreload"),
            "hotreload",
            "run",
            "--strategy",
            "restart",
        ]);
        let session = Started::launch(command);
        session.output.expect(BUILD, ["this is 0"]);
        Self { fixture, session }
    }

    fn socket(&self) -> PathBuf {
        self.fixture.path(".hotreload/session/control.sock")
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).expect("the session listens");
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        stream
    }

    /// The session answers, has few files open, and carries the next edit into the program.
    #[track_caller]
    fn assert_works(&self, edit: u32) {
        let status = self.fixture.hotreload(&["status"]);
        assert!(status.stdout.contains(&format!("process {}, program ", self.session.id())), "{status:#?}");
        let open = fs::read_dir(format!("/proc/{}/fd", self.session.id())).expect("it runs").count();
        assert!(open < FILES / 2, "{open} files are open");
        self.fixture.write("src/main.rs", &program(edit));
        self.session.output.expect(BUILD, ["restarted as process", &format!("this is {edit}")]);
    }
}

fn program(number: u32) -> String {
    format!(
        "fn main() {{\n    println!(\"this is {number}\");\n    loop {{\n        std::thread::park();\n    }}\n}}\n"
    )
}

/// What comes back, if anything: nothing, once the session has closed the connection.
fn answer(mut stream: UnixStream) -> String {
    let mut text = String::new();
    match stream.read_to_string(&mut text) {
        Ok(_) => text,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => text,
        Err(error) => panic!("the session neither answers nor hangs up: {error}"),
    }
}

#[test]
fn a_session_survives_whatever_is_said_to_it() {
    let site = Site::start();
    let nested = "[".repeat(4000) + "\n";
    let messages: [&[u8]; 8] =
        [b"\n", b"\xff\xfe\0\n", b"\"no-such-thing\"\n", b"{\"status\":1}\n", nested.as_bytes(), b"\"sto", b"{", b""];
    for message in messages {
        let mut stream = site.connect();
        stream.write_all(message).expect("written");
        stream.shutdown(std::net::Shutdown::Write).expect("all is said");
        assert_eq!(answer(stream), "", "{message:?}");
    }
    // No end of a message.
    let mut stream = site.connect();
    let written = (0..1024).map(|_| stream.write(&[b'x'; 1024])).find_map(Result::err);
    let written = written.map(|error| error.kind());
    assert!(matches!(written, Some(ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)), "{written:?}");
    // In pieces, and a request all the same.
    let mut stream = site.connect();
    for piece in [&b"\"sta"[..], b"tu", b"s\"", b"\nand more"] {
        stream.write_all(piece).expect("written");
    }
    assert!(answer(stream).starts_with("{\"status\":{"));
    // Silence is borne for a while.
    assert_eq!(answer(site.connect()), "");
    site.assert_works(1);
    site.session.terminate();
}

#[test]
fn a_session_survives_ten_thousand_connections() {
    let site = Site::start();
    for number in 0..10_000 {
        let mut stream = site.connect();
        // Whoever makes room is hung up on.
        let _ = stream.write_all([&b""[..], b"\"stat", b"\"status\"\n", b"nonsense\n"][number % 4]);
    }
    site.assert_works(1);
    // More than the session may have files, and nearly as many as we may.
    let held: Vec<UnixStream> = (0..4 * FILES)
        .map(|number| {
            let mut stream = site.connect();
            let _ = stream.write_all([&b""[..], b"\"stat", b"\"status\"\n"][number % 3]);
            stream
        })
        .collect();
    site.assert_works(2);
    drop(held);
    site.assert_works(3);
    site.session.terminate();
}

/// Whoever waits for a reload that takes long is answered or refused, and nobody else waits for that.
#[test]
fn there_is_an_end_to_those_who_wait() {
    let site = Site::start();
    site.fixture.write("build.rs", "fn main() {\n    while !std::path::Path::new(\"go\").exists() {\n        std::thread::sleep(std::time::Duration::from_millis(10));\n    }\n}\n");
    // Each says at once what it wants: who is silent makes room for the next.
    let ask = |_| {
        let mut stream = site.connect();
        let _ = stream.write_all(b"\"restart\"\n");
        stream
    };
    let waiting: Vec<UnixStream> = (0..FILES).map(ask).collect();
    let status = site.fixture.hotreload(&["status"]);
    assert!(status.stdout.contains(&format!("process {}, program ", site.session.id())), "{status:#?}");
    site.fixture.write("go", "");
    let answers: Vec<String> = waiting.into_iter().map(answer).collect();
    let done = answers.iter().filter(|answer| answer.starts_with("{\"done\":")).count();
    let refused = answers.iter().filter(|answer| answer.contains("others wait for an answer already")).count();
    assert!(done > 0 && refused > 0 && done + refused <= FILES, "{answers:#?}");
    site.session.output.expect(BUILD, ["restarted as process"]);
    site.session.terminate();
}

/// Even where the modes of files would let them.
#[test]
fn another_user_is_not_heard() {
    // SAFETY: it takes nothing and cannot fail.
    #[expect(unsafe_code, reason = "rustix asks for another feature")]
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root {
        println!("SKIPPED: only root can be another user");
        return;
    }
    let site = Site::start();
    for (name, mode) in
        [("", 0o755), (".hotreload", 0o755), (".hotreload/session", 0o755), (".hotreload/session/control.sock", 0o666)]
    {
        fs::set_permissions(site.fixture.path(name), Permissions::from_mode(mode)).expect("chmod");
    }
    let socket = site.socket();
    let answered = thread::spawn(move || {
        // SAFETY: the call changes the user of this thread alone, which ends soon.
        #[expect(unsafe_code, reason = "libc would change the user of all threads")]
        let changed = unsafe { libc::syscall(libc::SYS_setresuid, 65534, 65534, 65534) };
        assert_eq!(changed, 0);
        let mut stream = UnixStream::connect(socket).expect("the modes let it");
        let _ = stream.write_all(b"\"stop\"\n");
        answer(stream)
    });
    assert_eq!(answered.join().expect("no panic"), "");
    site.assert_works(1);
    site.session.terminate();
}

/// What lies where the socket goes is taken away, not what it leads to.
#[test]
fn a_link_in_place_of_the_socket_leads_nowhere() {
    let elsewhere = Fixture::empty().file("control.sock", "mine").file("kept/a", "b");
    let before = elsewhere.tree();
    let fixture = Fixture::empty().file(".hotreload/.gitignore", "*\n");
    symlink(elsewhere.root(), fixture.path(".hotreload/session")).expect("a link");
    let site = Site::start_in(fixture);
    assert!(fs::symlink_metadata(site.fixture.path(".hotreload/session")).expect("there").is_dir());
    assert!(fs::symlink_metadata(site.socket()).expect("there").file_type().is_socket());
    crate::support::tree::assert_same(&before, &elsewhere.tree());
    site.session.terminate();
}

/// A workspace that comes with a link in place of the state directory cannot make the tool write elsewhere.
#[test]
fn a_link_in_place_of_the_state_directory_is_refused() {
    let elsewhere = Fixture::empty().file("kept", "mine");
    let fixture = Fixture::three_crates().file("Cargo.lock", "# not as cargo writes it\nversion = 4\n");
    symlink(elsewhere.root(), fixture.path(".hotreload")).expect("a link");
    let (before, outside) = (fixture.tree(), elsewhere.tree());
    for arguments in [&["enable"][..], &["disable"], &["run", "--strategy", "modules"], &["run", "--strategy", "patch"]]
    {
        let Finished { code, stderr, .. } = fixture.hotreload(arguments);
        let link = fixture.path(".hotreload");
        let expected = format!(
            "error: `{0}` is no directory, and this tool keeps its files there\nhelp: look at it, then remove it: `rm {0}`\n",
            link.display()
        );
        assert_eq!((code, stderr), (Some(32), expected), "{arguments:?}");
    }
    for arguments in [&["status"][..], &["doctor"], &["enable", "--dry-run"]] {
        fixture.hotreload(arguments);
    }
    crate::support::tree::assert_same(&outside, &elsewhere.tree());
    crate::support::tree::assert_same(&before, &fixture.tree());
}

/// Nor can one that comes with a journal.
#[test]
fn a_journal_that_names_other_files_is_refused() {
    let fixture = Fixture::three_crates().file("victim", "text\n");
    fixture.hotreload(&["enable"]).expect_success();
    let journal = fixture.path(".hotreload/journal.json");
    let entry = "\"manifests\": [{\"path\": \"victim\", \"before\": \"hurt\", \"after\": \"text\\n\"}, ";
    fixture
        .write(".hotreload/journal.json", &fixture.read(".hotreload/journal.json").replace("\"manifests\": [", entry));
    for arguments in [&["disable"][..], &["enable"], &["run", "--strategy", "modules"]] {
        let Finished { code, stderr, .. } = fixture.hotreload(arguments);
        let expected = format!(
            "error: `{0}` is damaged: `victim` is no manifest\n\
             help: `rm {0}`, then `cargo hotreload disable` takes out whatever has our marks\n",
            journal.display()
        );
        assert_eq!((code, stderr), (Some(33), expected), "{arguments:?}");
    }
    fs::remove_file(journal).expect("as the help says");
    fixture.hotreload(&["disable"]).expect_success();
    assert_eq!(fixture.read("victim"), "text\n");
    assert_eq!(fixture.read("base/Cargo.toml"), manifest("base", ""));
}
