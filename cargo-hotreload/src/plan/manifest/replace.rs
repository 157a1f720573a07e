//! Puts a crate type of ours in the place of one that it cannot stand beside.

use toml_edit::Value;

use super::ManifestError;
use super::find::{Found, Manifest};
use super::lines::{line_end, line_start};
use super::mark::{Part, elements, replaced};
use super::write;

/// Both would be written to the same file, so cargo refuses a library with both.
const RIVALS: (&str, &str) = ("dylib", "cdylib");

/// The manifest `text` with the crate type `wanted` instead of its rival, if it has that and not `wanted` itself.
pub(super) fn crate_type(text: &str, wanted: &str) -> Result<Option<String>, ManifestError> {
    let manifest = Manifest::parse(text)?;
    let Found::Value(Value::Array(types)) = manifest.find(&["lib"], manifest.crate_type_key())? else {
        return Ok(None);
    };
    let place = |name: &str| types.iter().find(|value| value.as_str() == Some(name));
    let rival = place(RIVALS.1).and_then(Value::span).filter(|_| wanted == RIVALS.0 && place(wanted).is_none());
    let Some(span) = rival else { return Ok(None) };
    // Such a string ends on another line than it begins, or its line has no place for a mark.
    if text[span.clone()].contains('\n') || !manifest.takes_comment(span.start) {
        let what = "the crate type `cdylib` stands in a multi-line string, where a mark cannot stand";
        return Err(ManifestError::unsupported(what));
    }
    let new = write::string(wanted);
    let (start, end) = (line_start(text, span.start), line_end(text, span.end));
    let line = format!("{}{new}{}", &text[start..span.start], &text[span.end..end]);
    let earlier = elements(&line, &new).take_while(|&at| at < span.start - start).count();
    let mark = replaced(&text[span], &Part { text: new, earlier });
    Ok(Some(format!("{}{line}{mark}{}", &text[..start], &text[end..])))
}
