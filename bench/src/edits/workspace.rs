//! The workspace whose edits are measured: the example server, grown to the size of a real one.
//!
//! 1. `cargo hotreload new` writes the server: a host above `core`, `database`, `service`, `api` and `router`;
//! 2. `search` comes in between, so that there are six libraries;
//! 3. each library gets a dozen generated files that use the same third-party crates, and three functions that tell of
//!    the measured edits: a text, a computation and a line;
//! 4. `GET /versions` answers with what these return in all six, so that an edit can be recognised from outside.
//!
//! Nothing here is random: two workspaces have the same bytes.

use std::fmt;
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

/// What is edited in a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// A text.
    Text,
    /// What a function computes.
    Logic,
    /// Nothing but where everything stands: a line comes above.
    Shift,
}

/// What a library says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    text: u32,
    logic: u32,
    line: usize,
}

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
        add(
            root,
            &format!("{library}/src/lib.rs"),
            &format!("\npub mod records;\n{}{}{PLACE}", text_item(FIRST), logic_item(FIRST)),
        )?;
    }
    routes(root)?;
    lines(root)
}

impl Version {
    /// What `library` says as it is written in `root`; the numbers are those before the first edit.
    pub(crate) fn first(root: &Path, library: &str) -> Result<Self> {
        Ok(Self { text: FIRST, logic: FIRST, line: line(root, library)? })
    }

    /// Edits `library`, as an editor would save it. `number` was not there before.
    pub(crate) fn edit(self, root: &Path, library: &str, edit: Edit, number: u32) -> Result<Self> {
        let file = format!("{library}/src/lib.rs");
        match edit {
            Edit::Text => replace(root, &file, &text_item(self.text), &text_item(number))?,
            Edit::Logic => replace(root, &file, &logic_item(self.logic), &logic_item(number))?,
            Edit::Shift => {
                let text = read(root, &file)?;
                fs::write(root.join(&file), format!("// Edit {number}.\n{text}"))?;
            }
        }
        Ok(match edit {
            Edit::Text => Self { text: number, ..self },
            Edit::Logic => Self { logic: number, ..self },
            Edit::Shift => Self { line: self.line + 1, ..self },
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, logic, line } = self;
        write!(formatter, "{text},{},{line}", computed(*logic))
    }
}

/// What `GET /versions` says when the libraries are at these `versions`.
pub(crate) fn answer(versions: [Version; LIBRARIES.len()]) -> String {
    let words: Vec<String> =
        LIBRARIES.iter().zip(versions).map(|(library, version)| format!("{library}={version}")).collect();
    words.join(" ")
}

fn text_item(number: u32) -> String {
    format!("\n/// A text that is edited.\npub fn version() -> &'static str {{\n    \"{number}\"\n}}\n")
}

fn logic_item(number: u32) -> String {
    let body = format!(
        "    let mut value = {number};\n    for round in 0..{} {{\n        value = (value * 31 + round) % 10_007;\n    }}\n    \
         value\n",
        number % 5
    );
    format!("\n/// A computation that is edited.\npub fn logic() -> u32 {{\n{body}}}\n")
}

/// What that comes to.
fn computed(number: u32) -> u32 {
    (0..number % 5).fold(number, |value, round| (value * 31 + round) % 10_007)
}

const PLACE: &str = "\n/// Where this stands.\npub fn place() -> u32 {\n    line!()\n}\n";

/// The line that [`PLACE`] tells.
fn line(root: &Path, library: &str) -> Result<usize> {
    let text = read(root, &format!("{library}/src/lib.rs"))?;
    let line = text.lines().position(|line| line.contains("line!()")).context("it does not tell where it stands")?;
    Ok(line + 1)
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
    let format = LIBRARIES.map(|library| format!("{library}={{}},{{}},{{}}")).join(" ");
    let functions = ["version", "logic", "place"];
    let call = |library| functions.map(|function| format!("        {}::{function}(),\n", of(library))).concat();
    let calls = LIBRARIES.map(call).concat();
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
    use super::{RECORD, Version, answer, filled};

    #[test]
    fn no_placeholder_but_the_conversion_is_left() {
        let text = filled(RECORD, "api", "order");
        assert_eq!(text.matches("{{").count(), 1, "{{conversion}} is filled elsewhere");
        assert!(text.contains("pub struct Order {") && text.contains("/// An order."));
    }

    #[test]
    fn an_answer_names_every_library() {
        let versions = [1, 2, 3, 4, 5, 6].map(|number| Version { text: number, logic: 5, line: 9 });
        let expected = "core=1,5,9 database=2,5,9 search=3,5,9 service=4,5,9 api=5,5,9 router=6,5,9";
        assert_eq!(answer(versions), expected);
    }
}
