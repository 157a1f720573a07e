//! `enable` and `disable` on a workspace of hundreds of crates.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use tempfile::tempdir;

use crate::measure::{self, Finished, median};
use crate::workspaces::many_crates;

/// What is measured, in the order of each round.
const ROWS: [&str; 4] =
    ["cargo metadata", "cargo build --unit-graph", "cargo hotreload enable", "cargo hotreload disable"];

/// Prints what `enable` and `disable` of `tool` cost on a workspace of `crates` crates: medians of `rounds` rounds, each
/// of which measures cargo's own calls too.
pub(crate) fn run(tool: &Path, crates: usize, rounds: usize) -> Result<()> {
    let tool = tool.canonicalize()?;
    let directory = tempdir()?;
    let root = directory.path();
    many_crates(root, crates)?;
    // The nightly's own cargo, as the tool calls it: rustup's proxy would cost time of its own.
    let cargo = measure::read(Command::new("rustup").args(["which", "--toolchain", "nightly", "cargo"]))?;
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(cargo.trim());
        command.current_dir(root).env("RUSTUP_TOOLCHAIN", "nightly").args(arguments);
        command
    };
    let tool = |argument: &str| {
        let mut command = Command::new(&tool);
        command.current_dir(root).args(["hotreload", argument]);
        command
    };
    measure::read(&mut cargo(&["generate-lockfile"]))?;

    let mut measured: [Vec<Finished>; 4] = Default::default();
    for round in 0..=rounds {
        let commands = [
            &mut cargo(&["metadata", "--format-version", "1"]),
            &mut cargo(&["build", "--unit-graph", "-Zunstable-options", "--package", "app", "--bin", "app"]),
            &mut tool("enable"),
            &mut tool("disable"),
        ];
        for (command, row) in commands.into_iter().zip(&mut measured) {
            let finished = measure::run(command)?;
            // The first round fills the caches of cargo and of the system.
            if round > 0 {
                row.push(finished);
            }
        }
    }
    print(&measured, crates, rounds);
    Ok(())
}

fn print(measured: &[Vec<Finished>; 4], crates: usize, rounds: usize) {
    println!("{crates} crates, medians of {rounds} interleaved rounds\n");
    println!("{:26} {:>8} {:>8} {:>8}   {:>6}", "", "median", "least", "most", "memory");
    for (name, row) in ROWS.iter().zip(measured) {
        let times: Vec<Duration> = row.iter().map(|finished| finished.time).collect();
        let [middle, least, most] = [median(&times), times.iter().min().copied(), times.iter().max().copied()];
        let memory = row.iter().map(|finished| finished.memory).max().unwrap_or_default();
        let milliseconds = |time: Option<Duration>| time.unwrap_or_default().as_millis();
        println!(
            "{name:26} {:>5} ms {:>5} ms {:>5} ms   {:>3} MB",
            milliseconds(middle),
            milliseconds(least),
            milliseconds(most),
            memory / 1_000_000
        );
    }
    let cargos: Duration = of_round(measured, &[0, 1]);
    let ours: Duration = of_round(measured, &[2, 3]);
    let ratio = ours.as_secs_f64() / cargos.as_secs_f64();
    let beyond = ours.saturating_sub(cargos).as_millis();
    println!("\nenable + disable beyond cargo's own two calls: {beyond} ms (goal: below 300 ms), ratio {ratio:.2}");
    println!("memory of the tool itself, without the programs that it runs; goal: below 100 MB");
}

/// The median over the rounds of what the commands `rows` took together.
fn of_round(measured: &[Vec<Finished>; 4], rows: &[usize]) -> Duration {
    let rounds = 0..measured[0].len();
    let sums: Vec<Duration> = rounds.map(|round| rows.iter().map(|&row| measured[row][round].time).sum()).collect();
    median(&sums).unwrap_or_default()
}
