//! Manifests from dice: every notation that TOML has for what we touch, in odd layouts.

use super::super::{Additions, PackageFlags, PathDependency};

/// Numbers that proptest makes and shrinks; zeros when they are used up, which stand for the plainest choice.
pub(super) struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    pub(super) fn new(numbers: Vec<u8>) -> Self {
        Self(numbers.into_iter())
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % limit
    }

    pub(super) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn some<'a>(&mut self, choices: &[&'a str]) -> Vec<&'a str> {
        choices.iter().copied().filter(|_| self.below(2) == 1).collect()
    }
}

const CRATE_TYPES: [&str; 4] = ["\"lib\"", "'cdylib'", "\"dylib\"", "\"\"\"rlib\"\"\""];
const FLAGS: [&str; 4] = ["\"-A\"", "'-g'", "\"a, \\\"-B\\\"] `\\\\\"", "\"-B\""];
const FEATURES: [&str; 3] = ["\"codegen-backend\"", "\"profile-rustflags\"", "\"\\u0061\""];

/// A manifest that parses.
pub(super) fn manifest(dice: &mut Dice) -> String {
    let mut root = Vec::new();
    let mut sections = vec![vec!["[package]".to_owned(), "name = 'a'".to_owned()]];
    features(dice, &mut root);
    lib(dice, &mut root, &mut sections);
    profile(dice, &mut root, &mut sections);
    dependencies(dice, &mut root, &mut sections);
    match dice.below(4) {
        1 => sections.push(vec!["[[bin]]".to_owned(), "name = 'b'".to_owned()]),
        2 => sections[0].push("description = \"\"\"\n[lib]\n  # x\n, \"dylib\" ]\"\"\"".to_owned()),
        _ => {}
    }
    let middle = dice.below(sections.len());
    sections.rotate_left(middle);
    let statements: Vec<String> = root.into_iter().chain(sections.into_iter().flatten()).collect();
    layout(dice, &statements)
}

/// Additions, of which some may be in such a manifest already.
pub(super) fn additions(dice: &mut Dice) -> Additions {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut rustflags = Vec::new();
    for _ in 0..dice.below(4) {
        rustflags.push(PackageFlags {
            profile: dice.pick(&["dev", "release"]).to_owned(),
            package: dice.pick(&["api", "db", "api@1.2.0", "x y"]).to_owned(),
            flags: owned(dice.some(&["-A", "-B", "--cfg=a=\"`\\\"", "-A", "# hotreload: added"])),
        });
    }
    let dependencies = ["group-1", "group-2"]
        .iter()
        .filter(|_| dice.below(2) == 1)
        .map(|name| PathDependency { name: (*name).to_owned(), path: format!(".hotreload/{name}") });
    let dependencies = dependencies.collect();
    Additions {
        cargo_features: owned(dice.some(&["profile-rustflags", "a", "b"])),
        crate_type: (dice.below(3) > 0).then(|| "dylib".to_owned()),
        rustflags,
        dependencies,
    }
}

fn features(dice: &mut Dice, root: &mut Vec<String>) {
    if dice.below(3) == 1 {
        let key = dice.pick(&["cargo-features", "\"cargo-features\"", "  'cargo-features' "]);
        root.push(format!("{key} = {}", array(dice, &FEATURES)));
    }
}

fn lib(dice: &mut Dice, root: &mut Vec<String>, sections: &mut Vec<Vec<String>>) {
    let key = dice.pick(&["crate-type", "crate_type", "\"crate-type\""]);
    let types = format!("{key} = {}", array(dice, &CRATE_TYPES));
    let mut body = match dice.below(3) {
        0 => Vec::new(),
        1 => vec!["path = 'a.rs'".to_owned()],
        _ => vec![types, "keywords = [\"x\", \"dylib\"]".to_owned()],
    };
    match dice.below(6) {
        1 => {
            body.insert(0, dice.pick(&["[lib]", "  [ 'lib' ]", "[\"lib\"]"]).to_owned());
            sections.push(body);
        }
        2 => root.push(format!("lib = {}", inline(dice, &body))),
        3 => root.extend(body.iter().map(|line| format!("lib.{line}"))),
        4 => sections.push(vec!["[lib.metadata]".to_owned()]),
        5 => {
            body.insert(0, "[lib]".to_owned());
            sections.push(vec!["[lib.metadata]".to_owned()]);
            sections.push(body);
        }
        _ => {}
    }
}

