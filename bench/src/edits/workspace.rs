//! The workspace whose edits are measured: the example server, grown to the size of a real one.
//!
//! 1. `cargo hotreload new` writes the server: a host above `core`, `database`, `service`, `api` and `router`;
//! 2. `search` comes in between, so that there are six libraries;
//! 3. each library gets a dozen generated files that use the same third-party crates, and a function `version`, whose
//!    number is what the measured edits change;
//! 4. `GET /versions` answers with the numbers of all six, so that an edit can be recognised from outside.
//!
//! Nothing here is random: two workspaces have the same bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::measure;

/// The library that the executable links: it cannot be swapped.
pub(crate) const RESIDENT: usize = 0;
/// The package and the prefix of its libraries.
pub(crate) const NAME: &str = "bench-server";
/// The libraries, lowest first; each is built on those before it.
pub(crate) const LIBRARIES: [&str; 6] = ["core", "database", "search", "service", "api", "router"];
/// The number in every library before the first edit.
pub(crate) const FIRST: u32 = 1000;

/// What the generated files use, and what the example server does not bring already.
const THIRD_PARTIES: [&str; 6] = ["axum", "regex", "serde", "serde_json", "tokio", "tracing"];
/// `tracing` hands its messages to `log`: nobody subscribes to it, so it keeps no call site of a module.
const NEW_THIRD_PARTIES: &str = r#"regex = "1"
serde_json = "1.0"
tracing = { version = "0.1", default-features = false, features = ["std", "log"] }
"#;
/// What the generated files are about: one file each in every library.
const KINDS: [&str; 5] = ["account", "invoice", "order", "product", "ticket"];

const RECORD: &str = include_str!("../../templates/record.rs.in");
const CONVERSION: &str = include_str!("../../templates/conversion.rs.in");
const PAGE: &str = include_str!("../../templates/page.rs.in");

/// Writes the workspace into `root` with the help of the `tool`. Returns how many lines of Rust it has.
pub(crate) fn write(tool: &Path, root: &Path) -> Result<usize> {
    measure::read(Command::new(tool).args(["hotreload", "new", NAME, "--path"]).arg(root))?;
    manifests(root)?;
    let mut lower = None;
    for library in LIBRARIES {
        records(root, library, lower)?;
        lower = Some(library);
    }
    add(root, "search/src/lib.rs", "//! Finds records.\n")?;
    for library in LIBRARIES {
        add(root, &format!("{library}/src/lib.rs"), &format!("\npub mod records;\n\n{}", version(FIRST)))?;
    }
    routes(root)?;
    lines(root)
}

/// Puts `number` into the answer of `library`, as an editor would save it.
pub(crate) fn edit(root: &Path, library: &str, old: u32, number: u32) -> Result<()> {
    replace(root, &format!("{library}/src/lib.rs"), &version(old), &version(number))
}

/// What `GET /versions` says when the libraries have these `numbers`.
pub(crate) fn answer(numbers: [u32; LIBRARIES.len()]) -> String {
    let words: Vec<String> =
        LIBRARIES.iter().zip(numbers).map(|(library, number)| format!("{library}={number}")).collect();
    words.join(" ")
}

/// The library's part of that answer.
fn version(number: u32) -> String {
    format!("/// What an edit changes.\npub fn version() -> &'static str {{\n    \"{number}\"\n}}\n")
}

/// Adds the library `search`, and gives every library the same third-party crates.
fn manifests(root: &Path) -> Result<()> {
    let search = format!("{NAME}-search");
    replace(root, "Cargo.toml", "\"database\", \"service\"", "\"database\", \"search\", \"service\"")?;
    let own = format!("{search} = {{ path = \"search\" }}\n{NEW_THIRD_PARTIES}");
    replace(root, "Cargo.toml", "[workspace.dependencies]\n", &format!("[workspace.dependencies]\n{own}"))?;
    // Only the name and the description tell the two apart.
    let database = read(root, "database/Cargo.toml")?;
    add(root, "search/Cargo.toml", &database.replace(&format!("{NAME}-database\""), &format!("{search}\"")))?;
    for (index, library) in LIBRARIES.iter().enumerate() {
        let manifest = format!("{library}/Cargo.toml");
        // The router answers with the numbers of all.
        let lower = if *library == "router" { &LIBRARIES[..index] } else { &LIBRARIES[index.saturating_sub(1)..index] };
        let lower = lower.iter().map(|lower| format!("{NAME}-{lower}"));
        let wanted = lower.chain(THIRD_PARTIES.map(str::to_owned)).map(|name| format!("{name}.workspace = true\n"));
        let text = read(root, &manifest)?;
        let missing: String = wanted.filter(|line| !text.contains(&format!("\n{line}"))).collect();
        replace(root, &manifest, "[dependencies]\n", &format!("[dependencies]\n{missing}"))?;
    }
    Ok(())
}

