//! Who has the terminal during a session.

/// Who has the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// We, with a status line.
    Screen,
    /// We, line by line.
    Plain,
    /// The program.
    Foreground,
}
