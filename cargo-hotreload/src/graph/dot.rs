//! A picture for Graphviz.

use std::fmt::Write;

use crate::graph::caption;
use crate::graph::change::{Build, Change};
use crate::graph::node::{NodeIndex, Part};
use crate::graph::picture::{EdgeKind, Picture};

/// `picture` in the language of `dot`.
#[must_use]
pub fn render(picture: &Picture, change: Option<&Change>) -> String {
    let mut text = String::from("digraph hotreload {\n");
    let caption: Vec<String> = [caption::title(picture)].into_iter().chain(caption::notes(picture, change)).collect();
    let caption: Vec<String> = caption.iter().flat_map(|line| caption::wrap(line, 100)).collect();
    let caption: String = caption.iter().map(|line| escaped(line) + "\\l").collect();
    let head = [
        format!("label=\"{caption}\"; labelloc=t; labeljust=l; fontname=\"sans-serif\"; fontsize=13;"),
        "rankdir=TB; ranksep=0.5; nodesep=0.3;".to_owned(),
        "node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11, penwidth=1.2];".to_owned(),
        "edge [color=\"#6b7280\", arrowsize=0.7];".to_owned(),
    ];
    for line in head {
        let _ = writeln!(text, "    {line}");
    }
    for (index, _) in picture.used() {
        let _ = writeln!(text, "    {}", node(picture, change, index));
    }
    for edge in picture.edges() {
        let style = if edge.kind == EdgeKind::BuiltWith { " [style=dashed]" } else { "" };
        let _ = writeln!(text, "    n{} -> n{}{style};", edge.from, edge.to);
    }
    text + "}\n"
}

fn node(picture: &Picture, change: Option<&Change>, index: NodeIndex) -> String {
    let node = &picture.nodes[index];
    let place = node.part.place().map(|place| format!("{place}. ")).unwrap_or_default();
    let fate = change.map(|change| change.fate(picture, index)).filter(|fate| !fate.is_untouched());
    let mut lines = vec![format!("{place}{}", picture.label(index)), caption::describe(node)];
    lines.extend(fate.map(|fate| fate.to_string()));
    let label: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    let (fill, line, style) = colours(node.part);
    let mark = match fate {
        Some(fate) if fate.build == Build::Changed => ", color=\"#dc2626\", penwidth=3",
        Some(_) => ", color=\"#dc2626\", penwidth=1.8",
        None => "",
    };
    let label = label.join("\\n");
    let plain = if mark.is_empty() { format!(", color=\"{line}\"") } else { String::new() };
    format!("n{index} [label=\"{label}\", fillcolor=\"{fill}\", style=\"{style}\"{plain}{mark}];")
}

/// Fill, border and style.
fn colours(part: Part) -> (&'static str, &'static str, &'static str) {
    match part {
        Part::Host => ("#ede9fe", "#7c3aed", "rounded,filled"),
        Part::Module { .. } => ("#d1fae5", "#059669", "rounded,filled"),
        Part::Undecided { .. } => ("#ecfccb", "#65a30d", "rounded,filled,dashed"),
        Part::Resident => ("#fef3c7", "#d97706", "rounded,filled"),
        Part::Group { .. } => ("#e2e8f0", "#64748b", "filled"),
        Part::Excluded { .. } | Part::Unloaded | Part::Helper | Part::Unused => ("#f9fafb", "#9ca3af", "filled,dashed"),
    }
}

/// `text` within a quoted string.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::{escaped, render};
    use crate::graph::testing::{changed, diamond};

    #[test]
    fn nodes_edges_and_marks_are_there() {
        let picture = diamond().third_party("regex", &["base"]).helper("derive", &["top"]).built();
        let text = render(&picture, Some(&changed(&picture, &["right"])));
        assert!(text.starts_with("digraph hotreload {\n") && text.ends_with("}\n"), "{text}");
        let id = |name: &str| format!("n{}", picture.find(name)[0]);
        let edge = |from: &str, to: &str| format!("    {} -> {}", id(from), id(to));
        assert!(text.contains(&(edge("top", "left") + ";\n")) && text.contains(&(edge("base", "regex") + ";\n")));
        assert!(text.contains(&(edge("top", "derive") + " [style=dashed];\n")), "{text}");
        assert!(!text.contains(&edge("top", "base")), "it follows from the others: {text}");
        assert!(text.contains("[label=\"3. right\\nmodule\\nchanged, reloaded\""), "{text}");
        assert!(text.contains("a change in `right` rebuilds"), "{text}");
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }

    #[test]
    fn text_stays_within_its_quotes() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