/// Writes the generated files of `library`, whose records can be made of those of `lower`.
fn records(root: &Path, library: &str, lower: Option<&str>) -> Result<()> {
    let directory = format!("{library}/src/records");
    for kind in KINDS {
        let lower = lower.map(|lower| format!("{}_{lower}", NAME.replace('-', "_")));
        let conversion = lower.map(|lower| CONVERSION.replace("{{lower}}", &lower)).unwrap_or_default();
        let text = filled(&RECORD.replace("{{conversion}}", &conversion), library, kind);
        add(root, &format!("{directory}/{kind}.rs"), &text)?;
    }
    let modules = KINDS.map(|kind| format!("pub mod {kind};\n")).concat();
    let routes = KINDS.map(|kind| format!("        .merge({kind}::routes())\n")).concat();
    let index = format!(
        "//! Records of many kinds.\n\n{modules}pub mod page;\n\nuse axum::Router;\n\n\
         /// The routes of all of them.\npub fn routes() -> Router {{\n    Router::new()\n{routes}}}\n"
    );
    add(root, &format!("{directory}/mod.rs"), &index)?;
    add(root, &format!("{directory}/page.rs"), PAGE)
}

fn filled(template: &str, library: &str, kind: &str) -> String {
    let (first, rest) = kind.split_at(1);
    let article = if "aeiou".contains(first) { "an" } else { "a" };
    let capital = article.replacen('a', "A", 1);
    template
        .replace("{{layer}}", library)
        .replace("{{kind}}", kind)
        .replace("{{Kind}}", &format!("{}{rest}", first.to_uppercase()))
        .replace("{{a}}", article)
        .replace("{{A}}", &capital)
}

/// Serves the records of every library, and `GET /versions`.
fn routes(root: &Path) -> Result<()> {
    let file = "router/src/lib.rs";
    let versions = "        .route(\"/versions\", get(versions))\n        .layer(";
    replace(root, file, "        .layer(", versions)?;
    let name = NAME.replace('-', "_");
    let of = |library: &str| if library == "router" { "crate".to_owned() } else { format!("{name}_{library}") };
    let state = "        .with_state(Arc::clone(context))\n";
    let records = LIBRARIES.map(|library| format!("        .merge({}::records::routes())\n", of(library)));
    replace(root, file, state, &format!("{state}{}", records.concat()))?;
    let format = LIBRARIES.map(|library| format!("{library}={{}}")).join(" ");
    let calls = LIBRARIES.map(|library| format!("        {}::version(),\n", of(library))).concat();
    let handler =
        format!("\nasync fn versions() -> String {{\n    format!(\n        \"{format}\",\n{calls}    )\n}}\n");
    add(root, file, &handler)
}

fn lines(root: &Path) -> Result<usize> {
    let mut lines = 0;
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                lines += fs::read_to_string(path)?.lines().count();
            }
        }
    }
    Ok(lines)
}

fn read(root: &Path, file: &str) -> Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| format!("cannot read `{file}`"))
}

/// Adds `text` to the end of `file`, which need not exist.
fn add(root: &Path, file: &str, text: &str) -> Result<()> {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap_or(root))?;
    let before = if path.exists() { read(root, file)? } else { String::new() };
    fs::write(path, before + text).with_context(|| format!("cannot write `{file}`"))
}

fn replace(root: &Path, file: &str, old: &str, new: &str) -> Result<()> {
    let text = read(root, file)?;
    ensure!(text.matches(old).count() == 1, "`{file}` does not have this once: {old}");
    fs::write(root.join(file), text.replace(old, new)).with_context(|| format!("cannot write `{file}`"))
}

#[cfg(test)]
mod tests {
    use super::{LIBRARIES, RECORD, answer, filled};

    #[test]
    fn no_placeholder_but_the_conversion_is_left() {
        let text = filled(RECORD, "api", "order");
        assert_eq!(text.matches("{{").count(), 1, "{{conversion}} is filled elsewhere");
        assert!(text.contains("pub struct Order {") && text.contains("/// An order."));
    }

    #[test]
    fn an_answer_names_every_library() {
        assert_eq!(answer([1, 2, 3, 4, 5, 6]), "core=1 database=2 search=3 service=4 api=5 router=6");
        assert_eq!(LIBRARIES.len(), 6);
    }
}
