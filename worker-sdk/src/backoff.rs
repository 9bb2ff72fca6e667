//! How long to wait before connecting again.

use std::time::Duration;

/// Exponential back-off with full jitter: a thousand workers that lost one router do not come back in one instant.
pub(crate) struct Backoff {
    base: Duration,
    cap: Duration,
    failures: u32,
    state: u64,
}

impl Backoff {
    /// Waits up to `base` after the first failure and up to `cap` after many; `seed` decides where in between.
    pub(crate) const fn new(base: Duration, cap: Duration, seed: u64) -> Self {
        // Xorshift never leaves zero.
        Self { base, cap, failures: 0, state: seed | 1 }
    }

    /// A connection held: the next failure is the first again.
    pub(crate) const fn held(&mut self) {
        self.failures = 0;
    }

    /// How long to wait now.
    pub(crate) fn wait(&mut self) -> Duration {
        let ceiling = self.base.saturating_mul(1_u32 << self.failures.min(16)).min(self.cap);
        self.failures = self.failures.saturating_add(1);
        let millis = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.random() % millis.saturating_add(1))
    }

    /// How long to wait when the router asked us to come back: at once, unless that keeps happening.
    pub(crate) fn wait_when_asked(&mut self) -> Duration {
        if self.failures == 0 {
            self.failures = 1;
            return Duration::ZERO;
        }
        self.wait()
    }

    /// Marsaglia's xorshift64: enough to spread workers, no dependency.
    const fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }
}

/// A seed that differs between processes: the random bits of a version 7 UUID are its last eight bytes.
pub(crate) fn seed() -> u64 {
    let (_, low) = uuid::Uuid::now_v7().as_u64_pair();
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(250);
    const CAP: Duration = Duration::from_secs(15);

    #[test]
    fn waits_grow_to_the_cap_and_start_anew_after_a_connection_held() {
        for seed in 0..200 {
            let mut backoff = Backoff::new(BASE, CAP, seed);
            for failure in 0..20 {
                let ceiling = BASE.saturating_mul(1 << failure.min(16)).min(CAP);
                assert!(backoff.wait() <= ceiling, "seed {seed}, failure {failure}");
            }
            backoff.held();
            assert!(backoff.wait() <= BASE, "seed {seed}");
        }
    }

    #[test]
    fn workers_do_not_come_back_together() {
        let mut waits: Vec<_> = (0..64)
            .map(|_| {
                let mut backoff = Backoff::new(CAP, CAP, seed());
                backoff.wait()
            })
            .collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 32, "only {} different waits of 64", waits.len());
    }

    #[test]
    fn a_router_that_asks_again_and_again_is_not_hammered() {
        let mut backoff = Backoff::new(BASE, CAP, 7);
        assert_eq!(backoff.wait_when_asked(), Duration::ZERO);
        let later: Duration = (0..8).map(|_| backoff.wait_when_asked()).sum();
        assert!(later > Duration::ZERO);
    }
}
