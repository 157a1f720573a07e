//! The agent: what the program notices of it, and where it finds room.

use std::process::Command;

use cargo_hotreload::effects::agent::{Agent, Missing};
use procfs::process::all_processes;

use crate::support::command::{clean, finish};
use crate::support::patched::{Program, Started, find_when_ready};
use crate::support::poll::{SOON, until};

fn output(command: &mut Command) -> String {
    finish(command).expect_success()
}

#[test]
fn neither_the_program_nor_its_children_see_the_agents_variables() {
    let program = Program::compile("states.c", &[]);
    let with = |inherited: Option<&str>| {
        let mut command = program.command(&["environment"], inherited);
        let ours: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
        command.env_clear();
        command.envs(ours.into_iter().filter_map(|(name, value)| Some((name, value?))));
        output(&mut command)
    };
    let without = |inherited: Option<&str>| {
        let mut command = program.plain_command(&["environment"]);
        let all: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
        command.env_clear();
        command.envs(all.into_iter().filter_map(|(name, value)| Some((name, value?))));
        command.envs(inherited.map(|value| ("LD_PRELOAD", value)));
        output(&mut command)
    };
    assert!(!without(None).contains("LD_PRELOAD"));
    assert_eq!(sorted(&with(None)), sorted(&without(None)));
    let users = Some("libm.so.6");
    assert_eq!(with(users).matches("LD_PRELOAD=libm.so.6\n").count(), 2, "its own environment and its child's");
    assert_eq!(sorted(&with(users)), sorted(&without(users)));
    assert_eq!(sorted(&with(Some(""))), sorted(&without(Some(""))));
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn without_the_tools_variables_it_does_nothing() {
    let program = Program::compile("states.c", &[]);
    let mut command = program.command(&["plain"], None);
    command.env_remove("HOTRELOAD_PATCHES");
    let started = Started::new(command);
    assert!(matches!(Agent::find(started.pid()), Err(Missing::NotReady { .. })));
    assert_eq!(started.ask("call"), "1");
}

#[test]
fn programs_that_cannot_be_patched_are_told_apart() {
    let program = Program::compile("states.c", &["-static"]);
    let started = Started::new(program.command(&["plain"], None));
    let refused = Agent::find(started.pid()).expect_err("it is static");
    assert!(matches!(refused, Missing::Static { .. }), "{refused}");

    let program = Program::compile("states.c", &[]);
    let mut command = clean("sh", std::path::Path::new("/"));
    command.envs(program.command(&[], None).get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.args(["-c", "echo ready; exec sleep 1000"]);
    let started = Started::new(command);
    // Until `sleep` begins, it is the shell that has the agent.
    until(SOON, "not in a program after `exec`", || {
        matches!(find_when_ready(started.pid()), Err(Missing::NotLoaded { .. })).then_some(())
    });

    let forking = Program::compile("calls.c", &[]).start(&[]);
    let parent = forking.agent.pid();
    let child = all_processes().expect("/proc").filter_map(Result::ok).find_map(|process| {
        let stat = process.stat().ok()?;
        (stat.ppid.unsigned_abs() == parent).then_some(stat.pid.unsigned_abs())
    });
    let refused = Agent::find(child.expect("its child")).expect_err("it was forked");
    assert!(matches!(refused, Missing::Forked { parent: found, .. } if found == parent), "{refused}");
}

#[test]
fn all_regions_are_within_reach_of_all_of_the_executable() {
    let reach = 1_u64 << 31;
    for (source, flags) in [("states.c", &["-pie"][..]), ("states.c", &["-no-pie"])] {
        let program = Program::compile(source, flags).start(&["plain"]);
        let (begin, end) = program.program.mapped(program.agent.pid());
        for region in [program.agent.code(), program.agent.constants(), program.agent.variables()] {
            assert!(region.length > 0);
            let region_end = region.start + region.length;
            assert!(
                end.max(region_end) - begin.min(region.start) < reach,
                "{region:x?} is far from {begin:x}..{end:x}"
            );
            // Its addresses are in 32 bits, and are extended with their sign.
            assert!(flags == ["-pie"] || region_end < reach, "{region:x?}");
        }
    }
}
