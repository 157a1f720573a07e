//! `run --strategy patch` with programs that fork, start others, and replace themselves.

use std::fs;

use crate::support::poll::{BUILD, SOON, until};
use crate::support::processes::is_alive;
use crate::support::session_of_patches::{Patched, pid, runs_in};

/// Before its loop, the program forks a child that asks the same crates, and looks into another program each time it
/// says something. It replaces itself by itself when it finds a file.
const CHILDREN: &str = r#"
use std::ffi::{c_int, c_ulong};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

unsafe extern "C" {
    fn fork() -> c_int;
    fn prctl(option: c_int, value: c_ulong) -> c_int;
}

/// Goes on in what the program was when it was forked, until that ends.
fn begin() {
    if unsafe { fork() } == 0 {
        unsafe { prctl(1, 9) };
        let mut last = String::new();
        let mut said = 0;
        loop {
            let now = api::answer();
            said += 1;
            if now != last || said % 20 == 0 {
                println!("child {} says: {now}", std::process::id());
                last = now;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

/// What another program sees.
fn look() {
    let script = "env | grep -c -e HOTRELOAD_PATCHES -e LD_PRELOAD; grep -c libhotreload-agent /proc/self/maps; true";
    let output = Command::new("sh").args(["-c", script]).output().unwrap();
    if std::fs::remove_file("../replace").is_ok() {
        println!("replaced: {}", Command::new("/proc/self/exe").exec());
    }
    // The last thing: a file that is made when this was read is found the next time.
    println!("another sees {:?}", String::from_utf8_lossy(&output.stdout));
}
"#;

/// The forked child stays what it was while its parent is patched, what the program starts knows nothing of the agent, and
/// a program that has replaced itself is started anew by the next edit. A child that is forked from patched code has it.
#[test]
fn children_are_left_alone() {
    let app = Patched::new();
    let main = app.fixture.read("ws/app/src/main.rs");
    let main = main.replace("    let mut last", "    begin();\n    let mut last");
    let main = main.replace("        *last = now;", "        look();\n        *last = now;");
    app.fixture.write("ws/app/src/main.rs", &(main + CHILDREN));
    let session = app.start(&[]);
    let output = &session.output;
    let before = "says: api base0 outside text";
    let [line] = output.expect(BUILD, [before]);
    let child: u32 = line.split(' ').nth(1).and_then(|number| number.parse().ok()).expect("a process id");
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"first {}");
    let seen = "another sees \"0\\n0\\n\"";
    output.expect(BUILD, ["[hotreload] patched api", "said: 2 main first base0 outside text", seen]);
    app.edit("ws/app/src/main.rs", "\"main\"", "\"MAIN\"");
    output.expect(BUILD, ["[hotreload] patched app", "said: 3 MAIN first base0 outside text", seen]);
    // Old code, and alive; that is told.
    output.expect(SOON, [before]);
    let told = format!("[hotreload] a child process runs the old code on ({child})");
    until(SOON, "the child is told of", || output.text().contains(&told).then_some(()));
    assert!(is_alive(child) && !output.text().contains("says: first"), "{}", output.text());

    fs::write(app.fixture.path("replace"), "").expect("written");
    app.edit("ws/api/src/lib.rs", "\"first {}", "\"second {}");
    // It takes the edit, and replaces itself by what it was started from.
    output.expect(BUILD, ["said: 4 MAIN second base0 outside text"]);
    output.expect(SOON, ["said: 1 "]);
    app.edit("ws/api/src/lib.rs", "\"second {}", "\"third {}");
    let [line, _, _] = output.expect(
        BUILD,
        ["[hotreload] restarted as process", "said: 1 MAIN third base0 outside text", "says: third base0 outside text"],
    );
    assert!(line.contains("because the program has replaced itself by another one"), "{line}");
    until(SOON, "the child has ended with its parent", || (!is_alive(child)).then_some(()));
    assert!(is_alive(pid(&line)));
    app.patch(&session, ("ws/api/src/lib.rs", "\"third {}", "\"fourth {}"), "2 MAIN fourth base0 outside text");
    let text = session.terminate();
    assert!(!text.contains("died") && !text.contains("panicked"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}
