//! What every broker must do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use blendline_router::ports::broker::{Broker, BrokerError, Delivery, Subscription};

/// How long a delivery may take before the suite gives up: only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a broker under test comes from.
pub trait BrokerWorld {
    /// The adapter.
    type Broker: Broker;

    /// Opens the broker; again after the one before was dropped, with what it held.
    fn open(&self) -> impl Future<Output = Self::Broker>;

    /// How many messages a queue holds.
    fn length_max(&self) -> u64;

    /// How exact the limit is; by default to the message.
    fn slack(&self) -> Slack {
        Slack { above: 0, gone: 1 }
    }

    /// A queue that only this test uses.
    fn queue(&self, name: &str) -> String {
        format!("contract.{name}.{}", std::process::id())
    }
}

/// How a queue keeps its limit. A broker that learns of it after the message may take some more, and may wait for room
/// that is worth it.
#[derive(Clone, Copy, Debug)]
pub struct Slack {
    /// How many messages more than its limit a queue may take from one publisher who waits for each, while four are
    /// delivered and not acked.
    pub above: u64,
    /// How many must go before it takes one again.
    pub gone: u64,
}

async fn next(subscription: &mut Subscription) -> Delivery {
    tokio::time::timeout(PATIENCE, subscription.deliveries.recv())
        .await
        .expect("a delivery in time")
        .expect("the subscription goes on")
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.body.to_vec()).expect("the text that was published")
}

async fn publish_all(broker: &dyn Broker, queue: &str, texts: impl IntoIterator<Item = String>) {
    for text in texts {
        broker.publish(queue, text.into_bytes()).await.expect("room");
    }
}

/// The same by somebody who says again what a full queue refused, as publishers do: who reads here may be slow.
async fn publish_until_taken(broker: &dyn Broker, queue: &str, texts: impl IntoIterator<Item = String>) {
    for text in texts {
        loop {
            match broker.publish(queue, text.clone().into_bytes()).await {
                Err(BrokerError::Full) => tokio::time::sleep(Duration::from_millis(10)).await,
                taken => break taken.expect("room"),
            }
        }
    }
}

/// One publisher's messages come in order, those there before the subscription first; acks empty the queue.
pub async fn keeps_order(world: &impl BrokerWorld) {
    let (broker, queue) = (world.open().await, world.queue("order"));
    assert_eq!(broker.depth(&queue).await, Ok(0));
    publish_all(&broker, &queue, (0..300).map(|n| n.to_string())).await;
    let mut subscription = broker.subscribe(&queue, 16).await.unwrap();
    for n in 0..600 {
        if n < 300 {
            publish_all(&broker, &queue, [(300 + n).to_string()]).await;
        }
        let delivery = next(&mut subscription).await;
        assert_eq!(text(&delivery), n.to_string());
        assert!(n < 300 || !delivery.redelivered);
        subscription.acker.ack(&[delivery.tag]).await;
    }
    assert_eq!(broker.depth(&queue).await, Ok(0));
}

