//! The values of a manifest without their notation, and what `add` must do to them.

use std::collections::BTreeMap;

use toml_edit::{Document, Item, TableLike, Value};

use super::super::{Additions, split_bom};

#[derive(Debug, PartialEq)]
pub(super) enum Model {
    Table(BTreeMap<String, Model>),
    /// Sorted by how the elements print: where in an array an element goes is the business of `add`.
    Array(Vec<String>),
    Scalar(String),
}

impl Model {
    pub(super) fn parse(text: &str) -> Self {
        let document = Document::parse(split_bom(text).1).unwrap_or_else(|error| panic!("{error}\n{text}"));
        table(document.as_table())
    }

    /// The value at `path`, made where it is missing.
    fn at(&mut self, path: &[&str], default: Model) -> &mut Model {
        let Some((key, rest)) = path.split_first() else {
            return self;
        };
        let Self::Table(entries) = self else { panic!("`{key}` in no table") };
        if rest.is_empty() {
            return entries.entry((*key).to_owned()).or_insert(default);
        }
        entries.entry((*key).to_owned()).or_insert(Self::Table(BTreeMap::new())).at(rest, default)
    }

    /// A new `dylib` takes the place of one `cdylib`.
    fn give_way(&mut self, path: &[&str], crate_type: &str) {
        let default = Self::Array(vec![scalar("lib")]);
        let Self::Array(types) = self.at(path, default) else { panic!("{path:?} is no array") };
        let rival = types.iter().position(|name| *name == scalar("cdylib"));
        if let (Some(rival), false) = (rival, types.contains(&scalar(crate_type))) {
            types.remove(rival);
        }
    }

    fn extend(&mut self, path: &[&str], default: &[&str], elements: &[String]) {
        if elements.is_empty() {
            return;
        }
        let default = default.iter().map(|element| scalar(element)).collect();
        let Self::Array(array) = self.at(path, Self::Array(default)) else { panic!("{path:?} is no array") };
        for element in elements.iter().map(|element| scalar(element)) {
            if !array.contains(&element) {
                array.push(element);
            }
        }
        array.sort();
    }
}

pub(super) fn expect(model: &mut Model, additions: &Additions) {
    model.extend(&["cargo-features"], &[], &additions.cargo_features);
    if let Some(crate_type) = &additions.crate_type {
        let legacy = matches!(model, Model::Table(root)
            if matches!(root.get("lib"), Some(Model::Table(lib))
                if lib.contains_key("crate_type") && !lib.contains_key("crate-type")));
        let key = if legacy { "crate_type" } else { "crate-type" };
        model.give_way(&["lib", key], crate_type);
        model.extend(&["lib", key], &["lib"], std::slice::from_ref(crate_type));
    }
    for entry in &additions.rustflags {
        model.extend(&["profile", &entry.profile, "package", &entry.package, "rustflags"], &[], &entry.flags);
    }
    for entry in &additions.dependencies {
        let path = ["dependencies", &entry.name, "path"];
        assert_eq!(*model.at(&path, Model::Scalar(scalar(&entry.path))), Model::Scalar(scalar(&entry.path)));
    }
}

fn scalar(text: &str) -> String {
    format!("string {text:?}")
}

fn table(table: &dyn TableLike) -> Model {
    Model::Table(table.iter().map(|(key, item)| (key.to_owned(), item_model(item))).collect())
}

fn item_model(item: &Item) -> Model {
    match item {
        Item::Value(value) => value_model(value),
        Item::Table(entries) => table(entries),
        Item::ArrayOfTables(tables) => {
            Model::Array(tables.iter().map(|entries| format!("{:?}", table(entries))).collect())
        }
        Item::None => panic!("an item that is none"),
    }
}

fn value_model(value: &Value) -> Model {
    match value {
        Value::InlineTable(entries) => table(entries),
        Value::Array(array) => {
            let mut elements: Vec<_> = array
                .iter()
                .map(|value| match value_model(value) {
                    Model::Scalar(text) => text,
                    other => format!("{other:?}"),
                })
                .collect();
            elements.sort();
            Model::Array(elements)
        }
        Value::String(text) => Model::Scalar(scalar(text.value())),
        other => Model::Scalar(other.clone().decorated("", "").to_string()),
    }
}
