//! `Cargo.lock` without the packages that `enable` generated.

use crate::plan::groups;

/// Takes the dependency groups out of a lock file: their own entries and every mention in other entries.
///
/// Cargo writes the file anew at each change, one paragraph a package, so lines are enough to go by. With nothing of
/// ours in it the text comes back as it is.
#[must_use]
pub fn without_groups(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut dropped_last = false;
    for paragraph in paragraphs(text).iter().filter(|paragraph| !paragraph.is_empty()) {
        dropped_last = paragraph.iter().any(|line| is_group_name(line));
        if !dropped_last {
            keep(paragraph, &mut kept);
        }
    }
    if dropped_last {
        // The blank line before the dropped entry is now the end of the file, where cargo has none.
        kept.truncate(kept.trim_end().len());
        kept.push_str(if text.contains("\r\n") { "\r\n" } else { "\n" });
    }
    kept
}

/// Runs of lines, line endings included; each ends with its blank line.
fn paragraphs(text: &str) -> Vec<Vec<&str>> {
    let mut all = vec![Vec::new()];
    for line in text.split_inclusive('\n') {
        if let Some(last) = all.last_mut() {
            last.push(line);
        }
        if line.trim().is_empty() {
            all.push(Vec::new());
        }
    }
    all
}

/// Appends `paragraph` without mentions of groups; a list that becomes empty goes too, as cargo writes none.
fn keep(paragraph: &[&str], kept: &mut String) {
    let mut lines: Vec<&str> = Vec::new();
    let mut dropped = false;
    for line in paragraph {
        if is_mention(line) {
            dropped = true;
        } else if dropped && line.trim() == "]" && lines.last().is_some_and(|last| last.trim() == "dependencies = [") {
            lines.pop();
        } else {
            lines.push(line);
        }
    }
    kept.push_str(&lines.concat());
}

fn is_group_name(line: &str) -> bool {
    let name = line.trim().strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"'));
    name.is_some_and(groups::is_package)
}

fn is_mention(line: &str) -> bool {
    let name = line.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix("\","));
    name.is_some_and(groups::is_package)
}

#[cfg(test)]
mod tests {
    use super::without_groups;

    const BEFORE: &str = "# generated\nversion = 4\n\n[[package]]\nname = \"api\"\nversion = \"0.1.0\"\n\n\
        [[package]]\nname = \"core\"\nversion = \"0.1.0\"\ndependencies = [\n \"serde\",\n]\n";
    const ENABLED: &str = "# generated\nversion = 4\n\n[[package]]\nname = \"api\"\nversion = \"0.1.0\"\n\
        dependencies = [\n \"hotreload-group-1\",\n]\n\n\
        [[package]]\nname = \"core\"\nversion = \"0.1.0\"\ndependencies = [\n \"hotreload-group-1\",\n \"serde\",\n]\n\n\
        [[package]]\nname = \"hotreload-group-1\"\nversion = \"0.0.0\"\ndependencies = [\n \"serde\",\n]\n";

    #[test]
    fn groups_and_their_mentions_go() {
        assert_eq!(without_groups(ENABLED), BEFORE);
    }

    #[test]
    fn a_file_without_groups_stays_as_it_is() {
        for text in [BEFORE, "", "\r\n\r\n", "no newline"] {
            assert_eq!(without_groups(text), text);
        }
    }

    #[test]
    fn other_packages_with_a_similar_name_stay() {
        let text = "[[package]]\nname = \"hotreload-group-x\"\n";
        assert_eq!(without_groups(text), text);
    }

    #[test]
    fn windows_line_endings_are_kept() {
        let text = ENABLED.replace('\n', "\r\n");
        assert_eq!(without_groups(&text), BEFORE.replace('\n', "\r\n"));
    }
}
