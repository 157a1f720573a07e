//! Local crates that the user keeps out of hot reloading.

use cargo_metadata::Metadata;

use crate::config::{Setting, nearest};
use crate::error::ErrorKind;
use crate::workspace::graph::{Graph, Origin};
use crate::workspace::program::Program;

/// Makes the crates of `graph` that are `excluded` static.
///
/// # Errors
/// [`ErrorKind::Setting`] for a name that no local package has, and if the program's own package would be excluded.
pub(super) fn exclude(
    graph: &mut Graph,
    excluded: &Setting<Vec<String>>,
    program: &Program,
    metadata: &Metadata,
) -> Result<(), ErrorKind> {
    let local = metadata.packages.iter().filter(|package| package.source.is_none());
    let local: Vec<&str> = local.map(|package| package.name.as_str()).collect();
    if let Some(unknown) = excluded.iter().find(|name| !local.contains(&name.as_str())) {
        let near = nearest(unknown, local.iter().copied()).unwrap_or_default();
        let message = format!("there is no local package `{unknown}` to exclude");
        return Err(excluded.fault(message, format!("did you mean `{near}`?")));
    }
    graph.exclude(|name| excluded.iter().any(|excluded| excluded == name));
    // Flags and dependencies are given by package: those of the program would reach its library.
    let own_library = graph.libraries.iter().find(|library| library.package == program.package);
    let is_excluded = own_library.is_some_and(|library| matches!(library.origin, Origin::Excluded { .. }));
    if is_excluded || excluded.contains(&program.package) {
        let message = format!("`{}` is the program, or is needed by what is excluded", program.package);
        return Err(excluded.fault(message, "exclude packages below the program only"));
    }
    Ok(())
}
