//! The other two contestants: what one does without the tool.
//!
//! - The static build: save, `cargo build`, stop the old process, start the new one.
//! - The method by hand: `cargo hotreload enable` once, and the program started with all that its loader needs; then
//!   save, `cargo +nightly build`, SIGINT. Whoever does it by hand is taken to know that an edit of the resident crate
//!   needs a restart.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use rustix::process::Signal;

use crate::edits::contestant::{Contestant, FIRST_BUILD, Measured};
use crate::edits::process::{Running, command};
use crate::edits::site::{Answered, Saved, Site};
use crate::edits::workspace::{Edit, LIBRARIES, NAME, RESIDENT};
use crate::measure;

/// Somebody with a shell.
#[derive(Debug)]
pub(crate) struct ByHand {
    site: Site,
    way: Way,
    cargo: PathBuf,
    toolchain: &'static str,
    program: Option<Running>,
}

/// How a build gets into the program.
#[derive(Debug, Clone)]
enum Way {
    Restart,
    /// SIGINT tells the loader to look at the modules.
    Reload {
        /// Where the nightly's `libstd-*.so` is.
        standard_library: PathBuf,
    },
}

impl ByHand {
    /// Builds the copy `site` as it is, with the stable toolchain, and starts the program.
    pub(crate) fn static_build(site: Site) -> Result<Self> {
        Self::start(site, Way::Restart, "stable").context("the static build")
    }

    /// Enables the copy `site`, builds it with the nightly, and starts the program.
    pub(crate) fn manual_method(tool: &Path, site: Site) -> Result<Self> {
        let enable = command(tool, &site.root).args(["hotreload", "enable"]).output()?;
        if !enable.status.success() {
            return Err(anyhow!("`cargo hotreload enable` failed: {}", String::from_utf8_lossy(&enable.stderr)));
        }
        let library =
            measure::read(Command::new("rustup").args(["run", "nightly", "rustc", "--print", "target-libdir"]))?;
        let way = Way::Reload { standard_library: PathBuf::from(library.trim()) };
        Self::start(site, way, "nightly").context("the method by hand")
    }

    fn start(site: Site, way: Way, toolchain: &'static str) -> Result<Self> {
        // The toolchain's own cargo, as the tool calls it: rustup's proxy would cost time of its own.
        let cargo = measure::read(Command::new("rustup").args(["which", "--toolchain", toolchain, "cargo"]))?;
        let mut by_hand = Self { site, way, cargo: PathBuf::from(cargo.trim()), toolchain, program: None };
        by_hand.build()?;
        by_hand.start_program()?;
        Ok(by_hand)
    }

    /// Builds the whole workspace.
    fn build(&self) -> Result<()> {
        let mut line = command(&self.cargo, &self.site.root);
        line.arg("build").env("RUSTUP_TOOLCHAIN", self.toolchain);
        Running::start_logged(&mut line, &self.site.log())?.succeed(FIRST_BUILD)
    }

    fn start_program(&mut self) -> Result<()> {
        let directory = self.site.root.join("target/debug");
        let mut line = command(&directory.join(NAME), &self.site.root);
        line.env("LISTEN", self.site.address.to_string());
        if let Way::Reload { standard_library } = &self.way {
            let prefix = format!("lib{}_", NAME.replace('-', "_"));
            let modules = LIBRARIES[RESIDENT + 1..].iter().map(|name| directory.join(format!("{prefix}{name}.so")));
            line.env("HOTRELOAD_MODULES", env::join_paths(modules)?);
            line.env("LD_LIBRARY_PATH", env::join_paths([&directory, &directory.join("deps"), standard_library])?);
        }
        self.program = Some(Running::start_logged(&mut line, &self.site.log())?);
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        self.program.take().map_or(Ok(()), Running::stop)?;
        self.start_program()
    }

    fn carry(&mut self, library: usize, saved: Saved) -> Result<Answered> {
        self.build()?;
        match (&self.way, &self.program) {
            (Way::Reload { .. }, Some(program)) if library != RESIDENT => program.signal(Signal::INT),
            _ => self.restart()?,
        }
        let program = &mut self.program;
        self.site.answered(saved, || {
            program.as_mut().map_or(Ok(()), Running::is_alive)?;
            Ok(true)
        })
    }
}

impl Contestant for ByHand {
    fn edit(&mut self, library: usize, edit: Edit, number: u32) -> Result<Measured> {
        let saved = self.site.edit(library, edit, number)?;
        let answered = self.carry(library, saved);
        let answered = answered.with_context(|| match self.way {
            Way::Restart => "the static build",
            Way::Reload { .. } => "the method by hand",
        })?;
        Ok(Measured { time: answered.after, parts: None })
    }

    fn stop(self: Box<Self>) -> Result<()> {
        self.program.map_or(Ok(()), Running::stop)
    }
}
