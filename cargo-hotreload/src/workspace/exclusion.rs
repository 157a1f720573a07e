//! Local crates that stay out of hot reloading: those that the user excludes, and those that third-party crates use.

use cargo_metadata::Metadata;

use crate::config::{Setting, nearest};
use crate::error::ErrorKind;
use crate::workspace::graph::{Graph, LibraryIndex};
use crate::workspace::program::Program;

/// Makes the crates of `graph` static that are `excluded`, or that a third-party crate depends on: its dependency group
/// is never unloaded, and neither is what that calls.
///
/// # Errors
/// [`ErrorKind::Setting`] for a name that no local package has, and if the program's own package would be excluded.
pub(super) fn exclude(
    graph: &mut Graph,
    excluded: &Setting<Vec<String>>,
    programs: &[Program],
    metadata: &Metadata,
) -> Result<(), ErrorKind> {
    let local = metadata.packages.iter().filter(|package| package.source.is_none());
    let local: Vec<&str> = local.map(|package| package.name.as_str()).collect();
    if let Some(unknown) = excluded.iter().find(|name| !local.contains(&name.as_str())) {
        let near = nearest(unknown, local.iter().copied()).unwrap_or_default();
        let message = format!("there is no local package `{unknown}` to exclude");
        return Err(excluded.fault(message, format!("did you mean `{near}`?")));
    }
    let own_libraries = programs.iter().filter_map(|program| {
        let own = graph.local().find(|&index| graph.libraries[index].package == program.package);
        own.map(|own| (own, program))
    });
    let own_libraries: Vec<(LibraryIndex, &Program)> = own_libraries.collect();
    let named: Vec<LibraryIndex> =
        graph.local().filter(|&index| excluded.contains(&graph.libraries[index].package)).collect();
    graph.exclude(&named);
    // Flags and dependencies are given by package: those of the program would reach its library.
    let below = own_libraries.iter().find(|(index, _)| graph.libraries[*index].local().is_none());
    let named = programs.iter().find(|program| excluded.contains(&program.package));
    if let Some(program) = named.or(below.map(|(_, program)| *program)) {
        let message = format!("`{}` is the program, or is needed by what is excluded", program.package);
        return Err(excluded.fault(message, "exclude packages below the program only"));
    }
    let mut used = graph.below_third_parties();
    used.retain(|&index| own_libraries.iter().all(|(own, _)| *own != index && !graph.below(index).contains(own)));
    graph.exclude(&used);
    Ok(())
}
