//! `cargo hotreload demo`.
use crate::cli::Demo;
use crate::commands::Outcome;
use anyhow::Result;
/// x
pub fn demo(_arguments: &Demo) -> Result<Outcome> {
    anyhow::bail!("no")
}
