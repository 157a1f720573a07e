//! The command line: clap types only. What each command does is in [`crate::commands`].

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};
use clap_cargo::{Features, Manifest};
use clap_complete::Shell;

use crate::config::instances::Instances;
use crate::config::values::{Linker, MessageFormat, OnStuck, SignalName, Strategy, debounce, variable, word};
use crate::graph::Format;
use crate::plan::own_profile::FlagSource;
use crate::ui::color::Color;
use crate::ui::notify::Notify;

mod examples;

/// How cargo calls a subcommand: `cargo-hotreload hotreload …`.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo", styles = clap_cargo::style::CLAP_STYLING)]
pub enum Invocation {
    /// Carry every edit of a Cargo workspace into the running program.
    #[command(version, about, after_help = EXIT_CODES)]
    Hotreload(Arguments),
}

/// Everything after `cargo hotreload`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Whether to print colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, start and watch the program; carry each edit into it
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Rewrite the manifests so that the crates become reloadable modules
    #[command(after_help = examples::ENABLE)]
    Enable(Enable),
    /// Put every file back as it was, byte for byte
    #[command(after_help = examples::DISABLE)]
    Disable(Disable),
    /// Say whether hot reloading is enabled, and what runs
    ///
    /// The exit code is 0 when enabled, 3 when not enabled, 4 when enabled in part or drifted.
    #[command(after_help = STATUS_EXAMPLES)]
    Status(Status),
    /// Draw the crates, their roles and load order, and what a change does
    ///
    /// Modules and residents are told apart by the built program: before the first build nobody can know.
    #[command(after_help = examples::GRAPH)]
    Graph(Graph),
    /// Write a page about the running session, or the last one: its edits, their times, and where these went
    #[command(after_help = examples::REPORT)]
    Report(Report),
    /// Reload the running program's modules now
    #[command(after_help = examples::RELOAD)]
    Reload(Control),
    /// Restart the running program
    #[command(after_help = examples::RESTART)]
    Restart(Control),
    /// Bring back the build that was live before, until the next save; a second time goes forward again
    #[command(after_help = examples::ROLLBACK)]
    Rollback(Control),
    /// Stop the running program and its session
    #[command(after_help = examples::STOP)]
    Stop(Control),
    /// Check everything that hot reloading needs on this machine
    #[command(after_help = examples::DOCTOR)]
    Doctor(Doctor),
    /// Link a dependency group; rustc calls this
    #[command(hide = true)]
    LinkGroup(LinkGroup),
    /// Write a small server workspace that is ready for hot reloading
    #[command(after_help = examples::NEW)]
    New(New),
    /// Show the whole job on a real server, in a temporary directory
    #[command(after_help = examples::DEMO)]
    Demo(Demo),
    /// Print a script that completes `cargo hotreload` in a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(Completions),
    /// Print the manual page, or write a page for every command
    #[command(after_help = examples::MAN)]
    Man(Man),
}

/// Which program of which workspace.
#[derive(Debug, Clone, Default, Args)]
pub struct Selection {
    /// Where the workspace is.
    #[command(flatten)]
    pub manifest: Manifest,
    /// The binary to run; can be given several times
    #[arg(long, value_name = "NAME", value_parser = word, conflicts_with = "example")]
    pub bin: Vec<String>,
    /// The example to run
    #[arg(long, value_name = "NAME", value_parser = word)]
    pub example: Option<String>,
    /// Cargo features to build with.
    #[command(flatten)]
    pub features: Features,
    /// The profile to build with: `dev`, or one that inherits from it [default: dev]
    #[arg(long, value_name = "NAME", value_parser = word)]
    pub profile: Option<String>,
    /// Local packages that stay static libraries, with what they depend on
    #[arg(long, value_name = "NAME", value_parser = word, value_delimiter = ',')]
    pub exclude: Vec<String>,
    /// The linker of the local crates [default: auto]
    #[arg(long, value_name = "NAME")]
    pub linker: Option<Linker>,
    /// The nightly toolchain to use, by its rustup name [default: `nightly`, else the newest dated one]
    #[arg(long, value_name = "NAME", value_parser = word)]
    pub toolchain: Option<String>,
    /// Where builds go [default: `hotreload` in cargo's target directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub target_dir: Option<PathBuf>,
    /// Whose compiler flags to use [default: as enabled; else `own` where the workspace brings them, else `builtin`]
    #[arg(long, value_name = "WHOSE")]
    pub flags: Option<FlagSource>,
}

