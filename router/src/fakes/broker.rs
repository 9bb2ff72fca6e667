//! Queues in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::ports::broker::*;

#[derive(Default)]
struct Queue {
    /// Not acked yet, in order.
    bodies: BTreeMap<u64, Bytes>,
    last: u64,
    subscriber: Option<mpsc::Sender<Delivery>>,
}

/// Queues in memory.
#[derive(Clone, Default)]
pub(crate) struct FakeBroker {
    queues: Arc<Mutex<HashMap<String, Queue>>>,
    /// Publishing to this queue fails.
    pub(crate) refuses: Arc<Mutex<Option<String>>>,
    /// How often what is published from now on was delivered before, as it says.
    pub(crate) before: Arc<AtomicU32>,
    changed: Arc<tokio::sync::Notify>,
}

impl FakeBroker {
    /// What is on a queue and not acked.
    pub(crate) fn waiting(&self, queue: &str) -> Vec<Bytes> {
        let queues = self.queues.lock().unwrap();
        queues.get(queue).map(|queue| queue.bodies.values().cloned().collect()).unwrap_or_default()
    }

    /// Waits until everything on a queue is acked.
    pub(crate) async fn drained(&self, queue: &str) {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if self.waiting(queue).is_empty() {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(tokio::time::Duration::from_secs(60), wait).await.expect("never drained");
    }
}

#[async_trait]
impl Broker for FakeBroker {
    async fn publish(&self, queue: &str, body: Vec<u8>) -> Result<(), BrokerError> {
        if self.refuses.lock().unwrap().as_deref() == Some(queue) {
            return Err(BrokerError::Full);
        }
        let mut queues = self.queues.lock().unwrap();
        let queue = queues.entry(queue.to_owned()).or_default();
        queue.last += 1;
        let body = Bytes::from(body);
        queue.bodies.insert(queue.last, body.clone());
        if let Some(subscriber) = &queue.subscriber {
            let before = self.before.load(Ordering::Relaxed);
            let _ = subscriber.try_send(Delivery { tag: queue.last, body, redelivered: before > 0, before });
        }
        Ok(())
    }

    async fn subscribe(&self, name: &str, _: usize) -> Result<Subscription, BrokerError> {
        let (sender, deliveries) = mpsc::channel(10_000);
        let mut queues = self.queues.lock().unwrap();
        let queue = queues.entry(name.to_owned()).or_default();
        for (tag, body) in &queue.bodies {
            let _ = sender.try_send(Delivery { tag: *tag, body: body.clone(), redelivered: true, before: 1 });
        }
        queue.subscriber = Some(sender);
        Ok(Subscription { deliveries, acker: Box::new(FakeAcker { broker: self.clone(), queue: name.to_owned() }) })
    }

    async fn depth(&self, queue: &str) -> Result<u64, BrokerError> {
        Ok(self.waiting(queue).len() as u64)
    }
}

struct FakeAcker {
    broker: FakeBroker,
    queue: String,
}

#[async_trait]
impl Acker for FakeAcker {
    async fn ack(&self, tags: &[u64]) {
        let mut queues = self.broker.queues.lock().unwrap();
        let queue = queues.get_mut(&self.queue).unwrap();
        queue.bodies.retain(|tag, _| !tags.contains(tag));
        self.broker.changed.notify_waiters();
    }
}
