//! The example server that `cargo hotreload new` writes: its files and how a name is put into them.

use std::path::{Path, PathBuf};

use crate::plan::generated::Generated;

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../templates/server/", $path)))),*]
    };
}

/// Path and text of each file, as they stand in `templates/server`.
const FILES: &[(&str, &str)] = &files![
    "Cargo.toml.in",
    "README.md",
    "api/Cargo.toml.in",
    "api/src/error.rs",
    "api/src/lib.rs",
    "core/Cargo.toml.in",
    "core/src/context.rs",
    "core/src/error.rs",
    "core/src/generation.rs",
    "core/src/lib.rs",
    "database/Cargo.toml.in",
    "database/src/lib.rs",
    "gitignore.in",
    "host/Cargo.toml.in",
    "host/src/linked.rs",
    "host/src/loader.rs",
    "host/src/main.rs",
    "host/src/running.rs",
    "host/src/signals.rs",
    "host/src/threads.rs",
    "router/Cargo.toml.in",
    "router/src/connection.rs",
    "router/src/lib.rs",
    "router/src/serve.rs",
    "service/Cargo.toml.in",
    "service/src/lib.rs",
];

/// The files of the example server called `name`, in `directory`.
#[must_use]
pub fn server(name: &str, directory: &Path) -> Vec<Generated> {
    let crate_name = name.replace('-', "_");
    let file = |(path, text): &(&str, &str)| {
        let content = text.replace("{{name}}", name).replace("{{crate}}", &crate_name);
        Generated::text(directory.join(target(path)), content)
    };
    FILES.iter().map(file).collect()
}

/// Cargo leaves directories with a `Cargo.toml` out of a package, and git reads any `.gitignore`: in the templates
/// both have other names.
fn target(path: &str) -> PathBuf {
    match path.strip_suffix(".in") {
        Some("gitignore") => PathBuf::from(".gitignore"),
        Some(plain) => PathBuf::from(plain),
        None => PathBuf::from(path),
    }
}

/// Why `name` is no name for a package, if it is none.
///
/// # Errors
/// The reason, as a clause.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match name.chars().next() {
        None => Err("it is empty".into()),
        Some(first) if !first.is_ascii_alphabetic() => Err("it has to begin with a letter".into()),
        Some(_) => match name.chars().find(|&c| !is_word(c)) {
            Some(wrong) => Err(format!("`{wrong}` is not allowed")),
            None if RESERVED.contains(&name) => Err("it would clash with a crate of the toolchain".into()),
            None => Ok(()),
        },
    }
}

/// Names that cargo or rustc keep for themselves.
const RESERVED: [&str; 6] = ["test", "core", "std", "alloc", "proc_macro", "proc-macro"];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ignore::WalkBuilder;

    use super::{FILES, check_name, server};

    #[test]
    fn every_template_file_is_listed() {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/server");
        let files = WalkBuilder::new(&top).standard_filters(false).follow_links(true).build().filter_map(Result::ok);
        let files = files.filter(|entry| entry.path().is_file());
        let mut found: Vec<_> =
            files.map(|entry| entry.path().strip_prefix(&top).expect("below").to_string_lossy().into_owned()).collect();
        found.sort();
        assert_eq!(found, FILES.iter().map(|(path, _)| *path).collect::<Vec<_>>());
    }

    #[test]
    fn no_placeholder_is_left() {
        for file in server("my-server", Path::new("/w")) {
            assert!(!file.content.contains("{{name}}") && !file.content.contains("{{crate}}"), "{:?}", file.path);
            assert!(!file.path.to_string_lossy().ends_with(".in"), "{:?}", file.path);
        }
    }

    #[test]
    fn names_that_cargo_refuses_are_refused_here() {
        assert!(check_name("my-server_2").is_ok());
        for name in ["", "2x", "a b", "a/b", "core", "ü", "-a"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