/// How the program is run. Every flag has a key of the same name in `[workspace.metadata.hotreload]`.
#[derive(Debug, Clone, Default, Args)]
pub struct Conduct {
    /// What tells the program to reload, by name or number [default: INT]
    #[arg(long, value_name = "SIGNAL", value_parser = SignalName::reload)]
    pub reload_signal: Option<SignalName>,
    /// What tells the program to end, by name or number [default: TERM]
    #[arg(long, value_name = "SIGNAL", value_parser = SignalName::stop)]
    pub stop_signal: Option<SignalName>,
    /// An argument of the program, before those after `--`; can be given several times
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    pub args: Vec<OsString>,
    /// A variable of the program's environment; can be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// How long no further save may come before a burst of saves is over, in milliseconds [default: 10]
    #[arg(long, value_name = "MS", value_parser = debounce)]
    pub debounce: Option<Duration>,
    /// How edits get into the program [default: auto]
    #[arg(long, value_name = "NAME")]
    pub strategy: Option<Strategy>,
    /// How many processes of each program to run, 1 to 64 [default: 1]
    #[arg(long, value_name = "N")]
    pub instances: Option<Instances>,
    /// What to do with a program that does not take new code, or dies of it [default: restart]
    #[arg(long, value_name = "WHAT")]
    pub on_stuck: Option<OnStuck>,
}

/// `cargo hotreload run`.
#[derive(Debug, Clone, Default, Args)]
pub struct Run {
    /// Which program.
    #[command(flatten)]
    pub selection: Selection,
    /// How it is run.
    #[command(flatten)]
    pub conduct: Conduct,
    /// Give the terminal to the program: it reads from there, Ctrl+C and Ctrl+\ go to it, and its own end is the
    /// session's
    #[arg(long)]
    pub foreground: bool,
    /// How to tell of a failed build, a crash or a stuck module
    #[arg(long, value_name = "HOW", default_value = "none")]
    pub notify: Notify,
    /// How to tell what happens: `json` writes events to standard output, and the program's output to standard error
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub message_format: MessageFormat,
    /// Arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<OsString>,
}

/// `cargo hotreload enable`.
#[derive(Debug, Clone, Default, Args)]
pub struct Enable {
    /// Which program.
    #[command(flatten)]
    pub selection: Selection,
    /// Print the changes as a unified diff and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `cargo hotreload disable`.
#[derive(Debug, Clone, Default, Args)]
pub struct Disable {
    /// Where the workspace is.
    #[command(flatten)]
    pub manifest: Manifest,
}

/// `cargo hotreload status`.
#[derive(Debug, Clone, Default, Args)]
pub struct Status {
    /// Which program.
    #[command(flatten)]
    pub selection: Selection,
    /// Print nothing, only set the exit code
    #[arg(long, short)]
    pub quiet: bool,
    /// Print what the running session does, from its beginning until it ends
    #[arg(long, conflicts_with = "quiet")]
    pub follow: bool,
    /// How to print that: `json` prints the events as they are [default: human]
    #[arg(long, value_name = "FORMAT", requires = "follow")]
    pub message_format: Option<MessageFormat>,
}

/// `cargo hotreload graph`.
#[derive(Debug, Clone, Default, Args)]
pub struct Graph {
    /// Which program.
    #[command(flatten)]
    pub selection: Selection,
    /// How the picture is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Mark what an edit in this crate does; can be given several times
    #[arg(long, value_name = "CRATE")]
    pub changed: Vec<String>,
}

/// `cargo hotreload report`.
#[derive(Debug, Clone, Default, Args)]
pub struct Report {
    /// Which program.
    #[command(flatten)]
    pub selection: Selection,
    /// Where the page goes [default: `hotreload-report.html` where builds go]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Whether to show the page in a browser
    #[arg(long, value_name = "WHETHER", default_value = "no")]
    pub open: Opening,
}

/// Whether the page is shown in a browser at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Opening {
    /// Only its path is printed
    #[default]
    No,
    /// By `xdg-open`
    Yes,
}

