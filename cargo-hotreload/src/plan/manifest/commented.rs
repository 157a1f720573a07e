//! Arrays of strings in comments.

use toml_edit::Document;

use super::ManifestError;
use super::lines::BLANKS;

/// An array `key = […]` whose lines are comments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Numbers of its lines, counted from 0, without those that stay comments within the array.
    pub(super) lines: Vec<usize>,
    /// Its elements.
    pub(super) elements: Vec<String>,
    /// Number of the line after it.
    pub(super) end: usize,
}

/// What stands behind the comment sign, if the line is a comment and nothing else.
pub(super) fn text(line: &str) -> Option<&str> {
    line.trim_start_matches(BLANKS).strip_prefix('#')
}

/// Whether `text` (without its comment sign) is a table header: what follows belongs to that table, not to the one
/// above.
pub(super) fn is_header(text: &str) -> bool {
    text.trim_start_matches(BLANKS).starts_with('[') && Document::parse(text).is_ok()
}

/// The array `key` that begins on line `first`, if one does.
///
/// # Errors
/// [`ManifestError::Unsupported`] if it has no end, or is none when its lines are put together.
pub(super) fn block(lines: &[&str], first: usize, key: &str) -> Result<Option<Block>, ManifestError> {
    let Some(start) = lines.get(first).and_then(|line| text(line)).filter(|text| opens(text, key)) else {
        return Ok(None);
    };
    if let Some(elements) = array(start) {
        return Ok(Some(Block { lines: vec![first], elements, end: first + 1 }));
    }
    if array(&format!("{start}\n]")).is_none() {
        return Ok(None);
    }
    let mut whole = format!("{start}\n");
    let mut block = Block { lines: vec![first], elements: Vec::new(), end: first + 1 };
    for (number, line) in lines.iter().enumerate().skip(first + 1) {
        let Some(text) = text(line) else {
            if line.trim().is_empty() {
                continue;
            }
            break;
        };
        let closes = array(&format!("a = [\n{text}")).is_some();
        // A line of prose, or one with a second sign, is a comment in the array as well.
        if closes || elements(text).is_some_and(|elements| !elements.is_empty()) {
            block.lines.push(number);
            whole += text;
            whole.push('\n');
        }
        if closes {
            let Some(elements) = array(&whole) else { return Err(fault(first, key, "is no list of strings")) };
            return Ok(Some(Block { elements, end: number + 1, ..block }));
        }
    }
    Err(fault(first, key, "has no end"))
}

/// The elements on a line of an array.
pub(super) fn elements(text: &str) -> Option<Vec<String>> {
    let behind_another = || array(&format!("a = [\"\"\n{text}\n]")).map(|all| all[1..].to_vec());
    array(&format!("a = [\n{text}\n]")).or_else(behind_another)
}

fn fault(line: usize, key: &str, what: &str) -> ManifestError {
    ManifestError::unsupported(format!("line {}: the commented-out `{key}` {what}", line + 1))
}

fn opens(text: &str, key: &str) -> bool {
    let behind_key = text.trim_start_matches(BLANKS).strip_prefix(key);
    let value = behind_key.and_then(|rest| rest.trim_start_matches(BLANKS).strip_prefix('='));
    value.is_some_and(|value| value.trim_start_matches(BLANKS).starts_with('['))
}

/// The strings of `key = […]`, if `text` is that and nothing more.
fn array(text: &str) -> Option<Vec<String>> {
    let document = Document::parse(text).ok()?;
    let mut items = document.as_table().iter();
    let (Some((_, item)), None) = (items.next(), items.next()) else { return None };
    item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}
