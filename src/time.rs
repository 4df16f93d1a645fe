//! Moments and spans, in milliseconds, with no clock: the driver says what time it is.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A moment in UTC, to the millisecond, from 1970 to 9999.
///
/// Prints, parses and serialises as RFC 3339.
///
/// ```
/// use testudo::{Duration, Timestamp};
///
/// let start = Timestamp::from_millis(1_700_000_000_000);
/// assert_eq!(start.to_string(), "2023-11-14T22:13:20Z");
/// assert_eq!((start + Duration::from_secs(60)) - start, Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last moment that can be told: 9999-12-30T22:00:00Z.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z, at most [`Timestamp::MAX`].
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        if millis > Self::MAX.0 { Self::MAX } else { Self(millis) }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The span from `earlier` until this moment; zero when `earlier` is in fact later, as it is
    /// after a clock was set back or between two nodes whose clocks differ.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl From<std::time::SystemTime> for Timestamp {
    /// Moments before 1970 become 1970.
    fn from(moment: std::time::SystemTime) -> Self {
        let since_epoch = moment.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// Saturates at [`Timestamp::MAX`].
    fn add(self, span: Duration) -> Self {
        Self::from_millis(self.0.saturating_add(span.0))
    }
}

impl std::ops::Sub for Timestamp {
    type Output = Duration;

    /// As [`Timestamp::since`]: never negative.
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.0).map_err(|_| fmt::Error)?;
        jiff::Timestamp::from_millisecond(millis).map_err(|_| fmt::Error)?.fmt(out)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NotATimestamp)?;
        u64::try_from(moment.as_millisecond()).map(Self::from_millis).map_err(|_| NotATimestamp)
    }
}

/// A text is not an RFC 3339 moment after 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a moment after 1970 as RFC 3339, such as 2026-01-31T12:00:00Z")]
pub struct NotATimestamp;

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// A span of time, to the millisecond, never negative. Serialises as whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// `millis` milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// `secs` seconds; saturates.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Whether it is no time at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `minutes` minutes; saturates.
    #[must_use]
    pub const fn from_minutes(minutes: u64) -> Self {
        Self::from_secs(minutes.saturating_mul(60))
    }

    /// `days` days of 24 hours; saturates.
    #[must_use]
    pub const fn from_days(days: u64) -> Self {
        Self::from_minutes(days.saturating_mul(24 * 60))
    }

    /// The span in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The span in whole seconds, rounded down: for how long something still lasts.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// The span in whole seconds, rounded up: for how long somebody has to wait.
    #[must_use]
    pub const fn as_secs_rounded_up(self) -> u64 {
        self.0.div_ceil(1000)
    }
}

impl From<std::time::Duration> for Duration {
    fn from(span: std::time::Duration) -> Self {
        Self(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Duration> for std::time::Duration {
    fn from(span: Duration) -> Self {
        Self::from_millis(span.0)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u64(self.as_secs())
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        u64::deserialize(input).map(Self::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_set_back_gives_no_negative_span() {
        let (early, late) = (Timestamp::from_millis(1), Timestamp::from_millis(5));
        assert_eq!(early - late, Duration::ZERO);
        assert_eq!(late - early, Duration::from_millis(4));
    }

    #[test]
    fn the_end_of_time_saturates_and_prints() {
        let end = Timestamp::MAX + Duration::from_days(1);
        assert_eq!(end, Timestamp::MAX);
        assert_eq!(end.to_string().parse(), Ok(Timestamp::MAX));
    }

    #[test]
    fn what_is_printed_parses_back() {
        let moment = Timestamp::from_millis(1_763_892_000_123);
        assert_eq!(moment.to_string(), "2025-11-23T10:00:00.123Z");
        assert_eq!("2025-11-23T10:00:00.123Z".parse(), Ok(moment));
        assert_eq!("1969-12-31T23:59:59Z".parse::<Timestamp>(), Err(NotATimestamp));
        assert_eq!("yesterday".parse::<Timestamp>(), Err(NotATimestamp));
    }

    #[test]
    fn waiting_is_rounded_up_and_remaining_is_rounded_down() {
        let span = Duration::from_millis(1500);
        assert_eq!((span.as_secs(), span.as_secs_rounded_up()), (1, 2));
    }
}
