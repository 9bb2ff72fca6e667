//! What the embedded adapters do per second, and for how much CPU, on this machine's disk. Prints JSON.
//!
//! `cargo run --release -p blendline-router --example store_bench [DIRECTORY [TASKS]]`
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a tool for developers: it stops and says where")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use blendline_core::rows::{Conversation, ConversationState, Task, TaskState};
use blendline_core::{MessageRow, PayloadId, Write};
use blendline_router::adapters::sqlite::{BrokerOptions, DataDir, SqliteBroker, SqliteStore};
use blendline_router::payload::MessageBody;
use blendline_router::ports::broker::Broker;
use blendline_router::ports::store::{Commit, Store, Tenure, Wanted};
use blendline_wire::event::{Activity, Actor, Event, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::task::{Side, TaskKind};
use blendline_wire::worker::Author;
use blendline_wire::{
    AccountId, ContactKey, ConversationId, EventId, Lease, MatterId, Millis, Pii, QueueId, TaskId, TenantId,
};
use serde_json::{Value, json};

const BODY_BYTES: usize = 1536;
const INPUTS: u64 = 256;
const NOW: Millis = Millis(1_760_000_000_000);

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().map_or_else(|| std::env::temp_dir().join("blendline-store-bench"), PathBuf::from);
    let tasks: u64 = arguments.next().map_or(1_000_000, |tasks| tasks.parse().expect("a number of tasks"));
    let _ = fs::remove_dir_all(&directory);
    let data = DataDir::open(&directory).expect("an empty directory");
    let broker = Arc::new(SqliteBroker::open(&data, BrokerOptions::default()).expect("a broker"));
    let mut report = json!({ "fdatasync_us": fdatasync_us(&directory), "idle_rss_mb": rss_mb() });
    report["publish_1"] = publish(&broker, "one", 1, false, Duration::from_secs(3)).await;
    report["publish_64"] = publish(&broker, "many", 64, false, Duration::from_secs(5)).await;
    report["publish_64_consumed"] = publish(&broker, "consumed", 64, true, Duration::from_secs(10)).await;
    report["backlog"] = backlog(&broker, 240_000).await;
    drop(broker);
    let store = SqliteStore::open(&data).expect("a store");
    let mut tenure = store.take(0, "embedded:bench", 60_000).await.expect("the shard");
    report["commit"] = commits(&store, &mut tenure, tasks).await;
    report["prefetch_256"] = prefetch(&store).await;
    drop(store);
    let store = SqliteStore::open(&data).expect("a store");
    report["load"] = load(&store).await;
    drop(store);
    println!("{report:#}");
    let _ = fs::remove_dir_all(&directory);
}

/// The middle of 201 small appends, each made durable.
fn fdatasync_us(directory: &Path) -> u64 {
    let mut file = fs::File::create(directory.join("probe")).expect("a file");
    let mut times: Vec<_> = (0..201)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[0; 4096]).and_then(|()| file.sync_data()).expect("a disk");
            start.elapsed().as_micros() as u64
        })
        .collect();
    times.sort_unstable();
    times[100]
}

/// CPU of this process so far, all threads, in microseconds. The kernel counts in hundredths of a second.
fn cpu_us() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields[field].parse::<u64>().expect("a number");
    (ticks(11) + ticks(12)) * 10_000
}

fn rss_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn publish(broker: &Arc<SqliteBroker>, queue: &str, publishers: u64, consume: bool, time: Duration) -> Value {
    let (published, consumed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let mut waits: Vec<u64> = Vec::new();
    let consumer = consume.then(|| consume_all(broker, queue, &consumed, &stop));
    let (cpu, start) = (cpu_us(), Instant::now());
    let publishers: Vec<_> = (0..publishers)
        .map(|_| {
            let (broker, queue, published) = (Arc::clone(broker), queue.to_owned(), Arc::clone(&published));
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while start.elapsed() < time {
                    let before = Instant::now();
                    broker.publish(&queue, vec![7; BODY_BYTES]).await.expect("room");
                    waits.push(before.elapsed().as_micros() as u64);
                    published.fetch_add(1, Ordering::Relaxed);
                }
                waits
            })
        })
        .collect();
    for publisher in publishers {
        waits.extend(publisher.await.expect("a publisher"));
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_us() - cpu);
    stop.store(true, Ordering::Relaxed);
    if let Some(consumer) = consumer {
        consumer.abort();
    }
    let published = published.load(Ordering::Relaxed);
    waits.sort_unstable();
    json!({
        "per_s": (published as f64 / seconds) as u64,
        "consumed_per_s": (consumed.load(Ordering::Relaxed) as f64 / seconds) as u64,
        "cpu_us_each": cpu as f64 / published as f64,
        "p50_us": waits[waits.len() / 2],
        "p99_us": waits[waits.len() * 99 / 100],
        "max_us": waits.last(),
    })
}

