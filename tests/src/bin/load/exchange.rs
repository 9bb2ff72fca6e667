//! What it costs that every event is published, too: bursts with `blendline.events` off and on, in turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::process::Router;
use futures_util::StreamExt as _;
use lapin::options::{BasicConsumeOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties, ExchangeKind};
use serde_json::{Map, Value, json};

use crate::bench::{installation, progress, round, until_waiting, with_machine};
use crate::cpu::Processes;
use crate::post::{Requests, at_once, burst, unnoted};
use crate::servers::Servers;

/// Bursts of each kind.
const ROUNDS: usize = 3;
const POST_WITHIN: Duration = Duration::from_secs(120);
/// Nothing more came for so long: everything was published.
const QUIET: Duration = Duration::from_millis(500);
const EXCHANGE: &str = "blendline.events";

pub(crate) async fn run(webhooks: usize, connections: usize) -> Value {
    let servers = Servers::start().await;
    let (_connection, consumed) = consume(&servers.rabbit.url()).await;
    let mut bursts: [Vec<Map<String, Value>>; 2] = [Vec::new(), Vec::new()];
    // The first burst meets cold servers and is not counted.
    for n in 0..=2 * ROUNDS {
        let on = n % 2 == 1;
        let figures = one(&servers, n, on, webhooks, connections, &consumed).await;
        progress(&format!("the exchange {}: {}", if on { "on" } else { "off" }, Value::from(figures.clone())));
        if n > 0 {
            bursts[usize::from(on)].push(figures);
        }
    }
    let [off, on] = bursts.map(|bursts| medians(&bursts));
    with_machine("exchange", json!({ "webhooks_each": webhooks, "bursts_each": ROUNDS, "off": off, "on": on }))
}

/// One burst on a router of its own.
async fn one(
    servers: &Servers,
    n: usize,
    on: bool,
    webhooks: usize,
    connections: usize,
    consumed: &AtomicU64,
) -> Map<String, Value> {
    let mut installation = installation("http://127.0.0.1:1", Vec::new());
    installation.extra = format!("{}\n[events]\nexchange = {on}\n", servers.sections());
    let mut router = Router::start("exchange", &installation).await;
    let requests = Requests::build(&installation.numbers, n * webhooks, webhooks);
    let mut processes = Processes::default();
    processes.add([("router", router.pid())]);
    processes.add(servers.processes());
    until_quiet(consumed).await;
    let (before, events) = (processes.read(), consumed.load(Ordering::Relaxed));
    let begin = Instant::now();
    let posted = burst(&[router.addr], &requests, connections, POST_WITHIN, at_once, unnoted).await;
    assert_eq!(posted.accepted as usize, webhooks, "every webhook must be accepted");
    until_waiting(&Api::admin(router.addr), ((n + 1) * webhooks) as u64).await;
    let tasks = begin.elapsed();
    if on {
        until_quiet(consumed).await;
    }
    let cpu = processes.us_per(posted.accepted, &before);
    let published = consumed.load(Ordering::Relaxed) - events;
    assert!(router.stop().await.success(), "{}", router.log());
    let mut figures = Map::new();
    figures.insert("accepted_per_second".to_owned(), per_second(posted.accepted, posted.took));
    figures.insert("tasks_per_second".to_owned(), per_second(posted.accepted, tasks));
    figures.insert("events_published".to_owned(), published.into());
    for (kind, used) in cpu.as_object().into_iter().flatten() {
        figures.insert(format!("cpu_us_per_webhook_{kind}"), used.clone());
    }
    figures
}

fn per_second(count: u64, took: Duration) -> Value {
    round(count as f64 / took.as_secs_f64()).into()
}

/// Reads everything that is published, and counts it.
async fn consume(url: &str) -> (Connection, Arc<AtomicU64>) {
    let connection = Connection::connect(url, ConnectionProperties::default()).await.expect("a connection");
    let channel = connection.create_channel().await.expect("a channel");
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    let table = FieldTable::default;
    channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, durable, table()).await.expect("the exchange");
    channel.queue_declare("all".into(), QueueDeclareOptions::durable(), table()).await.expect("a queue");
    let binding = channel.queue_bind("all".into(), EXCHANGE.into(), "#".into(), QueueBindOptions::default(), table());
    binding.await.expect("a queue can be bound");
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut consumer = channel.basic_consume("all".into(), "all".into(), options, table()).await.expect("a consumer");
    let consumed = Arc::new(AtomicU64::new(0));
    let counting = Arc::clone(&consumed);
    tokio::spawn(async move {
        // The channel lives as long as its consumer is read.
        let _channel = channel;
        while let Some(Ok(_)) = consumer.next().await {
            counting.fetch_add(1, Ordering::Relaxed);
        }
    });
    (connection, consumed)
}

async fn until_quiet(consumed: &AtomicU64) {
    let mut last = None;
    while last.replace(consumed.load(Ordering::Relaxed)) != Some(consumed.load(Ordering::Relaxed)) {
        tokio::time::sleep(QUIET).await;
    }
}

/// The median of each figure.
fn medians(bursts: &[Map<String, Value>]) -> Value {
    let names = bursts.first().into_iter().flat_map(Map::keys);
    let median = |name: &String| {
        let mut values: Vec<f64> = bursts.iter().filter_map(|burst| burst[name].as_f64()).collect();
        values.sort_by(f64::total_cmp);
        (name.clone(), Value::from(values[values.len() / 2]))
    };
    names.map(median).collect::<Map<_, _>>().into()
}
