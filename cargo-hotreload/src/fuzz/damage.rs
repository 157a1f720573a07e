//! Inputs: what is there already, changed a few times.

/// Numbers from a seed, see Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or_default()
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// What inputs are made of.
pub(super) struct Damage<'a> {
    pub(super) corpus: &'a [Vec<u8>],
    pub(super) words: &'a [&'a str],
}

impl Damage<'_> {
    /// An input; sometimes one that is as it should be.
    pub(super) fn input(&self, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = dice.pick(self.corpus).clone();
        for _ in 0..dice.below(9) {
            self.hurt(&mut bytes, dice);
        }
        bytes
    }

    fn hurt(&self, bytes: &mut Vec<u8>, dice: &mut Dice) {
        let at = place(bytes, dice);
        match dice.below(10) {
            0 => insert(bytes, at, self.words.get(dice.below(self.words.len())).unwrap_or(&"").as_bytes()),
            1 => insert(bytes, at, &dice.next().to_le_bytes()[..1]),
            2 => bytes.truncate(at),
            3 => {
                let length = dice.below(64).min(bytes.len() - at);
                bytes.drain(at..at + length);
            }
            4 => {
                let length = dice.below(256).min(bytes.len() - at);
                let piece = bytes[at..at + length].to_vec();
                let to = place(bytes, dice);
                insert(bytes, to, &piece);
            }
            5 => {
                let other = dice.pick(self.corpus);
                let from = place(other, dice);
                let length = dice.below(256).min(other.len() - from);
                insert(bytes, at, &other[from..from + length]);
            }
            6..=8 => number(bytes, at, dice),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
        }
    }
}

/// Somewhere in `bytes`; formats have what matters at their begin, or at the end.
fn place(bytes: &[u8], dice: &mut Dice) -> usize {
    let length = bytes.len();
    match dice.below(4) {
        0 => dice.below(length.min(256) + 1),
        1 => length - dice.below(length.min(4096) + 1),
        _ => dice.below(length + 1),
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

/// Writes a number over what is there, as long as 1, 2, 4 or 8 bytes, and mostly where such a number may be.
fn number(bytes: &mut [u8], at: usize, dice: &mut Dice) {
    let width = 1 << dice.below(4);
    let at = if dice.below(4) == 0 { at } else { at & !(width - 1) };
    let length = bytes.len() as u64;
    let near =
        [0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, u64::from(u32::MAX), i64::MAX.cast_unsigned(), u64::MAX, length];
    let value = match dice.below(3) {
        0 => dice.next(),
        1 => dice.pick(&near).wrapping_sub(dice.below(3) as u64),
        _ => dice.below(bytes.len() + 16) as u64,
    };
    if let Some(there) = bytes.get_mut(at..at + width) {
        there.copy_from_slice(&value.to_le_bytes()[..width]);
    }
}
