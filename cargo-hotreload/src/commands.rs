//! The subcommands, one file each.

use anyhow::Result;

use crate::cli::{Arguments, Command};
use crate::session::request::Request;

pub mod completions;
pub mod control;
pub mod demo;
pub mod disable;
pub mod doctor;
pub mod enable;
pub mod graph;
pub mod link_group;
pub mod man;
pub mod new;
pub mod report;
pub mod run;
pub mod stand_in;
pub mod status;

/// How a command that did not fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What was asked for was done.
    Done,
    /// `status`: hot reloading is not enabled.
    NotEnabled,
    /// `status`: it is enabled in part, or no longer as `enable` would do it.
    Drifted,
    /// `run --foreground`: the program has ended by itself, and this is its exit code.
    Program(u8),
}

impl Outcome {
    /// The process exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotEnabled => 3,
            Self::Drifted => 4,
            Self::Program(code) => code,
        }
    }
}

/// Runs the command of `arguments`.
pub fn dispatch(arguments: Arguments) -> Result<Outcome> {
    arguments.color.apply();
    match arguments.command {
        Command::Run(run) => run::run(&run, arguments.color),
        Command::Enable(arguments) => enable::enable(&arguments),
        Command::Disable(arguments) => disable::disable(&arguments),
        Command::Status(arguments) => status::status(&arguments),
        Command::Graph(arguments) => graph::graph(&arguments),
        Command::Report(arguments) => report::report(&arguments),
        Command::Reload(arguments) => control::ask(&arguments, Request::Reload),
        Command::Restart(arguments) => control::ask(&arguments, Request::Restart),
        Command::Rollback(arguments) => control::ask(&arguments, Request::Rollback),
        Command::Stop(arguments) => control::ask(&arguments, Request::Stop),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::LinkGroup(arguments) => link_group::link_group(&arguments),
        Command::New(arguments) => new::new(&arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Completions(arguments) => Ok(completions::completions(&arguments)),
        Command::Man(arguments) => man::man(&arguments),
    }
}
