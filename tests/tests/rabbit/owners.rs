//! Two owners of one queue: the guard behind the record's own fence (P2, P12).

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use blendline_router::adapters::rabbit::RabbitBroker;
use blendline_router::ports::broker::Broker;

use crate::world;

/// Tells the copy of this program which queue it is to hold, and where.
const CHILD: &str = "BLENDLINE_HOLDS_QUEUE_AT";
const QUEUE: &str = "inbound.takeover";
/// Three heartbeats and a second: the whole takeover, with the record's lease and the loading, may take 15 s.
const TAKEOVER_WITHIN: Duration = Duration::from_secs(13);

/// A second process waits while the first serves the queue, and gets all that this had not acked, in order, as soon as
/// it lets go.
#[tokio::test]
async fn the_next_owner_waits_for_the_first() {
    let (first, second) = (world::open_shared().await, world::open_shared().await);
    for n in 0..6 {
        first.publish("owned", vec![n]).await.unwrap();
    }
    let mut held = first.subscribe("owned", 4).await.unwrap();
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(held.deliveries.recv().await.unwrap());
    }
    held.acker.ack(&[taken[0].tag, taken[2].tag]).await;
    let mut next = second.subscribe("owned", 10).await.unwrap();
    first.publish("owned", vec![6]).await.unwrap();
    assert_eq!(first.depth("owned").await, Ok(5));
    assert!(next.deliveries.try_recv().is_err(), "both are served");
    let began = Instant::now();
    drop(held);
    let mut came = Vec::new();
    while came.len() < 5 {
        let delivery = next.deliveries.recv().await.unwrap();
        came.push((delivery.body[0], delivery.redelivered));
    }
    println!("taken over {:?} after the first let go", began.elapsed());
    assert_eq!(came[..2], [(1, true), (3, true)], "what the first had and did not settle");
    assert_eq!(came[2..].iter().map(|(n, _)| *n).collect::<Vec<_>>(), [4, 5, 6]);
}

/// The owner's process is paused (SIGSTOP) with deliveries in hand: the next gets them once the server has missed its
/// heartbeats. Awake again, it finds its subscription ended, and its late acks settle nothing.
#[tokio::test]
async fn a_paused_owner_loses_its_queue() {
    let url = world::shared().await.url();
    let broker = world::open_shared().await;
    for n in 0..4 {
        broker.publish(QUEUE, vec![n]).await.unwrap();
    }
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "owners::holds_a_queue", "--nocapture"])
        .env(CHILD, url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = owner.stdout.take().unwrap();
    let hears = move |word: &'static str| {
        // Byte by byte: nothing of the next word may be taken with this one.
        let (mut text, mut byte) = (String::new(), [0]);
        while !text.contains(word) && said.read(&mut byte).unwrap() > 0 {
            text.push(char::from(byte[0]));
        }
        assert!(text.contains(word), "no {word} in {text}");
        said
    };
    said = tokio::task::spawn_blocking(move || hears("HOLDS")).await.unwrap();
    let signal = |name: &str| {
        let sent = Command::new("kill").args([format!("-{name}"), owner.id().to_string()]).status();
        assert!(sent.unwrap().success());
    };
    signal("STOP");
    let paused = Instant::now();
    let mut next = broker.subscribe(QUEUE, 10).await.unwrap();
    for n in 0..4 {
        let delivery = tokio::time::timeout(TAKEOVER_WITHIN, next.deliveries.recv()).await.expect("in time").unwrap();
        assert_eq!(delivery.body, [n].as_slice());
    }
    println!("taken over {:?} after the pause began", paused.elapsed());
    assert!(paused.elapsed() < TAKEOVER_WITHIN);
    signal("CONT");
    let hears = move || {
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("ENDED"), "{rest}");
    };
    tokio::task::spawn_blocking(hears).await.unwrap();
    assert!(owner.wait().unwrap().success());
    assert_eq!(broker.depth(QUEUE).await, Ok(4), "late acks settle nothing");
}

/// Not a test of its own: the owner that [`a_paused_owner_loses_its_queue`] pauses.
#[tokio::test]
async fn holds_a_queue() {
    let Ok(url) = std::env::var(CHILD) else { return };
    let options = blendline_router::adapters::rabbit::RabbitOptions::new(&url).unwrap();
    let broker = RabbitBroker::open(options).await.unwrap();
    let mut subscription = broker.subscribe(QUEUE, 4).await.unwrap();
    let mut tags = Vec::new();
    for _ in 0..4 {
        tags.push(subscription.deliveries.recv().await.unwrap().tag);
    }
    println!("HOLDS");
    assert!(subscription.deliveries.recv().await.is_none(), "nothing more comes while it holds all it may");
    subscription.acker.ack(&tags).await;
    println!("ENDED");
}
