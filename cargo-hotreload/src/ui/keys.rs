//! What single keys mean while a session has the terminal.

/// Something that a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Build and reload.
    Reload,
    /// Build and restart.
    Restart,
    /// Build, and deliver what changed.
    Build,
    /// Bring back the build that was live before.
    Rollback,
    /// Empty the screen.
    Clear,
    /// Print the crates, their roles and load order.
    Graph,
    /// Print how things are.
    Status,
    /// Print what the keys mean.
    Help,
    /// Stop building what is saved, or go on.
    Pause,
    /// Show everything that rustc said.
    Errors,
    /// End program and session.
    Quit,
}

/// Every key with its meaning, in the order in which help shows them.
const KEYS: [(u8, Key, &str); 11] = [
    (b'r', Key::Reload, "reload now, also if nothing changed"),
    (b'R', Key::Restart, "restart the program"),
    (b'b', Key::Build, "build, and deliver what changed"),
    (b'u', Key::Rollback, "undo: bring back the build that was live before; again: redo"),
    (b'p', Key::Pause, "pause: saves wait until the next p"),
    (b'e', Key::Errors, "all errors and warnings of the last build"),
    (b's', Key::Status, "how things are"),
    (b'g', Key::Graph, "the crates, their roles and load order"),
    (b'c', Key::Clear, "clear the screen"),
    (b'h', Key::Help, "this list"),
    (b'q', Key::Quit, "end program and session; a second time kills"),
];

/// What the key that sends `byte` means.
#[must_use]
pub fn key(byte: u8) -> Option<Key> {
    let byte = if byte == b'?' { b'h' } else { byte };
    KEYS.iter().find(|(known, ..)| *known == byte).map(|(_, key, _)| *key)
}

/// What was typed, `typed` being what one read from the terminal gave. Arrows, function keys and keys with Alt send
/// several bytes that begin with an escape; they mean nothing here, and neither do the letters in them.
#[must_use]
pub fn keys(typed: &[u8]) -> Vec<Key> {
    let mut found = Vec::new();
    let mut rest = typed.iter().copied();
    while let Some(byte) = rest.next() {
        if byte == ESCAPE {
            let introducer = rest.next();
            // `ESC [` goes on with digits and ends with a letter or `~`; `ESC O` and Alt have one more byte at most.
            match introducer {
                Some(b'[') => drop(rest.find(|byte| (b'@'..=b'~').contains(byte))),
                Some(b'O') => drop(rest.next()),
                _ => {}
            }
        } else {
            found.extend(key(byte));
        }
    }
    found
}

const ESCAPE: u8 = 0x1b;

/// The list of keys.
#[must_use]
pub fn help() -> String {
    let line = |(byte, _, meaning): &(u8, Key, &str)| format!("  {}  {meaning}\n", char::from(*byte));
    let keys: String = KEYS.iter().map(line).collect();
    keys + "  Ctrl+C ends program and session, Ctrl+Z suspends them\n"
}

#[cfg(test)]
mod tests {
    use super::{KEYS, Key, help, key, keys};

    #[test]
    fn small_and_capital_letters_differ() {
        assert_eq!((key(b'r'), key(b'R')), (Some(Key::Reload), Some(Key::Restart)));
        assert_eq!((key(b'x'), key(0), key(4), key(0xff)), (None, None, None, None));
        assert_eq!(key(b'?'), Some(Key::Help));
    }

    #[test]
    fn every_key_is_in_the_help_and_stands_for_one_thing() {
        for (byte, meant, meaning) in KEYS {
            assert_eq!(key(byte), Some(meant));
            assert!(help().contains(&format!("  {}  {meaning}\n", char::from(byte))));
        }
    }

    #[test]
    fn an_arrow_key_is_no_letter() {
        assert_eq!(keys(b"\x1b[B"), []);
        assert_eq!(keys(b"\x1br"), []);
        assert_eq!(keys(b"\x1bOPs"), [Key::Status]);
        assert_eq!(keys(b"r\x1b[15;2~q\x1b"), [Key::Reload, Key::Quit]);
    }
}
