//! A picture for Markdown: GitHub and many editors draw a block marked `mermaid`.

use std::fmt::Write;

use crate::graph::caption;
use crate::graph::change::{Build, Change};
use crate::graph::node::{NodeIndex, Part};
use crate::graph::picture::{EdgeKind, Picture};

/// A class of boxes: name and style, readable on light and on dark pages.
const CLASSES: [(&str, &str); 9] = [
    ("host", "fill:#ede9fe,stroke:#7c3aed,color:#1f2937"),
    ("module", "fill:#d1fae5,stroke:#059669,color:#1f2937"),
    ("undecided", "fill:#ecfccb,stroke:#65a30d,color:#1f2937,stroke-dasharray:5 3"),
    ("resident", "fill:#fef3c7,stroke:#d97706,color:#1f2937"),
    ("group", "fill:#e2e8f0,stroke:#64748b,color:#1f2937"),
    ("static", "fill:#f9fafb,stroke:#9ca3af,color:#1f2937,stroke-dasharray:3 3"),
    ("note", "fill:none,stroke:none,text-align:left"),
    ("changed", "stroke:#dc2626,stroke-width:4px"),
    ("touched", "stroke:#dc2626,stroke-width:2px"),
];

/// `picture` in the language of mermaid.
#[must_use]
pub fn render(picture: &Picture, change: Option<&Change>) -> String {
    // Boxes are as wide as their longest line, up to this width.
    let mut text = format!(
        "---\ntitle: \"{}\"\nconfig:\n  flowchart:\n    wrappingWidth: 520\n---\nflowchart TD\n",
        yaml(&caption::title(picture))
    );
    let notes: Vec<String> =
        caption::notes(picture, change).iter().map(|note| caption::wrap(&escaped(note), 60).join("<br/>")).collect();
    if !notes.is_empty() {
        // There is no other place for a sentence that is shown. The invisible line keeps it above everything.
        let _ = writeln!(text, "    note[\"{}\"]:::note", notes.join("<br/>"));
        if let Some(host) = picture.host() {
            let _ = writeln!(text, "    note ~~~ n{host}");
        }
    }
    for (index, _) in picture.used() {
        let _ = writeln!(text, "    {}", node(picture, change, index));
    }
    for edge in picture.edges() {
        let arrow = if edge.kind == EdgeKind::BuiltWith { "-.->" } else { "-->" };
        let _ = writeln!(text, "    n{} {arrow} n{}", edge.from, edge.to);
    }
    for (name, style) in CLASSES.iter().filter(|(name, _)| text.contains(&format!(":::{name}\n"))).collect::<Vec<_>>() {
        let _ = writeln!(text, "    classDef {name} {style}");
    }
    let marks = [("changed", true), ("touched", false)];
    for (name, edited) in marks {
        let is_it = |index: &NodeIndex| {
            let fate = change.map(|change| change.fate(picture, *index)).filter(|fate| !fate.is_untouched());
            fate.is_some_and(|fate| (fate.build == Build::Changed) == edited)
        };
        let ids: Vec<String> =
            picture.used().map(|(index, _)| index).filter(is_it).map(|index| format!("n{index}")).collect();
        if let Some((_, style)) = CLASSES.iter().find(|(class, _)| *class == name).filter(|_| !ids.is_empty()) {
            let _ = writeln!(text, "    classDef {name} {style}\n    class {} {name}", ids.join(","));
        }
    }
    text
}

fn node(picture: &Picture, change: Option<&Change>, index: NodeIndex) -> String {
    let node = &picture.nodes[index];
    let place = node.part.place().map(|place| format!("{place} · ")).unwrap_or_default();
    let fate = change.map(|change| change.fate(picture, index)).filter(|fate| !fate.is_untouched());
    let mut lines = vec![format!("{place}{}", escaped(&picture.label(index))), escaped(&caption::describe(node))];
    lines.extend(fate.map(|fate| format!("<b>{}</b>", escaped(&fate.to_string()))));
    let label = lines.join("<br/>");
    let (open, close) = match node.part {
        Part::Host => ("([", "])"),
        Part::Group { .. } => ("[(", ")]"),
        _ => ("[", "]"),
    };
    format!("n{index}{open}\"{label}\"{close}:::{}", node.part.class())
}

/// `text` within a quoted label, where mermaid has entities of its own.
fn escaped(text: &str) -> String {
    let entity = |sign: char| match sign {
        '"' => "#quot;".to_owned(),
        '<' => "#lt;".to_owned(),
        '>' => "#gt;".to_owned(),
        '#' => "#35;".to_owned(),
        '&' => "#amp;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(entity).collect()
}

/// `text` within a quoted scalar of the front matter.
fn yaml(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::{escaped, render};
    use crate::graph::testing::{changed, diamond};

    #[test]
    fn nodes_edges_and_marks_are_there() {
        let picture = diamond().third_party("regex", &["base"]).built();
        let id = |name: &str| format!("n{}", picture.find(name)[0]);
        let text = render(&picture, Some(&changed(&picture, &["right"])));
        assert!(text.starts_with("---\ntitle: \"app: 4 modules, 1 dependency group\"\nconfig:\n"), "{text}");
        assert!(text.contains("\n---\nflowchart TD\n"), "{text}");
        assert!(text.contains("    note[\"a change in `right` rebuilds right and top, "), "{text}");
        assert!(text.contains(&format!("    {} --> {}\n", id("top"), id("right"))), "{text}");
        assert!(text.contains("[\"3 · right<br/>module<br/><b>changed, reloaded</b>\"]:::module\n"), "{text}");
        assert!(text.contains(&format!("    class {} changed\n", id("right"))), "{text}");
        assert!(text.contains(&format!("    class {} touched\n", id("top"))), "{text}");
        assert!(text.contains("classDef group ") && !text.contains("classDef resident"), "{text}");
    }

    #[test]
    fn a_label_cannot_end_early() {
        assert_eq!(escaped("a\"]<b>#1;"), "a#quot;]#lt;b#gt;#35;1;");
    }
}
