//! The settings in the root manifest: `[workspace.metadata.hotreload]`, or `[package.metadata.hotreload]` where the
//! root is a package without a workspace.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use toml_edit::{Document, Item, TableLike, Value};

use crate::config::instances::Instances;
use crate::config::manifest::keys::{KEYS, known};
use crate::config::values::{self, SignalName, check_variable, is_argument};
use crate::config::{Layer, Setting, Source, nearest};
use crate::error::ErrorKind;

mod keys;

/// The settings in the root manifest `text`, which messages call `name`; `root` is its directory.
///
/// # Errors
/// [`ErrorKind::Setting`] with the place of the first fault, [`ErrorKind::Manifest`] if the text is no TOML.
pub fn read(text: &str, name: &str, root: &Path) -> Result<Layer, ErrorKind> {
    let reader = Reader { text, name, root };
    let document = Document::parse(text).map_err(|error| ErrorKind::Manifest {
        place: reader.place(error.span()),
        message: error.message().trim().to_owned(),
    })?;
    let top = document.as_table();
    let owner = if top.contains_key("workspace") { "workspace" } else { "package" };
    let metadata = below(top, owner).and_then(|table| below(table, "metadata"));
    let Some(item) = metadata.and_then(|table| table.get("hotreload")) else { return Ok(Layer::default()) };
    let Some(table) = item.as_table_like() else {
        let message = format!("`{owner}.metadata.hotreload` has to be a table, not {}", kind(item));
        let help = format!("write the settings below a line `[{owner}.metadata.hotreload]`");
        return Err(reader.fault(item.span(), message, help));
    };
    reader.layer(table)
}

fn below<'table>(table: &'table dyn TableLike, key: &str) -> Option<&'table dyn TableLike> {
    table.get(key)?.as_table_like()
}

struct Reader<'text> {
    text: &'text str,
    name: &'text str,
    root: &'text Path,
}

/// A key and its value.
#[derive(Clone, Copy)]
struct Entry<'table> {
    key: &'table str,
    item: &'table Item,
}

