//! Generated edits: small changes of every text, number, operator and statement of a library, and a list of larger ones.

use std::path::{Path, PathBuf};

use crate::oracle::site::{Edit, Project};

const LOW: &str = include_str!("../../templates/oracle/low.rs.in");
const CALLS: &str = include_str!("../../templates/oracle/calls.rs.in");
const LARGER: &str = include_str!("../../templates/oracle/larger.txt");
const FILE: &str = "low/src/lib.rs";

/// Words that are replaced wherever they stand, one at a time.
const WORDS: [(&str, &str); 14] = [
    (" + ", " - "),
    (" - ", " + "),
    (" * ", " + "),
    (" / ", " * "),
    (" % ", " / "),
    (" > ", " < "),
    (" < ", " >= "),
    (" += ", " *= "),
    ("&self", "&mut self"),
    ("u64", "u32"),
    ("pub fn", "fn"),
    ("pub fn", "#[inline] pub fn"),
    ("fn ", "const fn "),
    ("Relaxed", "SeqCst"),
];

/// The library and its callers.
pub(crate) fn project() -> Project {
    let manifest = "[package]\nname = \"low\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let files = [("low/Cargo.toml", manifest), (FILE, LOW)];
    let files = files.map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).into();
    Project { name: "low".to_owned(), files, packages: vec!["low".into()], calls: CALLS.to_owned() }
}

/// Every edit, each followed by the one that takes it back.
pub(crate) fn all(project: &Project) -> Vec<[Edit; 2]> {
    let before = String::from_utf8_lossy(&project.files[Path::new(FILE)]).into_owned();
    let mut edits = Vec::new();
    for (name, after) in words(&before).into_iter().chain(lines(&before)).chain(larger(&before)) {
        let edit = |name: String, text: &str| Edit { name, files: vec![(FILE.into(), Some(text.as_bytes().to_vec()))] };
        edits.push([edit(name.clone(), &after), edit(format!("{name}, taken back"), &before)]);
    }
    edits
}

/// One word, number or text is another.
fn words(text: &str) -> Vec<(String, String)> {
    let mut edits = Vec::new();
    let mut replace = |at: usize, old: &str, new: &str| {
        let line = text[..at].matches('\n').count() + 1;
        let after = format!("{}{new}{}", &text[..at], &text[at + old.len()..]);
        edits.push((format!("line {line}: {} -> {}", old.trim(), new.trim()), after));
    };
    for (old, new) in WORDS {
        text.match_indices(old).for_each(|(at, _)| replace(at, old, new));
    }
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    for (at, word) in
        text.split(|sign| !is_word(sign)).map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
    {
        if let Ok(number) = word.parse::<u64>() {
            replace(at, word, &(number + 1).to_string());
        }
    }
    for (number, (at, _)) in text.match_indices('"').enumerate() {
        if number % 2 == 0 {
            replace(at, "\"", "\"x");
        }
    }
    edits
}

/// A line goes, comes or comes twice.
fn lines(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let with = |at: usize, new: &[&str]| {
        let all = [&lines[..at], new, &lines[at + 1..]].concat();
        all.join("\n") + "\n"
    };
    let mut edits = vec![("a line above everything".to_owned(), format!("// Above.\n{text}"))];
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("    ")) {
        let place = format!("line {}", at + 1);
        if line.trim_end().ends_with([';', ',']) {
            edits.push((format!("{place} goes"), with(at, &[])));
        }
        if line.trim_end().ends_with(';') {
            edits.push((format!("{place} twice"), with(at, &[line, line])));
            edits.push((format!("a statement before {place}"), with(at, &["    std::hint::black_box(7);", line])));
        }
    }
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.contains("fn ") && line.ends_with('{')) {
        let more = format!("{line}\n    let _more = [1_u8; 9];");
        edits.push((format!("a local in line {}", at + 1), with(at, &[&more])));
        edits.push((format!("a line before line {}", at + 1), with(at, &["    // Before.", line])));
    }
    edits
}

/// Those of the list.
fn larger(text: &str) -> Vec<(String, String)> {
    let edits = LARGER.split("## ").filter(|edit| !edit.trim().is_empty()).map(|edit| {
        let (name, rest) = edit.split_once('\n').unwrap_or((edit, ""));
        let (old, new) = rest.split_once("==\n").unwrap_or_default();
        (name.to_owned(), text.replacen(old.trim_end(), new.trim_end(), 1))
    });
    edits.collect()
}

#[cfg(test)]
mod tests {
    use super::{LARGER, all, larger, project};

    #[test]
    fn every_edit_is_one() {
        let project = project();
        let before = project.files.values().last().expect("the source").clone();
        let edits = all(&project);
        assert!(edits.len() > 300, "{}", edits.len());
        for [edit, back] in &edits {
            assert_ne!(edit.files[0].1.as_deref(), Some(&before[..]), "{}", edit.name);
            assert_eq!(back.files[0].1.as_deref(), Some(&before[..]));
        }
        assert_eq!(larger("").len(), LARGER.matches("## ").count());
    }
}