/// `cargo hotreload reload`, `restart`, `rollback` and `stop`.
#[derive(Debug, Clone, Default, Args)]
pub struct Control {
    /// Where the workspace is.
    #[command(flatten)]
    pub manifest: Manifest,
}

/// `cargo hotreload doctor`.
#[derive(Debug, Clone, Default, Args)]
pub struct Doctor {
    /// The nightly toolchain to use, by its rustup name
    #[arg(long, value_name = "NAME")]
    pub toolchain: Option<String>,
    /// Where the workspace is, if there is one.
    #[command(flatten)]
    pub manifest: Manifest,
}

/// `cargo hotreload link-group`.
#[derive(Debug, Clone, Default, Args)]
pub struct LinkGroup {
    /// The linker to call in turn.
    #[arg(long, default_value = "cc")]
    pub linker: OsString,
    /// What rustc gives its linker.
    #[arg(last = true)]
    pub arguments: Vec<OsString>,
}

/// `cargo hotreload new`.
#[derive(Debug, Clone, Args)]
pub struct New {
    /// Name of the program; its crates are called `NAME-core`, `NAME-api`, …
    pub name: String,
    /// Directory to make [default: ./NAME]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub path: Option<PathBuf>,
}

/// `cargo hotreload demo`.
#[derive(Debug, Clone, Default, Args)]
pub struct Demo {
    /// Keep the demo's workspace and say where it is
    #[arg(long)]
    pub keep: bool,
    /// The nightly toolchain to use, by its rustup name
    #[arg(long, value_name = "NAME")]
    pub toolchain: Option<String>,
}

/// `cargo hotreload completions`.
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// `cargo hotreload man`.
#[derive(Debug, Clone, Default, Args)]
pub struct Man {
    /// Write all pages into this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

/// The command `cargo hotreload` with its subcommands, those left out that are not for users: for completions and
/// manual pages.
#[must_use]
pub fn visible_commands() -> clap::Command {
    let all = Invocation::command();
    let hotreload = all.get_subcommands().next().cloned().unwrap_or_default();
    let mut visible = clap::Command::new("cargo-hotreload")
        .subcommand_required(true)
        .subcommands(hotreload.get_subcommands().filter(|command| !command.is_hide_set()).cloned());
    if let Some(about) = hotreload.get_about() {
        visible = visible.about(about.clone());
    }
    visible.version(env!("CARGO_PKG_VERSION")).after_help(EXIT_CODES)
}

const RUN_EXAMPLES: &str = "\
Examples:
  cargo hotreload run
  cargo hotreload run --bin server --features metrics -- --port 8080
  cargo hotreload run --example tour --reload-signal USR1
  cargo hotreload run --bin api --bin worker --instances 2
  cargo hotreload run --notify desktop
  cargo hotreload run --foreground
  cargo hotreload run --message-format json > events.jsonl

Each option but `--example`, `--foreground`, `--notify`, `--color` and `--message-format` can stand in \
`[workspace.metadata.hotreload]` of the root manifest.";

const STATUS_EXAMPLES: &str = "\
Examples:
  cargo hotreload status
  cargo hotreload status --follow
  cargo hotreload status --follow --message-format json | jq .event
  cargo hotreload status --quiet && echo 'disable before you commit' && exit 1   (in a git hook)";

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 unexpected failure; 2 wrong usage; 3 and 4 see `status --help`; 10-30 see the README.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Invocation::command().debug_assert();
    }
}
