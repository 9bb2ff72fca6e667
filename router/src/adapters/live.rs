//! Live state in this process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use blendline_wire::TenantId;
use bytes::Bytes;
use tokio::sync::broadcast;
use tokio::time::{Duration, Instant};

use crate::ports::live::{Allowance, Live, NOTHING_WAIT_MS, PRESENT_MS, There};

/// How many messages a slow listener may be behind before it misses the oldest. Few: each topic keeps that many places,
/// thousands of visitors listen each to his own, and one missed hint among others is no loss.
const BEHIND_MAX: usize = 16;
/// After how many new topics or limits the unused ones are thrown away.
const SWEEP_EVERY: u32 = 1024;

/// Live state for an installation of one process.
pub struct InProcessLive {
    topics: Mutex<Topics>,
    limits: Mutex<Limits>,
    there: Mutex<HashMap<TenantId, (Instant, There)>>,
    routers: Mutex<BTreeMap<String, Instant>>,
    began: Instant,
}

impl Default for InProcessLive {
    fn default() -> Self {
        Self {
            topics: Mutex::default(),
            limits: Mutex::default(),
            there: Mutex::default(),
            routers: Mutex::default(),
            began: Instant::now(),
        }
    }
}

#[derive(Default)]
struct Topics {
    senders: HashMap<String, broadcast::Sender<Bytes>>,
    made: u32,
}

/// When each allowance is full again, in microseconds since the beginning (the "theoretical arrival time" of GCRA).
#[derive(Default)]
struct Limits {
    full_at: HashMap<String, u64>,
    asked: u32,
}

impl Limits {
    fn take(&mut self, all_of: &[Allowance], now: u64) -> Result<(), u64> {
        self.asked = self.asked.wrapping_add(1);
        if self.asked.is_multiple_of(SWEEP_EVERY) {
            // Those that are full need not be remembered.
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        let next = |one: &Allowance| self.full_at.get(&one.key).copied().unwrap_or(0).max(now) + one.every_us;
        let wait_us = |one: &Allowance| next(one).saturating_sub(now + one.every_us * u64::from(one.burst));
        if all_of.iter().any(|one| one.burst == 0) {
            return Err(NOTHING_WAIT_MS);
        }
        let wait = all_of.iter().map(wait_us).max().unwrap_or(0);
        if wait > 0 {
            return Err(wait.div_ceil(1_000));
        }
        let taken: Vec<(String, u64)> = all_of.iter().map(|one| (one.key.clone(), next(one))).collect();
        self.full_at.extend(taken);
        Ok(())
    }
}

impl InProcessLive {
    /// Has everybody who listens look again. What other processes tell may not come here, so they must now and then.
    pub fn nudge(&self) {
        for sender in lock(&self.topics).senders.values() {
            // Nobody listening any more is no fault.
            let _ = sender.send(Bytes::new());
        }
    }

    /// Tells those who listen in this process.
    pub fn tell_here(&self, topic: &str, body: Bytes) {
        let topics = lock(&self.topics);
        if let Some(sender) = topics.senders.get(topic) {
            // Nobody listening any more is no fault.
            let _ = sender.send(body);
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
        self.tell_here(topic, body);
    }

    async fn listen(&self, topic: &str) -> broadcast::Receiver<Bytes> {
        let mut topics = lock(&self.topics);
        topics.made += 1;
        if topics.made.is_multiple_of(SWEEP_EVERY) {
            topics.senders.retain(|_, sender| sender.receiver_count() > 0);
        }
        topics.senders.entry(topic.to_owned()).or_insert_with(|| broadcast::channel(BEHIND_MAX).0).subscribe()
    }

    async fn allow(&self, all_of: &[Allowance]) -> Result<(), u64> {
        let now = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        lock(&self.limits).take(all_of, now)
    }

    async fn present(&self, tenant: TenantId, there: &There) {
        lock(&self.there).insert(tenant, (Instant::now(), there.clone()));
    }

    async fn presence(&self, tenant: TenantId) -> Option<There> {
        let there = lock(&self.there);
        let (said, there) = there.get(&tenant)?;
        (said.elapsed() < Duration::from_millis(PRESENT_MS)).then(|| there.clone())
    }

    async fn gather(&self, router: &str) -> Option<Vec<String>> {
        let mut routers = lock(&self.routers);
        routers.insert(router.to_owned(), Instant::now());
        routers.retain(|_, said| said.elapsed() < Duration::from_millis(PRESENT_MS));
        Some(routers.keys().cloned().collect())
    }

    async fn leave(&self, router: &str) {
        lock(&self.routers).remove(router);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_nudge_reaches_everybody() {
        let live = InProcessLive::default();
        let (mut first, mut second) = (live.listen("a").await, live.listen("b").await);
        live.nudge();
        assert_eq!(first.recv().await.unwrap(), "");
        assert_eq!(second.recv().await.unwrap(), "");
    }

    /// Over a day of random questions nobody gets more than his burst and what grew since, and everybody gets that.
    #[test]
    fn an_allowance_is_neither_exceeded_nor_withheld() {
        let one = Allowance { key: "a".into(), every_us: 1_000_000, burst: 5 };
        let (mut limits, mut now, mut taken, mut seed) = (Limits::default(), 0_u64, 0_u64, 7_u64);
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            now += (seed >> 33) % 1_200_000;
            match limits.take(std::slice::from_ref(&one), now) {
                Ok(()) => taken += 1,
                Err(wait) => {
                    assert!((1..=1_000).contains(&wait), "{wait}");
                    let mut later = Limits { full_at: limits.full_at.clone(), asked: 0 };
                    later.take(std::slice::from_ref(&one), now + wait * 1_000).unwrap();
                }
            }
            assert!(taken <= 5 + now / one.every_us, "{taken} at {now}");
        }
    }
}
