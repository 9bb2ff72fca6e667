//! Queues that are not as they should be, and messages that are not either.

use std::sync::Arc;
use std::time::Instant;

use blendline_router::adapters::rabbit::{OpenError, RabbitBroker};
use blendline_router::ports::broker::{Broker, BrokerError, Subscription};
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeleteOptions};
use lapin::types::AMQPValue;
use tokio::task::JoinSet;

use crate::crowd::{Crowd, drain, lost, subscribe, well_again};
use crate::world;

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

async fn take(subscription: &mut Subscription, count: usize) -> Vec<(u64, Vec<u8>, bool)> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let delivery = subscription.deliveries.recv().await.expect("the subscription goes on");
        taken.push((delivery.tag, delivery.body.to_vec(), delivery.redelivered));
    }
    taken
}

/// What comes back unsettled says how often it was delivered before: the driver puts it aside before the queue drops it.
#[tokio::test]
async fn what_comes_back_says_how_often() {
    let (broker, queue) = (world::open_shared().await, "counted");
    broker.publish(queue, vec![1]).await.unwrap();
    for before in 0..4 {
        let mut subscription = broker.subscribe(queue, 10).await.unwrap();
        let delivery = subscription.deliveries.recv().await.expect("it comes again");
        assert_eq!((delivery.before, delivery.redelivered), (before, before > 0));
    }
}

/// A queue that somebody declared otherwise is refused by argument, value found and value needed, in every call.
#[tokio::test]
async fn a_queue_that_differs_is_named() {
    let rabbit = world::shared().await;
    let (_connection, channel) = world::other(rabbit).await;
    let quorum = ("x-queue-type", text("quorum"));
    world::make_queue(&channel, "other.classic", &[]).await;
    world::make_queue(&channel, "other.drops", &[quorum.clone(), ("x-overflow", text("drop-head"))]).await;
    let nearly = [
        quorum,
        ("x-overflow", text("reject-publish")),
        ("x-delivery-limit", AMQPValue::LongInt(1_000)),
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
        ("x-max-length", AMQPValue::LongInt(7)),
    ];
    world::make_queue(&channel, "other.short", &nearly).await;
    let broker = world::open_shared().await;
    for (queue, key, found, needed, cure) in [
        ("other.classic", "x-queue-type", "not set (classic)", "quorum", "delete it"),
        ("other.drops", "x-overflow", "drop-head", "reject-publish", "delete it"),
        ("other.short", "x-max-length", "7", "1000000", "broker.queue_length_max"),
    ] {
        let refused = broker.declare(&[queue.to_owned()]).await.unwrap_err();
        let OpenError::Queue { key: was, found: has, needed: wants, .. } = &refused else { panic!("{refused}") };
        assert_eq!((was.as_str(), has.as_str(), wants.as_str()), (key, found, needed), "{refused}");
        assert!(refused.to_string().contains(cure), "{refused}");
        let unavailable = Err(BrokerError::Unavailable(refused.to_string()));
        assert_eq!(broker.publish(queue, vec![1]).await, unavailable);
        assert_eq!(broker.subscribe(queue, 1).await.map(drop), unavailable);
    }
    broker.publish("other.none", vec![1]).await.unwrap();
}

/// A queue that is deleted ends its subscription; what is published then is refused and not lost, and both begin again.
#[tokio::test]
async fn a_deleted_queue_is_made_again() {
    let (_connection, channel) = world::other(world::shared().await).await;
    let (broker, queue) = (world::open_shared().await, "deleted");
    let mut subscription = broker.subscribe(queue, 10).await.unwrap();
    broker.publish(queue, vec![1]).await.unwrap();
    assert_eq!(take(&mut subscription, 1).await[0].1, [1]);
    channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
    assert!(subscription.deliveries.recv().await.is_none(), "the subscription ends");
    let refused = broker.publish(queue, vec![2]).await.unwrap_err();
    assert!(refused.to_string().contains("the queue was gone"), "{refused}");
    well_again(&broker, queue).await;
    let mut subscription = broker.subscribe(queue, 10).await.unwrap();
    assert_eq!(take(&mut subscription, 1).await[0].1.len(), 8, "what was refused is not there");
    assert_eq!(broker.depth(queue).await, Ok(1));
}

/// The queue is deleted under many publishers: whatever is published from then on and confirmed is in the new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_confirmed_is_in_the_queue() {
    let (_connection, channel) = world::other(world::shared().await).await;
    for bundle_max in [1, 64] {
        let mut options = world::shared_options().await;
        options.bundle_max = bundle_max;
        let broker = Arc::new(RabbitBroker::open(options).await.unwrap());
        for round in 0..3 {
            let queue = format!("under.{bundle_max}.{round}");
            let crowd = Crowd::start(&broker, &queue, 64);
            take(&mut subscribe(&broker, &queue, 1_000).await, 200).await;
            channel.queue_delete(queue.as_str().into(), QueueDeleteOptions::default()).await.unwrap();
            let deleted = Instant::now();
            take(&mut subscribe(&broker, &queue, 1_000).await, 200).await;
            let told = crowd.end().await;
            let found = drain(&broker, &queue).await;
            println!("{} confirmed, {} refused, {} left", told.confirmed.len(), told.refused, found.len());
            assert!(told.refused > 0);
            assert_eq!(lost(&told, deleted, &found), Vec::<u64>::new(), "confirmed and not in the queue");
        }
    }
}

