//! Names of types, functions and members as numbers, and how they are spelled.
//!
//! A name is the hash of its path, so that the same path has the same number in every object and names are compared,
//! stored and looked up without their text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};

use twox_hash::XxHash3_64;

/// The hash of a path such as `api::Config`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u64);

impl Name {
    /// What all paths begin with; as a type, `()`.
    pub(super) const ROOT: Self = Self(0);

    /// The hash of a text that stands for itself: a symbol.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        Self(XxHash3_64::oneshot(text))
    }

    pub(super) fn child(self, text: &[u8]) -> Self {
        Self(XxHash3_64::oneshot_with_seed(self.0, text))
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }
}

/// A map whose keys are hashes already.
pub(super) type ByName<T> = HashMap<Name, T, BuildHasherDefault<Untouched>>;

/// Takes the hash that it is given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Untouched(u64);

impl Hasher for Untouched {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = XxHash3_64::oneshot_with_seed(self.0, bytes);
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Spelling {
    Path { parent: Name, text: Box<str>, stem: Name },
    Array { of: Name, length: Option<u64> },
}

/// How names are spelled.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(ByName<Spelling>);

/// What is deeper than this is cut: only damaged debug information is.
const DEEPEST: usize = 64;

impl Names {
    /// `text` inside of `parent`.
    pub(super) fn path(&mut self, parent: Name, text: &[u8]) -> Name {
        let name = parent.child(text);
        if !self.0.contains_key(&name) {
            let stem = self.stem(parent).child(&without_numbers(text));
            self.0.insert(name, Spelling::Path { parent, text: String::from_utf8_lossy(text).into(), stem });
        }
        name
    }

    /// An array of `of`; no length is that of a slice.
    pub(super) fn array(&mut self, of: Name, length: Option<u64>) -> Name {
        let length_text = length.map_or([0xff; 8], u64::to_le_bytes);
        let name = of.child(b"[]").child(&length_text);
        self.0.entry(name).or_insert(Spelling::Array { of, length });
        name
    }

    /// `name` without the numbers of closures and `impl` blocks in it; `name` itself if there is none.
    pub(super) fn stem(&self, name: Name) -> Name {
        match self.0.get(&name) {
            Some(Spelling::Path { stem, .. }) => *stem,
            Some(Spelling::Array { .. }) | None => name,
        }
    }

    /// The text of `name`.
    pub(super) fn text(&self, name: Name) -> String {
        let mut text = String::new();
        self.write(name, &mut text, 0);
        text
    }

    /// The last component of `name`.
    pub(super) fn last(&self, name: Name) -> &str {
        match self.0.get(&name) {
            Some(Spelling::Path { text, .. }) => text,
            Some(Spelling::Array { .. }) | None => "",
        }
    }

    /// The first component of `name`.
    pub(super) fn first(&self, name: Name) -> &str {
        let mut first = "";
        let mut name = name;
        for _ in 0..DEEPEST {
            let Some(Spelling::Path { parent, text, .. }) = self.0.get(&name) else { break };
            (first, name) = (text, *parent);
        }
        first
    }

    fn write(&self, name: Name, text: &mut String, depth: usize) {
        if name == Name::ROOT {
            text.push_str("()");
            return;
        }
        match self.0.get(&name) {
            _ if depth > DEEPEST => text.push('…'),
            None => text.push('?'),
            Some(Spelling::Path { parent, text: last, .. }) => {
                if *parent != Name::ROOT {
                    self.write(*parent, text, depth + 1);
                    text.push_str("::");
                }
                text.push_str(last);
            }
            Some(Spelling::Array { of, length }) => {
                text.push('[');
                self.write(*of, text, depth + 1);
                if let Some(length) = length {
                    // Writing into a string cannot fail.
                    let _ = write!(text, "; {length}");
                }
                text.push(']');
            }
        }
    }

    /// Adds what `other` knows.
    pub(super) fn extend(&mut self, other: &Self) {
        for (name, spelling) in &other.0 {
            self.0.entry(*name).or_insert_with(|| spelling.clone());
        }
    }
}

/// `text` without the digits that follow a `#`.
fn without_numbers(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'#') {
        return Cow::Borrowed(text);
    }
    let mut number = false;
    let kept = text.iter().copied().filter(|byte| {
        number = *byte == b'#' || (number && byte.is_ascii_digit());
        !(number && byte.is_ascii_digit())
    });
    Cow::Owned(kept.collect())
}