fn profile(dice: &mut Dice, root: &mut Vec<String>, sections: &mut Vec<Vec<String>>) {
    let mut body = vec!["opt-level = 1".to_owned()];
    if dice.below(2) == 1 {
        body.push(format!("rustflags = {}", array(dice, &FLAGS)));
    }
    if dice.below(4) == 1 {
        body.clear();
    }
    let nested = |path: &str, body: &[String]| body.iter().map(|line| format!("{path}.{line}")).collect::<Vec<_>>();
    match dice.below(9) {
        1 => {
            let header = dice.pick(&["[profile.dev.package.api]", "[ profile . 'dev'.package.\"api\" ]"]).to_owned();
            sections.push([vec![header], body].concat());
        }
        2 => sections.push([vec!["[profile.dev]".to_owned()], nested("package.api", &body)].concat()),
        3 => sections.push(vec!["[profile.dev.package]".to_owned(), format!("api = {}", inline(dice, &body))]),
        4 => sections
            .push(vec!["[profile]".to_owned(), format!("dev = {}", inline(dice, &nested("package.api", &body)))]),
        5 => root.extend(nested("profile . dev.package.api", &body)),
        6 => {
            let api = inline(dice, &body);
            let db = inline(dice, &body);
            let packages = inline(dice, &[format!("api = {api}"), format!("db = {db}")]);
            root.push(format!("profile = {}", inline(dice, &[format!("dev.package = {packages}")])));
        }
        7 => {
            sections.push(vec!["[profile.dev.package.db]".to_owned()]);
            sections.push(vec!["[profile.dev]".to_owned(), "debug = 1".to_owned()]);
        }
        8 => sections.push(vec!["[profile.release]".to_owned(), format!("package = {}", inline(dice, &[]))]),
        _ => {}
    }
}

fn dependencies(dice: &mut Dice, root: &mut Vec<String>, sections: &mut Vec<Vec<String>>) {
    let serde = "serde = { version = \"1\" }".to_owned();
    let group = "group-1 = { path = \".hotreload/group-1\" }".to_owned();
    let body = if dice.below(3) == 1 { vec![serde, group] } else { vec![serde] };
    match dice.below(5) {
        1 => sections.push([vec!["[dependencies]".to_owned()], body].concat()),
        2 => root.push(format!("dependencies = {}", inline(dice, &body))),
        3 => root.extend(body.iter().map(|line| format!("dependencies.{line}"))),
        4 => sections.push(vec!["[dependencies.serde]".to_owned(), "version = '1'".to_owned()]),
        _ => {}
    }
}

/// An array of some of `elements`.
fn array(dice: &mut Dice, elements: &[&str]) -> String {
    let elements = dice.some(elements);
    let comma = if elements.is_empty() { "" } else { dice.pick(&["", ",", " ,", ", "]) };
    let comment = dice.pick(&["", " # x", "\t# \"dylib\", ] `", "# , \"-A\""]);
    match dice.below(6) {
        1 => format!("[ {}{comma} ]", elements.join(" , ")),
        2 => format!("[{comment}\n\t{}{comma}{comment}\n]", elements.join(&format!(",{comment}\n\t"))),
        3 => format!("[ {}{comment}\n{comma} ]", elements.join(",\n  ")),
        4 => format!("[\n\n  # head\n  {}{comment}\n{comma}\n # end\n  ]", elements.join("\n , ")),
        5 => format!("[\"\"\"x\n\"\"\", {}{comma}]", elements.join(", ")).replace(", ,", ",").replace(", , ]", "]"),
        _ => format!("[{}{comma}]", elements.join(", ")),
    }
}

/// An inline table with `entries`. Those that end in a comment over several lines are none of TOML 1.0.
fn inline(dice: &mut Dice, entries: &[String]) -> String {
    let comma = if entries.is_empty() { "" } else { dice.pick(&["", ",", " , "]) };
    match dice.below(5) {
        1 => format!("{{{}}}", entries.join(",")),
        2 => format!("{{\n  {}{comma} # x\n}}", entries.join(",\n  ")),
        3 => format!("{{ {}{comma}}}", entries.join(" , ")),
        4 => format!("{{ # x\n\t{}\n{comma}}}", entries.join(", # y\n")),
        _ => format!("{{ {} }}", entries.join(", ")),
    }
}

fn layout(dice: &mut Dice, statements: &[String]) -> String {
    let mut text = dice.pick(&["", "", "\u{feff}"]).to_owned();
    for statement in statements {
        text += dice.pick(&["", "", "\n", "# ä \"dylib\"\n"]);
        text += statement;
        text += dice.pick(&["", "", " ", "\t# mine", " # `, \"dylib\"` and", " # add , \"dylib\" here"]);
        text.push('\n');
    }
    if dice.below(3) == 1 {
        text.pop();
        text += dice.pick(&["", " ", "# end"]);
    }
    match dice.below(3) {
        1 => text.replace('\n', "\r\n"),
        2 => text
            .split_inclusive('\n')
            .map(|line| match dice.below(2) {
                1 => line.replace('\n', "\r\n"),
                _ => line.to_owned(),
            })
            .collect(),
        _ => text,
    }
}
