//! Checks of what the linker makes of our flags, and of what the dynamic linker makes of that.

use std::time::Duration;

use crate::plan::checks::Check;
use crate::plan::checks::probe_crates::ANSWER;

const LINKER: &str = "linker";
const UNLOADING: &str = "unloading";
const NODELETE: &str = "DF_1_NODELETE";

/// A nightly whose libraries are unloaded; a later one may mark every Rust library as never to be unloaded:
/// <https://github.com/rust-lang/rust/issues/158402>.
const MEASURED: &str = "nightly-2026-05-19";

/// What became of the probe.
#[derive(Debug, Clone)]
pub enum Probe {
    /// There is no toolchain to build it with.
    NotTried(String),
    /// It could not even be written, or cargo could not be started.
    Prevented(String),
    /// Cargo, rustc or the linker failed, or made no dylib; this is what they printed.
    NotBuilt(String),
    /// It was built.
    Built(Built),
}

/// A probe that was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// Who linked the module.
    pub linker: String,
    /// How long it took to compile, link and run everything.
    pub took: Duration,
    /// Whether the module asks never to be unloaded.
    pub module_nodelete: bool,
    /// Whether the dependency group does.
    pub group_nodelete: bool,
    /// What the program printed, or how it failed.
    pub printed: Result<String, String>,
}

/// Every check that the probe decides.
#[must_use]
pub fn checks(probe: &Probe, toolchain: Option<&str>) -> Vec<Check> {
    match probe {
        Probe::NotTried(why) => [LINKER, UNLOADING, NODELETE].map(|name| Check::skipped(name, why)).to_vec(),
        Probe::Prevented(error) => {
            let help = "`TMPDIR=/var/tmp cargo hotreload doctor` builds the probe in another place";
            not_linked(Check::failed(LINKER, format!("cannot be tried: {error}"), help))
        }
        Probe::NotBuilt(stderr) => {
            let linker =
                Check::failed(LINKER, format!("links no module: {}", excerpt(stderr)), mend(stderr, toolchain));
            not_linked(linker)
        }
        Probe::Built(built) => {
            let seconds = built.took.as_secs_f32();
            let linker = format!("{}; a module was built, opened and closed in {seconds:.1} s", built.linker);
            vec![Check::ok(LINKER, linker), unloading(&built.printed), nodelete(built)]
        }
    }
}

fn not_linked(linker: Check) -> Vec<Check> {
    let skipped = |name| Check::skipped(name, "no module could be linked to try it with");
    vec![linker, skipped(UNLOADING), skipped(NODELETE)]
}

fn unloading(printed: &Result<String, String>) -> Check {
    let printed = match printed {
        Ok(printed) => printed.trim(),
        Err(message) => {
            let help = "`cargo hotreload doctor` with `LD_DEBUG=libs` set shows what the dynamic linker looks for";
            return Check::failed(UNLOADING, format!("the module could not be used: {message}"), help);
        }
    };
    match printed.split(' ').collect::<Vec<_>>()[..] {
        [ANSWER, "gone", "mapped"] => {
            Check::ok(UNLOADING, "after `dlclose` the module's code is gone, its dependency group stays")
        }
        [ANSWER, "mapped", _] => {
            Check::failed(UNLOADING, "after `dlclose` the module is still mapped: no edit would ever be live", older())
        }
        [ANSWER, "gone", "gone"] => Check::failed(
            UNLOADING,
            "after `dlclose` the dependency group is gone too: its statics would not outlive a reload",
            other_linker(),
        ),
        _ => Check::failed(UNLOADING, format!("the probe printed `{printed}`, not `{ANSWER} gone mapped`"), older()),
    }
}

fn nodelete(built: &Built) -> Check {
    match (built.module_nodelete, built.group_nodelete) {
        (false, true) => Check::ok(NODELETE, "modules do not carry it, dependency groups do"),
        (true, _) => Check::failed(
            NODELETE,
            "modules ask never to be unloaded, by `-z nodelete` in the rustflags or by this toolchain (rust-lang/rust#158402)",
            older(),
        ),
        (false, false) => Check::failed(
            NODELETE,
            "the linker ignored `-z nodelete`: dependency groups would be unloaded",
            other_linker(),
        ),
    }
}

fn older() -> String {
    format!(
        "take `-z nodelete` out of the rustflags, or use an older nightly: `rustup toolchain install {MEASURED}`, then `--toolchain {MEASURED}`"
    )
}

fn other_linker() -> String {
    "use another linker: `RUSTFLAGS=-Clink-arg=-fuse-ld=lld cargo hotreload doctor` shows whether that helps".into()
}

