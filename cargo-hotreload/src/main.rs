//! The `cargo hotreload` command: parse, dispatch, report, exit.

use std::process::ExitCode;

use cargo_hotreload::cli::Invocation;
use cargo_hotreload::commands;
use cargo_hotreload::ui;
use clap::Parser;

fn main() -> ExitCode {
    if let Some(code) = commands::stand_in::stand_in() {
        return code;
    }
    let Invocation::Hotreload(arguments) = Invocation::parse();
    match commands::dispatch(arguments) {
        Ok(outcome) => ExitCode::from(outcome.exit_code()),
        Err(error) => {
            ui::failure::print(&error);
            ExitCode::from(cargo_hotreload::error::exit_code(&error))
        }
    }
}
