//! Whether other crates can see an edit, decided from the syntax of the edited crate before and now.
//!
//! If they cannot, the edited crate alone is compiled. A wrong *no* leaves old code running in silence, a wrong *yes*
//! costs time: so everything is seen unless a rule says that it is not.
//!
//! 1. `modules` finds the files that are modules, `names` what names mean all over the crate;
//! 2. `reader` reduces files to `facts`; `items` and `functions` know what is what, with the help of `attributes`, `bodies`
//!    (what is inside of a body), `lines` (whether code may tell where it stands) and `skeleton` (async bodies);
//! 3. `exposure` collects the names that callers may come across;
//! 4. `compare` applies the rules to the facts before and now.
//!
//! # Rules
//!
//! - **Bodies** of functions without type or const parameters of their own or of their impl are not seen. Seen are those of
//!   generic functions (`impl Trait` as an argument makes one), of traits, of `const fn` and of functions with `#[inline]`
//!   (but `#[inline(never)]`), because callers compile them themselves.
//! - **Attribute macros** may make anything of an item, so that all of it is seen, except for a list that [`Known`] extends.
//! - **Inside of a body**, `impl` counts all over the program, and so may what a macro writes. A body in which something
//!   else changed is not seen if its calls of unknown macros are the same, at the same places.
//! - **Async functions**: at opt-level 0 a caller holds the code that drops the future, and its size. The body is not seen
//!   if that code cannot have changed (see `skeleton`) and the layout has not, which [`View::MaskedIfLayoutsSame`]
//!   leaves to be proven. From opt-level 1 on callers hold the body itself.
//! - **Private functions** (also public ones in private modules that nothing hands on) may come, go and change in every
//!   way if their name occurs in nothing that callers see. So may the bodies of private functions that are async or return
//!   an `impl Trait`. A new name counts as well: it may hide one that came from a glob import.
//! - **Lines**: a panic names its line and column. Where code in callers may tell such a place, moving it is seen. What
//!   moves otherwise is compiled again, and not seen. Functions with `#[track_caller]` tell their own place to whoever calls
//!   them by a pointer.
//! - **Order**: symbols of impls are counted, so their order, that of types (whose derives are impls) and that of macros
//!   is seen.
//! - **Tests** (`#[cfg(test)]`, `#[test]`) and comments are nothing. Doc comments are nothing unless a macro reads them:
//!   a derive that is not of the standard library, or an attribute macro.
//! - **Everything else** is seen: types, traits, constants, statics, macros, imports, modules, impls, files that are no
//!   module, attributes of the crate.
//!
//! # What it relies on
//!
//! The compiler inlines across crates on its own only if it optimizes without incremental compilation: then say
//! [`Callers::Inlining`]. Macros of the same name and the same tokens write the same. A change of an unseen body that
//! makes a future no longer `Send` is an error in callers which only their next build finds. A trait of another crate that
//! tells its methods who calls them (`#[track_caller]` in the trait) is not known as such, so a moved method of it may be
//! named with its old line when it is called by a pointer.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

mod attributes;
mod bodies;
mod compare;
mod exposure;
mod facts;
mod functions;
mod items;
mod lines;
mod modules;
mod names;
mod reader;
mod skeleton;
#[cfg(test)]
mod tests;
mod tokens;

pub use bodies::Hazard;
pub use facts::What;

use facts::Facts;
use modules::Unparsable;

/// The files that a crate was compiled from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sources {
    /// The file that the compiler is given, such as `src/lib.rs`.
    pub root: PathBuf,
    /// Texts of all files by path, those that only macros read included.
    pub files: std::collections::BTreeMap<PathBuf, String>,
}

/// Who holds code of the edited crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// Nobody: it is an executable.
    None,
    /// Crates that, like the edited one, are compiled with opt-level 0.
    Unoptimized,
    /// Crates one of which, or the edited one, is compiled with another opt-level; the edited one incrementally.
    Optimized,
    /// The edited crate is compiled with another opt-level than 0, and not incrementally.
    Inlining,
}

/// Macros that are known to be harmless, beyond those that are known to everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Attribute macros, as they are written (`tracing::instrument`), that keep a function a function and its body in it.
    pub attributes: BTreeSet<String>,
    /// Function-like macros, as they are written, that write expressions of which nothing is seen outside.
    pub macros: BTreeSet<String>,
}

/// What callers see of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// The same code comes out.
    Nothing,
    /// The edited crate alone comes out different.
    Masked,
    /// The same, provided that the futures of these async functions have the layout that they had.
    MaskedIfLayoutsSame {
        /// Their paths in the crate, sorted.
        functions: Vec<String>,
    },
    /// Callers may come out different.
    Visible {
        /// What they see. At least one.
        reasons: Vec<Reason>,
    },
    /// The source cannot be parsed. The compiler will say why; if it accepts the source, callers may see the change.
    Unparsable {
        /// In which file.
        file: PathBuf,
        /// In which line.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

/// One thing that callers see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The item's path in its crate.
    pub item: String,
    /// What it is.
    pub what: What,
    /// What is with it.
    pub why: Why,
    /// Where it is: now, or before if it is gone.
    pub file: PathBuf,
    /// In which line.
    pub line: usize,
}

