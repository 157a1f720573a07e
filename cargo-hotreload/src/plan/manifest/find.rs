//! Where things stand in a manifest.

use std::ops::Range;

use toml_edit::{Document, InlineTable, Item, Table, TomlError, Value};

use super::ManifestError;
use super::lines::{line_end, next_line};
use super::write;

/// A parsed manifest with its text (without byte order mark).
pub(super) struct Manifest<'a> {
    text: &'a str,
    document: Document<&'a str>,
}

/// A value that was looked for.
pub(super) enum Found<'a> {
    /// It is there.
    Value(&'a Value),
    /// It is not; this is where it goes.
    Absent(Place<'a>),
}

/// Where a new key goes, and how it is called there.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// On a line of its own at the beginning of the file or under a header.
    Line { offset: usize, key: Vec<&'a str> },
    /// Into an inline table.
    Inline { span: Range<usize>, key: Vec<&'a str> },
    /// Under a new header at the end of the file.
    NewTable { header: Vec<&'a str>, key: &'a str },
}

/// A table of either notation.
#[derive(Clone, Copy)]
enum Node<'a> {
    Table(&'a Table),
    Inline(&'a InlineTable),
}

/// What a key of a table holds.
enum Child<'a> {
    Table(Node<'a>),
    Value(&'a Value),
    ArrayOfTables,
}

/// The lines under a header, or those before the first header.
#[derive(Clone, Copy)]
struct Body {
    offset: usize,
    depth: usize,
}

/// How a new key gets into a table: TOML lets a table be extended only in the notation that made it.
enum Way {
    /// `[header]`, existing or new.
    Header,
    /// `a.b.key = …` among the lines of the body that has the other dotted keys.
    Dotted(Body),
    /// Between the braces.
    Inline { span: Range<usize>, depth: usize },
}

impl<'a> Manifest<'a> {
    /// Parses `text`.
    pub(super) fn parse(text: &'a str) -> Result<Self, ManifestError> {
        match Document::parse(text) {
            Ok(document) => Ok(Self { text, document }),
            Err(error) => Err(parse_error(text, &error)),
        }
    }

    /// The text.
    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The document.
    pub(super) fn item(&self) -> &Item {
        self.document.as_item()
    }

    /// Whether there is anything at `path`.
    pub(super) fn contains(&self, path: &[&str]) -> bool {
        let mut node = Node::Table(self.document.as_table());
        for (index, key) in path.iter().enumerate() {
            match node.child(key) {
                Some(Child::Table(next)) => node = next,
                Some(_) => return index + 1 == path.len(),
                None => return false,
            }
        }
        true
    }

    /// How this manifest spells `crate-type`.
    pub(super) fn crate_type_key(&self) -> &'static str {
        // The spelling of old; cargo reads it where there is no other.
        let is_old = self.contains(&["lib", "crate_type"]) && !self.contains(&["lib", "crate-type"]);
        if is_old { "crate_type" } else { "crate-type" }
    }

    /// Looks for the value `key` in the table `path`.
    pub(super) fn find<'k>(&'k self, path: &[&'k str], key: &'k str) -> Result<Found<'k>, ManifestError> {
        let mut node = Node::Table(self.document.as_table());
        let mut body = Body { offset: 0, depth: 0 };
        let mut way = Way::Header;
        for (index, name) in path.iter().enumerate() {
            match node.child(name) {
                None => return Ok(Found::Absent(place(path, key, way, body))),
                Some(Child::Table(next)) => node = next,
                Some(other) => return Err(not_a(&path[..=index], &other, "a table")),
            }
            let depth = index + 1;
            way = match node {
                Node::Table(table) if table.is_dotted() => Way::Dotted(body),
                Node::Table(table) => {
                    // A table that only the headers of its sub-tables imply has no body yet.
                    if let (false, Some(span)) = (table.is_implicit(), table.span()) {
                        body = Body { offset: next_line(self.text, span.end), depth };
                    }
                    Way::Header
                }
                Node::Inline(table) => match table.span() {
                    Some(span) if !table.is_dotted() => Way::Inline { span, depth },
                    _ => way,
                },
            };
        }
        match node.child(key) {
            None => Ok(Found::Absent(place(path, key, way, body))),
            Some(Child::Value(value)) => Ok(Found::Value(value)),
            Some(other) => Err(not_a(&[path, &[key]].concat(), &other, "a value")),
        }
    }

    /// Whether the line with `offset` ends in a place where a comment can stand: anywhere but in a
    /// multi-line string.
    pub(super) fn takes_comment(&self, offset: usize) -> bool {
        let end = line_end(self.text, offset);
        let mut strings = Vec::new();
        multi_line_strings(self.document.as_item(), self.text, &mut strings);
        !strings.iter().any(|string| string.start < end && end < string.end)
    }
}

fn place<'k>(path: &[&'k str], key: &'k str, way: Way, body: Body) -> Place<'k> {
    let key_from = |depth: usize| path[depth..].iter().copied().chain([key]).collect();
    match way {
        Way::Inline { span, depth } => Place::Inline { span, key: key_from(depth) },
        Way::Dotted(body) => Place::Line { offset: body.offset, key: key_from(body.depth) },
        Way::Header if body.depth == path.len() => Place::Line { offset: body.offset, key: vec![key] },
        Way::Header => Place::NewTable { header: path.to_vec(), key },
    }
}

impl<'a> Node<'a> {
    fn child(self, key: &str) -> Option<Child<'a>> {
        match self {
            Self::Table(table) => match table.get(key)? {
                Item::None => None,
                Item::Table(table) => Some(Child::Table(Self::Table(table))),
                Item::ArrayOfTables(_) => Some(Child::ArrayOfTables),
                Item::Value(value) => Some(Child::of(value)),
            },
            Self::Inline(table) => table.get(key).map(Child::of),
        }
    }
}

impl<'a> Child<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::InlineTable(table) => Self::Table(Node::Inline(table)),
            value => Self::Value(value),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Table(_) => "table",
            Self::Value(value) => value.type_name(),
            Self::ArrayOfTables => "array of tables",
        }
    }
}

fn not_a(path: &[&str], found: &Child<'_>, wanted: &str) -> ManifestError {
    ManifestError::unsupported(format!("`{}` is of type {}, not {wanted}", write::key(path), found.type_name()))
}

fn parse_error(text: &str, error: &TomlError) -> ManifestError {
    // Without a span, which no error of the parser lacks, the beginning is as good as any place.
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or(before);
    ManifestError::Parse {
        line: before.matches('\n').count() + 1,
        column: column.chars().count() + 1,
        message: error.message().to_owned(),
    }
}

fn multi_line_strings(item: &Item, text: &str, out: &mut Vec<Range<usize>>) {
    match item {
        Item::None => {}
        Item::Table(table) => table.iter().for_each(|(_, item)| multi_line_strings(item, text, out)),
        Item::ArrayOfTables(tables) => {
            let items = tables.iter().flat_map(Table::iter);
            items.for_each(|(_, item)| multi_line_strings(item, text, out));
        }
        Item::Value(value) => multi_line_strings_in(value, text, out),
    }
}

fn multi_line_strings_in(value: &Value, text: &str, out: &mut Vec<Range<usize>>) {
    match value {
        Value::String(string) => out.extend(string.span().filter(|span| text[span.clone()].contains('\n'))),
        Value::Array(array) => array.iter().for_each(|value| multi_line_strings_in(value, text, out)),
        Value::InlineTable(table) => table.iter().for_each(|(_, value)| multi_line_strings_in(value, text, out)),
        _ => {}
    }
}
