//! `cargo hotreload graph`.

use anstream::print;
use anyhow::Result;

use crate::cli::{Conduct, Graph};
use crate::commands::Outcome;
use crate::commands::enable::Planned;
use crate::config::values::Strategy;
use crate::config::{Settings, nearest};
use crate::effects::build::linked;
use crate::effects::toolchain::Toolchains;
use crate::effects::{locate, settings};
use crate::error::ErrorKind;
use crate::graph::change::Change;
use crate::graph::node::{NodeIndex, Standing};
use crate::graph::picture::Picture;
use crate::graph::render;

/// Draws the workspace, and what edits in some of its crates would do.
///
/// # Errors
/// [`ErrorKind::Setting`] for a crate that is not there, and what [`Planned::read`] says.
pub fn graph(arguments: &Graph) -> Result<Outcome> {
    let selection = &arguments.selection;
    let toolchains = Toolchains::read();
    let root = locate::root(&selection.manifest, &toolchains)?;
    let settings = settings::read(&root, selection, &Conduct::default())?;
    let toolchain = toolchains.find(settings.toolchain.as_deref())?;
    let planned = Planned::read(&root, &toolchain, &settings)?;
    planned.put_lock_file_back()?;
    let picture = picture(&planned, &settings);
    let change = match &arguments.changed[..] {
        [] => None,
        names => Some(Change::new(&picture, changed(&picture, names)?)),
    };
    print!("{}", render(&picture, change.as_ref(), arguments.format));
    Ok(Outcome::Done)
}

/// The crates of a workspace.
pub(super) fn picture(planned: &Planned, settings: &Settings) -> Picture {
    let linked = linked(&planned.workspace);
    Picture::new(&planned.workspace, &planned.plan.groups, linked.as_ref(), standing(planned, settings))
}

fn standing(planned: &Planned, settings: &Settings) -> Standing {
    match (*settings.strategy, &planned.journal) {
        (Strategy::Restart | Strategy::Patch, _) => Standing::RestartOnly,
        (Strategy::Auto | Strategy::Modules, Some(_)) => Standing::Enabled,
        (Strategy::Auto | Strategy::Modules, None) => Standing::NotEnabled,
    }
}

/// The nodes that are called `names`.
fn changed(picture: &Picture, names: &[String]) -> Result<Vec<NodeIndex>, ErrorKind> {
    let mut nodes = Vec::new();
    for name in names {
        let found = picture.find(name);
        if found.is_empty() {
            let known = picture.nodes.iter().map(|node| node.name.as_str());
            let near = nearest(name, known).unwrap_or(&picture.program);
            return Err(ErrorKind::Setting {
                place: "`--changed`".into(),
                message: format!("there is no crate `{name}` in this program"),
                help: format!("did you mean `{near}`? `cargo hotreload graph` shows all"),
            });
        }
        nodes.extend(found);
    }
    Ok(nodes)
}
