//! A call of rustc as cargo made it, and how it is kept in a file: everything in it may be any bytes but zero.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use crate::patch::rustc::stand_in::OWN;

/// The first field of a file; another one is another version's.
const MAGIC: &[u8] = b"call of rustc, 1";

/// A call of rustc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The programs, in front of each other: wrappers, if there are any, then the compiler.
    pub programs: Vec<OsString>,
    /// What the compiler is given.
    pub arguments: Vec<OsString>,
    /// Where it was called.
    pub directory: PathBuf,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// What tells the compiler's file from another version's in its place.
    pub compiler: String,
    /// The link by which rustc was told where results go; see [`Recorded::result_link`].
    ///
    /// [`Recorded::result_link`]: crate::patch::rustc::recorded::Recorded::result_link
    pub link: Option<PathBuf>,
}

impl Call {
    /// Splits what a wrapper was called with. The options begin where the programs end.
    #[must_use]
    pub fn split(words: &[OsString]) -> (&[OsString], &[OsString]) {
        let is_option = |word: &OsString| matches!(word.as_bytes().first(), Some(b'-' | b'@'));
        words.split_at(words.iter().position(is_option).unwrap_or(words.len()))
    }

    /// Whether these arguments compile a crate into something that is linked, and not just ask the compiler about itself.
    #[must_use]
    pub fn compiles(arguments: &[OsString]) -> bool {
        let has = |name: &str| arguments.iter().any(|argument| argument == name);
        let links = |value: &[u8]| value.split(|byte| *byte == b',').any(|kind| kind == b"link");
        let emits = arguments.iter().filter_map(|argument| argument.as_bytes().strip_prefix(b"--emit="));
        has("--crate-name") && has("--out-dir") && !has("-") && emits.into_iter().any(links)
    }

    /// The value of the variable `name`.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_os_str())
    }

    /// As the content of a file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { programs, arguments, directory, environment, compiler, link } = self;
        let mut bytes = Vec::with_capacity(16 << 10);
        let mut field = |parts: &[&[u8]]| {
            bytes.extend_from_slice(&parts.concat());
            bytes.push(0);
        };
        field(&[MAGIC]);
        field(&[compiler.as_bytes()]);
        field(&[directory.as_os_str().as_bytes()]);
        field(&[link.as_ref().map_or(&[], |link| link.as_os_str().as_bytes())]);
        for list in [programs, arguments] {
            field(&[list.len().to_string().as_bytes()]);
            for word in list {
                field(&[word.as_bytes()]);
            }
        }
        for (name, value) in environment.iter().filter(|(name, _)| OWN.iter().all(|own| name != own)) {
            field(&[name.as_bytes(), b"=", value.as_bytes()]);
        }
        bytes
    }

    /// What `bytes`, the content of a file, say. `None` if another version wrote them, or somebody else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = bytes.strip_suffix(b"\0")?.split(|byte| *byte == 0);
        let text = |field: &[u8]| OsString::from_vec(field.to_vec());
        if fields.next()? != MAGIC {
            return None;
        }
        let compiler = String::from_utf8(fields.next()?.to_vec()).ok()?;
        let directory = PathBuf::from(text(fields.next()?));
        let link = fields.next().map(text)?;
        let link = (!link.is_empty()).then(|| link.into());
        let mut list = || -> Option<Vec<OsString>> {
            let count: usize = str::from_utf8(fields.next()?).ok()?.parse().ok()?;
            let words: Vec<OsString> = fields.by_ref().take(count).map(text).collect();
            (words.len() == count).then_some(words)
        };
        let (programs, arguments) = (list()?, list()?);
        let pair = |field: &[u8]| {
            // A name may begin with the sign.
            let at = 1 + field.iter().skip(1).position(|byte| *byte == b'=')?;
            Some((text(&field[..at]), text(&field[at + 1..])))
        };
        let environment = fields.map(pair).collect::<Option<_>>()?;
        (!programs.is_empty()).then_some(Self { programs, arguments, directory, environment, compiler, link })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use super::Call;
    use crate::patch::rustc::stand_in::{RECORDS, WRAPPER};

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn any_bytes_come_back_and_our_own_variables_do_not() {
        let odd = || OsString::from_vec(b"a \n\xff=\"'".to_vec());
        let mut call = Call {
            programs: vec![odd(), "rustc".into()],
            arguments: vec![odd(), OsString::new(), "--crate-name".into()],
            directory: odd().into(),
            environment: vec![("A".into(), odd()), ("=B".into(), OsString::new()), (WRAPPER.into(), odd())],
            compiler: "1.5 7".into(),
            link: Some(odd().into()),
        };
        call.environment.push((RECORDS.into(), odd()));
        let bytes = call.encode();
        call.environment.truncate(2);
        assert_eq!(Call::decode(&bytes), Some(call));
        assert_eq!(Call::decode(&bytes[..bytes.len() - 1]), None, "cut off");
        assert_eq!(Call::decode(b""), None);
        assert_eq!(Call::decode(b"call of rustc, 0\0x\0/\0\x001\0rustc\x000\0"), None);
    }

    #[test]
    fn questions_about_the_compiler_are_no_compilation() {
        let compiles = |line: &[&str]| Call::compiles(&words(line));
        assert!(compiles(&["--crate-name", "a", "a.rs", "--emit=dep-info,metadata,link", "--out-dir", "/t"]));
        assert!(!compiles(&["-", "--crate-name", "___", "--print=file-names", "--crate-type", "bin"]));
        assert!(!compiles(&["-vV"]));
        // A check, and a build script's question whether some code compiles.
        assert!(!compiles(&["--crate-name", "a", "a.rs", "--emit=dep-info,metadata", "--out-dir", "/t"]));
        assert!(!compiles(&["--crate-name", "a", "-", "--emit=link", "--out-dir", "/t"]));
    }

    #[test]
    fn wrappers_come_before_the_compiler() {
        let all = words(&["clippy-driver", "/bin/rustc", "--crate-name", "a", "a.rs"]);
        assert_eq!(Call::split(&all), (&all[..2], &all[2..]));
        // Too many arguments are put into a file.
        let all = words(&["rustc", "@/tmp/list"]);
        assert_eq!(Call::split(&all), (&all[..1], &all[1..]));
    }
}
