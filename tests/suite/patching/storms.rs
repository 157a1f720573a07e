//! The tool is killed while it has the program stopped.

use std::env;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use cargo_hotreload::effects::patching::apply;
use procfs::process::Process;

use super::threads::Counters;
use crate::support::patched::{Program, find_when_ready, redirect, returning};
use crate::support::poll::{SOON, until};

/// The executable, for the process that plays the tool.
const PROGRAM: &str = "HOTRELOAD_TEST_PROGRAM";

/// The tool that is killed: it starts the program and replaces a function of it again and again, until it is killed.
#[test]
#[ignore = "the test below starts it"]
fn patches_in_a_loop() {
    let Some(executable) = env::var_os(PROGRAM).map(PathBuf::from) else { return };
    let program = Program::compiled(executable);
    let mut command = program.command(&["2", "0", "1"], None);
    let mut child = command.stdin(Stdio::inherit()).spawn().expect("the program starts");
    let agent = until(SOON, "the agent is there", || find_when_ready(child.id()).ok());
    let mut patch = redirect(&agent, program.symbol(child.id(), "answer"), 0, &returning(42));
    println!("\npid {}", child.id());
    let mut before = agent.memory().read(patch.redirects[0].address, 5).expect("the function's first bytes");
    while apply(&agent, &patch).is_ok() {
        std::mem::swap(&mut before, &mut patch.redirects[0].bytes);
    }
    child.wait().expect("it is ours");
    panic!("the program has ended");
}

/// The next line that `wanted` takes.
fn line<T>(lines: &mut Lines<BufReader<ChildStdout>>, wanted: impl FnMut(String) -> Option<T>) -> T {
    lines.map_while(Result::ok).find_map(wanted).expect("the line")
}

#[test]
fn a_program_lives_on_when_the_tool_is_killed_while_it_has_it_stopped() {
    let program = Program::compile("hot.c", &[]);
    for milliseconds in 10..18 {
        let mut tool = Command::new(env::current_exe().expect("our path"));
        tool.args(["--exact", "patching::storms::patches_in_a_loop", "--ignored", "--nocapture"]);
        tool.env(PROGRAM, program.executable()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut tool: Child = tool.spawn().expect("it starts");
        let mut lines = BufReader::new(tool.stdout.take().expect("a pipe")).lines();
        let mut input = tool.stdin.take().expect("a pipe");
        let pid: i32 = line(&mut lines, |line| line.strip_prefix("pid ")?.parse().ok());
        sleep(Duration::from_millis(milliseconds));
        tool.kill().expect("it was there");
        tool.wait().expect("it ends");

        let mut count = || {
            writeln!(input, "count").expect("the program reads");
            line(&mut lines, |line| Counters::parse(&line))
        };
        let before = count();
        let after = until(SOON, "all its threads go on", || {
            let after = count();
            let calls = after.ones + after.fortytwos > before.ones + before.fortytwos;
            (calls && after.queued > before.queued && after.pinged > before.pinged).then_some(after)
        });
        assert_eq!(after.others, 0, "{after:?}");
        for task in Process::new(pid).expect("the program").tasks().expect("its threads") {
            assert_eq!(task.expect("a thread").status().expect("its status").tracerpid, 0);
        }
        drop(input);
        until(SOON, "it ended with its input", || {
            Process::new(pid).and_then(|process| process.stat()).map_or(true, |stat| stat.state == 'Z').then_some(())
        });
    }
}
