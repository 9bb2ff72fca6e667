//! Whether the other side is still there, and whether we were.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Notices a router that is silent and a machine that slept.
pub(crate) struct Watch {
    heartbeat: Duration,
    heard: Instant,
    beat: Instant,
    /// Runs on while the machine sleeps, unlike [`Instant`] on Linux.
    wall: SystemTime,
}

impl Watch {
    pub(crate) fn new(heartbeat: Duration) -> Self {
        let now = Instant::now();
        Self { heartbeat, heard: now, beat: now, wall: SystemTime::now() }
    }

    pub(crate) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// Called once per heartbeat; says why the connection must be taken for dead.
    pub(crate) fn beat(&mut self) -> Option<&'static str> {
        let ran = self.beat.elapsed();
        // A clock that was set back shows no time at all, which is no sign of sleep.
        let passed = self.wall.elapsed().unwrap_or_default();
        self.beat = Instant::now();
        self.wall = SystemTime::now();
        if passed > ran + self.heartbeat * 2 {
            return Some("this machine slept");
        }
        (self.heard.elapsed() >= self.heartbeat * 2).then_some("the router was silent for two heartbeats")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn silence_is_noticed_at_the_second_heartbeat_and_a_word_ends_it() {
        let mut watch = Watch::new(BEAT);
        tokio::time::advance(BEAT).await;
        assert_eq!(watch.beat(), None);
        tokio::time::advance(BEAT).await;
        assert!(watch.beat().is_some_and(|why| why.contains("silent")));
        watch.heard();
        tokio::time::advance(BEAT).await;
        assert_eq!(watch.beat(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_machine_that_slept_is_noticed_though_its_own_clock_stood_still() {
        let mut watch = Watch::new(BEAT);
        watch.wall -= BEAT * 4;
        watch.heard();
        assert_eq!(watch.beat(), Some("this machine slept"));
        // A clock that was set back is no sleep.
        watch.wall += BEAT * 100;
        assert_eq!(watch.beat(), None);
    }
}
