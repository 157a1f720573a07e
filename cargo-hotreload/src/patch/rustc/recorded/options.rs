//! The words of a command line of rustc.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// A word, or two that belong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A source file.
    Input(&'a OsStr),
    /// An option without a value.
    Flag(&'a str),
    /// An option with a value.
    Option {
        /// Its name as documented: `--out-dir`, `-C`.
        name: String,
        /// Its value.
        value: &'a OsStr,
        /// Which argument has the value, and how many bytes of it come before.
        at: (usize, usize),
    },
}

/// Long options without a value.
const FLAGS: [&str; 4] = ["--test", "--verbose", "--version", "--help"];
/// Short ones.
const SHORT_FLAGS: &[u8] = b"gOvVh";

/// What `arguments` say.
pub(super) fn words(arguments: &[OsString]) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let mut rest = arguments.iter().enumerate();
    while let Some((index, argument)) = rest.next() {
        let bytes = argument.as_bytes();
        let text = argument.to_str().unwrap_or_default();
        // An option at the end without its value is for rustc to complain about.
        let mut next = |name: &str| {
            let (at, value) = rest.next()?;
            Some(Word::Option { name: documented(name), value, at: (at, 0) })
        };
        match bytes {
            [b'-', b'-', ..] => match bytes.iter().position(|byte| *byte == b'=') {
                Some(equals) => found.push(Word::Option {
                    name: documented(&String::from_utf8_lossy(&bytes[..equals])),
                    value: OsStr::from_bytes(&bytes[equals + 1..]),
                    at: (index, equals + 1),
                }),
                None if FLAGS.contains(&text) => found.push(Word::Flag(text)),
                None => found.extend(next(text)),
            },
            [b'-', letter] if SHORT_FLAGS.contains(letter) => found.push(Word::Flag(text)),
            [b'-', _] => found.extend(next(text)),
            [b'-', letter, value @ ..] => found.push(Word::Option {
                name: format!("-{}", char::from(*letter)),
                value: OsStr::from_bytes(value),
                at: (index, 2),
            }),
            _ => found.push(Word::Input(argument)),
        }
    }
    found
}

fn documented(name: &str) -> String {
    if name == "--codegen" { "-C".into() } else { name.into() }
}
