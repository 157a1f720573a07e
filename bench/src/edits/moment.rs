//! Times of day, to compare our own with those that the tool writes.

use std::time::{Duration, SystemTime};

const DAY: u64 = 86_400_000_000;

/// A time of day in UTC, in microseconds. Which day it is does not matter for differences of minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(u64);

impl Moment {
    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or_default() % DAY)
    }

    /// Reads `2026-05-19T12:00:00.000000Z`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (_, time) = text.strip_suffix('Z')?.split_once('T')?;
        let (whole, fraction) = time.split_once('.').unwrap_or((time, ""));
        let parts: Vec<u64> = whole.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [hours, minutes, seconds] = parts.try_into().ok()?;
        let micros: u64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
        Some(Self(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros))
    }

    /// How long after `earlier` this is; nothing if it is before.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let micros = (self.0 + DAY - earlier.0) % DAY;
        Duration::from_micros(if micros < DAY / 2 { micros } else { 0 })
    }

    /// So long before.
    pub(crate) fn before(self, time: Duration) -> Self {
        let micros = u64::try_from(time.as_micros()).unwrap_or_default() % DAY;
        Self((self.0 + DAY - micros) % DAY)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Moment;

    #[test]
    fn moments_are_read_and_compared() {
        let at = |text| Moment::parse(text).expect("a moment");
        let (early, late) = (at("2026-05-19T12:00:00.000250Z"), at("2026-05-19T12:00:01Z"));
        assert_eq!(late.since(early), Duration::from_micros(999_750));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.before(Duration::from_micros(999_750)), early);
        assert_eq!(at("2026-05-20T00:00:01Z").since(at("2026-05-19T23:59:59.5Z")), Duration::from_millis(1500));
        assert_eq!(Moment::parse("noon"), None);
    }
}
