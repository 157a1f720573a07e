//! Compiles the agent, the small library that is preloaded into the program (`agent/agent.rs`), for the tool to carry.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=agent");
    println!("cargo::rerun-if-changed=src/patch/agent_state.rs");
    println!("cargo::rerun-if-env-changed=RUSTC_LINKER");
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"));

    let mut command = Command::new(variable("RUSTC"));
    command.args(["--crate-name", "hotreload_agent", "--crate-type", "cdylib", "--edition", "2024"]);
    command.args(["--target", &variable("TARGET"), "agent/agent.rs", "-o"]);
    command.arg(PathBuf::from(variable("OUT_DIR")).join("agent.so"));
    // Without unwinding and in one piece, so that nothing of `core` that panics is left; with unwind tables, because
    // backtraces go through it.
    command.args(["-Cpanic=abort", "-Copt-level=3", "-Ccodegen-units=1", "-Clto=fat", "-Cforce-unwind-tables=yes"]);
    // The symbols stay: debuggers look for two of them, which are not exported.
    command.args(["-Cstrip=debuginfo", "-Clink-arg=-nostartfiles", "-Clink-arg=-nostdlib"]);
    if let Some(linker) = linker() {
        command.arg(format!("-Clinker={linker}"));
    }
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        failed => {
            println!("cargo::error=the agent does not compile ({failed:?}): {command:?}");
            ExitCode::FAILURE
        }
    }
}

/// The linker that cargo was told to use, in its settings or by flags for rustc. Other flags are not for the agent.
fn linker() -> Option<String> {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut by_flags = flags.split('\x1f').filter_map(|flag| flag.trim_start_matches("-C").strip_prefix("linker="));
    by_flags.next_back().map(str::to_owned).or_else(|| env::var("RUSTC_LINKER").ok())
}
