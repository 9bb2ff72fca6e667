//! The one place where time is read: Unix milliseconds that never go back and never jump (P7).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use blendline_wire::Millis;
use tokio::time::{Duration, Instant};

/// How far one call of [`Clock::slew`] moves the clock at most, in milliseconds.
const SLEW_MS: u64 = 1;

/// A clock that is anchored once and then follows the monotonic clock.
///
/// A machine whose wall clock is set forward or back must not make deadlines due or undue at a stroke, so the wall
/// clock is only ever approached, by [`Clock::slew`].
#[derive(Debug)]
pub struct Clock {
    anchor: Instant,
    base: AtomicU64,
    last: AtomicU64,
}

impl Clock {
    /// A clock that shows the wall clock's time, or `floor` where the wall clock is behind what was committed.
    pub fn new(floor: Millis) -> Self {
        let base = wall().max(floor.0);
        Self { anchor: Instant::now(), base: AtomicU64::new(base), last: AtomicU64::new(base) }
    }

    /// Now. Never earlier than any instant shown before.
    pub fn now(&self) -> Millis {
        let shown = self.base.load(Ordering::Relaxed) + self.elapsed();
        Millis(self.last.fetch_max(shown, Ordering::Relaxed).max(shown))
    }

    /// When to wake for something due at `at`.
    pub fn instant(&self, at: Millis) -> Instant {
        let base = self.base.load(Ordering::Relaxed);
        // A year is as good as never, and no platform's timer overflows on it.
        let after = at.0.saturating_sub(base).min(self.elapsed() + 365 * 86_400_000);
        self.anchor + Duration::from_millis(after)
    }

    /// Moves the clock a little towards the wall clock. Called about once a second.
    pub fn slew(&self) {
        self.approach(wall());
    }

    fn approach(&self, wall: u64) {
        let base = self.base.load(Ordering::Relaxed);
        let shown = base + self.elapsed();
        let base = if wall > shown { base + SLEW_MS.min(wall - shown) } else { base - SLEW_MS.min(shown - wall) };
        self.base.store(base, Ordering::Relaxed);
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.anchor.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn wall() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_follows_the_monotonic_clock_from_the_committed_time() {
        let floor = Millis(wall() + 86_400_000);
        let clock = Clock::new(floor);
        assert_eq!(clock.now(), floor);
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert_eq!(clock.now(), floor.plus(1500));
        assert_eq!(clock.instant(floor.plus(2000)), Instant::now() + Duration::from_millis(500));
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_slewed_and_never_goes_back() {
        let clock = Clock::new(Millis(0));
        let start = clock.now();
        clock.approach(start.0 - 3_600_000);
        assert_eq!(clock.now(), start, "set back by an hour, it stands for a moment");
        tokio::time::advance(Duration::from_millis(10)).await;
        assert_eq!(clock.now(), start.plus(9));
        clock.approach(start.0 + 3_600_000);
        assert_eq!(clock.now(), start.plus(10), "set forward by an hour, it hurries by a millisecond");
    }
}
