//! Live state in this process.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::broadcast;

use crate::ports::live::Live;

/// How many messages a slow listener may be behind before it misses the oldest. Few: each topic keeps that many places,
/// thousands of visitors listen each to his own, and one missed hint among others is no loss.
const BEHIND_MAX: usize = 16;
/// After how many new topics or limits the unused ones are thrown away.
const SWEEP_EVERY: u32 = 1024;

/// Live state for an installation of one process.
#[derive(Default)]
pub struct InProcessLive {
    topics: Mutex<Topics>,
    limits: Mutex<Limits>,
}

#[derive(Default)]
struct Topics {
    senders: HashMap<String, broadcast::Sender<Bytes>>,
    made: u32,
}

/// One limiter for each quota; each counts by key.
#[derive(Default)]
struct Limits {
    by_quota: HashMap<(NonZeroU32, NonZeroU32), DefaultKeyedRateLimiter<String>>,
    asked: u32,
}

impl InProcessLive {
    /// Has everybody who listens look again. What other processes tell does not come here, so they must now and then.
    pub fn nudge(&self) {
        for sender in lock(&self.topics).senders.values() {
            // Nobody listening any more is no fault.
            let _ = sender.send(Bytes::new());
        }
    }
}

/// A panic elsewhere leaves these maps whole, and nothing here is a record.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Live for InProcessLive {
    async fn tell(&self, topic: &str, body: Bytes) {
        let topics = lock(&self.topics);
        if let Some(sender) = topics.senders.get(topic) {
            // Nobody listening any more is no fault.
            let _ = sender.send(body);
        }
    }

    async fn listen(&self, topic: &str) -> broadcast::Receiver<Bytes> {
        let mut topics = lock(&self.topics);
        topics.made += 1;
        if topics.made.is_multiple_of(SWEEP_EVERY) {
            topics.senders.retain(|_, sender| sender.receiver_count() > 0);
        }
        topics.senders.entry(topic.to_owned()).or_insert_with(|| broadcast::channel(BEHIND_MAX).0).subscribe()
    }

    async fn allow(&self, key: &str, per_minute: u32, burst: u32) -> Result<(), u64> {
        let (Some(rate), Some(burst)) = (NonZeroU32::new(per_minute), NonZeroU32::new(burst)) else {
            // An allowance of nothing: ask again in a minute, settings may have changed.
            return Err(60_000);
        };
        let mut limits = lock(&self.limits);
        limits.asked = limits.asked.wrapping_add(1);
        if limits.asked.is_multiple_of(SWEEP_EVERY) {
            // Keys that have their whole burst again need not be remembered.
            limits.by_quota.values().for_each(RateLimiter::retain_recent);
            limits.by_quota.retain(|_, limiter| !limiter.is_empty());
        }
        let limiter = limits
            .by_quota
            .entry((rate, burst))
            .or_insert_with(|| RateLimiter::keyed(Quota::per_minute(rate).allow_burst(burst)));
        limiter.check_key(&key.to_owned()).map_err(|wait| {
            let left = wait.wait_time_from(DefaultClock::default().now());
            u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everyone_who_listens_hears_it() {
        let live = InProcessLive::default();
        live.tell("t", Bytes::from_static(b"too early")).await;
        let (mut first, mut second) = (live.listen("t").await, live.listen("t").await);
        live.tell("t", Bytes::from_static(b"hello")).await;
        live.tell("other", Bytes::from_static(b"no")).await;
        live.nudge();
        assert_eq!(first.recv().await.unwrap(), "hello");
        assert_eq!(second.recv().await.unwrap(), "hello");
        assert_eq!(second.recv().await.unwrap(), "", "a nudge");
        assert!(second.try_recv().is_err());
    }

    #[tokio::test]
    async fn an_allowance_is_per_key() {
        let live = InProcessLive::default();
        for _ in 0..3 {
            live.allow("a", 1, 3).await.unwrap();
        }
        let wait = live.allow("a", 1, 3).await.unwrap_err();
        assert!((1..=60_000).contains(&wait), "{wait}");
        live.allow("b", 1, 3).await.unwrap();
        assert!(live.allow("c", 0, 1).await.is_err());
    }
}
