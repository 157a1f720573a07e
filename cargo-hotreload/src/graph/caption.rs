//! The words around a picture, the same for every format.

use crate::graph::change::Change;
use crate::graph::node::{Node, Part, Standing};
use crate::graph::picture::{Evidence, Picture};

/// The program and what it consists of: `demo: 4 modules, 1 resident, 2 dependency groups`.
#[must_use]
pub fn title(picture: &Picture) -> String {
    let count = |wanted: fn(Part) -> bool| picture.nodes.iter().filter(|node| wanted(node.part)).count();
    let counts = [
        (count(|part| matches!(part, Part::Module { .. })), "module", "modules"),
        (count(|part| matches!(part, Part::Undecided { .. })), "module or resident", "modules or residents"),
        (count(|part| part == Part::Resident), "resident", "residents"),
        (
            count(|part| matches!(part, Part::Excluded { .. } | Part::Unloaded | Part::Helper)),
            "static crate",
            "static crates",
        ),
        (count(|part| matches!(part, Part::Group { .. })), "dependency group", "dependency groups"),
    ];
    let counts = counts.into_iter().filter(|(count, ..)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, one, many)| counted(count, one, many)).collect();
    let counts = if counts.is_empty() { "the program alone".to_owned() } else { counts.join(", ") };
    format!("{}: {counts}", picture.program)
}

/// Sentences about what cannot be seen in the picture; the last one says what `change` does.
#[must_use]
pub fn notes(picture: &Picture, change: Option<&Change>) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    match picture.standing {
        Standing::Enabled => {}
        Standing::NotEnabled => notes.push("hot reloading is not enabled: this is what it would be".into()),
        Standing::RestartOnly => {
            notes.push("by the setting `strategy` there are no modules: each edit restarts".into());
        }
    }
    match (picture.evidence, picture.standing) {
        (Evidence::None, Standing::Enabled | Standing::NotEnabled) => {
            notes.push("the first build shows which libraries the program links itself: those are resident".into());
        }
        (Evidence::NoLoader, Standing::Enabled | Standing::NotEnabled) => {
            notes.push("the program opens no libraries, so it has no modules: edits restart it".into());
        }
        (Evidence::Loader | Evidence::None | Evidence::NoLoader, _) => {}
    }
    let unused: Vec<&str> =
        picture.nodes.iter().filter(|node| node.part == Part::Unused).map(|node| node.name.as_str()).collect();
    if !unused.is_empty() {
        notes.push(format!("not part of the program: {}", unused.join(", ")));
    }
    notes.extend(change.map(|change| change.sentence(picture)));
    notes
}

/// What a node is, in a few words: `module`, `static, excluded`, `10 crates`.
#[must_use]
pub fn describe(node: &Node) -> String {
    match node.part {
        Part::Excluded { group: Some(number) } => format!("static, in group {number}"),
        Part::Excluded { group: None } => "static, excluded".into(),
        Part::Unloaded => "static, never loaded".into(),
        Part::Helper => "static, runs in builds".into(),
        Part::Unused => "static, not used".into(),
        Part::Group { .. } => counted(node.carries.len(), "crate", "crates"),
        part => part.to_string(),
    }
}

/// The first ones of `names`, and how many more there are.
#[must_use]
pub fn few(names: &[String], shown: usize) -> String {
    match names.len().checked_sub(shown).filter(|more| *more > 1) {
        Some(more) => format!("{} and {more} more", names[..shown].join(", ")),
        None => names.join(", "),
    }
}

/// `text` in lines of at most `width` characters; words stay whole.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::{few, notes, title, wrap};
    use crate::graph::testing::{Sketch, diamond};

    #[test]
    fn the_title_counts_what_there_is() {
        assert_eq!(title(&diamond().resident("base").built()), "app: 3 modules, 1 resident");
        assert_eq!(title(&diamond().unbuilt()), "app: 4 modules or residents");
        assert_eq!(title(&Sketch::new("app").built()), "app: the program alone");
    }

    #[test]
    fn what_is_not_known_yet_is_said() {
        let said = notes(&diamond().other("xtask").unbuilt(), None);
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(said[0].contains("what it would be") && said[1].contains("the first build shows"), "{said:?}");
        assert_eq!(said[2], "not part of the program: xtask");
        assert!(notes(&diamond().built(), None).is_empty());
        assert!(notes(&diamond().without_loader(), None)[0].contains("no modules"));
    }

    #[test]
    fn long_lists_are_cut_unless_that_saves_nothing() {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(few(&names, 2), "a, b and 2 more");
        assert_eq!(few(&names, 3), "a, b, c, d");
    }

    #[test]
    fn lines_are_as_long_as_asked_for() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("indivisible", 3), ["indivisible"]);
    }
}
