//! The types of settings that have only a few values, each read and written in one place.

use std::ffi::OsStr;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use rustix::process::Signal;
use signal_hook::low_level::signal_name;

/// How long no further save may come before a burst is over.
pub const DEBOUNCE: Duration = Duration::from_millis(10);
/// The longest time that makes sense for it, in milliseconds.
const LONGEST_DEBOUNCE: u64 = 60_000;

/// How edits get into the running program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Strategy {
    /// Modules where the workspace is enabled, else patches; where nothing can be patched, restarts
    #[default]
    Auto,
    /// Libraries become modules, which the running program swaps; for this session, if that is not enabled
    Modules,
    /// The manifests stay as they are; new machine code is put into the running program, which keeps its state
    Patch,
    /// The manifests stay as they are; each edit is an ordinary build and a restart
    Restart,
}

/// What is done with a program that does not take new code, or dies of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OnStuck {
    /// A new process runs the new code
    #[default]
    Restart,
    /// It is left as it is, and told what is live and what is not; the next edit is tried again
    Warn,
}

/// How a session tells what happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    /// Sentences
    #[default]
    Human,
    /// Events, one JSON object a line: see `docs/events.md`
    Json,
}

/// The linker of the local crates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Linker {
    /// The toolchain's own; another one if that cannot link this program
    #[default]
    Auto,
    /// The toolchain's own
    Default,
    /// mold
    Mold,
    /// GNU gold
    Gold,
    /// LLVM's, as it comes with Rust
    Lld,
    /// GNU ld
    Bfd,
}

/// Writes a value as it is typed.
fn write_name(value: &impl ValueEnum, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    value.to_possible_value().map_or(Ok(()), |value| formatter.pad(value.get_name()))
}

impl fmt::Display for Strategy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(self, formatter)
    }
}

impl fmt::Display for OnStuck {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(self, formatter)
    }
}

impl fmt::Display for Linker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(self, formatter)
    }
}

/// The names of all values.
#[must_use]
pub fn names<T: ValueEnum>() -> Vec<String> {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}

/// Which program is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The binary of this name.
    Binary(String),
    /// The example of this name.
    Example(String),
}

impl Wanted {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Binary(name) | Self::Example(name) => name,
        }
    }
}

/// Cargo features to build with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    /// By name.
    pub names: Vec<String>,
    /// All there are.
    pub all: bool,
    /// Without the one called `default`.
    pub no_default: bool,
}

impl Features {
    /// These and `more` of them.
    #[must_use]
    pub fn with(&self, more: &[String]) -> Self {
        Self { names: [&self.names, more].concat(), ..self.clone() }
    }

    /// As cargo takes them.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = self.names.iter().map(|name| format!("--features={name}")).collect();
        arguments.extend(self.all.then(|| "--all-features".into()));
        arguments.extend(self.no_default.then(|| "--no-default-features".into()));
        arguments
    }
}

impl fmt::Display for Features {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.all.then_some("all");
        let no_default = self.no_default.then_some("without default");
        let words: Vec<&str> = self.names.iter().map(String::as_str).chain(all).chain(no_default).collect();
        formatter.pad(&words.join(", "))
    }
}

/// A signal, by its name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignalName(Signal);

impl SignalName {
    /// What Ctrl+C sends.
    pub const INT: Self = Self(Signal::INT);
    /// What asks a program to end.
    pub const TERM: Self = Self(Signal::TERM);

    /// The signal itself.
    #[must_use]
    pub fn signal(self) -> Signal {
        self.0
    }

    /// A signal that can tell a program to reload.
    ///
    /// # Errors
    /// Why `text` names none.
    pub fn reload(text: &str) -> Result<Self, String> {
        let signal: Self = text.parse()?;
        if [Signal::KILL, Signal::STOP].contains(&signal.0) {
            return Err(format!("no program can catch {signal}, so it cannot mean reload"));
        }
        Ok(signal)
    }

    /// A signal that can tell a program to end.
    ///
    /// # Errors
    /// Why `text` names none.
    pub fn stop(text: &str) -> Result<Self, String> {
        let signal: Self = text.parse()?;
        if [Signal::STOP, Signal::CONT].contains(&signal.0) {
            return Err(format!("{signal} ends no program"));
        }
        Ok(signal)
    }
}

