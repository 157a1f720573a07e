//! What cargo draws on a terminal: lines, and a progress bar that it writes over and over.

/// A piece of cargo's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A whole line, with its end.
    Line(Vec<u8>),
    /// What the bottom line shows until the next piece comes.
    Bar(Vec<u8>),
}

/// Takes cargo's output apart, however it arrives.
#[derive(Debug, Default)]
pub struct Pieces {
    /// What has no end yet.
    open: Vec<u8>,
}

impl Pieces {
    /// The pieces that `bytes` complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for &byte in bytes {
            match byte {
                b'\n' => {
                    self.open.push(byte);
                    pieces.push(Piece::Line(std::mem::take(&mut self.open)));
                }
                b'\r' => pieces.push(Piece::Bar(std::mem::take(&mut self.open))),
                _ => {
                    self.open.push(byte);
                    if self.open.ends_with(ERASE) {
                        self.open.clear();
                        pieces.push(Piece::Bar(Vec::new()));
                    }
                }
            }
        }
        pieces
    }

    /// What cargo wrote last, without an end.
    pub fn rest(&mut self) -> Option<Piece> {
        let mut rest = std::mem::take(&mut self.open);
        rest.push(b'\n');
        (rest.len() > 1).then_some(Piece::Line(rest))
    }
}

/// With this cargo wipes its bar before it writes a line.
const ERASE: &[u8] = b"\x1b[K";

#[cfg(test)]
mod tests {
    use super::{Piece, Pieces};

    fn line(text: &str) -> Piece {
        Piece::Line(text.into())
    }

    fn bar(text: &str) -> Piece {
        Piece::Bar(text.into())
    }

    #[test]
    fn a_bar_is_no_line_and_the_line_after_it_is_clean() {
        let mut pieces = Pieces::default();
        assert_eq!(
            pieces.feed(b"   Compiling api\n    Building [=> ] 1/2\r"),
            [line("   Compiling api\n"), bar("    Building [=> ] 1/2")]
        );
        assert_eq!(pieces.feed(b"\x1b[K   Compiling host\n"), [bar(""), line("   Compiling host\n")]);
        assert_eq!(pieces.feed(b"\x1b[K"), [bar("")]);
    }

    #[test]
    fn pieces_are_found_wherever_the_bytes_are_split() {
        let whole = b"\x1b[1m\x1b[92m   Compiling\x1b[0m api\n\x1b[1mBuilding\x1b[0m [=>  ] 1/2: api\r\x1b[Kdone\n";
        for split in 0..=whole.len() {
            let mut pieces = Pieces::default();
            let mut found = pieces.feed(&whole[..split]);
            found.extend(pieces.feed(&whole[split..]));
            found.retain(|piece| matches!(piece, Piece::Line(_)));
            assert_eq!(found, [line("\x1b[1m\x1b[92m   Compiling\x1b[0m api\n"), line("done\n")], "{split}");
        }
    }

    #[test]
    fn what_has_no_end_is_kept_for_the_end() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.feed(b"half"), []);
        assert_eq!(pieces.rest(), Some(line("half\n")));
        assert_eq!(pieces.rest(), None);
    }
}
