//! Which linker joins the local crates, with which flags, and which one to try when it fails.
//!
//! Measured with nightly 1.97 on `x86_64`: its own choice is the LLD that comes with it (`cc -fuse-ld=lld` with `-B` to
//! its own directory). `-Clinker-features=-lld` takes that out, a later `-fuse-ld` wins over an earlier one, and all of
//! LLD, mold, gold and GNU ld honour `-z nodelete`.

use std::fmt;

use crate::config::values;

/// A linker that was chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Linker {
    /// The toolchain's own.
    #[default]
    Default,
    /// LLD, as it comes with the toolchain.
    Lld,
    /// mold.
    Mold,
    /// GNU ld.
    Bfd,
    /// GNU gold.
    Gold,
}

/// The order in which linkers are tried: gold comes last, because it is no longer maintained.
const PREFERENCE: [Linker; 4] = [Linker::Lld, Linker::Mold, Linker::Bfd, Linker::Gold];

/// Link arguments that a linker refuses, or ignores with a warning at every link.
const UNTAKEN: [(&str, &[Linker]); 2] =
    [("-Wl,-z,unique", &[Linker::Lld, Linker::Mold]), ("-Wl,-z,keep-text-section-prefix", &[Linker::Bfd])];

impl Linker {
    /// The linker that a setting names; `None` leaves it to us.
    #[must_use]
    pub fn from_setting(setting: values::Linker) -> Option<Self> {
        match setting {
            values::Linker::Auto => None,
            values::Linker::Default => Some(Self::Default),
            values::Linker::Mold => Some(Self::Mold),
            values::Linker::Gold => Some(Self::Gold),
            values::Linker::Lld => Some(Self::Lld),
            values::Linker::Bfd => Some(Self::Bfd),
        }
    }

    /// Its name, as a setting and behind `-fuse-ld=` and `ld.`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Lld => "lld",
            Self::Mold => "mold",
            Self::Bfd => "bfd",
            Self::Gold => "gold",
        }
    }

    /// The linker of this [`Self::name`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        PREFERENCE.into_iter().chain([Self::Default]).find(|linker| linker.name() == name)
    }

    /// What the toolchain for `triple` really uses.
    #[must_use]
    pub fn resolved(self, triple: &str) -> Self {
        match self {
            Self::Default if has_own_lld(triple) => Self::Lld,
            Self::Default => Self::Bfd,
            other => other,
        }
    }

    /// The compiler flags that choose it for the target `triple`.
    #[must_use]
    pub fn flags(self, triple: &str) -> Vec<String> {
        let flags: &[&str] = match (self, has_own_lld(triple)) {
            (Self::Default, _) | (Self::Lld, true) => &[],
            (Self::Lld, false) => &["-Zunstable-options", "-Clinker-features=+lld", "-Clink-self-contained=+linker"],
            (_, true) => &["-Clinker-features=-lld"],
            (_, false) => &[],
        };
        let argument = match self {
            Self::Default | Self::Lld => None,
            Self::Mold | Self::Bfd | Self::Gold => Some(format!("-Clink-arg=-fuse-ld={}", self.name())),
        };
        flags.iter().map(ToString::to_string).chain(argument).collect()
    }

    /// Whether it takes the compiler flag `flag`, if that is for the linker.
    #[must_use]
    pub fn takes(self, flag: &str) -> bool {
        let argument = flag.strip_prefix("-Clink-arg=").unwrap_or_default();
        !UNTAKEN.iter().any(|(untaken, linkers)| *untaken == argument && linkers.contains(&self))
    }
}

impl fmt::Display for Linker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Default => "the toolchain's own linker",
            Self::Lld => "LLD",
            Self::Mold => "mold",
            Self::Bfd => "GNU ld",
            Self::Gold => "GNU gold",
        })
    }
}

/// The one target whose toolchain links with an LLD of its own.
fn has_own_lld(triple: &str) -> bool {
    triple == "x86_64-unknown-linux-gnu"
}

/// Why linking failed, as far as another linker may do better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The C compiler does not find it, or does not know it.
    Missing,
    /// It crashed or found a fault in itself.
    Crashed,
    /// It does not know an option.
    Option,
    /// LLD insists that every symbol of a version script exists.
    VersionScript,
    /// It does not read this kind of object.
    Format,
}

/// What linkers print, in lower case, and what it means.
const SIGNS: [(&str, Failure); 19] = [
    ("cannot find 'ld'", Failure::Missing),
    ("unrecognized command-line option '-fuse-ld", Failure::Missing),
    ("unrecognized command-line option ‘-fuse-ld", Failure::Missing),
    ("invalid linker name in", Failure::Missing),
    ("ld terminated with signal", Failure::Crashed),
    ("linker command failed due to signal", Failure::Crashed),
    ("please submit a bug report", Failure::Crashed),
    ("internal error in", Failure::Crashed),
    ("ld: internal error", Failure::Crashed),
    ("assertion fail", Failure::Crashed),
    ("unknown argument", Failure::Option),
    ("unrecognized option", Failure::Option),
    ("unknown option", Failure::Option),
    ("unknown command line option", Failure::Option),
    ("unknown -z", Failure::Option),
    ("version script assignment of", Failure::VersionScript),
    ("file format not recognized", Failure::Format),
    ("unsupported relocation", Failure::Format),
    ("unknown file type", Failure::Format),
];

