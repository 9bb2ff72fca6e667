//! A clock that is told the time, for here as everywhere time is an argument.

use std::ops::Add;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blendline_wire::Millis;
use governor::clock::{Clock, Reference};
use governor::nanos::Nanos;

/// The instant that was handed over last.
#[derive(Clone, Default)]
pub(super) struct GivenClock(Arc<AtomicU64>);

impl GivenClock {
    pub(super) fn set(&self, now: Millis) {
        self.0.store(now.0, Ordering::Relaxed);
    }
}

impl Clock for GivenClock {
    type Instant = At;

    fn now(&self) -> At {
        At(self.0.load(Ordering::Relaxed).saturating_mul(1_000_000))
    }
}

/// Unix time in nanoseconds, which 64 bits hold until the year 2554.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct At(u64);

impl At {
    pub(super) const fn millis(self) -> Millis {
        Millis(self.0 / 1_000_000)
    }
}

impl Add<Nanos> for At {
    type Output = Self;

    fn add(self, nanos: Nanos) -> Self {
        Self(self.0.saturating_add(nanos.as_u64()))
    }
}

impl Reference for At {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Nanos::new(self.0.saturating_sub(earlier.0))
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(duration.as_u64()).unwrap_or(self.0))
    }
}
