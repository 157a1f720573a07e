//! Brings to life what a workspace keeps commented out for hot reloading, and nothing else.

use toml_edit::Value;

use super::ManifestError;
use super::commented::{Block, block, elements, is_header, text};
use super::find::{Found, Manifest};
use super::layout::Layout;
use super::lines::{lines, split_bom};
use super::mark;

/// The cargo feature that rustflags in profiles need.
const PROFILE_RUSTFLAGS: &str = "profile-rustflags";

const DYLIB: &str = "dylib";

/// What is looked for in a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `cargo-features` with `profile-rustflags`, `rustflags` in the tables of the dev profile, and [`Self::Member`].
    Root,
    /// `"dylib"` among the library's crate types.
    Member,
}

/// The flags of each commented-out `rustflags` of the dev profile in the root manifest `text` (without marks), or
/// `None` where no commented-out `cargo-features` asks for `profile-rustflags`.
///
/// # Errors
/// As for [`uncomment()`](super::uncomment()).
pub fn commented_flags(text: &str) -> Result<Option<Vec<Vec<String>>>, ManifestError> {
    let body = split_bom(text).1;
    let manifest = Manifest::parse(body)?;
    let source = Source::new(&manifest);
    if source.cargo_features().is_empty() {
        return Ok(None);
    }
    let blocks = source.rustflags()?;
    Ok(Some(blocks.into_iter().map(|block| block.elements).collect()))
}

/// `text` (without byte order mark and marks) with everything in `scope` uncommented.
pub(super) fn uncomment(text: &str, scope: Scope) -> Result<String, ManifestError> {
    let manifest = Manifest::parse(text)?;
    let source = Source::new(&manifest);
    let mut wanted = source.crate_types(&manifest);
    if scope == Scope::Root {
        let blocks = source.cargo_features().into_iter().chain(source.rustflags()?);
        wanted.extend(blocks.flat_map(|block| block.lines));
    }
    let mut out = String::with_capacity(text.len() * 2);
    for (number, line) in lines(text).enumerate() {
        let changed = wanted.contains(&number).then(|| mark::uncommented(line.content)).flatten();
        out.push_str(changed.as_deref().unwrap_or(line.content));
        out.push_str(line.ending);
    }
    Ok(out)
}

/// A manifest by lines.
struct Source<'a> {
    layout: Layout,
    lines: Vec<&'a str>,
    /// Where the text of each line begins, its indentation left out.
    offsets: Vec<usize>,
}

impl<'a> Source<'a> {
    fn new(manifest: &Manifest<'a>) -> Self {
        let mut source = Self { layout: Layout::new(manifest), lines: Vec::new(), offsets: Vec::new() };
        let mut offset = 0;
        for line in lines(manifest.text()) {
            source.lines.push(line.content);
            source.offsets.push(offset + line.content.len() - line.content.trim_start().len());
            offset += line.content.len() + line.ending.len();
        }
        source
    }

    /// The `cargo-features` that asks for rustflags in profiles. A broken one is none.
    fn cargo_features(&self) -> Vec<Block> {
        let named = |block: &Block| block.elements.iter().any(|name| name == PROFILE_RUSTFLAGS);
        self.blocks("cargo-features", <[String]>::is_empty).unwrap_or_default().into_iter().filter(named).collect()
    }

    fn rustflags(&self) -> Result<Vec<Block>, ManifestError> {
        self.blocks("rustflags", is_dev)
    }

    /// Every commented-out array `key` that stands where a key of a `wanted` table can stand.
    fn blocks(&self, key: &str, wanted: fn(&[String]) -> bool) -> Result<Vec<Block>, ManifestError> {
        let mut found = Vec::new();
        let mut number = 0;
        // What follows a commented-out header belongs to that, up to the next real one.
        let mut other_until = None;
        while number < self.lines.len() {
            let offset = self.offsets[number];
            let (headers, table) = self.layout.table(offset);
            let is_free = self.layout.around(offset).next().is_none();
            if is_free && text(self.lines[number]).is_some_and(is_header) {
                other_until = Some(headers);
            }
            if is_free
                && wanted(table)
                && other_until != Some(headers)
                && let Some(block) = block(&self.lines, number, key)?
            {
                number = block.end;
                found.push(block);
                continue;
            }
            number += 1;
        }
        Ok(found)
    }

    /// The line that has a commented-out `"dylib"` in the library's crate types, if they lack one.
    fn crate_types(&self, manifest: &Manifest<'_>) -> Vec<usize> {
        let arrays = ["crate-type", "crate_type"].map(|key| manifest.find(&["lib"], key));
        let array = arrays.into_iter().find_map(|found| match found {
            Ok(Found::Value(Value::Array(array))) => Some(array),
            _ => None,
        });
        let Some((array, span)) = array.and_then(|array| Some((array, array.span()?))) else {
            return Vec::new();
        };
        if array.iter().any(|value| value.as_str() == Some(DYLIB)) {
            return Vec::new();
        }
        let is_in_array = |offset| self.layout.around(offset).eq([&span]);
        let is_dylib = |line: &str| text(line).and_then(elements).is_some_and(|elements| elements == [DYLIB]);
        let numbers = 0..self.lines.len();
        let mut found = numbers.filter(|&number| is_in_array(self.offsets[number]) && is_dylib(self.lines[number]));
        found.next().into_iter().collect()
    }
}

/// `profile.dev`, `profile.dev.build-override`, `profile.dev.package.NAME`
fn is_dev(table: &[String]) -> bool {
    let table: Vec<&str> = table.iter().map(String::as_str).collect();
    matches!(table[..], ["profile", "dev"] | ["profile", "dev", "build-override"] | ["profile", "dev", "package", _])
}
