//! The example server with a file in each library that is edited, and a route that shows all of them. Nothing is
//! prepared for patches.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::measure;
use crate::soak::layer::Layer;

/// The package and the prefix of its libraries.
const NAME: &str = "soak-server";
/// What the server's first answer begins with.
const GREETING: &str = "api/src/lib.rs";

/// Writes the server anew into `directory`, beside what was compiled there. Returns its root.
pub(crate) fn write(tool: &Path, directory: &Path, layers: &[Layer]) -> Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let (root, kept) = (directory.join("soak"), directory.join("soak.target"));
    if root.exists() {
        if root.join("target").exists() && !kept.exists() {
            fs::rename(root.join("target"), &kept)?;
        }
        fs::remove_dir_all(&root)?;
    }
    measure::read(Command::new(tool).args(["hotreload", "new", NAME, "--path"]).arg(&root))?;
    if kept.exists() {
        fs::rename(&kept, root.join("target"))?;
    }
    for layer in layers {
        save(&root, layer)?;
        let library = root.join(layer.name).join("src/lib.rs");
        let text = fs::read_to_string(&library)?;
        fs::write(&library, text + "\npub mod soak;\n")?;
    }
    route(&root, layers)?;
    Ok(root.canonicalize()?)
}

/// Saves the file of `layer`.
pub(crate) fn save(root: &Path, layer: &Layer) -> Result<()> {
    let path = root.join(layer.name).join("src/soak.rs");
    fs::write(&path, layer.text()).with_context(|| format!("cannot write `{}`", path.display()))
}

/// Saves another greeting.
pub(crate) fn greet(root: &Path, old: &str, new: &str) -> Result<()> {
    replace(root, GREETING, &format!("\"{old}\\n\""), &format!("\"{new}\\n\""))
}

/// Adds `GET /soak/{number}`.
fn route(root: &Path, layers: &[Layer]) -> Result<()> {
    let database = format!("{NAME}-database.workspace = true\n");
    replace(root, "router/Cargo.toml", "[dependencies]\n", &format!("[dependencies]\n{database}"))?;
    let file = "router/src/lib.rs";
    replace(root, file, "        .layer(", "        .route(\"/soak/{number}\", get(asked))\n        .layer(")?;
    let prefix = NAME.replace('-', "_");
    let calls = layers.iter().map(|layer| {
        let owner = if layer.name == "router" { "crate".to_owned() } else { format!("{prefix}_{}", layer.name) };
        format!("        {owner}::soak::answer(number){},\n", layer.style.wait())
    });
    let handler = format!(
        "\nasync fn asked(axum::extract::Path(number): axum::extract::Path<u64>) -> String {{\n    let lines = [\n{}    \
         ];\n    format!(\"pid={{}}\\n{{}}\\n\", std::process::id(), lines.join(\"\\n\"))\n}}\n",
        calls.collect::<String>()
    );
    let text = fs::read_to_string(root.join(file))?;
    fs::write(root.join(file), text + &handler)?;
    Ok(())
}

fn replace(root: &Path, file: &str, old: &str, new: &str) -> Result<()> {
    let path = root.join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{file}`"))?;
    ensure!(text.matches(old).count() == 1, "`{file}` does not have this once: {old}");
    fs::write(&path, text.replace(old, new)).with_context(|| format!("cannot write `{file}`"))
}
