//! Which table and which value each place of a manifest belongs to.

use std::ops::Range;

use toml_edit::{Item, Table, Value};

use super::find::Manifest;

/// The headers and the values of a manifest.
#[derive(Debug)]
pub(super) struct Layout {
    /// Where each header stands, and what it says, in the order of the text.
    headers: Vec<(usize, Vec<String>)>,
    /// Where each value stands, those within values too.
    values: Vec<Range<usize>>,
}

impl Layout {
    /// Looks through `manifest`.
    pub(super) fn new(manifest: &Manifest<'_>) -> Self {
        let mut layout = Self { headers: Vec::new(), values: Vec::new() };
        layout.item(manifest.item(), &[]);
        layout.headers.sort();
        layout
    }

    /// How many headers are above `offset`, and what the last of them says.
    pub(super) fn table(&self, offset: usize) -> (usize, &[String]) {
        let above = self.headers.partition_point(|(start, _)| *start <= offset);
        (above, above.checked_sub(1).map_or(&[], |last| self.headers[last].1.as_slice()))
    }

    /// The values around `offset`.
    pub(super) fn around(&self, offset: usize) -> impl Iterator<Item = &Range<usize>> {
        self.values.iter().filter(move |value| value.contains(&offset))
    }

    fn item(&mut self, item: &Item, path: &[String]) {
        match item {
            Item::None => {}
            Item::Table(table) => self.table_at(table, path),
            Item::ArrayOfTables(tables) => tables.iter().for_each(|table| self.table_at(table, path)),
            Item::Value(value) => self.value(value),
        }
    }

    fn table_at(&mut self, table: &Table, path: &[String]) {
        let has_header = !table.is_implicit() && !table.is_dotted() && !path.is_empty();
        if let (true, Some(span)) = (has_header, table.span()) {
            self.headers.push((span.start, path.to_vec()));
        }
        for (key, item) in table {
            self.item(item, &[path, &[key.to_owned()]].concat());
        }
    }

    fn value(&mut self, value: &Value) {
        self.values.extend(value.span());
        match value {
            Value::Array(array) => array.iter().for_each(|value| self.value(value)),
            Value::InlineTable(table) => table.iter().for_each(|(_, value)| self.value(value)),
            _ => {}
        }
    }
}
