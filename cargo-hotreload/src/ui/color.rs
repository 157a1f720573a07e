//! Whether what we print has colours.

use anstream::ColorChoice;
use clap::ValueEnum;

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where the output is a terminal, and as `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` say
    #[default]
    Auto,
    /// Colours also in files and pipes
    Always,
    /// Plain text
    Never,
}

impl Color {
    /// Makes this the choice for everything that this process prints.
    pub fn apply(self) {
        match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        }
        .write_global();
    }

    /// What cargo is told in `CARGO_TERM_COLOR`; by default it decides by itself, by the same rules.
    #[must_use]
    pub fn for_cargo(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Always => Some("always"),
            Self::Never => Some("never"),
        }
    }
}
