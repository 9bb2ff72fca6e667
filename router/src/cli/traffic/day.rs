//! The store's clock: its time passes as fast as was asked for, and its short days have a peak each.
//!
//! Everything that is planned, is planned in the store's time, so a faster store does the same things sooner.

use std::time::Duration;

use tokio::time::Instant;

/// How long a day of the store takes, in milliseconds of its time.
pub(super) const DAY_MS: u64 = 180_000;
/// When its peak begins and ends.
const PEAK_MS: std::ops::Range<u64> = 60_000..105_000;
/// How many customers come in the peak and outside, in per cent of the day's mean.
const PEAK_PERCENT: u64 = 200;
const CALM_PERCENT: u64 = 67;

/// Whether it is the peak of the day.
pub(super) fn is_peak(at_ms: u64) -> bool {
    PEAK_MS.contains(&(at_ms % DAY_MS))
}

/// How many customers come at this time of the day, in per cent of its mean.
pub(super) fn load_percent(at_ms: u64) -> u64 {
    if is_peak(at_ms) { PEAK_PERCENT } else { CALM_PERCENT }
}

/// The store's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Instant,
    /// Milliseconds of the store's time in one of ours.
    pace: f64,
}

impl Clock {
    /// A clock that begins now and runs `pace` times as fast as ours.
    pub(super) fn begin(pace: f64) -> Self {
        Self { began: Instant::now(), pace }
    }

    /// The store's time.
    pub(super) fn now_ms(&self) -> u64 {
        (self.began.elapsed().as_secs_f64() * 1000.0 * self.pace) as u64
    }

    /// How long a while of the store's takes.
    pub(super) fn real(&self, store_ms: u64) -> Duration {
        Duration::from_secs_f64(store_ms as f64 / 1000.0 / self.pace)
    }

    /// Lets a while of the store's pass.
    pub(super) async fn pause(&self, store_ms: u64) {
        tokio::time::sleep(self.real(store_ms)).await;
    }

    /// Waits for a time of the store.
    pub(super) async fn until(&self, at_ms: u64) {
        tokio::time::sleep_until(self.began + self.real(at_ms)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_the_mean_it_says() {
        let sum: u64 = (0..DAY_MS / 1000).map(|second| load_percent(second * 1000)).sum();
        assert_eq!(sum / (DAY_MS / 1000), 100);
        assert!(is_peak(5 * DAY_MS + 60_000) && !is_peak(5 * DAY_MS + 105_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_faster_store_waits_less() {
        let (clock, begin) = (Clock::begin(4.0), Instant::now());
        clock.pause(2_000).await;
        assert_eq!(begin.elapsed(), Duration::from_millis(500));
        clock.until(6_000).await;
        assert_eq!(begin.elapsed(), Duration::from_millis(1_500));
        assert_eq!(clock.now_ms(), 6_000);
    }
}
