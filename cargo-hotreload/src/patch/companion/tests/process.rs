//! A process with a patch in it: what its own backtraces say, and GDB.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{line_of, output};
use crate::patch::companion::Companion;
use crate::patch::companion::debugger::{Entry, List};
use crate::patch::placed::{Placed, Write};
use crate::patch::world::tests::{regions, with_edit};

/// The address that stands for that of the descriptor for GDB, which a library has.
const DESCRIPTOR: u64 = 0x7000_0000_0000;

const BEFORE: &str = "
pub fn answer(n: u32) -> u32 { edited(n) }
#[inline(never)]
fn edited(n: u32) -> u32 { tell(); n }
#[inline(never)]
fn tell() {
    println!(\"{}\\n==\", std::backtrace::Backtrace::force_capture());
    std::io::stdin().read_line(&mut String::new()).unwrap();
}
";

const EDITED: &str = "fn edited(n: u32) -> u32 {
    let more = n + 40;
    inside(more)
}
#[inline(always)]
fn inside(n: u32) -> u32 {
    fresh(n);
    n
}
#[inline(never)]
fn fresh(_seen: u32) {
    tell();
}
";

#[test]
fn backtraces_and_gdb_know_the_functions_of_a_patch() {
    let after = BEFORE.replace("fn edited(n: u32) -> u32 { tell(); n }", EDITED);
    // With fixed addresses: the patch has to be linked before the process is there.
    let flags = ["-Crelocation-model=static", "-Cllvm-args=-inline-threshold=0"];
    with_edit([BEFORE, &after], 0, &flags, |directory, sets, plan| {
        let mut plan = plan.expect("a patch");
        let companion =
            Companion::of(sets, &plan.linked, regions(0)[0].start).expect("readable").expect("there is code");
        let file = directory.join("companion");
        fs::write(&file, &companion.image).expect("written");
        let entry = Entry::new(&companion, &file).expect("an entry");
        let at = plan.reserve(entry.size()).expect("there is room");
        let (writes, _) = entry.register(at, List { descriptor: DESCRIPTOR, first: 0 });
        let mut placed = plan.linked.placed;
        placed.writes.extend(plan.linked.redirects.into_iter().map(|redirect| redirect.jump).chain(writes));
        fs::write(directory.join("patch"), flat(&placed)).expect("written");

        let (mut program, mut told) = start(directory);
        let backtrace = read(&mut told, "==");
        let expected =
            [("svc::fresh", "    tell();"), ("svc::inside", "    fresh(n);"), ("svc::edited", "    inside(more)")];
        let mut frames = backtrace.as_slice();
        for (function, line) in expected {
            let begin = frames.iter().position(|frame| frame.contains(function));
            frames = &frames[begin.unwrap_or_else(|| panic!("{function} in {backtrace:#?}"))..];
            let place = format!("svc.rs:{}:", line_of(&after, line));
            assert!(frames[1].contains(&place), "{place} in {backtrace:#?}");
        }
        assert!(frames.iter().any(|frame| frame.contains("svc::answer")), "{backtrace:#?}");

        let said = attach(program.id());
        for expected in [
            format!("svc::fresh (_seen=43) at svc.rs:{}", line_of(&after, "    tell();")),
            format!("svc::inside (n=43) at svc.rs:{}", line_of(&after, "    fresh(n);")),
            format!("svc::edited (n=3) at svc.rs:{}", line_of(&after, "    inside(more)")),
        ] {
            assert!(said.contains(&expected), "{expected} in {said}");
        }
        drop(program.stdin.take());
        assert!(program.wait().expect("it ends").success());
    });
}

/// As the preloaded library reads it.
fn flat(placed: &Placed) -> Vec<u8> {
    let unwind = placed.unwind.expect("functions can be unwound");
    let words = [unwind.code.start, unwind.code.length, unwind.header];
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    for Write { address, bytes: written } in &placed.writes {
        bytes.extend(address.to_le_bytes());
        bytes.extend((written.len() as u64).to_le_bytes());
        bytes.extend(written);
    }
    bytes
}

/// Starts the program in `directory` with the patch beside it.
fn start(directory: &Path) -> (Child, BufReader<ChildStdout>) {
    let path = |name: &str| directory.join(name).into_os_string();
    fs::write(path("preload.c"), include_str!("preload.c")).expect("written");
    let arguments = ["-shared", "-fPIC", "-O1", "-o"].map(OsStr::new);
    output("cc", &[&arguments[..], &[&path("preload.so"), &path("preload.c")]].concat());
    let mut command = Command::new(path("main"));
    command.env("LD_PRELOAD", path("preload.so")).env("PATCH", path("patch")).env("COMPANION", path("companion"));
    let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let told = program.stdout.take().expect("a pipe");
    (program, BufReader::new(told))
}

/// The lines before the line `end`.
fn read(told: &mut impl BufRead, end: &str) -> Vec<String> {
    told.lines().map_while(Result::ok).take_while(|line| line != end).collect()
}

/// Where the process `pid` is, as GDB says.
fn attach(pid: u32) -> String {
    let pid = pid.to_string();
    let settings = ["-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load off"];
    let output = Command::new("gdb").args(settings).args(["-p", &pid, "-ex", "backtrace"]).output().expect("it starts");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
