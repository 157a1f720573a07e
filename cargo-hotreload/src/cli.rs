//! The command line: clap types only. What each command does is in [`crate::commands`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_cargo::{Features, Manifest};

use crate::plan::own_profile::FlagSource;

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
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, start and watch the program; carry each edit into it
    #[command(after_help = RUN_EXAMPLES)]
    Run(Run),
    /// Rewrite the manifests so that the crates become reloadable modules
    Enable(Enable),
    /// Put every file back as it was, byte for byte
    Disable(Disable),
    /// Say whether hot reloading is enabled, and what runs
    ///
    /// The exit code is 0 when enabled, 3 when not enabled, 4 when enabled in part or drifted.
    #[command(after_help = STATUS_EXAMPLES)]
    Status(Status),
    /// Reload the running program's modules now
    Reload(Control),
    /// Restart the running program
    Restart(Control),
    /// Stop the running program and its session
    Stop(Control),
    /// Check everything that hot reloading needs on this machine
    Doctor(Doctor),
    /// Link a dependency group; rustc calls this
    #[command(hide = true)]
    LinkGroup(LinkGroup),
    /// Write a small server workspace that is ready for hot reloading
    New(New),
    /// Show the whole job on a real server, in a temporary directory
    Demo(Demo),
}

/// Which program of which workspace.
#[derive(Debug, Clone, Default, Args)]
pub struct Selection {
    /// Where the workspace is.
    #[command(flatten)]
    pub manifest: Manifest,
    /// The binary to run
    #[arg(long, value_name = "NAME")]
    pub bin: Option<String>,
    /// Cargo features to build with.
    #[command(flatten)]
    pub features: Features,
    /// The nightly toolchain to use, by its rustup name [default: `nightly`, else the newest dated one]
    #[arg(long, value_name = "NAME")]
    pub toolchain: Option<String>,
    /// Whose compiler flags to use [default: as enabled; else `own` where the workspace brings them, else `builtin`]
    #[arg(long, value_name = "WHOSE")]
    pub flags: Option<FlagSource>,
}

impl Selection {
    /// The same with more features.
    #[must_use]
    pub fn with_features(&self, more: &[String]) -> Self {
        let mut selection = self.clone();
        selection.features.features.extend(more.iter().cloned());
        selection
    }
}

/// `cargo hotreload run`.
#[derive(Debug, Clone, Default, Args)]
pub struct Run {
    /// Which program.
    #[command(flatten)]
    pub selection: Selection,
    /// Arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<std::ffi::OsString>,
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
}

/// `cargo hotreload reload`, `restart` and `stop`.
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
    /// What rustc gives its linker.
    #[arg(last = true)]
    pub arguments: Vec<std::ffi::OsString>,
}

/// `cargo hotreload new`.
#[derive(Debug, Clone, Args)]
pub struct New {
    /// Name of the program; its crates are called `NAME-core`, `NAME-api`, …
    pub name: String,
    /// Directory to make [default: ./NAME]
    #[arg(long, value_name = "DIR")]
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

const RUN_EXAMPLES: &str = "\
Examples:
  cargo hotreload run
  cargo hotreload run --bin server --features metrics -- --port 8080";

const STATUS_EXAMPLES: &str = "\
Examples:
  cargo hotreload status
  cargo hotreload status --quiet && echo 'disable before you commit' && exit 1   (in a git hook)";

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 unexpected failure; 2 wrong usage; 3 and 4 see `status --help`; 10-25 see the README.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Invocation::command().debug_assert();
    }
}
