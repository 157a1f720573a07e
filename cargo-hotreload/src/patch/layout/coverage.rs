//! How much of its types an object describes, and which setting would make that all.

use std::fmt;

/// How much of its types an object describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// There is neither code nor data: nothing has to be described.
    Nothing,
    /// All: the debug level is 2.
    Full,
    /// It has functions that neither take nor return nor hold anything. Other objects of the crate show its debug level.
    Unclear,
    /// Functions and lines only: the debug level is 1 or `line-tables-only`.
    LinesOnly,
    /// The description is in another file, a `.dwo`.
    Split,
    /// The description is compressed.
    Compressed,
    /// None: the debug level is 0 or `line-directives-only`, or it is no Rust.
    None,
}

impl Coverage {
    /// That of a crate, whose objects were compiled with one debug level. Objects of other languages, which do not end in
    /// `.rcgu.o`, do not count.
    #[must_use]
    pub fn of_crate(objects: impl IntoIterator<Item = Self>) -> Self {
        match Self::together(objects) {
            Self::Unclear => Self::LinesOnly,
            coverage => coverage,
        }
    }

    /// The worst of parts with one debug level: what is unclear is as full as others are.
    pub(super) fn together(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut worst = Self::Nothing;
        let mut full = false;
        for part in parts {
            full |= part == Self::Full;
            worst = worst.max(part);
        }
        if full && worst == Self::Unclear { Self::Full } else { worst }
    }

    /// Whether every type is described that the code deals with.
    #[must_use]
    pub fn is_full(self) -> bool {
        matches!(self, Self::Nothing | Self::Full)
    }
}

/// A package whose types are not described, and what would change that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// The package.
    pub package: String,
    /// The profile that it was built with, `dev` for example.
    pub profile: String,
    /// How much is described.
    pub coverage: Coverage,
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, profile, coverage } = self;
        let lacks = match coverage {
            Coverage::Nothing | Coverage::Full => return write!(f, "the debug information of `{package}` is full"),
            Coverage::Unclear | Coverage::LinesOnly => "has lines but no types",
            Coverage::Split => "is in .dwo files that are not there",
            Coverage::Compressed => "is compressed",
            Coverage::None => "is missing",
        };
        let of = "so nobody can tell whether a layout changed";
        write!(f, "the debug information of `{package}` {lacks}, {of}: set ")?;
        let variable = profile.to_uppercase().replace('-', "_");
        match coverage {
            Coverage::Split => write!(
                f,
                "`split-debuginfo = \"off\"` in `[profile.{profile}]`, or CARGO_PROFILE_{variable}_SPLIT_DEBUGINFO=off"
            ),
            Coverage::Compressed => write!(f, "`-Zdebuginfo-compression=none` in its rustflags"),
            _ => write!(
                f,
                "`debug = 2` in `[profile.{profile}.package.{package}]`, or CARGO_PROFILE_{variable}_DEBUG=2 for all"
            ),
        }
    }
}
