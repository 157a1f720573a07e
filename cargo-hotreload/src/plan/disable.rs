//! What `disable` does to each file, as data.

use std::path::PathBuf;

use crate::plan::journal::Entry;
use crate::plan::{lockfile, manifest};

/// How one file gets back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restoration {
    /// The file.
    pub path: PathBuf,
    /// What is done.
    pub action: Action,
}

/// What is done to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is as it was already.
    Keep,
    /// It gets the bytes back that it had.
    Restore(String),
    /// It was edited meanwhile: only our additions go.
    Strip(String),
    /// It was not there before.
    Remove,
}

/// What all of `plan` has come to, once it is carried out.
#[must_use]
pub fn outcome(plan: &[Restoration]) -> &'static str {
    if plan.iter().any(|file| matches!(file.action, Action::Strip(_))) {
        "every file is as it was, but for what you changed"
    } else {
        "every file is as it was"
    }
}

/// The way back for a manifest with the text `current`; `entry` is what the journal says of it, if anything.
#[must_use]
pub fn restore_manifest(entry: Option<&Entry>, current: &str) -> Action {
    match entry {
        Some(entry) if current == entry.before => Action::Keep,
        Some(entry) if current == entry.after => Action::Restore(entry.before.clone()),
        _ => stripped(current, manifest::remove(current)),
    }
}

/// The way back for `Cargo.lock`, which was `before` and is `current`.
#[must_use]
pub fn restore_lock(before: Option<&str>, current: Option<&str>) -> Action {
    let Some(current) = current else {
        return before.map_or(Action::Keep, |before| Action::Restore(before.to_owned()));
    };
    let Some(before) = before else { return Action::Remove };
    let without = lockfile::without_groups(current);
    if current == before {
        Action::Keep
    } else if without == before || same_toml(&without, before) {
        Action::Restore(before.to_owned())
    } else {
        stripped(current, without)
    }
}

/// The way back for a `Cargo.lock` of which nobody knows what it was.
#[must_use]
pub fn strip_lock(current: Option<&str>) -> Action {
    current.map_or(Action::Keep, |current| stripped(current, lockfile::without_groups(current)))
}

fn stripped(current: &str, without: String) -> Action {
    if without == current { Action::Keep } else { Action::Strip(without) }
}

/// Whether two lock files say the same; cargo rewrites comments and line endings to its own taste.
fn same_toml(one: &str, other: &str) -> bool {
    let parse = |text: &str| text.parse::<toml_edit::DocumentMut>().map(|document| value(document.as_item())).ok();
    matches!((parse(one), parse(other)), (Some(one), Some(other)) if one == other)
}

/// A TOML item without its layout.
fn value(item: &toml_edit::Item) -> serde_json::Value {
    let text = |value: &toml_edit::Value| match value {
        toml_edit::Value::String(string) => string.value().clone(),
        other => other.to_string().trim().to_owned(),
    };
    if let Some(tables) = item.as_array_of_tables() {
        return tables.iter().map(|table| value(&toml_edit::Item::Table(table.clone()))).collect();
    }
    if let Some(table) = item.as_table_like() {
        return serde_json::Value::Object(table.iter().map(|(key, item)| (key.to_owned(), value(item))).collect());
    }
    match item.as_array() {
        Some(array) => array.iter().map(|value| serde_json::Value::from(text(value))).collect(),
        None => item.as_value().map_or(serde_json::Value::Null, |value| text(value).into()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Action, restore_lock, restore_manifest};
    use crate::plan::journal::Entry;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n";

    fn entry() -> Entry {
        Entry {
            path: PathBuf::from("Cargo.toml"),
            before: "a = 1\n".into(),
            after: "a = 1\nb = 2 # hotreload: added\n".into(),
        }
    }

    #[test]
    fn an_untouched_manifest_gets_its_bytes_back() {
        let entry = entry();
        assert_eq!(restore_manifest(Some(&entry), &entry.after), Action::Restore(entry.before.clone()));
        assert_eq!(restore_manifest(Some(&entry), &entry.before), Action::Keep);
    }

    #[test]
    fn an_edited_manifest_keeps_the_edit() {
        let edited = format!("{}c = 3\n", entry().after);
        assert_eq!(restore_manifest(Some(&entry()), &edited), Action::Strip("a = 1\nc = 3\n".into()));
        assert_eq!(restore_manifest(None, &edited), Action::Strip("a = 1\nc = 3\n".into()));
    }

    #[test]
    fn a_lock_file_that_was_not_there_goes() {
        assert_eq!(restore_lock(None, Some(LOCK)), Action::Remove);
        assert_eq!(restore_lock(None, None), Action::Keep);
    }

    #[test]
    fn a_lock_file_in_another_layout_gets_its_bytes_back() {
        let before = LOCK.replace('\n', "\r\n");
        let current = format!("{LOCK}\n[[package]]\nname = \"hotreload-group-1\"\nversion = \"0.0.0\"\n");
        assert_eq!(restore_lock(Some(&before), Some(&current)), Action::Restore(before.clone()));
    }

    #[test]
    fn an_updated_lock_file_keeps_the_update() {
        let updated = LOCK.replace("0.1.0", "0.2.0");
        let current = format!("{updated}\n[[package]]\nname = \"hotreload-group-1\"\nversion = \"0.0.0\"\n");
        assert_eq!(restore_lock(Some(LOCK), Some(&current)), Action::Strip(updated));
    }
}
