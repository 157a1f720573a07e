//! Durations in words.

use std::fmt;
use std::time::Duration;

/// A duration as people read it: `48 ms`, `1.9 s`, `2 min 5 s`.
#[derive(Debug, Clone, Copy)]
pub struct Time(pub Duration);

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 if self.0.as_millis() < 995 => write!(formatter, "{} ms", self.0.as_millis()),
            0..120 => write!(formatter, "{:.1} s", self.0.as_secs_f64()),
            _ => write!(formatter, "{} min {} s", seconds / 60, seconds % 60),
        }
    }
}