/// Many publishers at once: all messages arrive once, each publisher's in its order.
pub async fn takes_many_publishers(world: &impl BrokerWorld) {
    let (broker, queue) = (Arc::new(world.open().await), world.queue("many"));
    let mut subscription = broker.subscribe(&queue, 64).await.unwrap();
    let publishers: Vec<_> = (0..16)
        .map(|publisher| {
            let (broker, queue) = (Arc::clone(&broker), queue.clone());
            tokio::spawn(async move {
                publish_until_taken(&*broker, &queue, (0..50).map(|n| format!("{publisher} {n}"))).await;
            })
        })
        .collect();
    let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
    for _ in 0..16 * 50 {
        let delivery = next(&mut subscription).await;
        let text = text(&delivery);
        let (publisher, n) = text.split_once(' ').expect("two numbers");
        let expected = seen.entry(publisher.parse().unwrap()).or_default();
        assert_eq!(n, expected.to_string(), "of publisher {publisher}");
        *expected += 1;
        subscription.acker.ack(&[delivery.tag]).await;
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
    assert!(seen.values().all(|count| *count == 50));
    assert_eq!(broker.depth(&queue).await, Ok(0));
}

/// What was not acked comes again after a restart, in order, marked; what was acked may come again, nothing else does.
pub async fn delivers_again_after_reopening(world: &impl BrokerWorld) {
    let queue = world.queue("reopen");
    let broker = world.open().await;
    publish_all(&broker, &queue, (0..10).map(|n| n.to_string())).await;
    let mut subscription = broker.subscribe(&queue, 6).await.unwrap();
    for n in 0..6 {
        let delivery = next(&mut subscription).await;
        assert_eq!(text(&delivery), n.to_string());
        if n != 1 && n < 4 {
            subscription.acker.ack(&[delivery.tag]).await;
        }
    }
    drop((subscription, broker));

    let broker = world.open().await;
    let mut subscription = broker.subscribe(&queue, 100).await.unwrap();
    let (mut came, mut tags) = (Vec::new(), Vec::new());
    while came.last() != Some(&9) {
        let delivery = next(&mut subscription).await;
        let n: u32 = text(&delivery).parse().unwrap();
        assert!(n >= 6 || delivery.redelivered, "{n} came again without a mark");
        tags.push(delivery.tag);
        came.push(n);
    }
    assert!(came.is_sorted(), "{came:?}");
    for n in [1, 4, 5, 6, 7, 8, 9] {
        assert!(came.contains(&n), "{n} was lost: {came:?}");
    }
    subscription.acker.ack(&tags).await;
    publish_all(&broker, &queue, ["after".to_owned()]).await;
    assert_eq!(text(&next(&mut subscription).await), "after");
    assert_eq!(broker.depth(&queue).await, Ok(1));
}

/// A new subscription ends the old one and gets what that had not acked; late acks of the old one settle nothing.
pub async fn replaces_a_subscription(world: &impl BrokerWorld) {
    let (broker, queue) = (world.open().await, world.queue("replace"));
    publish_all(&broker, &queue, (0..4).map(|n| n.to_string())).await;
    let mut old = broker.subscribe(&queue, 2).await.unwrap();
    let (first, second) = (next(&mut old).await, next(&mut old).await);
    old.acker.ack(&[first.tag]).await;
    let mut new = broker.subscribe(&queue, 10).await.unwrap();
    let mut came = Vec::new();
    for _ in 0..3 {
        let delivery = next(&mut new).await;
        came.push((text(&delivery), delivery.redelivered));
    }
    // What came through the old one may be marked; what nobody saw must not be needed to be.
    assert_eq!(came[0], ("1".to_owned(), true));
    assert_eq!((came[1].0.as_str(), came[2].0.as_str()), ("2", "3"));
    while let Some(left) = tokio::time::timeout(PATIENCE, old.deliveries.recv()).await.expect("the old one ends") {
        assert_ne!(left.tag, second.tag, "delivered twice to the old one");
    }
    old.acker.ack(&[second.tag]).await;
    assert_eq!(broker.depth(&queue).await, Ok(3));
}

/// A full queue refuses, takes again once enough was acked, and others are not touched.
pub async fn refuses_when_full(world: &impl BrokerWorld) {
    let (broker, queue, slack) = (world.open().await, world.queue("full"), world.slack());
    publish_all(&broker, &queue, (0..world.length_max()).map(|n| n.to_string())).await;
    let mut held = world.length_max();
    while broker.publish(&queue, held.to_string().into_bytes()).await != Err(BrokerError::Full) {
        held += 1;
        assert!(held <= world.length_max() + slack.above, "{held} messages and not full");
    }
    publish_all(&broker, &world.queue("beside"), ["fine".to_owned()]).await;
    let mut subscription = broker.subscribe(&queue, 4).await.unwrap();
    let gone = held - world.length_max() + slack.gone;
    for n in 0..gone {
        let delivery = next(&mut subscription).await;
        assert_eq!(text(&delivery), n.to_string(), "what was refused is not there");
        subscription.acker.ack(&[delivery.tag]).await;
    }
    // An ack is answered to nobody: its effect may take a moment.
    let fits = async { while broker.publish(&queue, b"fits".to_vec()).await == Err(BrokerError::Full) {} };
    tokio::time::timeout(PATIENCE, fits).await.expect("room after acks");
    held = held - gone + 1;
    assert_eq!(broker.depth(&queue).await, Ok(held));
    while broker.publish(&queue, b"one more".to_vec()).await != Err(BrokerError::Full) {
        held += 1;
        assert!(held <= world.length_max() + slack.above, "{held} messages and not full");
    }
    assert_eq!(broker.depth(&queue).await, Ok(held));
}

/// Never more than `prefetch` deliveries are out; each ack brings one more, also when acked out of order.
pub async fn holds_the_prefetch(world: &impl BrokerWorld) {
    let (broker, queue) = (world.open().await, world.queue("prefetch"));
    let mut subscription = broker.subscribe(&queue, 3).await.unwrap();
    publish_all(&broker, &queue, (0..9).map(|n| n.to_string())).await;
    let mut out = Vec::new();
    for n in 0..9 {
        let delivery = next(&mut subscription).await;
        assert_eq!(text(&delivery), n.to_string());
        out.push(delivery.tag);
        if out.len() == 3 {
            // By the time this is answered everything before it was done.
            broker.depth(&queue).await.unwrap();
            assert!(subscription.deliveries.try_recv().is_err(), "a fourth is out");
            let newest = out.pop().expect("three are out");
            subscription.acker.ack(&[newest]).await;
            // Acking twice must not make room twice.
            subscription.acker.ack(&[newest]).await;
        }
    }
}
