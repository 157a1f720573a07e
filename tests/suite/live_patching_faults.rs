//! `run --strategy patch` when something goes wrong in the middle of a patch: the program runs on or is started again, the
//! session goes on, and nothing is left behind.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::command::inherit;
use crate::support::place::Started;
use crate::support::poll::BUILD;
use crate::support::session_of_patches::{Patched, runs_in};

/// The target directory of a session on a small disk of its own, seen from outside.
struct Disk {
    /// Keeps it there when the session has ended.
    open: File,
}

impl Disk {
    /// That of the session, which runs in the workspace `root`.
    fn of(session: &Started, root: &Path) -> Self {
        let root = root.strip_prefix("/").expect("an absolute path");
        let target = Path::new("/proc").join(session.id().to_string()).join("root").join(root).join("target");
        Self { open: File::open(target).expect("its target directory") }
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.open.as_raw_fd()))
    }

    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.path().join("full")).expect("a file");
        for piece in [1 << 20, 1] {
            while file.write_all(&vec![b'x'; piece]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("full")).expect("it was full");
    }

    /// What sessions have left.
    fn left(&self) -> Vec<PathBuf> {
        let patches = fs::read_dir(self.path().join("hotreload/hotreload-patches")).expect("a directory");
        patches.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect()
    }
}

/// Whether disks can be made here: that takes a user namespace.
fn can_mount() -> bool {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
    let can = command.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !can {
        println!("SKIPPED: no disk can be mounted here");
    }
    can
}

/// While an edit is compiled, the disk is full: the program goes on with what it has, and the first edit after there is room
/// again gets in.
#[test]
fn a_full_disk_costs_the_edit_and_nothing_else() {
    if !can_mount() {
        return;
    }
    let app = Patched::new();
    fs::create_dir(app.root().join("target")).expect("mkdir");
    let session = app.start_with(&[], |command| {
        let mut tool = std::mem::replace(command, Command::new("unshare"));
        // A build that ends when the disk is full leaves room there.
        app.never_settle(&mut tool);
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
        command.args(["mount -t tmpfs -o size=192m none target && exec \"$@\"", "sh"]);
        command.arg(tool.get_program()).args(tool.get_args());
        inherit(command, &tool);
    });
    let disk = Disk::of(&session, &app.root());
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"first {}"), "2 main first base0 outside text");
    disk.fill();
    app.edit("ws/api/src/lib.rs", "\"first {}", "\"second {}");
    session.output.expect(BUILD, ["No space left on device", "the program goes on with the old code"]);
    disk.make_room();
    app.edit("ws/api/src/lib.rs", "\"second {}", "\"third {}");
    session.output.expect(BUILD, ["main third base0 outside text"]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"third {}", "\"fourth {}"), "4 main fourth base0 outside text");
    let text = session.terminate();
    assert!(!text.contains("restarted as process") && !text.contains("panicked"), "{text}");
    assert!(!runs_in(&app.root()) && disk.left().is_empty(), "{:?}", disk.left());
}

/// Where what describes a patch cannot be written, the program is started again, and the next patch gets in.
#[test]
fn a_patch_that_cannot_be_described_is_a_restart() {
    let app = Patched::new();
    let session = app.start(&[]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"first {}"), "2 main first base0 outside text");
    // A file is written under this name first.
    fs::create_dir(app.left()[0].join("0/new")).expect("mkdir");
    app.edit("ws/api/src/lib.rs", "\"first {}", "\"second {}");
    let [line, _] =
        session.output.expect(BUILD, ["[hotreload] restarted as process", "said: 1 main second base0 outside text"]);
    assert!(line.contains("because cannot write `") && line.contains("Is a directory"), "{line}");
    app.patch(&session, ("ws/api/src/lib.rs", "\"second {}", "\"third {}"), "2 main third base0 outside text");
    session.terminate();
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}
