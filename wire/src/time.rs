//! Time as a value: it is always an argument, never read.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Unix time in milliseconds.
///
/// There is no `now()` on purpose: the driver reads the clock once per batch and hands it over.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(description = "Unix time in milliseconds."))]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// The end of time: later than any instant a clock can show.
    pub const MAX: Self = Self(u64::MAX);

    /// Milliseconds from `earlier` to `self`; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `self` and `ms` milliseconds more, at most [`Millis::MAX`].
    pub const fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The RFC 3339 text of this instant in UTC, milliseconds shown only where they are not zero.
    pub fn to_rfc3339(self) -> String {
        i64::try_from(self.0)
            .ok()
            .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
            .map_or_else(|| "9999-12-31T23:59:59Z".to_owned(), |instant| instant.to_string())
    }

    /// Reads RFC 3339 text; `None` for other text and for instants before 1970.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let instant: jiff::Timestamp = text.parse().ok()?;
        u64::try_from(instant.as_millisecond()).ok().map(Self)
    }
}

impl Add<u64> for Millis {
    type Output = Self;

    fn add(self, ms: u64) -> Self {
        self.plus(ms)
    }
}

impl Sub for Millis {
    type Output = u64;

    fn sub(self, earlier: Self) -> u64 {
        self.since(earlier)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// An instant that is written as RFC 3339 text, for what people and other systems read.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime))]
pub struct Instant(pub Millis);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Millis::from_rfc3339(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("expected an RFC 3339 instant, found {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_goes_both_ways() {
        let at = Millis(1_697_044_621_000);
        assert_eq!(at.to_rfc3339(), "2023-10-11T17:17:01Z");
        assert_eq!(Millis::from_rfc3339("2023-10-11T20:17:01+03:00"), Some(at));
        assert_eq!(Millis::from_rfc3339("yesterday"), None);
    }

    #[test]
    fn time_never_wraps() {
        assert_eq!(Millis(5).since(Millis(9)), 0);
        assert_eq!(Millis::MAX.plus(1), Millis::MAX);
        assert_eq!(Millis::MAX.to_rfc3339(), "9999-12-31T23:59:59Z");
    }
}
