//! Workspaces to measure on.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Result;

/// Third-party crates of the generated workspace; each member takes two of them, so that there are several dependency
/// groups.
const THIRD_PARTIES: [&str; 6] =
    ["cfg-if = \"1\"", "itoa = \"1\"", "log = \"0.4\"", "fnv = \"1\"", "ryu = \"1\"", "hex = \"0.4\""];

/// A workspace of `count` crates in `root`: a program above libraries of which each uses up to three lower ones.
pub(crate) fn many_crates(root: &Path, count: usize) -> Result<()> {
    let libraries = count - 1;
    write(root, "Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"crates/*\"]\n")?;
    for number in 0..libraries {
        let mut manifest = package(&name(number));
        // Spread widely, so that the graph is neither a line nor a heap.
        let below = BTreeSet::from([number / 2, number / 3, number.saturating_sub(7)]);
        for lower in below.into_iter().filter(|&lower| lower < number).map(name) {
            writeln!(manifest, "{lower} = {{ path = \"../{lower}\" }}")?;
        }
        // Neighbours share one, and so do those that are far apart.
        let third_parties = BTreeSet::from([number % THIRD_PARTIES.len(), (number / 50 + 1) % THIRD_PARTIES.len()]);
        for third in third_parties {
            writeln!(manifest, "{}", THIRD_PARTIES[third])?;
        }
        write(root, &format!("crates/{}/Cargo.toml", name(number)), &manifest)?;
        write(root, &format!("crates/{}/src/lib.rs", name(number)), "pub fn number() -> usize {\n    1\n}\n")?;
    }
    let mut manifest = package("app");
    for number in 0..libraries {
        writeln!(manifest, "{} = {{ path = \"../crates/{}\" }}", name(number), name(number))?;
    }
    write(root, "app/Cargo.toml", &manifest)?;
    write(root, "app/src/main.rs", "fn main() {}\n")
}

fn name(number: usize) -> String {
    format!("part-{number:03}")
}

fn package(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n")
}

fn write(root: &Path, name: &str, content: &str) -> Result<()> {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap_or(root))?;
    fs::write(path, content)?;
    Ok(())
}
