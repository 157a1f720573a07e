//! How an error is shown: one sentence, its causes, a hint.

use anstream::eprintln;
use clap_cargo::style::{ERROR, NOTE};

use crate::error::help;

/// Prints `error` as cargo does, with a `help:` line if its cause is known.
pub fn print(error: &anyhow::Error) {
    eprintln!("{ERROR}error{ERROR:#}: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
    if let Some(help) = help(error) {
        eprintln!("{NOTE}help{NOTE:#}: {help}");
    }
}