impl Reader<'_> {
    fn layer(&self, table: &dyn TableLike) -> Result<Layer, ErrorKind> {
        let mut layer = Layer::default();
        for (key, item) in table.iter() {
            let Some(setting) = known(key) else {
                let span = table.get_key_value(key).and_then(|(key, _)| key.span());
                return Err(self.unknown(key, span));
            };
            (setting.read)(self, Entry { key, item }, &mut layer)?;
        }
        Ok(layer)
    }

    /// Puts `value` into the layer; never fails, so that a reader can end with it.
    #[expect(clippy::unnecessary_wraps, reason = "the last step of each `Key::read`")]
    fn set<T>(&self, place: &mut Option<Setting<T>>, entry: Entry<'_>, value: T) -> Result<(), ErrorKind> {
        *place = Some(Setting { value, source: Source::Manifest(self.place(entry.item.span())) });
        Ok(())
    }

    fn word(&self, entry: Entry<'_>) -> Result<String, ErrorKind> {
        let word = entry.item.as_str().ok_or_else(|| self.wrong_type(entry))?;
        values::word(word).map_err(|_| self.wrong(entry, "an empty string"))
    }

    fn path(&self, entry: Entry<'_>) -> Result<PathBuf, ErrorKind> {
        self.word(entry).map(|path| self.root.join(path))
    }

    fn strings(&self, entry: Entry<'_>) -> Result<Vec<String>, ErrorKind> {
        let list = entry.item.as_array().ok_or_else(|| self.wrong_type(entry))?;
        let string = |(place, value): (usize, &Value)| {
            let wrong = || {
                let (key, found) = (entry.key, with_article(value.type_name()));
                let message =
                    format!("each element of `{key}` has to be a string, but number {} is {found}", place + 1);
                self.fault(value.span(), message, example(key))
            };
            value.as_str().map(str::to_owned).ok_or_else(wrong)
        };
        list.iter().enumerate().map(string).collect()
    }

    fn words(&self, entry: Entry<'_>) -> Result<Vec<String>, ErrorKind> {
        let words = self.strings(entry)?;
        if words.iter().any(|word| word.trim().is_empty()) {
            return Err(self.wrong(entry, "one with an empty string"));
        }
        Ok(words)
    }

    fn arguments(&self, entry: Entry<'_>) -> Result<Vec<OsString>, ErrorKind> {
        let words = self.strings(entry)?;
        if !words.iter().all(|word| is_argument(OsStr::new(word))) {
            return Err(self.wrong(entry, "one with a NUL character"));
        }
        Ok(words.into_iter().map(OsString::from).collect())
    }

    fn choice<T: ValueEnum>(&self, entry: Entry<'_>) -> Result<T, ErrorKind> {
        let word = self.word(entry)?;
        T::from_str(&word, false).map_err(|_| {
            let known = values::names::<T>();
            let near = nearest(&word, known.iter().map(String::as_str)).unwrap_or_default();
            let message = format!("`{}` cannot be `{word}`", entry.key);
            let help = format!("did you mean `{near}`? It can be {}", known.join(", "));
            self.fault(entry.item.span(), message, help)
        })
    }

    fn signal(&self, entry: Entry<'_>, read: fn(&str) -> Result<SignalName, String>) -> Result<SignalName, ErrorKind> {
        let text = match entry.item.as_integer() {
            Some(number) => number.to_string(),
            None => self.word(entry)?,
        };
        read(&text).map_err(|message| {
            let message = format!("`{}`: {message}", entry.key);
            self.fault(entry.item.span(), message, example(entry.key))
        })
    }

    fn debounce(&self, entry: Entry<'_>) -> Result<Duration, ErrorKind> {
        let number = entry.item.as_integer().ok_or_else(|| self.wrong_type(entry))?;
        values::debounce_of(number)
            .map_err(|message| self.fault(entry.item.span(), format!("`debounce`: {message}"), example(entry.key)))
    }

    fn instances(&self, entry: Entry<'_>) -> Result<Instances, ErrorKind> {
        let number = entry.item.as_integer().ok_or_else(|| self.wrong_type(entry))?;
        Instances::try_from(number)
            .map_err(|message| self.fault(entry.item.span(), format!("`instances`: {message}"), example(entry.key)))
    }

    fn variables(&self, entry: Entry<'_>) -> Result<BTreeMap<String, String>, ErrorKind> {
        let table = entry.item.as_table_like().ok_or_else(|| self.wrong_type(entry))?;
        let variable = |(name, item): (&str, &Item)| {
            let fault = |message: String| self.fault(item.span(), message, example(entry.key));
            let not_text = || fault(format!("`env.{name}` has to be a string, not {}", kind(item)));
            let value = item.as_str().ok_or_else(not_text)?;
            check_variable(name, value).map_err(|message| fault(format!("`env`: {message}")))?;
            Ok((name.to_owned(), value.to_owned()))
        };
        table.iter().map(variable).collect()
    }

    fn unknown(&self, key: &str, span: Option<Range<usize>>) -> ErrorKind {
        let known = KEYS.iter().map(|key| key.name);
        let near = nearest(key, known.clone()).unwrap_or_default();
        let all: Vec<&str> = known.collect();
        let help = format!("did you mean `{near}`? The settings are {}", all.join(", "));
        self.fault(span, format!("there is no setting `{key}`"), help)
    }

    fn wrong_type(&self, entry: Entry<'_>) -> ErrorKind {
        self.wrong(entry, &kind(entry.item))
    }

    fn wrong(&self, entry: Entry<'_>, found: &str) -> ErrorKind {
        let expected = known(entry.key).map_or("", |key| key.expected);
        let message = format!("`{}` has to be {expected}, not {found}", entry.key);
        self.fault(entry.item.span(), message, example(entry.key))
    }

    fn fault(&self, span: Option<Range<usize>>, message: String, help: String) -> ErrorKind {
        ErrorKind::Setting { place: self.place(span), message, help }
    }

    fn place(&self, span: Option<Range<usize>>) -> String {
        let Some(span) = span else { return self.name.to_owned() };
        let before = &self.text[..span.start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        format!("{}:{line}:{column}", self.name)
    }
}

fn example(key: &str) -> String {
    let value = known(key).map_or("…", |known| known.example);
    format!("write it like this: `{key} = {value}`")
}

fn kind(item: &Item) -> String {
    with_article(item.type_name())
}

fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {kind}")
}
