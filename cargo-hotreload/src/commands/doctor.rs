//! `cargo hotreload doctor`.
use crate::cli::Doctor;
use crate::commands::Outcome;
use anyhow::Result;
/// x
pub fn doctor(_arguments: &Doctor) -> Result<Outcome> {
    anyhow::bail!("no")
}