fn consume_all(
    broker: &Arc<SqliteBroker>,
    queue: &str,
    consumed: &Arc<AtomicU64>,
    stop: &Arc<AtomicBool>,
) -> tokio::task::JoinHandle<()> {
    let (broker, queue) = (Arc::clone(broker), queue.to_owned());
    let (consumed, stop) = (Arc::clone(consumed), Arc::clone(stop));
    tokio::spawn(async move {
        let mut subscription = broker.subscribe(&queue, 1024).await.expect("a subscription");
        while let Some(delivery) = subscription.deliveries.recv().await
            && !stop.load(Ordering::Relaxed)
        {
            let mut tags = vec![delivery.tag];
            while let Ok(delivery) = subscription.deliveries.try_recv() {
                tags.push(delivery.tag);
            }
            subscription.acker.ack(&tags).await;
            consumed.fetch_add(tags.len() as u64, Ordering::Relaxed);
        }
    })
}

async fn backlog(broker: &Arc<SqliteBroker>, messages: u64) -> Value {
    let before = rss_mb();
    let publishers: Vec<_> = (0..64)
        .map(|_| {
            let broker = Arc::clone(broker);
            tokio::spawn(async move {
                for _ in 0..messages / 64 {
                    broker.publish("backlog", vec![7; BODY_BYTES]).await.expect("room");
                }
            })
        })
        .collect();
    for publisher in publishers {
        publisher.await.expect("a publisher");
    }
    let after = rss_mb();
    let (cpu, start) = (cpu_us(), Instant::now());
    let mut subscription = broker.subscribe("backlog", 1024).await.expect("a subscription");
    for n in 0..messages / 64 * 64 {
        let delivery = subscription.deliveries.recv().await.expect("a delivery");
        subscription.acker.ack(&[delivery.tag]).await;
        std::hint::black_box(n);
    }
    json!({
        "rss_mb_before": before,
        "rss_mb_with_backlog": after,
        "drained_per_s": (messages as f64 / start.elapsed().as_secs_f64()) as u64,
        "drain_cpu_us_each": (cpu_us() - cpu) as f64 / messages as f64,
    })
}

/// Batches until there are `tasks` open ones: eight rows for each message that opens a task.
async fn commits(store: &SqliteStore, tenure: &mut Tenure, tasks: u64) -> Value {
    let (cpu, start, mut waits, mut rows) = (cpu_us(), Instant::now(), Vec::new(), 0);
    for first in (0..tasks).step_by(INPUTS as usize) {
        tenure.batch += 1;
        let commit = batch(tenure, first);
        rows += commit.writes.len() + commit.keys.len();
        let before = Instant::now();
        store.commit(&commit).await.expect("a commit");
        waits.push(before.elapsed().as_micros() as u64);
    }
    waits.sort_unstable();
    let seconds = start.elapsed().as_secs_f64();
    json!({
        "rows_per_s": (rows as f64 / seconds) as u64,
        "inputs_per_s": (tasks as f64 / seconds) as u64,
        "cpu_us_per_row": (cpu_us() - cpu) as f64 / rows as f64,
        "cpu_us_per_input": (cpu_us() - cpu) as f64 / tasks as f64,
        "batch_p50_us": waits[waits.len() / 2],
        "batch_p99_us": waits[waits.len() * 99 / 100],
        "batch_max_us": waits.last(),
        "rss_mb": rss_mb(),
    })
}

