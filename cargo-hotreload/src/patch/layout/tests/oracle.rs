//! Random types and random edits: where nothing is said, the compiler laid out the type as before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::rustc::{Crate, TOOLCHAINS};
use crate::patch::layout::{Types, compare, read};

const PRELUDE: &str = include_str!("cases/prelude.rs");
const PAIRS: usize = 160;
const FIELDS: [&str; 18] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "i32",
    "f64",
    "bool",
    "char",
    "u128",
    "&'static str",
    "Option<Box<u8>>",
    "String",
    "[u8; 3]",
    "(u8, u32)",
    "Vec<u16>",
    "Option<u32>",
    "std::num::NonZeroU16",
    "fn(u8) -> u8",
];
/// What is packed may not contain what is aligned: the types of a program have the one or the other.
const ALIGNED: [&str; 5] = ["", "", "#[repr(C)]", "#[repr(C, align(16))]", "#[repr(align(32))]"];
const PACKED: [&str; 3] = ["", "#[repr(packed(2))]", "#[repr(C, packed(4))]"];

/// A generator of numbers that are the same in every run.
struct Dice {
    state: u64,
    reprs: &'static [&'static str],
}

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % bound as u64).expect("less than the bound")
    }

    fn repr(&mut self) -> &'static str {
        self.reprs[self.below(self.reprs.len())]
    }

    fn field(&mut self, types: usize) -> String {
        match self.below(4) {
            0 if types > 0 => format!("crate::t{}::T", self.below(types)),
            1 if types > 0 => format!("Option<crate::t{}::T>", self.below(types)),
            _ => FIELDS[self.below(FIELDS.len())].to_owned(),
        }
    }
}

/// A struct has one list of fields; an enum several.
#[derive(Debug, Clone)]
struct Item {
    is_enum: bool,
    repr: &'static str,
    variants: Vec<Vec<(usize, String)>>,
}

impl Item {
    fn new(dice: &mut Dice, types: usize) -> Self {
        let is_enum = dice.below(3) == 0;
        let count = if is_enum { 1 + dice.below(4) } else { 1 };
        let variants = (0..count).map(|_| (0..dice.below(5)).map(|field| (field, dice.field(types))).collect());
        let variants = variants.collect();
        Self { is_enum, repr: if is_enum { "" } else { dice.repr() }, variants }
    }

    fn edit(&mut self, dice: &mut Dice, types: usize) {
        let at = dice.below(self.variants.len());
        let fields = &mut self.variants[at];
        match dice.below(8) {
            0 => fields.push((10 + fields.len(), dice.field(types))),
            1 if !fields.is_empty() => drop(fields.remove(dice.below(fields.len()))),
            2 if !fields.is_empty() => {
                let field = dice.below(fields.len());
                fields[field].1 = dice.field(types);
            }
            3 => fields.reverse(),
            4 if !self.is_enum => self.repr = dice.repr(),
            5 if self.is_enum => self.variants.push(Vec::new()),
            6 if self.is_enum => self.variants.reverse(),
            _ => {}
        }
    }

    fn source(&self, index: usize) -> String {
        let mut body = String::new();
        for (at, fields) in self.variants.iter().enumerate() {
            let of = |public: &str| -> String {
                fields.iter().map(|(name, of)| format!("{public} f{name}: {of},")).collect::<Vec<_>>().join(" ")
            };
            if self.is_enum {
                write!(body, "V{at} {{ {} }},", of("")).expect("room");
            } else {
                body = of("pub");
            }
        }
        let keyword = if self.is_enum { "enum" } else { "struct" };
        format!("pub mod t{index} {{ {} pub {keyword} T {{ {body} }} uses!(T); }}\n", self.repr)
    }

    fn print(&self, index: usize) -> String {
        let mut line = format!(
            "t{index}::uses((unsafe {{ std::mem::transmute(8_usize) }},)); print!(\"{index} {{}} {{}}\", \
             size_of::<t{index}::T>(), align_of::<t{index}::T>());"
        );
        for (name, _) in self.variants.iter().flatten().filter(|_| !self.is_enum) {
            write!(line, "print!(\" f{name}={{}}\", std::mem::offset_of!(t{index}::T, f{name}));").expect("room");
        }
        line + "println!();\n"
    }
}

/// What a program of `items` describes, and what it prints of each.
fn build(toolchain: &str, items: &[Item]) -> Option<(Types, BTreeMap<usize, String>)> {
    let types: String = items.iter().enumerate().map(|(index, item)| item.source(index)).collect();
    let prints: String = items.iter().enumerate().map(|(index, item)| item.print(index)).collect();
    let source = format!("{PRELUDE}{types}fn main() {{ {prints} }}");
    let program = Crate { toolchain, source: &source, flags: &[] }.program()?;
    let executable = fs::read(program.path()).expect("a program");
    let described = read(&executable).expect("a program that can be read");
    let lines = program.run();
    let printed = lines.lines().map(|line| {
        let (index, line) = line.split_once(' ').expect("a number");
        (index.parse().expect("a number"), line.to_owned())
    });
    Some((described.types, printed.collect()))
}

fn check(toolchain: &str, reprs: &'static [&'static str]) {
    let dice = &mut Dice { state: 0x9e37_79b9_7f4a_7c15, reprs };
    let mut before = Vec::new();
    let mut after = Vec::new();
    for types in 0..PAIRS {
        let item = Item::new(dice, types.min(40));
        let mut edited = item.clone();
        edited.edit(dice, types.min(40));
        before.push(item);
        after.push(edited);
    }
    let Some((running, was)) = build(toolchain, &before) else { return };
    let (new, is) = build(toolchain, &after).expect("the same toolchain");
    let comparison = compare(&running, &new);
    let (mut silent, mut told) = (0, 0);
    for index in 0..PAIRS {
        let path = format!("cases::t{index}::T");
        if comparison.differences.iter().any(|difference| difference.path == path) {
            told += 1;
        } else {
            silent += 1;
            // Printed in the order of the source.
            let sorted = |line: &str| line.split(' ').map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
            let (was, is) = (sorted(&was[&index]), sorted(&is[&index]));
            assert_eq!(was, is, "{toolchain}: {}{}", before[index].source(index), after[index].source(index));
        }
    }
    assert!(silent >= 30 && told >= 30, "{toolchain}: {silent} silent, {told} told");
}

#[test]
fn silence_means_that_the_compiler_agrees() {
    for (toolchain, reprs) in TOOLCHAINS.into_iter().zip([&ALIGNED[..], &PACKED[..]]) {
        check(toolchain, reprs);
    }
}