impl FromStr for SignalName {
    type Err = String;

    /// `USR1`, `SIGUSR1` or `10`; the case does not matter.
    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim().to_ascii_uppercase();
        let number = wanted.parse::<i32>().ok().or_else(|| {
            let full = if wanted.starts_with("SIG") { wanted } else { format!("SIG{wanted}") };
            (1..32).find(|&number| signal_name(number) == Some(full.as_str()))
        });
        let signal = number.filter(|&number| signal_name(number).is_some()).and_then(Signal::from_named_raw);
        signal.map(Self).ok_or_else(|| format!("there is no signal `{text}`"))
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(signal_name(self.0.as_raw()).unwrap_or("signal"))
    }
}

impl fmt::Debug for SignalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A number of milliseconds.
///
/// # Errors
/// Why `text` is none, or which numbers make sense.
pub fn debounce(text: &str) -> Result<Duration, String> {
    let number = text.trim().parse().map_err(|_| format!("`{text}` is no number of milliseconds"))?;
    debounce_of(number)
}

/// As [`debounce`], for a number.
///
/// # Errors
/// Which numbers make sense.
pub fn debounce_of(number: i64) -> Result<Duration, String> {
    let millis = u64::try_from(number).ok().filter(|&number| number <= LONGEST_DEBOUNCE);
    let out_of_range = || format!("{number} is not between 0 and {LONGEST_DEBOUNCE} milliseconds");
    millis.map(Duration::from_millis).ok_or_else(out_of_range)
}

/// `NAME=VALUE`.
///
/// # Errors
/// Why `text` is none.
pub fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`"))?;
    check_variable(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Whether the system takes a variable `name` with this value.
///
/// # Errors
/// Why it does not.
pub fn check_variable(name: &str, value: &str) -> Result<(), String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(format!("`{}` is no name of a variable", name.escape_debug()));
    }
    if value.contains('\0') {
        return Err(format!("the value of `{name}` contains a NUL character"));
    }
    Ok(())
}

/// A word that is not empty.
///
/// # Errors
/// That it is.
pub fn word(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("it is empty".into()) } else { Ok(text.to_owned()) }
}

/// Whether a process can be given `argument`.
#[must_use]
pub fn is_argument(argument: &OsStr) -> bool {
    !argument.as_encoded_bytes().contains(&0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::process::Signal;

    use super::{Linker, SignalName, Strategy, debounce, names, variable};

    #[test]
    fn a_signal_has_a_name_with_or_without_sig_or_a_number() {
        for text in ["USR1", "usr1", "SIGUSR1", " sigusr1 ", "10"] {
            assert_eq!(text.parse::<SignalName>().map(SignalName::signal), Ok(Signal::USR1), "{text}");
        }
        for text in ["", "SIG", "NOPE", "0", "-1", "64", "99999999999"] {
            assert!(text.parse::<SignalName>().is_err(), "{text}");
        }
        assert_eq!(SignalName::INT.to_string(), "SIGINT");
    }

    #[test]
    fn signals_that_cannot_do_their_job_are_refused() {
        assert!(SignalName::reload("KILL").is_err());
        assert!(SignalName::reload("HUP").is_ok());
        assert!(SignalName::stop("STOP").is_err());
        assert!(SignalName::stop("KILL").is_ok());
    }

    #[test]
    fn names_are_those_that_are_typed() {
        assert_eq!(names::<Strategy>(), ["auto", "modules", "patch", "restart"]);
        assert_eq!(names::<Linker>(), ["auto", "default", "mold", "gold", "lld", "bfd"]);
        assert_eq!(Linker::Bfd.to_string(), "bfd");
    }

    #[test]
    fn times_and_variables_are_checked() {
        assert_eq!(debounce("250"), Ok(Duration::from_millis(250)));
        assert!(debounce("-1").is_err() && debounce("60001").is_err() && debounce("1s").is_err());
        assert_eq!(variable("A=b=c"), Ok(("A".into(), "b=c".into())));
        assert!(variable("A").is_err() && variable("=x").is_err());
    }
}
