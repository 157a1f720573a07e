//! A picture for the terminal: tables, and sentences below them.

use anstyle::Style;
use clap_cargo::style::{GOOD, WARN};

use crate::graph::caption;
use crate::graph::change::{Change, Code, Fate};
use crate::graph::node::{NodeIndex, Part};
use crate::graph::picture::{Edge, EdgeKind, Picture};
use crate::ui::table::table;

/// How many crates of a group are named.
const NAMED: usize = 5;

/// `picture` as lines of text. Rows that `change` touches are coloured.
#[must_use]
pub fn render(picture: &Picture, change: Option<&Change>) -> String {
    let groups: Vec<NodeIndex> = picture.groups().map(|(index, _)| index).collect();
    let crates: Vec<NodeIndex> =
        picture.used().map(|(index, _)| index).filter(|index| !groups.contains(index)).collect();
    let mut sections =
        vec![caption::title(picture) + "\n", styled(&crate_table(picture, change, &crates), &crates, picture, change)];
    if !groups.is_empty() {
        sections.push(styled(&group_table(picture, &groups), &groups, picture, change));
    }
    let notes = caption::notes(picture, change);
    if !notes.is_empty() {
        sections.push(notes.join("\n") + "\n");
    }
    sections.join("\n")
}

fn crate_table(picture: &Picture, change: Option<&Change>, crates: &[NodeIndex]) -> String {
    let edges = picture.edges();
    let uses = |from: NodeIndex| -> String {
        let is_group = |edge: &Edge| matches!(picture.nodes[edge.to].part, Part::Group { .. });
        let crates = edges.iter().filter(|edge| edge.from == from && !is_group(edge)).map(|edge| {
            let name = picture.label(edge.to);
            if edge.kind == EdgeKind::BuiltWith { format!("{name} (build)") } else { name }
        });
        let numbers: Vec<String> = picture.groups_of(from, &edges).iter().map(ToString::to_string).collect();
        let groups = match &numbers[..] {
            [] => None,
            [one] => Some(format!("group {one}")),
            _ => Some(format!("groups {}", numbers.join(" "))),
        };
        crates.chain(groups).collect::<Vec<_>>().join(", ")
    };
    let load = |index: NodeIndex| {
        let node = &picture.nodes[index];
        node.part.place().map_or_else(String::new, |place| format!("{place:>4}"))
    };
    let cells =
        |index: NodeIndex| [load(index), picture.label(index), caption::describe(&picture.nodes[index]), uses(index)];
    match change {
        None => table(["load", "crate", "role", "uses"], &crates.iter().map(|&index| cells(index)).collect::<Vec<_>>()),
        Some(change) => {
            let row = |&index: &NodeIndex| {
                let [load, name, role, uses] = cells(index);
                [load, name, role, change.fate(picture, index).to_string(), uses]
            };
            table(["load", "crate", "role", "change", "uses"], &crates.iter().map(row).collect::<Vec<_>>())
        }
    }
}

fn group_table(picture: &Picture, groups: &[NodeIndex]) -> String {
    let row = |&index: &NodeIndex| {
        let node = &picture.nodes[index];
        [node.name.clone(), format!("{:>6}", node.carries.len()), caption::few(&node.carries, NAMED)]
    };
    table(["group", "crates", "among them"], &groups.iter().map(row).collect::<Vec<_>>())
}

/// Colours those lines of `table` whose nodes are touched: its first line is the header.
fn styled(table: &str, rows: &[NodeIndex], picture: &Picture, change: Option<&Change>) -> String {
    let Some(change) = change else { return table.to_owned() };
    let mut lines = table.lines();
    let header = lines.next().map(|line| format!("{line}\n")).unwrap_or_default();
    let body = lines.zip(rows).map(|(line, &row)| match style(change.fate(picture, row)) {
        Some(style) => format!("{style}{line}{style:#}\n"),
        None => format!("{line}\n"),
    });
    header + &body.collect::<String>()
}

fn style(fate: Fate) -> Option<Style> {
    match fate.code {
        Code::Reloaded => Some(GOOD),
        Code::Restarted | Code::Undecided => Some(WARN),
        Code::Kept if fate.is_untouched() => None,
        Code::Kept => Some(Style::new().bold()),
    }
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;

    use super::render;
    use crate::graph::testing::{changed, diamond};

    #[test]
    fn crates_stand_in_load_order_with_role_and_edges() {
        let picture = diamond().resident("base").third_party("regex", &["base", "top"]).built();
        let expected = "\
app: 3 modules, 1 resident, 1 dependency group

load  crate  role      uses
      base   resident  group 1
   1  left   module    base
   2  right  module    base
   3  top    module    left, right
      app    host      top

group              crates  among them
hotreload-group-1       1  regex
";
        assert_eq!(render(&picture, None), expected);
    }

    #[test]
    fn a_change_has_a_column_and_a_sentence() {
        let picture = diamond().built();
        let coloured = render(&picture, Some(&changed(&picture, &["right"])));
        let shown = strip_str(&coloured).to_string();
        assert!(shown.contains("   3  right  module  changed, reloaded  base\n"), "{shown}");
        assert!(shown.contains("   4  top    module  rebuilt, reloaded  left, right\n"), "{shown}");
        assert!(shown.contains("   2  left   module                     base\n"), "{shown}");
        assert!(shown.ends_with(", while the process goes on\n"), "{shown}");
        assert_ne!(coloured, shown);
        assert_eq!(coloured.lines().filter(|line| line.contains('\x1b')).count(), 2, "{coloured:?}");
    }
}
