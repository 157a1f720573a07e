//! What sort of type a path names, and how it is called in a message.

/// What sort of type it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// What an `async fn`, an `async` block or a generator keeps while it waits.
    Coroutine,
    /// What a closure has captured.
    Closure,
    /// The table behind a `dyn Trait`.
    Vtable,
    /// A struct, a tuple or a wide pointer.
    Struct,
    /// A union.
    Union,
    /// An enum, with or without data.
    Enum,
}

/// Whether a path names the same type before and after an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identity {
    /// Names alone lead to it.
    Named,
    /// A number leads to it, which another closure, `async` block or `impl` may have after an edit.
    Indexed,
}

/// Parts of paths that say nothing which a number does not say.
const INDEXED: [&str; 12] = [
    "{closure_env#",
    "{closure#",
    "{async_block_env#",
    "{async_block#",
    "{async_closure_env#",
    "{async_closure#",
    "{async_gen_block",
    "{coroutine",
    "{gen_block",
    "{impl#",
    "{constant#",
    "::_::",
];

impl Identity {
    /// That of the type with this path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if INDEXED.iter().any(|part| path.contains(part)) { Self::Indexed } else { Self::Named }
    }
}

impl Kind {
    /// What it is called in a sentence.
    pub(super) fn article(self) -> &'static str {
        match self {
            Self::Coroutine => "a coroutine",
            Self::Closure => "a closure",
            Self::Vtable => "a vtable",
            Self::Struct => "a struct",
            Self::Union => "a union",
            Self::Enum => "an enum",
        }
    }

    /// What the last component of a path says.
    pub(super) fn of_last(last: &str) -> Option<Self> {
        let base = last.split('<').next().unwrap_or_default();
        if last.ends_with("::{vtable_type}") {
            Some(Self::Vtable)
        } else if !base.starts_with('{') || !base.contains("_env#") {
            None
        } else if base.starts_with("{closure_env#") {
            Some(Self::Closure)
        } else {
            Some(Self::Coroutine)
        }
    }
}

/// How the type with this path is called: `service::lookup's future`, ``a closure in `api::route` ``.
#[must_use]
pub fn human(kind: Kind, path: &str) -> String {
    let outer = outer(path);
    match kind {
        Kind::Coroutine if path.contains("::{async_fn_env#") => format!("{outer}'s future"),
        Kind::Coroutine if path.contains("{async_block_env#") => format!("an async block in `{outer}`"),
        Kind::Coroutine if path.contains("{async_gen_") || path.contains("{gen_") => {
            format!("a generator in `{outer}`")
        }
        Kind::Coroutine if path.contains("{async_closure_env#") => {
            format!("the future of an async closure in `{outer}`")
        }
        Kind::Coroutine => format!("a coroutine in `{outer}`"),
        Kind::Closure => format!("a closure in `{outer}`"),
        Kind::Vtable => match path.strip_suffix("::{vtable_type}").and_then(|path| path.strip_prefix('<')) {
            Some(of) => format!("the vtable of `{}`", of.strip_suffix('>').unwrap_or(of)),
            None => format!("`{path}`"),
        },
        Kind::Struct | Kind::Union | Kind::Enum => format!("`{path}`"),
    }
}

/// The components of `path` that somebody wrote, but for the generic arguments of the last.
fn outer(path: &str) -> String {
    let written = components(path).into_iter().filter(|part| !part.starts_with('{') && *part != "_");
    written.collect::<Vec<_>>().join("::")
}

/// Splits at each `::` that is not inside of brackets.
fn components(path: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0_i32, 0, Vec::new());
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            // The arrow of a function pointer is no bracket.
            b'>' if at > 0 && bytes[at - 1] == b'-' => {}
            b'>' | b')' | b']' => depth -= 1,
            b':' if depth == 0 && path[at..].starts_with("::") && at >= begin => {
                parts.push(&path[begin..at]);
                begin = at + 2;
            }
            _ => {}
        }
    }
    parts.push(&path[begin.min(path.len())..]);
    parts
}
