//! Webhooks that were accepted while no router ran, and what becomes of them when one does.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use blendline_tests::machine;
use blendline_tests::process::Router;
use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};

use crate::bench::{installation, progress, round, with_machine};
use crate::cpu::Processes;
use crate::post::{Requests, at_once, burst, unnoted};
use crate::servers::Servers;

/// Messages of each customer: what must stay in order.
const MESSAGES_EACH: usize = 10;
/// Requests built at once.
const SLICE: usize = 100_000;
const POST_WITHIN: Duration = Duration::from_secs(600);
const DRAINED_WITHIN: Duration = Duration::from_secs(900);
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(crate) async fn run(messages: usize, connections: usize) -> Value {
    let servers = Servers::start().await;
    let mut installation = installation("http://127.0.0.1:1", Vec::new());
    let sections = |role: &str| format!("{}\n[cluster]\nruns = [{role:?}]\n", servers.sections());
    installation.extra = sections("connector");
    let connector = Router::start("connector", &installation).await;
    let customers = (messages / MESSAGES_EACH).max(1);
    progress(&format!("posting {messages} messages of {customers} customers while no router runs"));
    let begin = Instant::now();
    for from in (0..messages).step_by(SLICE) {
        let count = SLICE.min(messages - from);
        let requests = Requests::build_of(&installation.numbers, from, count, customers);
        let posted = burst(&[connector.addr], &requests, connections, POST_WITHIN, at_once, unnoted).await;
        assert_eq!(posted.accepted as usize, count, "every webhook must be accepted");
    }
    let posting = begin.elapsed();
    let broker_mb = machine::resident(servers.rabbit.pid()) / 1_000_000;

    installation.extra = sections("router");
    let mut processes = Processes::default();
    processes.add(servers.processes());
    let before = processes.read();
    let begin = Instant::now();
    let router = Router::start("router", &installation).await;
    let record = connect(&servers.postgres.url()).await;
    let mut resident = Vec::new();
    loop {
        let row = record.query_one("SELECT count(*) FROM messages", &[]).await.expect("the messages can be counted");
        let there = row.get::<_, i64>(0) as usize;
        resident.push((there, machine::resident(router.pid())));
        if there >= messages {
            break;
        }
        assert!(begin.elapsed() < DRAINED_WITHIN, "{there} of {messages} within {DRAINED_WITHIN:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let drained = begin.elapsed();
    processes.add([("router", router.pid())]);
    let mut cpu = processes.us_per(messages as u64, &before);
    cpu["router"] = round(machine::cpu(router.pid()).as_micros() as f64 / messages as f64).into();
    let order = Order::read(&record).await;
    with_machine(
        "backlog",
        json!({
            "messages": messages,
            "conversations": order.conversations,
            "accepted_per_second_without_a_router": round(messages as f64 / posting.as_secs_f64()),
            "drained_seconds": round(drained.as_secs_f64()),
            "drained_per_second": round(messages as f64 / drained.as_secs_f64()),
            "messages_in_the_record": order.messages,
            "missing_or_double": order.missing_or_double(messages),
            "out_of_order": order.out_of_order,
            "router_resident_mb": by_share(&resident, messages),
            "router_resident_peak_mb": machine::resident_peak(router.pid()) / 1_000_000,
            "broker_resident_mb_before": broker_mb,
            "cpu_us_per_message": cpu,
        }),
    )
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// Resident memory when so many hundredths were drained.
fn by_share(seen: &[(usize, u64)], messages: usize) -> Value {
    let at = |share: usize| {
        let first = seen.iter().find(|(there, _)| there * 100 >= messages * share);
        (format!("at_{share}_percent"), first.map_or(0, |(_, bytes)| bytes / 1_000_000))
    };
    json!([10, 25, 50, 75, 100].map(at).into_iter().collect::<HashMap<_, _>>())
}

/// What the record holds, conversation by conversation.
#[derive(Default)]
struct Order {
    conversations: usize,
    messages: usize,
    numbers: Vec<u32>,
    out_of_order: usize,
}

impl Order {
    async fn read(record: &Client) -> Self {
        // The text begins with the number under which it was posted.
        let query =
            "SELECT transcript, substring(body FROM '#([0-9]+) ')::bigint FROM messages ORDER BY transcript, seq";
        let rows = record.query(query, &[]).await.expect("the messages can be read");
        let mut order = Self::default();
        let (mut transcript, mut last) = (None, -1);
        for row in rows {
            let (of, number) = (row.get::<_, i64>(0), row.get::<_, i64>(1));
            if transcript.replace(of) != Some(of) {
                order.conversations += 1;
                last = -1;
            }
            order.out_of_order += usize::from(number <= last);
            last = number;
            order.messages += 1;
            order.numbers.push(number as u32);
        }
        order
    }

    fn missing_or_double(&self, messages: usize) -> usize {
        let mut numbers = self.numbers.clone();
        numbers.sort_unstable();
        numbers.dedup();
        (messages - numbers.len()) + (self.numbers.len() - numbers.len())
    }
}
