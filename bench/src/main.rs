//! Measures cargo-hotreload: each command prints a table of what it saw on this machine, and asserts nothing about
//! time.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

mod measure;
mod scale;
mod workspaces;

/// What to measure.
#[derive(Debug, Parser)]
enum Benchmark {
    /// `enable` and `disable` on a generated workspace: time beyond cargo's own calls, and memory
    Scale {
        /// The cargo-hotreload executable
        #[arg(long)]
        tool: PathBuf,
        /// How many crates the workspace has
        #[arg(long, default_value_t = 300)]
        crates: usize,
        /// How often each is measured
        #[arg(long, default_value_t = 7)]
        rounds: usize,
    },
}

fn main() -> ExitCode {
    let result = match Benchmark::parse() {
        Benchmark::Scale { tool, crates, rounds } => scale::run(&tool, crates, rounds),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
