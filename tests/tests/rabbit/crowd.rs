//! Publishers who never stop, and what is found afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blendline_router::adapters::rabbit::RabbitBroker;
use blendline_router::ports::broker::{Broker, BrokerError, Delivery, Subscription};
use tokio::task::JoinSet;

/// P15: whoever publishes is answered within two seconds, whatever the server does.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How soon all is well again after the server is.
pub(crate) const WELL_WITHIN: Duration = Duration::from_secs(15);

/// A message of no publisher of the crowd's: what was refused may be there all the same.
pub(crate) const PROBE: [u8; 8] = u64::MAX.to_be_bytes();

/// Publishers who never stop, and what they were told.
pub(crate) struct Crowd {
    stop: Arc<AtomicBool>,
    publishers: JoinSet<Told>,
}

/// What publishers were told.
#[derive(Default)]
pub(crate) struct Told {
    /// The numbers confirmed, and when each was published.
    pub(crate) confirmed: BTreeMap<u64, Instant>,
    pub(crate) refused: u64,
    pub(crate) slowest: Duration,
}

impl Crowd {
    /// `size` publishers, each saying numbers of its own, one after the other.
    pub(crate) fn start(broker: &Arc<RabbitBroker>, queue: &str, size: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut publishers = JoinSet::new();
        for publisher in 0..size {
            let (broker, queue, stop) = (Arc::clone(broker), queue.to_owned(), Arc::clone(&stop));
            publishers.spawn(async move {
                let mut told = Told::default();
                let mut n = publisher;
                while !stop.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    match broker.publish(&queue, n.to_be_bytes().to_vec()).await {
                        Ok(()) => drop(told.confirmed.insert(n, began)),
                        // A queue that is being deleted refuses what reaches it meanwhile as a full one does.
                        Err(BrokerError::Unavailable(_) | BrokerError::Full) => {
                            told.refused += 1;
                            // As a platform would, only sooner.
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                    told.slowest = told.slowest.max(began.elapsed());
                    n += size;
                }
                told
            });
        }
        Self { stop, publishers }
    }

    pub(crate) async fn end(self) -> Told {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Told::default();
        for told in self.publishers.join_all().await {
            all.confirmed.extend(told.confirmed);
            all.refused += told.refused;
            all.slowest = all.slowest.max(told.slowest);
        }
        all
    }
}

/// Publishes until it is confirmed, and says how long that took.
pub(crate) async fn well_again(broker: &RabbitBroker, queue: &str) -> Duration {
    let began = Instant::now();
    while let Err(error) = broker.publish(queue, PROBE.to_vec()).await {
        assert!(began.elapsed() < WELL_WITHIN, "not well again: {error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// Subscribes, as the driver does: again until it goes.
pub(crate) async fn subscribe(broker: &RabbitBroker, queue: &str, prefetch: usize) -> Subscription {
    let began = Instant::now();
    loop {
        match broker.subscribe(queue, prefetch).await {
            Ok(subscription) => return subscription,
            Err(error) => assert!(began.elapsed() < WELL_WITHIN, "cannot subscribe: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Takes all there is and acks it.
pub(crate) async fn drain(broker: &RabbitBroker, queue: &str) -> Vec<u64> {
    let mut all = Vec::new();
    let mut subscription = subscribe(broker, queue, 1_000).await;
    while broker.depth(queue).await.unwrap() > 0 {
        let mut tags = Vec::new();
        while let Ok(delivery) = subscription.deliveries.try_recv() {
            all.push(number(&delivery));
            tags.push(delivery.tag);
        }
        subscription.acker.ack(&tags).await;
    }
    all
}

/// What was published after an instant and confirmed, and is not among what was found.
pub(crate) fn lost(told: &Told, since: Instant, found: &[u64]) -> Vec<u64> {
    let found: BTreeSet<_> = found.iter().copied().collect();
    let confirmed = told.confirmed.iter().filter(|(_, began)| **began >= since).map(|(n, _)| *n);
    confirmed.filter(|n| !found.contains(n)).collect()
}

/// The number that a publisher of the crowd said.
pub(crate) fn number(delivery: &Delivery) -> u64 {
    u64::from_be_bytes(delivery.body[..].try_into().unwrap())
}
