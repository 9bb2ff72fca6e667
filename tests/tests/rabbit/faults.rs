//! What becomes of messages when the server fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use blendline_router::adapters::rabbit::RabbitBroker;
use blendline_router::ports::broker::{Broker, BrokerError, Subscription};
use blendline_tests::servers::rabbit::Rabbit;
use tokio::task::JoinSet;

use crate::world;

/// P15: whoever publishes is answered within two seconds, whatever the server does.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// How soon all is well again after the server is.
const WELL_WITHIN: Duration = Duration::from_secs(15);

/// Publishers who never stop, and what they were told.
struct Crowd {
    stop: Arc<AtomicBool>,
    publishers: JoinSet<Told>,
}

/// What publishers were told.
#[derive(Default)]
struct Told {
    confirmed: BTreeSet<u64>,
    refused: u64,
    slowest: Duration,
}

impl Crowd {
    /// `size` publishers, each saying numbers of its own, one after the other.
    fn start(broker: &Arc<RabbitBroker>, queue: &str, size: u64) -> Self {
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
                        Ok(()) => drop(told.confirmed.insert(n)),
                        Err(BrokerError::Unavailable(_)) => {
                            told.refused += 1;
                            // As a platform would, only sooner.
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        Err(BrokerError::Full) => panic!("the queue is not full"),
                    }
                    told.slowest = told.slowest.max(began.elapsed());
                    n += size;
                }
                told
            });
        }
        Self { stop, publishers }
    }

    async fn end(self) -> Told {
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
async fn well_again(broker: &RabbitBroker, queue: &str) -> Duration {
    let began = Instant::now();
    while let Err(error) = broker.publish(queue, u64::MAX.to_be_bytes().to_vec()).await {
        assert!(began.elapsed() < WELL_WITHIN, "not well again: {error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

/// Subscribes, as the driver does: again until it goes.
async fn subscribe(broker: &RabbitBroker, queue: &str) -> Subscription {
    let began = Instant::now();
    loop {
        match broker.subscribe(queue, 1_000).await {
            Ok(subscription) => return subscription,
            Err(error) => assert!(began.elapsed() < WELL_WITHIN, "cannot subscribe: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Takes all there is and acks it.
async fn drain(broker: &RabbitBroker, queue: &str) -> Vec<u64> {
    let mut all = Vec::new();
    let mut subscription = subscribe(broker, queue).await;
    while broker.depth(queue).await.unwrap() > 0 {
        let mut tags = Vec::new();
        while let Ok(delivery) = subscription.deliveries.try_recv() {
            all.push(u64::from_be_bytes(delivery.body[..].try_into().unwrap()));
            tags.push(delivery.tag);
        }
        subscription.acker.ack(&tags).await;
    }
    all
}

fn lost(told: &Told, found: &[u64]) -> Vec<u64> {
    let found: BTreeSet<_> = found.iter().copied().collect();
    told.confirmed.difference(&found).copied().collect()
}

/// SIGKILL in the midst of publishing, twice: nothing that was confirmed is lost, nobody waits for more than two
/// seconds, and all is well again by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing_confirmed() {
    let mut rabbit = Rabbit::start().await;
    let broker = Arc::new(world::open(&rabbit).await);
    let queue = "inbound.0";
    let mut consumed = subscribe(&broker, queue).await;
    let mut seen = Vec::new();
    let crowd = Crowd::start(&broker, queue, 64);
    for _ in 0..2 {
        for _ in 0..20_000 {
            let delivery = consumed.deliveries.recv().await.expect("the subscription goes on");
            seen.push(u64::from_be_bytes(delivery.body[..].try_into().unwrap()));
            consumed.acker.ack(&[delivery.tag]).await;
        }
        rabbit.kill();
        let died = Instant::now();
        while let Some(delivery) = consumed.deliveries.recv().await {
            seen.push(u64::from_be_bytes(delivery.body[..].try_into().unwrap()));
        }
        println!("the subscription ended {:?} after the kill", died.elapsed());
        assert!(died.elapsed() < ANSWER_WITHIN);
        assert!(matches!(broker.publish(queue, vec![1]).await, Err(BrokerError::Unavailable(_))));
        rabbit.restart().await;
        println!("well again {:?} after the restart", well_again(&broker, queue).await);
        consumed = subscribe(&broker, queue).await;
    }
    let told = crowd.end().await;
    drop(consumed);
    seen.extend(drain(&broker, queue).await);
    println!(
        "{} confirmed, {} refused, {} delivered, slowest answer {:?}",
        told.confirmed.len(),
        told.refused,
        seen.len(),
        told.slowest
    );
    assert_eq!(lost(&told, &seen), Vec::<u64>::new(), "confirmed and not delivered");
    assert!(told.slowest < ANSWER_WITHIN, "{:?}", told.slowest);
}
