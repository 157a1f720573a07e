//! Measures cargo-hotreload: each command prints tables of what it saw on this machine, and asserts nothing about
//! time.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

mod edits;
mod idle;
mod measure;
mod oracle;
mod scale;
mod soak;
mod views;
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
    /// From a save to the new answer, against a static build and the method by hand
    Edits(edits::Edits),
    /// What a session uses while nothing is edited: processor time and memory
    Idle(idle::Idle),
    /// Many patches in one process under load: nothing may fail, restart or answer wrongly
    Soak(soak::Soak),
    /// Whether what becomes of the edits of a repository's past is right
    Commits(oracle::Commits),
    /// Whether what becomes of generated edits is right
    Mutations(oracle::Mutations),
    /// How many edits of a repository's past would be masked from other crates, and what keeps the others from it
    Views(views::Views),
}

fn main() -> ExitCode {
    let result = match Benchmark::parse() {
        Benchmark::Scale { tool, crates, rounds } => scale::run(&tool, crates, rounds),
        Benchmark::Edits(arguments) => edits::run(&arguments),
        Benchmark::Idle(arguments) => idle::run(&arguments),
        Benchmark::Soak(arguments) => soak::run(&arguments),
        Benchmark::Commits(arguments) => oracle::commits(&arguments),
        Benchmark::Mutations(arguments) => oracle::mutations(&arguments),
        Benchmark::Views(arguments) => views::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