/// What the compiler error `rendered` says about the linker; `None` if it is another error, or one that every linker
/// would report.
#[must_use]
pub fn failure(rendered: &str) -> Option<Failure> {
    const LINKING: [&str; 2] = ["linking with `", "could not exec the linker"];
    let mut lines = rendered.lines();
    let first = lines.next()?;
    if !LINKING.iter().any(|sign| first.contains(sign)) {
        return None;
    }
    // The command line is quoted first: its words are no signs.
    let said: Vec<String> =
        lines.map(str::to_lowercase).filter(|line| !line.contains("\"-wl,") && !line.contains("\"-fuse-ld")).collect();
    SIGNS.into_iter().find(|(sign, _)| said.iter().any(|line| line.contains(sign))).map(|(_, failure)| failure)
}

/// The linker to try after those that were `tried`, the last of which failed so; `installed` are there to be used.
#[must_use]
pub fn next(failure: Failure, tried: &[Linker], installed: &[Linker]) -> Option<Linker> {
    let cures = |linker: &Linker| match failure {
        Failure::Missing | Failure::Crashed | Failure::Option | Failure::Format => true,
        Failure::VersionScript => *linker != Linker::Lld,
    };
    PREFERENCE.into_iter().filter(cures).find(|linker| installed.contains(linker) && !tried.contains(linker))
}

#[cfg(test)]
mod tests {
    use super::{Failure, Linker, failure, next};

    const X86: &str = "x86_64-unknown-linux-gnu";
    const ARM: &str = "aarch64-unknown-linux-gnu";

    #[test]
    fn rusts_own_lld_is_taken_out_for_another_linker() {
        assert_eq!(Linker::Mold.flags(X86), ["-Clinker-features=-lld", "-Clink-arg=-fuse-ld=mold"]);
        assert_eq!(Linker::Mold.flags(ARM), ["-Clink-arg=-fuse-ld=mold"]);
        assert!(Linker::Default.flags(X86).is_empty() && Linker::Lld.flags(X86).is_empty());
        assert_eq!(Linker::Lld.flags(ARM).last().map(String::as_str), Some("-Clink-self-contained=+linker"));
        assert_eq!((Linker::Default.resolved(X86), Linker::Default.resolved(ARM)), (Linker::Lld, Linker::Bfd));
    }

    #[test]
    fn flags_that_a_linker_does_not_take_are_known() {
        assert!(!Linker::Lld.takes("-Clink-arg=-Wl,-z,unique"));
        assert!(Linker::Bfd.takes("-Clink-arg=-Wl,-z,unique"));
        assert!(!Linker::Bfd.takes("-Clink-arg=-Wl,-z,keep-text-section-prefix"));
        assert!(Linker::Lld.takes("-Clink-arg=-Wl,-z,nodelete") && Linker::Lld.takes("-Cprefer-dynamic=yes"));
    }

    /// As rustc shows it; the command line quotes what would be a sign elsewhere.
    fn linking(said: &str) -> String {
        format!(
            "error: linking with `cc` failed: exit status: 1\n  |\n  = note:  \"cc\" \"-Wl,--as-needed\" \"unknown argument\"\n  = note: {said}\n\n"
        )
    }

    #[test]
    fn failures_that_another_linker_cures_are_told_from_the_rest() {
        let cases = [
            ("collect2: fatal error: cannot find 'ld'", Failure::Missing),
            (
                "cc: error: unrecognized command-line option '-fuse-ld=mold'; did you mean '-fuse-ld=gold'?",
                Failure::Missing,
            ),
            ("collect2: fatal error: ld terminated with signal 11 [Segmentation fault]", Failure::Crashed),
            ("/usr/bin/ld.gold: internal error in set_offset, at ../../gold/output.h:480", Failure::Crashed),
            ("rust-lld: error: unknown argument '--foo'", Failure::Option),
            ("mold: fatal: unknown command line option: --foo", Failure::Option),
            ("/usr/bin/ld.bfd: unrecognized option '--foo'", Failure::Option),
            (
                "ld.lld: error: version script assignment of 'global' to symbol 'f' failed: symbol not defined",
                Failure::VersionScript,
            ),
        ];
        for (said, expected) in cases {
            assert_eq!(failure(&linking(said)), Some(expected), "{said}");
        }
        assert_eq!(failure(&linking("rust-lld: error: undefined symbol: ZSTD_compressStream")), None);
        assert_eq!(failure("error[E0425]: unrecognized option\n"), None);
        assert_eq!(failure(""), None);
    }

    #[test]
    fn the_next_linker_is_installed_untried_and_no_victim_of_the_same_fault() {
        let all = [Linker::Lld, Linker::Mold, Linker::Bfd, Linker::Gold];
        assert_eq!(next(Failure::Crashed, &[Linker::Lld], &all), Some(Linker::Mold));
        assert_eq!(next(Failure::Crashed, &[Linker::Lld], &[Linker::Gold, Linker::Bfd]), Some(Linker::Bfd));
        assert_eq!(next(Failure::VersionScript, &[Linker::Bfd], &[Linker::Lld]), None);
        assert_eq!(next(Failure::Missing, &all, &all), None);
    }
}
