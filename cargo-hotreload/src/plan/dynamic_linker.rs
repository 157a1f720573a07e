//! What the dynamic linker says of a program that is to be started: it is asked for what it would load, and with what.
//! `ldd -r` does the same. Source: `ld.so(8)`, `elf/rtld.c` and `elf/dl-lookup.c` of glibc.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::plan::command::{Base, CommandLine};
use crate::session::foresight::Missing;

/// Has the dynamic linker list what it has loaded, instead of running it.
const LIST: &str = "LD_TRACE_LOADED_OBJECTS";
/// Has it look for the symbols as well that it would look for at the start.
const SYMBOLS: &str = "LD_WARN";
/// Lets others decide what is found.
const AUDIT: &str = "LD_AUDIT";
/// What it would say besides.
const TALK: [&str; 4] = ["LD_DEBUG", "LD_DEBUG_OUTPUT", "LD_SHOW_AUXV", "LD_VERBOSE"];
/// Every dynamic linker that can be asked has this in it.
const MARK: &[u8] = b"TRACE_LOADED_OBJECTS";

/// Whether `linker`, a dynamic linker, lists what it has loaded. Others run it.
#[must_use]
pub fn can_list(linker: &[u8]) -> bool {
    linker.windows(MARK.len()).any(|window| window == MARK)
}

/// The call that has `linker` say what it would do for `start`; `ours` is our own environment.
#[must_use]
pub fn question(start: &CommandLine, linker: &Path, ours: impl Fn(&str) -> Option<OsString>) -> Option<CommandLine> {
    let is_set = |name: &str| start.set.iter().any(|(set, _)| set == name);
    let is_audited = is_set(AUDIT) || start.base == Base::Ours && ours(AUDIT).is_some();
    if is_audited || !linker.is_absolute() {
        return None;
    }
    let (program, arguments) = (linker.to_owned(), vec![start.program.clone().into()]);
    let mut line = CommandLine { program, arguments, ..start.clone() };
    line.set.retain(|(name, _)| !TALK.iter().any(|talk| name == talk));
    line.unset.extend(TALK.map(OsString::from));
    Some(line.env(LIST, "1").env(SYMBOLS, "yes"))
}

/// What the dynamic linker would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The files that it would load, besides the program.
    pub found: Vec<PathBuf>,
    /// What it does not find.
    pub lacking: Vec<Lacking>,
}

/// Something that it does not find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// What it is.
    pub missing: Missing,
    /// Which file wants it, if that is said.
    pub wanted_by: Option<PathBuf>,
}

impl Answer {
    /// Reads what was written to standard output and error. `None` if nothing was listed.
    #[must_use]
    pub fn read(output: &[u8], error: &[u8]) -> Option<Self> {
        let mut answer = Self::default();
        for line in output.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"\t")) {
            match listed(line) {
                Listed::Found(path) => answer.found.push(path),
                Listed::Missing(name) => {
                    answer.lacking.push(Lacking { missing: Missing::Library(name), wanted_by: None });
                }
                Listed::Other => {}
            }
        }
        let complaints = error.split(|byte| *byte == b'\n');
        answer.lacking.extend(complaints.filter_map(|line| lost_symbol(line).or_else(|| lost_version(line))));
        (!answer.found.is_empty()).then_some(answer)
    }

    /// What it would give up for: what it looks for later is missing because of that.
    #[must_use]
    pub fn fatal(&self) -> Vec<&Lacking> {
        let rank = |lacking: &Lacking| match lacking.missing {
            Missing::Library(_) => 0,
            Missing::Version { .. } => 1,
            Missing::Symbol { .. } => 2,
        };
        let first = self.lacking.iter().map(rank).min();
        self.lacking.iter().filter(|lacking| Some(rank(lacking)) == first).collect()
    }
}

enum Listed {
    Found(PathBuf),
    Missing(String),
    Other,
}

/// `NAME => FILE (0xADDRESS)`, `NAME => not found`, `FILE (0xADDRESS)`, or what is no file.
fn listed(line: &[u8]) -> Listed {
    let (name, file) = split(line, b" => ").unwrap_or((line, line));
    if file == b"not found" {
        return Listed::Missing(String::from_utf8_lossy(name).into_owned());
    }
    match rsplit(file, b" (0x") {
        Some((file, _)) if file.contains(&b'/') => Listed::Found(path(file)),
        Some(_) | None => Listed::Other,
    }
}

/// `undefined symbol: NAME, version VERSION\t(FILE)`, or
/// `symbol NAME version VERSION not defined in file NAME with link time reference\t(FILE)`.
fn lost_symbol(line: &[u8]) -> Option<Lacking> {
    let (said, wanted_by) = rsplit(line, b"\t(")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches(',').to_owned();
    let (name, version) = if let Some(name) = said.strip_prefix(b"undefined symbol: ") {
        split(name, b", version ").map_or((name, None), |(name, version)| (name, Some(version)))
    } else {
        let (name, rest) = split(said.strip_prefix(b"symbol ")?, b" version ")?;
        (name, Some(split(rest, b" not defined in file ")?.0))
    };
    Some(Lacking {
        missing: Missing::Symbol { name: text(name), version: version.map(text) },
        wanted_by: Some(path(wanted_by.strip_suffix(b")")?)),
    })
}

