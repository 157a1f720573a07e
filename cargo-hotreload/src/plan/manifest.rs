//! `Cargo.toml` text with our additions, and the same text without them.
//!
//! 1. [`add`] parses the manifest, but only to learn where things stand (`find`).
//! 2. It decides what goes where (`planner`) and how it fits between brackets (`container`).
//! 3. It splices text in at byte offsets (`splice`). The document is never serialised again, so every
//!    byte that is not ours stays: line endings, alignment, odd quotes.
//! 4. Each addition carries a mark in a comment (`mark`), which is all that [`remove()`] goes by: no
//!    parser, no journal. It works on a manifest that was edited, merged, or left broken in between.
//!
//! Two kinds of marks:
//!
//! ```toml
//! [lib]
//! crate-type = ["lib", "dylib"] # hotreload: added
//! [profile.dev.package.api]
//! rustflags = ["-g", "-Zplt=true"] # hotreload: added `, "-Zplt=true"`
//! ```
//!
//! The first says that the whole line is ours, the second quotes what is ours within the user's line. One more quotes
//! what stood in the place of ours, for what cannot stand beside it (`replace`).
//!
//! [`uncomment()`] is the other way to the same end, for a workspace that has everything already, commented out: it
//! takes comment signs away, and a third mark says so.

mod commented;
mod container;
mod find;
mod layout;
mod lines;
mod mark;
mod planner;
mod remove;
mod replace;
mod splice;
#[cfg(test)]
mod tests;
mod uncomment;
mod write;

pub use uncomment::{Scope, commented_flags};

use find::Manifest;
use lines::{lines, split_bom};

/// What `enable` adds to one manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Additions {
    /// Elements for the top-level `cargo-features` array; cargo takes them in the root manifest only.
    pub cargo_features: Vec<String>,
    /// Element for `[lib] crate-type`, such as `dylib`. A manifest without crate types gets `lib`,
    /// cargo's default, along with it; a `cdylib` gives its place to a `dylib`, as cargo takes only one of the two.
    pub crate_type: Option<String>,
    /// Flags for `profile.<profile>.package.<package>.rustflags`.
    pub rustflags: Vec<PackageFlags>,
    /// Entries for `[dependencies]`.
    pub dependencies: Vec<PathDependency>,
}

/// Compiler flags for one package in one profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFlags {
    /// Profile name: `dev`, `release`.
    pub profile: String,
    /// Package ID specification, as it stands in the table name: `api`, `api@1.2.0`.
    pub package: String,
    /// The flags. One that is there already is not added again, so a flag and its value must be one
    /// element (`-Cprefer-dynamic`, not `-C` and `prefer-dynamic`).
    pub flags: Vec<String>,
}

/// `dependencies.<name> = { path = "<path>" }`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathDependency {
    /// Name of the dependency, which is also the name of its package.
    pub name: String,
    /// Directory of the dependency, relative to the manifest.
    pub path: String,
}

/// Why a manifest does not take the additions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// The text is no TOML. Displays as `line:column: message`, to be put behind `Cargo.toml:`.
    #[error("{line}:{column}: {message}")]
    Parse {
        /// Line, counted from 1.
        line: usize,
        /// Column in characters, counted from 1.
        column: usize,
        /// The parser's message.
        message: String,
    },
    /// The manifest has something in a place where the additions cannot go.
    #[error("{what}")]
    Unsupported {
        /// What is in the way, and where.
        what: String,
    },
}

impl ManifestError {
    fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }

    /// The same, with the circumstances in which it arises.
    fn because(self, circumstances: &str) -> Self {
        match self {
            Self::Parse { line, column, message } => {
                Self::Parse { line, column, message: format!("{circumstances}: {message}") }
            }
            Self::Unsupported { what } => Self::Unsupported { what: format!("{circumstances}: {what}") },
        }
    }
}

/// `text` with `additions`, each with its mark.
///
/// Values that the user has already are left alone. On a text that has exactly these additions it
/// changes nothing. On a text with other marks it refuses, because they may be the user's own words;
/// to bring additions up to date, write `add(&remove(text), additions)`.
///
/// # Errors
/// [`ManifestError::Parse`] if `text` is no TOML; [`ManifestError::Unsupported`] if there is no place
/// for an addition (`dependencies = 3`), or none from which it could be taken out again exactly.
pub fn add(text: &str, additions: &Additions) -> Result<String, ManifestError> {
    to_bare(text, |bare| add_to_bare(bare, additions))
}

/// `text` with what `scope` names brought to life where it stands in comments, each line with its mark.
///
/// All other comments stay. What is alive already is left alone. Marks in `text` are treated as by [`add`].
///
/// # Errors
/// [`ManifestError::Parse`] if `text` is no TOML, or would not be any more; [`ManifestError::Unsupported`] for a
/// commented-out array that has no end.
pub fn uncomment(text: &str, scope: Scope) -> Result<String, ManifestError> {
    to_bare(text, |bare| {
        let (bom, body) = split_bom(bare);
        let uncommented = uncomment::uncomment(body, scope)?;
        Manifest::parse(&uncommented).map_err(|error| error.because("with its commented-out settings"))?;
        still_removable(format!("{bom}{uncommented}"), bare)
    })
}

/// What `change` makes of `text`; one that it has made already stays.
fn to_bare(text: &str, change: impl Fn(&str) -> Result<String, ManifestError>) -> Result<String, ManifestError> {
    let bare = remove(text);
    if bare == text {
        return change(text);
    }
    // An error should point into the text that the user has, not into the bare one.
    Manifest::parse(split_bom(text).1)?;
    if change(&bare)? == text {
        return Ok(text.to_owned());
    }
    Err(ManifestError::unsupported(format!(
        "line {} has a `# hotreload` comment, the mark of `cargo hotreload enable`, on something other than what \
         would be added now",
        first_marked_line(text)
    )))
}

/// `text` without what [`add`] put into it, byte for byte, however much the rest was edited since.
///
/// Needs no valid TOML. Text without marks comes back unchanged.
#[must_use]
pub fn remove(text: &str) -> String {
    remove::remove(text)
}

/// Whether `text` carries marks, that is, whether [`remove()`] would change it.
#[must_use]
pub fn has_additions(text: &str) -> bool {
    remove(text) != text
}

/// [`add`] for a text without marks.
fn add_to_bare(text: &str, additions: &Additions) -> Result<String, ManifestError> {
    let (bom, body) = split_bom(text);
    let replaced = match &additions.crate_type {
        Some(crate_type) => replace::crate_type(body, crate_type)?,
        None => None,
    };
    let body = replaced.as_deref().unwrap_or(body);
    let manifest = Manifest::parse(body)?;
    let insertions = planner::plan(&manifest, additions)?;
    let added = still_removable(format!("{bom}{}", insertions.apply(body)), text)?;
    match Manifest::parse(split_bom(&added).1) {
        Ok(_) => Ok(added),
        Err(error) => Err(ManifestError::unsupported(format!(
            "with the additions the manifest would not parse any more: {error}"
        ))),
    }
}

/// The promise to restore every byte is worth more than any single manifest: rather refuse than write what cannot be
/// taken out.
fn still_removable(changed: String, text: &str) -> Result<String, ManifestError> {
    if remove(&changed) == text {
        Ok(changed)
    } else {
        Err(ManifestError::unsupported("the additions could not be taken out again byte for byte"))
    }
}

/// Number of the first line that has a mark, counted from 1.
fn first_marked_line(text: &str) -> usize {
    lines(text).take_while(|line| !has_additions(line.content)).count() + 1
}
