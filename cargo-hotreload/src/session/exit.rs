//! The end of a process.

use std::fmt;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With an exit code.
    Code(i32),
    /// By a signal.
    Signal(i32),
}

impl Ending {
    /// Whether the program says that all went well.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// The exit code by which a shell tells it.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        let (Self::Code(code) | Self::Signal(code)) = self;
        let offset = if matches!(self, Self::Signal(_)) { 128 } else { 0 };
        u8::try_from((code + offset) & 0xff).unwrap_or(u8::MAX)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(number) => match signal_hook::low_level::signal_name(*number) {
                Some(name) => write!(formatter, "signal {number}, {name}"),
                None => write!(formatter, "signal {number}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ending;

    #[test]
    fn a_signal_has_its_name() {
        assert_eq!(Ending::Signal(11).to_string(), "signal 11, SIGSEGV");
        assert_eq!((Ending::Signal(11).exit_code(), Ending::Code(7).exit_code()), (139, 7));
    }
}
