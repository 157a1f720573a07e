//! A check of JSON against a schema, as strict as the promise of `docs/events.md` lets it be: a field that the schema
//! does not name is a fault here, though a reader has to bear it. Knows the keywords that `docs/events.schema.json`
//! uses, and panics at any other, so that none is believed to be checked.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

/// A schema with its definitions.
pub(crate) struct Schema(Value);

impl Schema {
    /// That of the events.
    pub(crate) fn of_events() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.schema.json");
        Self(serde_json::from_str(&fs::read_to_string(path).expect("the schema")).expect("JSON"))
    }

    /// Every kind of event that the schema knows.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let all = self.0["oneOf"].as_array().expect("a list");
        let name = |one: &Value| one["$ref"].as_str().and_then(|name| name.rsplit('/').next()).map(str::to_owned);
        all.iter().map(|one| name(one).expect("a reference")).collect()
    }

    /// Panics unless `line` is an event; returns its kind.
    #[track_caller]
    pub(crate) fn kind_of(&self, line: &str) -> String {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let kind = event["event"].as_str().unwrap_or_else(|| panic!("no kind: {line}")).to_owned();
        assert!(self.kinds().contains(&kind), "an unknown kind: {line}");
        // Which of the alternatives it is is known; so the fault is told, and not only that none fits.
        let faults = [self.faults(&self.0, &event, ""), self.faults(&self.0["$defs"][&kind], &event, "")].concat();
        assert!(faults.is_empty(), "{faults:#?}\nin {line}");
        let known = ["version", "time"];
        let named = self.0["$defs"][&kind]["properties"].as_object().expect("fields");
        for field in event.as_object().expect("an object").keys() {
            assert!(known.contains(&field.as_str()) || named.contains_key(field), "the schema lacks `{field}`: {line}");
        }
        kind
    }

    fn faults(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let fault = |why: String| vec![format!("{place}: {why}: {value}")];
        let mut found = Vec::new();
        for (keyword, wanted) in schema.as_object().expect("a schema") {
            found.extend(match keyword.as_str() {
                "$ref" => {
                    let name = wanted.as_str().and_then(|path| path.strip_prefix("#/$defs/")).expect("a reference");
                    let inner = &self.0["$defs"][name];
                    [self.faults(inner, value, place), undeclared(inner, value, place)].concat()
                }
                "type" if !has_type(value, wanted.as_str().expect("a name")) => fault(format!("no {wanted}")),
                "const" if value != wanted => fault(format!("not {wanted}")),
                "enum" if !wanted.as_array().expect("a list").contains(value) => fault(format!("none of {wanted}")),
                "minimum" if value.as_f64() < wanted.as_f64() => fault(format!("less than {wanted}")),
                "pattern" if !is_time(value) => fault("no time".into()),
                // Checked just now, or elsewhere, or no statement about the value.
                "type" | "const" | "enum" | "minimum" | "pattern" | "oneOf" | "$defs" | "$schema" | "title" => vec![],
                "required" => {
                    let missing = |name: &&Value| value.get(name.as_str().expect("a name")).is_none();
                    let names = wanted.as_array().expect("a list").iter().filter(missing);
                    names.flat_map(|name| fault(format!("lacks {name}"))).collect()
                }
                "properties" => {
                    let fields = wanted.as_object().expect("fields").iter();
                    let present = fields.filter_map(|(name, inner)| Some((name, inner, value.get(name)?)));
                    present
                        .flat_map(|(name, inner, value)| self.faults(inner, value, &format!("{place}/{name}")))
                        .collect()
                }
                "items" => {
                    let items = value.as_array().into_iter().flatten();
                    items.flat_map(|item| self.faults(wanted, item, &format!("{place}[]"))).collect()
                }
                other => panic!("this check does not know `{other}`"),
            });
        }
        found
    }
}

/// The fields of an object within an event that its schema does not name.
fn undeclared(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let (Some(declared), Some(fields), true) =
        (schema["properties"].as_object(), value.as_object(), schema["type"] == "object")
    else {
        return vec![];
    };
    let lacks =
        |fields: &Map<String, Value>| fields.keys().filter(|name| !declared.contains_key(*name)).cloned().collect();
    let names: Vec<String> = lacks(fields);
    names.into_iter().map(|name| format!("{place}: the schema lacks `{name}`")).collect()
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("this check does not know the type `{other}`"),
    }
}

/// The only pattern of the schema: `2026-05-19T12:00:00.000000Z`.
fn is_time(value: &Value) -> bool {
    let digits =
        |text: &str| text.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect::<String>();
    value.as_str().is_some_and(|text| digits(text) == "0000-00-00T00:00:00.000000Z")
}
