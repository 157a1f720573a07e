//! Decides what goes where.

use std::collections::BTreeMap;
use std::ops::Range;

use toml_edit::{Array, Value};

use super::container;
use super::find::{Found, Manifest, Place};
use super::splice::{Insertions, Snippet};
use super::write;
use super::{Additions, ManifestError, PathDependency};

/// Introduces the tables at the end of the file.
const INTRODUCTION: &str = "# added by `cargo hotreload enable`; `cargo hotreload disable` takes it out";

/// Plans all of `additions`.
pub(super) fn plan(manifest: &Manifest<'_>, additions: &Additions) -> Result<Insertions, ManifestError> {
    let mut planner =
        Planner { manifest, insertions: Insertions::default(), fills: BTreeMap::new(), tables: Vec::new() };
    planner.list(&[], "cargo-features", &[], &additions.cargo_features)?;
    if let Some(crate_type) = &additions.crate_type {
        planner.crate_type(crate_type)?;
    }
    for ((profile, package), flags) in flags_by_table(additions) {
        planner.list(&["profile", profile, "package", package], "rustflags", &[], &flags)?;
    }
    for (index, dependency) in additions.dependencies.iter().enumerate() {
        if !additions.dependencies[..index].contains(dependency) {
            planner.dependency(dependency)?;
        }
    }
    planner.finish()
}

/// The flags of each package in each profile. Two entries of the caller's for one table must not become
/// two keys.
fn flags_by_table(additions: &Additions) -> Vec<((&str, &str), Vec<String>)> {
    let mut tables: Vec<((&str, &str), Vec<String>)> = Vec::new();
    for entry in &additions.rustflags {
        let name = (entry.profile.as_str(), entry.package.as_str());
        match tables.iter_mut().find(|(other, _)| *other == name) {
            Some((_, flags)) => flags.extend(entry.flags.iter().cloned()),
            None => tables.push((name, entry.flags.clone())),
        }
    }
    tables
}

struct Planner<'a> {
    manifest: &'a Manifest<'a>,
    insertions: Insertions,
    /// Elements for arrays and inline tables, by the offset of the bracket. They are put in together,
    /// because the commas depend on how many there are.
    fills: BTreeMap<usize, Fill>,
    tables: Vec<NewTable>,
}

struct Fill {
    span: Range<usize>,
    elements: Vec<Snippet>,
}

struct NewTable {
    header: String,
    lines: Vec<String>,
}

impl Planner<'_> {
    fn crate_type(&mut self, crate_type: &str) -> Result<(), ManifestError> {
        self.list(&["lib"], self.manifest.crate_type_key(), &["lib"], &[crate_type.to_owned()])
    }

    fn dependency(&mut self, dependency: &PathDependency) -> Result<(), ManifestError> {
        let path = ["dependencies", dependency.name.as_str()];
        let wanted = dependency.path.as_str();
        match self.manifest.find(&path, "path")? {
            Found::Value(value) if value.as_str() == Some(wanted) => Ok(()),
            Found::Absent(place) if !self.manifest.contains(&path) => {
                self.entry(&place, &Snippet::plain(write::string(wanted)));
                Ok(())
            }
            _ => Err(ManifestError::unsupported(format!(
                "`{}` is there already, and its path is not {}",
                write::key(&path),
                write::string(wanted)
            ))),
        }
    }

    /// Sees to it that the array `key` in the table `path` has the `wanted` elements. If there is no such
    /// array, a new one begins with `default`.
    fn list(&mut self, path: &[&str], key: &str, default: &[&str], wanted: &[String]) -> Result<(), ManifestError> {
        if wanted.is_empty() {
            return Ok(());
        }
        match self.manifest.find(path, key)? {
            Found::Value(Value::Array(array)) => self.extend(array, wanted),
            Found::Value(value) => {
                let key = write::key(&[path, &[key]].concat());
                return Err(ManifestError::unsupported(format!(
                    "`{key}` is of type {}, not an array",
                    value.type_name()
                )));
            }
            Found::Absent(place) => self.entry(&place, &new_array(default, wanted)),
        }
        Ok(())
    }

    fn extend(&mut self, array: &Array, wanted: &[String]) {
        let present: Vec<_> = array.iter().filter_map(Value::as_str).collect();
        let elements: Vec<_> =
            missing(&present, wanted).map(|element| Snippet::plain(write::string(element))).collect();
        if let (false, Some(span)) = (elements.is_empty(), array.span()) {
            self.fill(span, elements);
        }
    }

    fn entry(&mut self, place: &Place<'_>, value: &Snippet) {
        let named = |key: &[&str]| value.clone().between(&format!("{} = ", write::key(key)), "");
        match place {
            Place::Line { offset, key } => self.insertions.line(*offset, named(key).whole()),
            Place::Inline { span, key } => self.fill(span.clone(), vec![named(key)]),
            Place::NewTable { header, key } => {
                let line = named(&[key]).whole();
                self.table(write::key(header), line);
            }
        }
    }

    fn table(&mut self, header: String, line: String) {
        match self.tables.iter_mut().find(|table| table.header == header) {
            Some(table) => table.lines.push(line),
            None => self.tables.push(NewTable { header, lines: vec![line] }),
        }
    }

    fn fill(&mut self, span: Range<usize>, elements: Vec<Snippet>) {
        let fill = self.fills.entry(span.start).or_insert_with(|| Fill { span, elements: Vec::new() });
        fill.elements.extend(elements);
    }

    fn finish(mut self) -> Result<Insertions, ManifestError> {
        let text = self.manifest.text();
        for Fill { span, elements } in self.fills.into_values() {
            let changed = container::fill(text, &span, elements, &mut self.insertions);
            if let Some(offset) = changed
                && !self.manifest.takes_comment(offset)
            {
                let line = text[..offset].matches('\n').count() + 1;
                return Err(ManifestError::unsupported(format!(
                    "line {line} must be changed, but it ends within a multi-line string, where a mark cannot stand"
                )));
            }
        }
        if !self.tables.is_empty() {
            self.insertions.line(text.len(), INTRODUCTION.to_owned());
        }
        for table in self.tables {
            self.insertions.line(text.len(), format!("[{}]", table.header));
            for line in table.lines {
                self.insertions.line(text.len(), line);
            }
        }
        Ok(self.insertions)
    }
}

/// An array of which `default` is one with the brackets, and each of the `wanted` can be taken out.
fn new_array(default: &[&str], wanted: &[String]) -> Snippet {
    let head = default.iter().map(|element| write::string(element)).collect::<Vec<_>>().join(", ");
    let layers = missing(default, wanted)
        .enumerate()
        .map(|(index, element)| match index + default.len() {
            0 => write::string(element),
            _ => format!(", {}", write::string(element)),
        })
        .collect();
    Snippet { head: format!("[{head}"), layers, tail: "]".to_owned() }
}

/// The `wanted` that are not among the `present`, each once.
fn missing<'a>(present: &'a [&str], wanted: &'a [String]) -> impl Iterator<Item = &'a String> {
    let is_first = |index: usize| !wanted[..index].contains(&wanted[index]);
    wanted
        .iter()
        .enumerate()
        .filter(move |(index, element)| !present.contains(&element.as_str()) && is_first(*index))
        .map(|(_, element)| element)
}