/// The lines that matter of what cargo printed on a failure: the fault, and the last words of the linker.
fn excerpt(stderr: &str) -> String {
    const LAST: usize = 6;
    let starts = |line: &&str| line.starts_with("error") || line.starts_with("warning: dropping");
    let (fault, rest) = {
        let mut lines = stderr.lines().skip_while(|line| !starts(line));
        (lines.next().unwrap_or("cargo failed without a word"), lines)
    };
    let is_noise = |line: &str| {
        let bare = line.trim();
        // The linker's whole command line is one note, with every argument quoted.
        let command = bare.starts_with("= note:") && bare.matches("\" \"").count() > 3;
        let summary = [
            "error: could not compile",
            "warning: `",
            "For more information",
            "= note: some arguments are",
            "Compiling ",
            "Finished ",
            "Caused by:",
        ];
        bare.is_empty() || bare == "|" || command || summary.iter().any(|start| bare.starts_with(start))
    };
    let lines: Vec<&str> = rest.filter(|line| !is_noise(line)).collect();
    let last = &lines[lines.len().saturating_sub(LAST)..];
    let plain = last.iter().map(|line| line.trim().trim_start_matches("= note:").trim_start().to_owned());
    [fault.to_owned()].into_iter().chain(plain).collect::<Vec<_>>().join("\n")
}

/// What mends a failure of which cargo printed `stderr`.
fn mend(stderr: &str, toolchain: Option<&str>) -> String {
    let has = |text: &str| stderr.contains(text);
    if has("dropping unsupported crate type") {
        return "with `+crt-static` or for musl rustc makes no dylib: `unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS \
                CARGO_BUILD_TARGET`, or take it out of `.cargo/config.toml`"
            .into();
    }
    // rustc knows which standard library it misses, but names no toolchain.
    if let Some(command) = between(stderr, "`rustup ", "`") {
        let toolchain = toolchain.map(|name| format!(" --toolchain {name}")).unwrap_or_default();
        return format!("`rustup {command}{toolchain}`");
    }
    if has("when performing LTO") {
        return "`CARGO_PROFILE_DEV_LTO=off cargo hotreload doctor`".into();
    }
    if has("panic strategy") {
        return "`CARGO_PROFILE_DEV_PANIC=unwind cargo hotreload doctor`".into();
    }
    if let Some(linker) = between(stderr, "linker `", "` not found") {
        return match linker {
            "cc" | "gcc" => "`sudo apt install gcc`".into(),
            other => format!("`sudo apt install {other}`, or take `linker = \"{other}\"` out of `.cargo/config.toml`"),
        };
    }
    // rustc's own choice comes first, the user's after it.
    let mut chosen = stderr.split("-fuse-ld=").skip(1).filter_map(|rest| rest.split('"').next());
    if let Some(linker) =
        chosen.find(|name| *name != "lld").filter(|_| has("cannot find 'ld'") || has("invalid linker name"))
    {
        return format!("`sudo apt install {linker}`, or take `-fuse-ld={linker}` out of the rustflags");
    }
    let library =
        stderr.lines().find_map(|line| line.split_once("find library -l").or(line.split_once("cannot find -l")));
    if let Some(name) = library.and_then(|(_, rest)| rest.split([':', ' ']).next()) {
        return match name {
            "c" | "m" | "dl" | "rt" | "pthread" | "util" => "`sudo apt install libc6-dev`".into(),
            "gcc" | "gcc_s" => "`sudo apt install --reinstall gcc libgcc-s1`".into(),
            other => format!("`sudo apt install lib{other}-dev`, or take `-l{other}` out of the rustflags"),
        };
    }
    if has("No space left on device") {
        return "`df -h` shows which file system is full; `TMPDIR` names another place for the probe".into();
    }
    "`sudo apt install --reinstall gcc binutils libc6-dev`, or your system's packages of the same purpose".into()
}

