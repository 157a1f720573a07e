//! Takes the additions out, going by their marks alone.

use super::lines::{BLANKS, lines, split_bom, trim_ending};
use super::mark::{self, Before, Mark, Part, elements, occurrences};

/// The text without our additions.
pub(super) fn remove(text: &str) -> String {
    let (bom, body) = split_bom(text);
    let mut out = String::with_capacity(body.len());
    // How much there was of `out` when a line said that its newline came with the additions.
    let mut unended_at = None;
    for line in lines(body) {
        match strip(line.content) {
            Stripped::Gone(Before::Newline) => {}
            Stripped::Gone(Before::UnendedLine) => unended_at = Some(out.len()),
            Stripped::Line(content) => {
                out.push_str(&content);
                out.push_str(line.ending);
            }
        }
    }
    // If the user wrote more below our lines, the newline separates the two and must stay.
    if unended_at == Some(out.len()) {
        out.truncate(trim_ending(&out).len());
    }
    format!("{bom}{out}")
}

enum Stripped {
    Line(String),
    Gone(Before),
}

fn strip(content: &str) -> Stripped {
    let mut content = content.to_owned();
    loop {
        // A merge can leave two marks on a line: go on until there is none.
        content = match mark::read(&content) {
            Mark::None => return Stripped::Line(content),
            Mark::WholeLine(before) => return Stripped::Gone(before),
            Mark::Parts { value, parts, rest } => {
                let mut value = value.to_owned();
                // The last one in is the first one out: only then do the occurrences count right.
                for part in parts.iter().rev() {
                    take_out(&mut value, part);
                }
                value + rest
            }
            Mark::Replaced { value, old, new, rest } => {
                let mut value = value.to_owned();
                // If the user has taken it out, there is nothing to bring back.
                let at = elements(&value, &new.text).nth(new.earlier);
                if let Some(at) = at {
                    value.replace_range(at..at + new.text.len(), &old);
                }
                value + rest
            }
            Mark::Uncommented { value, blanks, rest } => mark::commented(value, blanks) + rest,
        };
    }
}

/// Takes `part` out of `line`; if the user has taken it out, does nothing.
fn take_out(line: &mut String, part: &Part) {
    let element = part.text.trim_matches([',', ' ']);
    let exact = occurrences(line, &part.text).take(part.earlier + 1).last();
    if let Some(at) = exact {
        line.replace_range(at..at + part.text.len(), "");
        if element == part.text {
            // It went into empty brackets. A comma beside it belongs to what the user added later.
            take_out_comma(line, at);
        }
        return;
    }
    // The user has changed the blanks or the commas around it.
    let changed = occurrences(line, element).next();
    if let (Some(at), false) = (changed, element.is_empty()) {
        line.replace_range(at..at + element.len(), "");
        take_out_comma(line, at);
    }
}

/// Drops the comma that separated the element which was at `at` from its neighbour.
fn take_out_comma(line: &mut String, at: usize) {
    let before = line[..at].trim_end_matches(BLANKS);
    let after = line[at..].trim_start_matches(BLANKS);
    if let Some(rest) = after.strip_prefix(',') {
        let end = line.len() - rest.trim_start_matches(BLANKS).len();
        line.replace_range(at..end, "");
    } else if before.ends_with(',') {
        line.replace_range(before.len() - 1..at, "");
    }
}
