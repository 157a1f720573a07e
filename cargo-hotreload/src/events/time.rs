//! Times and durations as the events have them.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A time of day, in UTC with microseconds: `2026-05-19T12:00:00.000000Z` (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub SystemTime);

impl Time {
    /// As it is written.
    #[must_use]
    pub fn text(self) -> String {
        humantime::format_rfc3339_micros(self.0).to_string()
    }

    /// Hours, minutes and seconds: `12:00:00`.
    #[must_use]
    pub fn of_day(self) -> String {
        self.text().get(11..19).unwrap_or_default().to_owned()
    }

    /// How long after `earlier` this is; nothing if the clock was set back.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0).unwrap_or_default()
    }

    /// So long before.
    #[must_use]
    pub fn before(self, time: Duration) -> Self {
        Self(self.0.checked_sub(time).unwrap_or(self.0))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_rfc3339(&text).map(Self).map_err(|error| de::Error::custom(format!("`{text}`: {error}")))
    }
}

/// A duration: a number of milliseconds, exact to the microsecond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub Duration);

impl From<Duration> for Millis {
    fn from(time: Duration) -> Self {
        Self(time)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // 52 bits have room for the microseconds of a century.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        let micros = self.0.as_micros() as f64;
        serializer.serialize_f64(micros / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        let time = Duration::try_from_secs_f64(millis / 1000.0);
        time.map(|time| Self(Duration::from_micros(u64::try_from((time.as_nanos() + 500) / 1000).unwrap_or(u64::MAX))))
            .map_err(|_| de::Error::custom(format!("`{millis}` is no duration")))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Millis, Time};

    #[test]
    fn times_and_durations_come_back_as_they_were() {
        let time = Time(SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_365_600_123_456));
        let text = serde_json::to_string(&time).expect("JSON");
        assert_eq!(serde_json::from_str::<Time>(&text).expect("a time"), time);
        assert_eq!((text.as_str(), time.of_day().as_str()), ("\"2026-11-22T16:40:00.123456Z\"", "16:40:00"));
        for micros in [0, 1, 999, 9_214, 1_400_003, 86_400_000_001] {
            let millis = Millis(Duration::from_micros(micros));
            let text = serde_json::to_string(&millis).expect("JSON");
            assert_eq!(serde_json::from_str::<Millis>(&text).expect("a duration"), millis, "{text}");
        }
        assert!(serde_json::from_str::<Millis>("-1").is_err() && serde_json::from_str::<Time>("\"noon\"").is_err());
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_time() {
        let now = Time(SystemTime::UNIX_EPOCH);
        assert_eq!(now.since(Time(now.0 + Duration::from_secs(1))), Duration::ZERO);
    }
}
