//! Our broker, called as the webhooks and the driver call it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blendline_router::adapters::rabbit::{RabbitBroker, RabbitOptions};
use blendline_router::ports::broker::Broker;
use blendline_tests::servers::rabbit::Rabbit;
use tokio::task::JoinSet;

/// How many messages may be with the consumer: the driver's.
const PREFETCH: usize = 1_024;
/// How many deliveries are acked at once at most: the driver's batch.
const BATCH: usize = 256;

async fn open(rabbit: &Rabbit, bundle_max: usize) -> RabbitBroker {
    let mut options = RabbitOptions::new(&rabbit.url()).unwrap();
    options.bundle_max = bundle_max;
    RabbitBroker::open(options).await.unwrap()
}

/// `callers` publish, each one message after the other; gives how many were confirmed.
pub(crate) async fn publish(rabbit: &Rabbit, queue: &str, bundle_max: usize, callers: u64, time: Duration) -> u64 {
    let broker = Arc::new(open(rabbit, bundle_max).await);
    let began = Instant::now();
    let mut publishers = JoinSet::new();
    for _ in 0..callers {
        let (broker, queue) = (Arc::clone(&broker), queue.to_owned());
        publishers.spawn(async move {
            let mut confirmed = 0;
            while began.elapsed() < time {
                broker.publish(&queue, vec![b'x'; crate::BODY_BYTES]).await.unwrap();
                confirmed += 1;
            }
            confirmed
        });
    }
    let confirmed = publishers.join_all().await.into_iter().sum();
    broker.close().await;
    confirmed
}

/// Puts `count` messages on a queue.
pub(crate) async fn fill(rabbit: &Rabbit, queue: &str, bundle_max: usize, count: usize) {
    let broker = Arc::new(open(rabbit, bundle_max).await);
    let mut publishers = JoinSet::new();
    for part in 0..256 {
        let (broker, queue) = (Arc::clone(&broker), queue.to_owned());
        let mine = count / 256 + usize::from(part < count % 256);
        publishers.spawn(async move {
            for _ in 0..mine {
                broker.publish(&queue, vec![b'x'; crate::BODY_BYTES]).await.unwrap();
            }
        });
    }
    publishers.join_all().await;
    broker.close().await;
}

/// Consumes messages as the driver does: what is there, at most a batch, then one ack for it.
pub(crate) async fn consume(rabbit: &Rabbit, queue: &str, count: usize) -> u64 {
    let broker = open(rabbit, 1).await;
    let mut subscription = broker.subscribe(queue, PREFETCH).await.unwrap();
    let (mut consumed, mut batch) = (0, Vec::new());
    while consumed < count {
        consumed += subscription.deliveries.recv_many(&mut batch, BATCH).await;
        let tags: Vec<_> = batch.drain(..).map(|delivery| delivery.tag).collect();
        subscription.acker.ack(&tags).await;
    }
    drop(subscription);
    broker.close().await;
    consumed as u64
}