fn between<'text>(text: &'text str, before: &str, after: &str) -> Option<&'text str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// The linker that left `comment` in the section of that name; only gold leaves a note of its own instead.
#[must_use]
pub fn linker(comment: &[u8], gold: bool) -> String {
    let comment = String::from_utf8_lossy(comment);
    let lines = || comment.split('\0').map(|line| line.trim_start_matches("Linker: "));
    let signed = ["LLD", "mold", "Wild"].iter().find_map(|name| lines().find(|line| line.starts_with(name)));
    match signed {
        // What follows in parentheses is a source revision.
        Some(line) => line.split(" (").next().unwrap_or(line).to_owned(),
        None if gold => "GNU gold".into(),
        None => "GNU ld".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Built, Probe, checks, excerpt, linker, mend};
    use crate::plan::checks::Verdict::{self, Failed, Ok as Good, Skipped};

    fn outcomes(module_nodelete: bool, group_nodelete: bool, printed: Result<&str, &str>) -> Vec<Verdict> {
        let printed = printed.map(str::to_owned).map_err(str::to_owned);
        let took = Duration::from_millis(1200);
        let built = Built { linker: "LLD 22".into(), took, module_nodelete, group_nodelete, printed };
        checks(&Probe::Built(built), None).iter().map(|check| check.outcome).collect()
    }

    #[test]
    fn the_kernel_and_the_flags_both_have_to_agree() {
        assert_eq!(outcomes(false, true, Ok("12 gone mapped\n")), [Good, Good, Good]);
        assert_eq!(outcomes(true, true, Ok("12 mapped mapped")), [Good, Failed, Failed]);
        assert_eq!(outcomes(false, false, Ok("12 gone gone")), [Good, Failed, Failed]);
        assert_eq!(outcomes(false, true, Ok("13 gone mapped")), [Good, Failed, Good]);
        assert_eq!(outcomes(false, true, Err("dlopen: no")), [Good, Failed, Good]);
    }

    #[test]
    fn what_needs_the_probe_is_skipped_without_it() {
        let outcomes = |probe: &Probe| checks(probe, None).iter().map(|check| check.outcome).collect::<Vec<_>>();
        assert_eq!(outcomes(&Probe::NotTried("no nightly".into())), [Skipped; 3]);
        assert_eq!(outcomes(&Probe::NotBuilt("error: x".into())), [Failed, Skipped, Skipped]);
    }

    const NO_LIBRARY: &str = "\
   Compiling hotreload-probe-group v0.0.0 (/tmp/p/group)
error: linking with `cc` failed: exit status: 1
  |
  = note:  \"cc\" \"-Wl,--version-script=/tmp/list\" \"-m64\" \"/tmp/a.o\" \"-fuse-ld=lld\" \"-o\" \"x.so\"
  = note: some arguments are omitted. use `--verbose` to show all linker arguments
  = note: rust-lld: error: unable to find library -lnothing
          collect2: error: ld returned 1 exit status
          

error: could not compile `hotreload-probe-group` (lib) due to 1 previous error
";

    #[test]
    fn the_linkers_last_words_are_quoted_without_its_command_line() {
        let expected = "error: linking with `cc` failed: exit status: 1\n\
                        rust-lld: error: unable to find library -lnothing\n\
                        collect2: error: ld returned 1 exit status";
        assert_eq!(excerpt(NO_LIBRARY), expected);
        assert_eq!(excerpt(""), "cargo failed without a word");
    }

    #[test]
    fn the_mend_fits_the_message() {
        assert_eq!(mend("error: linker `cc` not found", None), "`sudo apt install gcc`");
        assert!(mend("error: linker `clang` not found", None).starts_with("`sudo apt install clang`"));
        let missing = "= note: \"cc\" \"-fuse-ld=lld\" \"-fuse-ld=mold\"\ncollect2: fatal error: cannot find 'ld'";
        assert!(mend(missing, None).starts_with("`sudo apt install mold`"));
        let std = "consider downloading the target with `rustup target add x86_64-unknown-linux-gnu`";
        let command = "`rustup target add x86_64-unknown-linux-gnu --toolchain nightly`";
        assert_eq!(mend(std, Some("nightly")), command);
        assert!(mend("warning: dropping unsupported crate type `dylib`", None).contains("crt-static"));
        assert!(mend(NO_LIBRARY, None).contains("`sudo apt install libnothing-dev`"));
        assert_eq!(
            mend("/usr/bin/ld: cannot find -lc: No such file or directory", None),
            "`sudo apt install libc6-dev`"
        );
        assert!(mend("cc: fatal error: cannot execute", None).contains("--reinstall gcc"));
    }

    #[test]
    fn linkers_sign_their_work_except_the_oldest() {
        let lld = b"Linker: LLD 22.1.4 (/checkout/src 0123)\0GCC: (Debian) 12.2.0\0rustc version 1.97.0\0";
        assert_eq!(linker(lld, false), "LLD 22.1.4");
        assert_eq!(linker(b"mold 1.10.1 (compatible with GNU ld)\0GCC: 12\0", false), "mold 1.10.1");
        assert_eq!(linker(b"GCC: 12\0", true), "GNU gold");
        assert_eq!(linker(b"GCC: 12\0", false), "GNU ld");
    }
}