/// Many publishers at once fill a queue little above its limit; everybody else is told that it is full.
#[tokio::test]
async fn a_crowd_overshoots_by_what_is_in_flight() {
    let mut options = world::shared_options().await;
    (options.length_max, options.bundle_max) = (100, 1);
    let (broker, queue) = (Arc::new(RabbitBroker::open(options).await.unwrap()), "crowded");
    let mut publishers = JoinSet::new();
    for _ in 0..2_000 {
        let broker = Arc::clone(&broker);
        publishers.spawn(async move { broker.publish(queue, vec![1]).await });
    }
    let outcomes = publishers.join_all().await;
    let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let full = outcomes.iter().filter(|outcome| **outcome == Err(BrokerError::Full)).count();
    println!("{taken} taken of 2000 with a limit of 100");
    assert_eq!(taken + full, 2_000, "{outcomes:?}");
    // The server tells after it has taken; by then at most so many more are on their way.
    assert!((100..100 + 600).contains(&taken), "{taken}");
    assert_eq!(broker.depth(queue).await, Ok(taken as u64));
}

/// What comes back again and again is not dropped, for the router never says that it may be; order and mark stay.
#[tokio::test]
async fn a_message_may_come_back_many_times() {
    let (broker, queue) = (world::open_shared().await, "again");
    for n in 0..5 {
        broker.publish(queue, vec![n]).await.unwrap();
    }
    let mut held = None;
    for round in 0..25 {
        let subscription = held.insert(broker.subscribe(queue, 10).await.unwrap());
        let taken = take(subscription, 5).await;
        let expected: Vec<_> = (0..5).map(|n: u8| (u64::from(n), vec![n], round > 0)).collect();
        assert_eq!(taken, expected, "round {round}");
    }
    assert_eq!(broker.depth(queue).await, Ok(5));
    drop(held);
}

/// Large messages go through whole and unmixed; what the server would close the channel for is refused before.
#[tokio::test]
async fn large_messages_go_through() {
    let mut options = world::shared_options().await;
    options.body_bytes_max = 2 << 20;
    let (broker, queue) = (Arc::new(RabbitBroker::open(options).await.unwrap()), "large");
    let mut publishers = JoinSet::new();
    for n in 0..40_u8 {
        let broker = Arc::clone(&broker);
        let size = if n % 2 == 0 { 1 << 20 } else { 100 };
        publishers.spawn(async move { broker.publish(queue, vec![n; size]).await });
    }
    assert!(publishers.join_all().await.iter().all(Result::is_ok));
    let refused = broker.publish(queue, vec![0; (2 << 20) + 1]).await.unwrap_err();
    assert!(refused.to_string().contains("2097153 bytes"), "{refused}");
    let mut subscription = broker.subscribe(queue, 4).await.unwrap();
    let mut seen = [false; 40];
    for _ in 0..40 {
        let (tag, body, _) = take(&mut subscription, 1).await.remove(0);
        let n = body[0];
        assert_eq!(body.len(), if n % 2 == 0 { 1 << 20 } else { 100 });
        assert!(body.iter().all(|byte| *byte == n));
        assert!(!std::mem::replace(&mut seen[usize::from(n)], true), "{n} came twice");
        subscription.acker.ack(&[tag]).await;
    }
    assert_eq!(broker.depth(queue).await, Ok(0));
}

/// What others put on the queue is handed on as it is, also when it claims to be a bundle and is none.
#[tokio::test]
async fn foreign_messages_are_handed_on() {
    let (_connection, channel) = world::other(world::shared().await).await;
    let (broker, queue) = (world::open_shared().await, "foreign");
    let mut subscription = broker.subscribe(queue, 10).await.unwrap();
    let bundle = BasicProperties::default().with_content_type("application/vnd.blendline.bundle".into());
    for (body, properties) in [
        (&b"plain"[..], BasicProperties::default()),
        (b"\x00\x00\x00\x03one\x00\x00\x00\x00", bundle.clone()),
        (b"\x00\x00\x00\x09cut", bundle.clone()),
        (b"", bundle),
    ] {
        let publish = channel.basic_publish("".into(), queue.into(), BasicPublishOptions::default(), body, properties);
        publish.await.unwrap();
    }
    let bodies: Vec<_> = take(&mut subscription, 5).await.into_iter().map(|(_, body, _)| body).collect();
    assert_eq!(bodies, [&b"plain"[..], b"one", b"", b"\x00\x00\x00\x09cut", b""]);
}
