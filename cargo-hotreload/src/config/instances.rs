//! How many processes of a program a session runs.

use std::fmt;
use std::str::FromStr;

/// The most that a session starts of each program: each is looked at by itself while it reloads.
const MOST: u32 = 64;

/// A number of processes of the same program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instances(u32);

impl Instances {
    /// The number.
    #[must_use]
    pub fn count(self) -> u32 {
        self.0
    }
}

impl Default for Instances {
    fn default() -> Self {
        Self(1)
    }
}

impl TryFrom<i64> for Instances {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, String> {
        let count = u32::try_from(number).ok().filter(|count| (1..=MOST).contains(count));
        count.map(Self).ok_or_else(|| format!("{number} is not between 1 and {MOST}"))
    }
}

impl FromStr for Instances {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number: i64 = text.trim().parse().map_err(|_| format!("`{text}` is no number of processes"))?;
        Self::try_from(number)
    }
}

impl fmt::Display for Instances {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::Instances;

    #[test]
    fn there_is_one_at_least_and_an_end() {
        let count = |text: &str| text.parse().map(Instances::count);
        assert_eq!((count("1"), count("64")), (Ok(1), Ok(64)));
        for text in ["0", "-1", "65", "99999999999"] {
            assert_eq!(count(text), Err(format!("{text} is not between 1 and 64")));
        }
        assert_eq!(count("many"), Err("`many` is no number of processes".into()));
        assert_eq!(Instances::default().count(), 1);
    }
}
