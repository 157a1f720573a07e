//! Which profiles can be made hot-reloadable: `dev` and those that inherit from it.
//!
//! `enable` puts its flags into `[profile.dev.package.*]`, and a profile has the package tables of the one that it
//! inherits from.

use std::path::{Path, PathBuf};

use toml_edit::Document;

/// The profile that is built unless another one is asked for.
pub const DEFAULT: &str = "dev";

/// Where in the target directory the files of `profile` go.
#[must_use]
pub fn directory(profile: &str) -> PathBuf {
    let name = match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    };
    Path::new(name).to_owned()
}

/// Why `profile` cannot be used, if it cannot; `files` are the texts that may define it, the deciding one first.
#[must_use]
pub fn refusal(profile: &str, files: &[&str]) -> Option<String> {
    let mut chain = vec![profile.to_owned()];
    loop {
        let last = chain.last()?.clone();
        let parent = match last.as_str() {
            "dev" | "test" => return None,
            "release" | "bench" => return Some(reason(&chain)),
            // What nobody defines, and what inherits from itself, cargo refuses in its own words.
            custom => files.iter().find_map(|text| inherits(text, custom))?,
        };
        if chain.contains(&parent) {
            return None;
        }
        chain.push(parent);
    }
}

fn reason(chain: &[String]) -> String {
    let way: Vec<String> = chain.iter().map(|name| format!("`{name}`")).collect();
    match &way[..] {
        [own] => format!("the profile {own} is not hot-reloadable: only `dev` and profiles that inherit from it are"),
        [own, above @ ..] => format!(
            "the profile {own} inherits from {}, but only `dev` and profiles that inherit from it are hot-reloadable",
            above.join(", which inherits from ")
        ),
        [] => String::new(),
    }
}

fn inherits(text: &str, profile: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let table = document.get("profile")?.as_table_like()?.get(profile)?.as_table_like()?;
    table.get("inherits")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{directory, refusal};

    const MANIFEST: &str = "[profile]\nfast = { inherits = 'quick' }\nquick.inherits = 'dev'\n\
        [profile.dist]\ninherits = 'slim'\n[profile.slim]\ninherits = 'release'\n\
        [profile.a]\ninherits = 'b'\n[profile.b]\ninherits = 'a'\n";

    #[test]
    fn only_what_inherits_from_dev_is_taken() {
        for good in ["dev", "test", "fast", "quick"] {
            assert_eq!(refusal(good, &[MANIFEST]), None, "{good}");
        }
        assert!(refusal("release", &[]).is_some_and(|reason| reason.contains("`release` is not")));
        let reason = refusal("dist", &["not toml [", MANIFEST]).expect("refused");
        assert!(reason.contains("`dist` inherits from `slim`, which inherits from `release`"), "{reason}");
    }

    #[test]
    fn what_cargo_refuses_itself_is_left_to_cargo() {
        for odd in ["nowhere", "a", "b"] {
            assert_eq!(refusal(odd, &[MANIFEST]), None, "{odd}");
        }
    }

    #[test]
    fn built_in_profiles_have_other_directories_than_their_names() {
        assert_eq!([directory("dev"), directory("fast")], [Path::new("debug"), Path::new("fast")]);
    }
}
