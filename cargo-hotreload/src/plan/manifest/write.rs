//! TOML for keys and strings of ours, always on one line.

use std::fmt::Write as _;

/// A basic string. The parser crate's own writer may choose a multi-line one, which has no line end
/// for a mark.
pub(super) fn string(value: &str) -> String {
    let mut out = String::from('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A dotted key; its parts are quoted where they must be (`"api@1.2.0"`).
pub(super) fn key<S: AsRef<str>>(path: &[S]) -> String {
    path.iter().map(|part| key_part(part.as_ref())).collect::<Vec<_>>().join(".")
}

fn key_part(part: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !part.is_empty() && part.chars().all(is_bare) { part.to_owned() } else { string(part) }
}
