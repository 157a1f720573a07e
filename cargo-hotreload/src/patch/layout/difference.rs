//! What differs between running data and new code, and how that is said.

use std::fmt;

use super::kind::{Identity, Kind, human};
use super::names::Name;

/// A type that new code lays out otherwise than running data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its path, with generic arguments.
    pub path: String,
    /// What sort of type it is now.
    pub kind: Kind,
    /// Whether the path is sure to name the same type.
    pub identity: Identity,
    /// Whether anything of exactly this path has run. If not, it is held against what ran under other numbers.
    pub has_run: bool,
    /// What old data would be to new code.
    pub harm: Harm,
    /// Whether another difference brings this one about.
    pub cause: Cause,
    /// Whether running layouts are gone.
    pub extent: Extent,
    /// Bytes before and after.
    pub size: (Option<u64>, Option<u64>),
    /// What exactly is different, the most telling first. Empty if the layout is one of several that the type has had
    /// since the program was started.
    pub changes: Vec<Change>,
}

/// What old data would be to new code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Harm {
    /// Read or written at wrong places, or as another type: memory gets corrupted.
    Memory,
    /// Read as it was written, but called otherwise: whether it means the same, nobody can tell.
    Meaning,
}

/// Why a layout is different.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The type itself was edited.
    Own,
    /// It contains the type with this path, which was.
    Follows(String),
}

/// What became of the running layouts of a path, whatever numbers of closures and `impl` blocks it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extent {
    /// New code has one less of them: a type changed.
    Replaced,
    /// New code has them all, and one more. Where a path stands for several types, another one may have come.
    Joined,
    /// New code has this one under another number, or the type has had it before. Closures may have changed places.
    Renumbered,
}

/// One thing that is different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was a struct, and is an enum, for example.
    Kind(Kind, Kind),
    /// A variant or a state came.
    VariantAdded(String),
    /// A variant or a state went.
    VariantRemoved(String),
    /// A variant has another name, before and now.
    VariantRenamed(String, String),
    /// A member came.
    Added {
        /// The variant that it is in.
        variant: Option<String>,
        /// What it is called.
        member: String,
        /// Its type.
        of: String,
    },
    /// A member went.
    Removed {
        /// The variant that it was in.
        variant: Option<String>,
        /// What it was called.
        member: String,
    },
    /// A member has another type.
    Retyped {
        /// The variant that it is in.
        variant: Option<String>,
        /// What it is called.
        member: String,
        /// The type that it had.
        was: String,
        /// The type that it has.
        is: String,
    },
    /// A variant has another discriminant; none is that of the variant which all other values mean.
    Renumbered {
        /// What it is called.
        variant: String,
        /// Its discriminant before.
        was: Option<i128>,
        /// Its discriminant now.
        is: Option<i128>,
    },
    /// A member has another name.
    Renamed {
        /// The variant that it is in.
        variant: Option<String>,
        /// What it was called.
        was: String,
        /// What it is called.
        is: String,
    },
    /// A member is at another place.
    Moved {
        /// The variant that it is in.
        variant: Option<String>,
        /// What it is called.
        member: String,
        /// Bytes from the begin of the type, before.
        was: u64,
        /// Bytes from the begin of the type, now.
        is: u64,
    },
    /// The discriminant is at another place or has another type.
    Discriminant {
        /// Place and type before.
        was: Option<(u64, String)>,
        /// Place and type now.
        is: Option<(u64, String)>,
    },
    /// It begins at multiples of another number.
    Align(Option<u64>, Option<u64>),
}

/// A function that takes or returns other types under the same symbol: whoever calls the old one must go on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The hash of its symbol, [`Name::of`].
    pub symbol: Name,
    /// Its path.
    pub path: String,
}

/// A static of another type under the same symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticType {
    /// The hash of its symbol, [`Name::of`].
    pub symbol: Name,
    /// Its path.
    pub path: String,
    /// The name of its type before.
    pub was: String,
    /// The name of its type now.
    pub is: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = human(self.kind, &self.path);
        match self.kind {
            Kind::Coroutine | Kind::Closure | Kind::Vtable => write!(f, "{subject} changed its layout")?,
            Kind::Struct | Kind::Union | Kind::Enum => write!(f, "the layout of {subject} changed")?,
        }
        if self.changes.is_empty() {
            return f.write_str(" in an earlier patch");
        }
        if let (Some(was), Some(is)) = self.size
            && was != is
        {
            write!(f, " ({was} -> {is} bytes)")?;
            // What a future keeps is seldom what somebody wrote down.
            if self.kind == Kind::Coroutine {
                return Ok(());
            }
        }
        match (&self.cause, self.changes.first()) {
            (Cause::Follows(path), _) => {
                write!(f, ", because that of {} did", human(kind_of(path), path))
            }
            (Cause::Own, Some(change)) => write!(f, ": {change}"),
            (Cause::Own, None) => Ok(()),
        }
    }
}

/// What a path says of its type; a struct may be any other.
fn kind_of(path: &str) -> Kind {
    let last = path.rfind("::{").map_or(path, |at| &path[at + 2..]);
    Kind::of_last(last).unwrap_or(Kind::Struct)
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(was, is) => write!(f, "it was {}, is {}", was.article(), is.article()),
            Self::VariantAdded(variant) => write!(f, "variant `{variant}` was added"),
            Self::VariantRemoved(variant) => write!(f, "variant `{variant}` was removed"),
            Self::VariantRenamed(was, is) => write!(f, "variant `{was}` is called `{is}` now"),
            Self::Added { variant, member, of } => {
                write!(f, "member `{member}: {of}`{} was added", within(variant.as_ref()))
            }
            Self::Removed { variant, member } => write!(f, "member `{member}`{} was removed", within(variant.as_ref())),
            Self::Retyped { variant, member, was, is } => {
                write!(f, "member `{member}`{} was of type `{was}`, is of type `{is}`", within(variant.as_ref()))
            }
            Self::Renumbered { variant, was, is } => {
                write!(f, "the discriminant of `{variant}` was {}, is {}", number(*was), number(*is))
            }
            Self::Renamed { variant, was, is } => {
                write!(f, "member `{was}`{} is called `{is}` now", within(variant.as_ref()))
            }
            Self::Moved { variant, member, was, is } => {
                write!(f, "member `{member}`{} was at {was}, is at {is}", within(variant.as_ref()))
            }
            Self::Discriminant { was, is } => {
                write!(f, "the discriminant was {}, is {}", discriminant(was.as_ref()), discriminant(is.as_ref()))
            }
            Self::Align(was, is) => {
                write!(f, "the alignment was {}, is {}", was.unwrap_or(1), is.unwrap_or(1))
            }
        }
    }
}

fn within(variant: Option<&String>) -> String {
    variant.map_or_else(String::new, |variant| format!(" of `{variant}`"))
}

fn number(value: Option<i128>) -> String {
    value.map_or_else(|| "any other".to_owned(), |value| value.to_string())
}

fn discriminant(at: Option<&(u64, String)>) -> String {
    at.map_or_else(|| "absent".to_owned(), |(at, of)| format!("a `{of}` at {at}"))
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the signature of `{}` changed", self.path)
    }
}

impl fmt::Display for StaticType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the type of static `{}` changed: it was `{}`, is `{}`", self.path, self.was, self.is)
    }
}