/// ``PROGRAM: LIBRARY: version `VERSION' not found (required by FILE)``.
fn lost_version(line: &[u8]) -> Option<Lacking> {
    let (said, wanted_by) = rsplit(line, b"' not found (required by ")?;
    let (library, version) = rsplit(said, b": version `")?;
    let (_, library) = rsplit(library, b": ")?;
    let library = path(library).file_name()?.to_string_lossy().into_owned();
    Some(Lacking {
        missing: Missing::Version { library, version: String::from_utf8_lossy(version).into_owned() },
        wanted_by: Some(path(wanted_by.strip_suffix(b")")?)),
    })
}

fn path(bytes: &[u8]) -> PathBuf {
    OsStr::from_bytes(bytes).into()
}

/// What is before and after the first `separator`.
fn split<'bytes>(bytes: &'bytes [u8], separator: &[u8]) -> Option<(&'bytes [u8], &'bytes [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

/// What is before and after the last `separator`.
fn rsplit<'bytes>(bytes: &'bytes [u8], separator: &[u8]) -> Option<(&'bytes [u8], &'bytes [u8])> {
    let at = bytes.windows(separator.len()).rposition(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use super::{Answer, Lacking, can_list, question};
    use crate::plan::command::{Base, CommandLine};
    use crate::session::foresight::Missing;

    fn symbol(name: &str, version: Option<&str>, wanted_by: &str) -> Lacking {
        let missing = Missing::Symbol { name: name.into(), version: version.map(str::to_owned) };
        Lacking { missing, wanted_by: Some(wanted_by.into()) }
    }

    /// As glibc 2.36 writes it.
    const OUTPUT: &str = "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibgone.so => not found\n\tlibextra.so => /a b/libextra.so (0x00007f01)\n\
                          \t/own/lib.so (0x00007f02)\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f03)\n";

    #[test]
    fn what_is_found_and_what_is_not_is_read() {
        let error = "/a b/app: /a b/libextra.so: version `TWO' not found (required by /a b/app)\n\
                     /a b/app: /a b/libextra.so: no version information available (required by /a b/app)\n\
                     /a b/app: /a b/libextra.so: weak version `THREE' not found (required by /a b/app)\n\
                     ERROR: ld.so: object '/x.so' from LD_PRELOAD cannot be preloaded (cannot open shared object file): ignored.\n\
                     undefined symbol: versioned, version TWO\t(/a b/app)\n\
                     symbol other version TWO not defined in file libextra.so with link time reference\t(/a b/app)\n\
                     undefined symbol: plain\t(/own/lib.so)\n";
        let answer = Answer::read(OUTPUT.as_bytes(), error.as_bytes()).expect("an answer");
        let found = ["/a b/libextra.so", "/own/lib.so", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(answer.found, found.map(PathBuf::from));
        let library = Lacking { missing: Missing::Library("libgone.so".into()), wanted_by: None };
        let missing = Missing::Version { library: "libextra.so".into(), version: "TWO".into() };
        let version = Lacking { missing, wanted_by: Some("/a b/app".into()) };
        let symbols = [
            symbol("versioned", Some("TWO"), "/a b/app"),
            symbol("other", Some("TWO"), "/a b/app"),
            symbol("plain", None, "/own/lib.so"),
        ];
        assert_eq!(answer.lacking, [&[library.clone(), version.clone()][..], &symbols].concat());
        // It gives up for the first of these.
        let fatal = |lacking: &[Lacking]| {
            let answer = Answer { found: vec![], lacking: lacking.to_vec() };
            answer.fatal().into_iter().cloned().collect::<Vec<_>>()
        };
        assert_eq!(fatal(&answer.lacking), [library]);
        assert_eq!(fatal(&answer.lacking[1..]), [version]);
        assert_eq!(fatal(&symbols), symbols);
        assert!(fatal(&[]).is_empty());
    }

    #[test]
    fn what_is_no_list_is_no_answer() {
        for output in ["", "\tstatically linked\n", "hello\n", "\tlinux-vdso.so.1 (0x00007ffd)\n"] {
            assert_eq!(Answer::read(output.as_bytes(), b"undefined symbol: x\t(y)\n"), None, "{output:?}");
        }
        let answer =
            Answer::read(OUTPUT.as_bytes(), b"undefined symbol: \t(\n: version `\nsymbol \t()\n").expect("one");
        assert_eq!(answer.lacking.len(), 1, "{answer:?}");
    }

    #[test]
    fn the_question_is_the_start_with_other_words() {
        let start =
            CommandLine::new("/w/app", "/home").args(["serve"]).env("LD_LIBRARY_PATH", "/w").env("LD_DEBUG", "all");
        let linker = Path::new("/lib64/ld-linux-x86-64.so.2");
        let asked = question(&start, linker, |_| None).expect("a question");
        let text = "LD_LIBRARY_PATH=/w LD_TRACE_LOADED_OBJECTS=1 LD_WARN=yes /lib64/ld-linux-x86-64.so.2 /w/app";
        assert_eq!((asked.to_string().as_str(), &asked.directory), (text, &start.directory));
        assert!(asked.unset.contains(&OsString::from("LD_DEBUG")));
        let audited = |name: &str| (name == "LD_AUDIT").then(|| "libaudit.so".into());
        assert_eq!(question(&start, linker, audited), None);
        assert_eq!(question(&start.clone().env("LD_AUDIT", "x"), linker, |_| None), None);
        assert_eq!(question(&start, Path::new("ld.so"), |_| None), None);
        let alone = CommandLine { base: Base::Nothing, ..start };
        assert!(question(&alone, linker, audited).is_some());
    }

    #[test]
    fn only_one_that_knows_the_question_is_asked() {
        assert!(can_list(b"\0BIND_NOW\0TRACE_LOADED_OBJECTS\0"));
        assert!(!can_list(b"Usage: ld-musl [options]") && !can_list(b""));
    }
}