async fn prefetch(store: &SqliteStore) -> Value {
    let mut waits: Vec<u64> = Vec::new();
    let cpu = cpu_us();
    for first in 0..400 {
        let hashes = (0..INPUTS).map(|n| key(first * 977 + n, 1 + first % 2));
        let wanted = Wanted { keys: hashes.clone().collect(), addresses: hashes.collect(), ..Wanted::default() };
        let before = Instant::now();
        std::hint::black_box(store.prefetch(0, &wanted).await.expect("an answer"));
        waits.push(before.elapsed().as_micros() as u64);
    }
    waits.sort_unstable();
    json!({ "p50_us": waits[200], "p99_us": waits[396], "cpu_us_per_input": (cpu_us() - cpu) as f64 / 400.0 / 256.0 })
}

async fn load(store: &SqliteStore) -> Value {
    let (cpu, start) = (cpu_us(), Instant::now());
    let snapshot = store.load(0).await.expect("the rows");
    json!({
        "seconds": start.elapsed().as_secs_f64(),
        "cpu_seconds": (cpu_us() - cpu) as f64 / 1e6,
        "tasks": snapshot.tasks.len(),
        "conversations": snapshot.conversations.len(),
        "rss_mb_with_rows": rss_mb(),
    })
}

/// Spread over all values like a hash.
fn key(number: u64, kind: u64) -> [u8; 16] {
    let mixed = (u128::from(number) * 2 + u128::from(kind)).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    mixed.to_be_bytes()
}

fn batch(tenure: &Tenure, first: u64) -> Commit {
    let mut commit = Commit {
        shard: 0,
        epoch: tenure.epoch,
        batch: tenure.batch,
        now: NOW,
        lease_ms: 60_000,
        journal: vec![b'j'; 600 * INPUTS as usize],
        ..Commit::default()
    };
    for number in first..first + INPUTS {
        let (id, payload) = (1 + number * 3, PayloadId(number));
        let text = "Where is my order? It was to come on Tuesday. ".repeat(10);
        commit.payloads.insert(payload, MessageBody::note(Pii::from(text)));
        commit.keys.push((key(number, 1), Vec::new()));
        commit.writes.push(Write::Task(Box::new(task(id))));
        commit.writes.push(Write::Conversation(Box::new(conversation(id))));
        commit.writes.push(Write::Message(MessageRow {
            tenant: TenantId(1),
            conversation: Some(ConversationId(id + 1)),
            task: None,
            seq: 1,
            at: NOW,
            author: Author::Customer,
            worker: None,
            outbound: None,
            payload,
        }));
        commit.writes.extend((0..4).map(|n| Write::Event(Box::new(event(number * 4 + n, id)))));
    }
    commit
}

fn task(id: u64) -> Task {
    Task {
        id: TaskId(id),
        tenant: TenantId(1),
        kind: TaskKind::Conversation,
        queue: QueueId(1 + id % 5),
        side: Side::Front,
        state: TaskState::Waiting,
        lease: Lease(0),
        matter: MatterId(id + 2),
        conversation: Some(ConversationId(id + 1)),
        account: Some(AccountId(1)),
        needs: Default::default(),
        channel: Default::default(),
        created_at: NOW,
        earned_at: NOW,
        target_ms: 60_000,
        due_at: NOW + 60_000,
        missed: false,
        unanswered: true,
        asked: None,
        seq: 0,
        rule_set: 1,
        worked_ms: 0,
        more: Default::default(),
    }
}

fn conversation(id: u64) -> Conversation {
    Conversation {
        id: ConversationId(id + 1),
        tenant: TenantId(1),
        account: AccountId(1),
        contact: ContactKey(u128::from_be_bytes(key(id, 2))),
        matter: MatterId(id + 2),
        state: ConversationState::Open { task: TaskId(id) },
        seq: 1,
        opened_at: NOW,
        heard_at: Some(NOW),
        last_worker: None,
    }
}

fn event(number: u64, task: u64) -> Event {
    Event {
        id: EventId(1 + number),
        at: NOW,
        tenant: TenantId(1),
        kind: EventKind::MessageReceived { seq: 1, kind: InboundKind::Message, account: AccountId(1) },
        actor: Actor::Customer,
        activity: Activity::Customer,
        unit: None,
        matter: Some(MatterId(task + 2)),
        conversation: Some(ConversationId(task + 1)),
        task: Some(TaskId(task)),
        side: Some(Side::Front),
        channel: Some("whatsapp_cloud".into()),
        cause: None,
        rule_set: 1,
    }
}
