//! The table of edits: `«before→now»` in a crate, and what callers see of it.

use std::path::PathBuf;

use crate::patch::view::Sources;

/// One edit.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) name: String,
    pub(super) expected: Expected,
    /// Whether the compiler, which has no other crates here, must find code in the caller that is not the same.
    pub(super) is_proven: bool,
    pub(super) before: Sources,
    pub(super) now: Sources,
    /// A crate that uses it. `None` if it cannot be compiled on its own.
    pub(super) caller: Option<String>,
}

/// What callers at opt-level 0 see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    Nothing,
    Masked,
    /// The layouts of these futures decide.
    Layouts(Vec<String>),
    /// They see it, and the sentence says so.
    Seen(String),
    Unparsable,
}

/// All of them.
pub(super) fn edits() -> Vec<Edit> {
    const TABLES: &[&str] = &[
        include_str!("bodies.edits"),
        include_str!("generic.edits"),
        include_str!("hidden.edits"),
        include_str!("inside.edits"),
        include_str!("items.edits"),
        include_str!("lines.edits"),
        include_str!("private.edits"),
    ];
    let texts = TABLES.iter().flat_map(|table| table.split("\n## "));
    texts.map(|text| edit(text.trim_start_matches("## "))).collect()
}

fn edit(text: &str) -> Edit {
    let (title, text) = text.split_once('\n').expect("a title");
    let parts: Vec<&str> = title.split(" | ").collect();
    let name = (*parts.last().expect("a name")).to_owned();
    let expected = match (parts[0].split(' ').next().expect("a verdict"), parts.len()) {
        ("nothing", 2) => Expected::Nothing,
        ("masked", 2) => Expected::Masked,
        ("layouts", 2) => Expected::Layouts(parts[0]["layouts ".len()..].split(", ").map(str::to_owned).collect()),
        ("seen" | "seen!", 3) => Expected::Seen(parts[1].to_owned()),
        ("unparsable", 2) => Expected::Unparsable,
        _ => panic!("no title: {title}"),
    };
    let ((before, _), (now, caller)) = (sources(&side(text, Side::Before)), sources(&side(text, Side::Now)));
    assert_ne!(before, now, "{name}");
    assert_eq!(caller.is_none(), name.ends_with("(unbuilt)"), "{name}");
    Edit { name, expected, is_proven: parts[0] == "seen!", before, now, caller }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    Now,
}

/// Decides all `«before→now»`.
fn side(text: &str, side: Side) -> String {
    let mut pieces = text.split('«');
    let mut decided = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (choice, rest) = piece.split_once('»').expect("»");
        let (before, now) = choice.split_once('→').expect("→");
        decided += if side == Side::Before { before } else { now };
        decided += rest;
    }
    decided
}

/// The crate's files, and its caller.
fn sources(text: &str) -> (Sources, Option<String>) {
    let mut sources = Sources { root: PathBuf::from("src/lib.rs"), ..Sources::default() };
    let (mut caller, mut path) = (None, Some(sources.root.clone()));
    for line in text.trim_end().split_inclusive('\n') {
        match (line.trim_end(), &path) {
            ("@caller", _) => (path, caller) = (None, Some(String::new())),
            (line, _) if line.starts_with("@file ") => path = Some(PathBuf::from(&line["@file ".len()..])),
            (_, Some(path)) => *sources.files.entry(path.clone()).or_default() += line,
            (_, None) => *caller.get_or_insert_default() += line,
        }
    }
    (sources, caller)
}
