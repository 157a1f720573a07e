//! What a session costs while nobody edits anything.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use procfs::process::Process;

use crate::edits::contest::Ground;
use crate::edits::contestant::{Contestant, FIRST_BUILD};
use crate::edits::process::{heed_signals, wait_for};
use crate::edits::session::Session;

/// The time for which the goals are.
const SPAN: Duration = Duration::from_mins(10);
/// Processor time in that span, in seconds.
const TIME_GOAL: f64 = 1.0;
/// Memory, in megabytes.
const MEMORY_GOAL: f64 = 60.0;
/// What the first build has stirred up is over by then.
const SETTLE: Duration = Duration::from_secs(3);

/// How long the session is watched.
#[derive(Debug, Args)]
pub(crate) struct Idle {
    /// The cargo-hotreload executable
    #[arg(long)]
    tool: PathBuf,
    /// How long to watch
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// The strategy of the session
    #[arg(long, default_value = "modules")]
    strategy: String,
    /// Keep the workspace in DIR/hotreload; without it, it is in a temporary directory
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// What a process has used.
#[derive(Debug, Clone, Copy)]
struct Usage {
    /// Processor time of all its threads, without its children.
    time: Duration,
    /// Memory, and the most that it ever was, in megabytes.
    memory: f64,
    peak: f64,
}

/// Starts a session, watches it for a while, and prints what it used.
pub(crate) fn run(arguments: &Idle) -> Result<()> {
    heed_signals()?;
    let tool = arguments.tool.canonicalize().context("no such tool")?;
    let mut ground = Ground::new(arguments.directory.as_deref())?;
    eprintln!("building the workspace, dependencies included");
    let site = ground.copy(&tool, "hotreload")?;
    let mut session = Session::start(&tool, site, &arguments.strategy)?;
    pause(SETTLE)?;
    let (before, began) = (Usage::of(session.id())?, Instant::now());
    pause(Duration::from_secs(arguments.seconds))?;
    let (after, watched) = (Usage::of(session.id())?, began.elapsed());
    session.is_alive()?;
    Box::new(session).stop()?;
    print(after.time.saturating_sub(before.time), watched, after);
    Ok(())
}

fn print(used: Duration, watched: Duration, Usage { memory, peak, .. }: Usage) {
    let scaled = used.as_secs_f64() * SPAN.as_secs_f64() / watched.as_secs_f64();
    println!(
        "`cargo hotreload run` itself, without the server, idle for {:.0} s after its first build",
        watched.as_secs_f64()
    );
    println!("processor time: {} ms, which the kernel counts in steps of 10", used.as_millis());
    println!("in 10 minutes:  {scaled:.2} s ({})", verdict(scaled, TIME_GOAL, "s"));
    println!("memory (RSS):   {memory:.1} MB ({})", verdict(memory, MEMORY_GOAL, "MB"));
    println!("at its peak:    {peak:.1} MB ({})", verdict(peak, MEMORY_GOAL, "MB"));
}

/// `goal: below 60 MB, met`
fn verdict(value: f64, goal: f64, unit: &str) -> String {
    let outcome =
        if value < goal { "met".to_owned() } else { format!("missed by {:.0}%", (value / goal - 1.0) * 100.0) };
    format!("goal: below {goal} {unit}, {outcome}")
}

fn pause(time: Duration) -> Result<()> {
    let began = Instant::now();
    wait_for("end of a pause", time + FIRST_BUILD, || Ok((began.elapsed() >= time).then_some(())))
}

impl Usage {
    fn of(id: u32) -> Result<Self> {
        let process = Process::new(id.cast_signed())?;
        let (stat, status) = (process.stat()?, process.status()?);
        let millis = (stat.utime + stat.stime) * 1000 / procfs::ticks_per_second();
        Ok(Self { time: Duration::from_millis(millis), memory: megabytes(status.vmrss), peak: megabytes(status.vmhwm) })
    }
}

/// The kernel's kibibytes in megabytes.
fn megabytes(kibibytes: Option<u64>) -> f64 {
    let kibibytes = u32::try_from(kibibytes.unwrap_or_default()).unwrap_or(u32::MAX);
    f64::from(kibibytes) * 1024.0 / 1e6
}

#[cfg(test)]
mod tests {
    use super::{Usage, megabytes, verdict};

    #[test]
    fn a_goal_is_met_below_it() {
        assert_eq!(verdict(0.3, 1.0, "s"), "goal: below 1 s, met");
        assert_eq!(verdict(75.0, 60.0, "MB"), "goal: below 60 MB, missed by 25%");
    }

    #[test]
    fn this_very_process_uses_memory() {
        let own = Usage::of(std::process::id()).expect("we run");
        // The kernel counts the two in batches of their own: the peak may lag behind.
        assert!(own.memory > 0.5 && own.peak > 0.5, "{own:?}");
        assert!((megabytes(Some(1000)) - 1.024).abs() < 1e-9);
    }
}
