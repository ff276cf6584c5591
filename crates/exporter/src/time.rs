//! Points in time as stores have them: milliseconds since 1970.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970. May lie before 1970 or beyond any calendar: a store's timestamps are not checked.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// Gives the nanoseconds since 1970 as OTLP writes them; 0 for what it cannot write.
    #[must_use]
    pub fn to_unix_nano(self) -> u64 {
        u64::try_from(self.0).ok().and_then(|millis| millis.checked_mul(1_000_000)).unwrap_or(0)
    }

    /// Gives the latest multiple of a step that is not after this time.
    #[must_use]
    pub fn align_down(self, step: Duration) -> Self {
        let step = millis(step).max(1);
        Self(self.0 - self.0.rem_euclid(step))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Add<Duration> for Millis {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for Millis {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

/// A window of time: from a moment on, up to but without another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// The first moment in it.
    pub start: Millis,
    /// The first moment after it.
    pub end: Millis,
}

impl Window {
    /// Gives the last moment in it, for stores whose ranges include both ends.
    #[must_use]
    pub const fn last(self) -> Millis {
        Millis(self.end.0.saturating_sub(1))
    }

    /// Says how long it is, in milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.end.0.saturating_sub(self.start.0)
    }

    /// Says how long it is; nothing if it ends before it begins.
    #[must_use]
    pub fn length(self) -> Duration {
        Duration::from_millis(u64::try_from(self.millis()).unwrap_or(0))
    }

    /// Whether a moment is in it.
    #[must_use]
    pub fn contains(self, time: Millis) -> bool {
        self.start <= time && time < self.end
    }
}