/// Why callers see an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It says something else.
    Changed,
    /// It was not there before.
    Came,
    /// It is not there any more.
    Gone,
    /// Callers hold code of it that tells where it stands.
    Moved,
    /// The same, and what it tells is more than lines: its file, or whatever a macro makes of its place.
    MovedAndTold,
    /// It and another changed places.
    Reordered,
    /// It is called otherwise.
    Signature,
    /// Its body, which callers hold or which decides on a type, changed.
    Body,
    /// Something in its body is seen outside of it.
    Shows(Hazard),
    /// A macro in its body, which nothing is known about, is called otherwise.
    UnknownMacro,
    /// It could not be parsed before, so that nothing is known about it.
    Unread,
}

impl View {
    /// Whether the edited crate alone need be compiled, layouts aside.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        matches!(self, Self::Nothing | Self::Masked | Self::MaskedIfLayoutsSame { .. })
    }

    /// Whether callers hold code that moved, and see nothing else: as long as they are not compiled again, they do the same
    /// and tell old lines.
    #[must_use]
    pub fn is_of_lines(&self) -> bool {
        // A constant may be its own line.
        let is_code = |what: &What| {
            use What::{Attributed, Attributes, Constant, File, MacroCall, Static, Unknown};
            !matches!(what, Constant | Static | MacroCall | Attributed(_) | Attributes | File | Unknown)
        };
        let is_of_lines = |reason: &Reason| reason.why == Why::Moved && is_code(&reason.what);
        matches!(self, Self::Visible { reasons } if reasons.iter().all(is_of_lines))
    }
}

/// A crate's source, reduced to what verdicts need. Reading takes most of the time, so keep what the running code was made
/// of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crate(Facts);

impl Crate {
    /// Reads a crate. An error is a [`View::Unparsable`].
    pub fn read(sources: &Sources, known: &Known) -> Result<Self, View> {
        let facts = reader::read(sources, known);
        // Positions in the text are kept for each thread until somebody forgets them; facts hold none.
        proc_macro2::extra::invalidate_current_thread_spans();
        facts.map(Self).map_err(|Unparsable { file, line, message }| View::Unparsable { file, line, message })
    }

    /// What `callers` see if this crate is `now` that one; both were read with the same [`Known`].
    #[must_use]
    pub fn compare(&self, now: &Self, callers: Callers) -> View {
        match callers {
            _ if self == now => View::Nothing,
            Callers::None => View::Masked,
            Callers::Unoptimized | Callers::Optimized | Callers::Inlining => compare::compare(&self.0, &now.0, callers),
        }
    }
}

/// What `callers` see if the crate with the files `before` is now made of those in `now`.
#[must_use]
pub fn compare(before: &Sources, now: &Sources, callers: Callers, known: &Known) -> View {
    if before == now {
        return View::Nothing;
    }
    let now = match Crate::read(now, known) {
        Ok(now) => now,
        Err(view) => return view,
    };
    match Crate::read(before, known) {
        Ok(before) => before.compare(&now, callers),
        Err(_) if callers == Callers::None => View::Masked,
        Err(View::Unparsable { file, line, .. }) => {
            let item = file.display().to_string();
            let reason = Reason { item, what: What::File, why: Why::Unread, file, line };
            View::Visible { reasons: vec![reason] }
        }
        Err(view) => view,
    }
}

impl fmt::Display for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(formatter, "nothing that is compiled changed"),
            Self::Masked => write!(formatter, "callers see nothing of it"),
            Self::MaskedIfLayoutsSame { functions } => {
                let names: Vec<String> = functions.iter().map(|name| format!("`{name}`")).collect();
                write!(formatter, "callers see it only if the layout changed of the future of {}", names.join(", "))
            }
            Self::Visible { reasons } => {
                let (first, rest) = reasons.split_first().ok_or(fmt::Error)?;
                write!(formatter, "callers see it: {first}")?;
                if rest.is_empty() { Ok(()) } else { write!(formatter, ", and {} more", rest.len()) }
            }
            Self::Unparsable { file, line, message } => {
                write!(formatter, "{}:{line} cannot be parsed: {message}", file.display())
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { item, what, why, file, line } = self;
        write!(formatter, "`{item}` ({what}) {why}, {}:{line}", file.display())
    }
}

/// The end of a sentence that begins with the item.
impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Changed => "changed",
            Self::Came => "is new",
            Self::Gone => "is gone",
            Self::Moved | Self::MovedAndTold => "moved, and may tell its place in the source",
            Self::Reordered => "changed places with another item",
            Self::Signature => "has another signature",
            Self::Body => "has another body",
            Self::Shows(Hazard::Impl) => "has an `impl` in its body",
            Self::Shows(Hazard::Attribute(name)) => {
                return write!(formatter, "has the attribute `{name}` in its body, about which nothing is known");
            }
            Self::Shows(Hazard::HiddenItems) => "has items in the brackets of a macro",
            Self::UnknownMacro => "calls a macro, about which nothing is known, in another way or at another place",
            Self::Unread => "could not be parsed before",
        })
    }
}
