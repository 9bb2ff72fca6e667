//! What a task's life costs the record, embedded and on PostgreSQL, at different sizes of batches. Prints JSON.
//!
//! `beside-servers postgres -- record_bench [TASKS]`, on the machine of the server: its CPU is read from `/proc`.
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a tool for developers: it stops and says where")]

mod life;

use std::collections::HashMap;
use std::fs;
use std::sync::Mutex;
use std::time::Instant;

use blendline_router::adapters::postgres::{PostgresOptions, PostgresStore};
use blendline_router::adapters::sqlite::{DataDir, SqliteStore};
use blendline_router::ports::store::{Archive, Store, Transcript};
use blendline_wire::Millis;
use deadpool_postgres::tokio_postgres::{self, Client, NoTls};
use futures_util::future::try_join_all;
use life::{Life, STEPS, Step};
use serde_json::{Value, json};

const NOW: Millis = Millis(1_760_000_000_000);
const BATCHES: [u64; 4] = [1, 8, 64, 256];
const SHARD: u16 = 0;

#[tokio::main(worker_threads = 2)]
async fn main() {
    let tasks: u64 = std::env::args().nth(1).map_or(10_000, |tasks| tasks.parse().expect("a number of tasks"));
    let base = std::env::var("BLENDLINE_TEST_POSTGRES").expect("run me by beside-servers");
    let mut report = json!({});

    let directory = std::env::temp_dir().join(format!("blendline-record-bench-{}", std::process::id()));
    let data = DataDir::open(&directory).expect("a directory");
    let store = SqliteStore::open(&data).expect("a store");
    let cpu = |_: &()| own_cpu_us();
    report["sqlite"] = lives(&store, tasks, &(), cpu, None).await;
    drop((store, data));
    let _ = fs::remove_dir_all(&directory);

    let (client, connection) = tokio_postgres::connect(&format!("{base}postgres"), NoTls).await.expect("a server");
    tokio::spawn(connection);
    client.batch_execute("CREATE DATABASE record_bench").await.expect("a database");
    let options = PostgresOptions::from_url(&format!("{base}record_bench")).expect("an address");
    let store = PostgresStore::open(options).await.expect("a store");
    let server = Server::new(&client).await;
    report["postgres"] = lives(&store, tasks, &server, Server::cpu_us, Some(&client)).await;
    println!("{report:#}");
}

/// Lives of tasks at each size of batches; the figures are for one task.
async fn lives<S: Store + Archive, C>(
    store: &S,
    tasks: u64,
    server: &C,
    cpu_us: impl Fn(&C) -> u64,
    wal: Option<&Client>,
) -> Value {
    let mut tenure = store.take(SHARD, "bench", 3_600_000).await.expect("the shard");
    let (mut life, mut first) = Life::new(SHARD, NOW);
    let mut report = json!({});
    (first.epoch, first.batch, first.now, first.lease_ms) = (tenure.epoch, 1, NOW, 3_600_000);
    store.commit(&first).await.expect("the office");
    tenure.batch = 1;
    for size in BATCHES {
        let rounds = if size == 1 { tasks / 10 } else { tasks / size };
        let mut of_steps = [(0, 0, 0, 0_usize); 5];
        let mut beside = [0_u64; 4];
        // Asking costs CPU that is not the record's.
        let every_wal = std::env::var_os("WAL").is_some();
        let mut last_wal = wal_at(wal).await;
        let (begin, began_cpu, began_own, began_wal) =
            (Instant::now(), cpu_us(server), own_cpu_us(), wal_at(wal).await);
        for _ in 0..rounds {
            for (step, sums) in STEPS.into_iter().zip(&mut of_steps) {
                let before = cpu_us(server);
                let wanted = life.wanted(step, size);
                if !wanted.is_empty() {
                    store.prefetch(SHARD, &wanted).await.expect("an answer");
                }
                let looked = cpu_us(server);
                let mut commit = life.batch(step, size);
                tenure.batch += 1;
                (commit.epoch, commit.batch, commit.lease_ms) = (tenure.epoch, tenure.batch, 3_600_000);
                let (at, ready) = (Instant::now(), cpu_us(server));
                store.commit(&commit).await.expect("a commit");
                sums.0 += cpu_us(server) - ready;
                sums.1 += at.elapsed().as_micros() as u64;
                if every_wal {
                    let at = wal_at(wal).await;
                    (sums.2, last_wal) = (sums.2 + at - last_wal, at);
                }
                sums.3 += commit.writes.len() + commit.keys.len() + commit.addresses.len() + commit.sent.len();
                beside[0] += looked - before;
                beside_commit(store, &life, step, &mut beside, || cpu_us(server)).await;
            }
        }
        let (lives, seconds) = ((rounds * size) as f64, begin.elapsed().as_secs_f64());
        let each = |sum: u64| (sum as f64 / lives * 10.0).round() / 10.0;
        let steps = STEPS.iter().zip(of_steps).map(|(step, (cpu, us, wal, rows))| {
            let rows = (rows as f64 / lives * 100.0).round() / 100.0;
            (
                format!("{step:?}"),
                json!({ "db_cpu_us": each(cpu), "commit_us": us / rounds, "wal_bytes": each(wal), "rows": rows }),
            )
        });
        report[format!("batch_{size}")] = json!({
            "tasks": lives,
            "tasks_per_s": (lives / seconds).round(),
            "commits_per_s": ((rounds * 5) as f64 / seconds).round(),
            "db_cpu_us": each(cpu_us(server) - began_cpu),
            "own_cpu_us": each(own_cpu_us() - began_own),
            "wal_bytes": each(wal_at(wal).await - began_wal),
            "commit_cpu_us": each(of_steps.iter().map(|sums| sums.0).sum()),
            "prefetch_cpu_us": each(beside[0]),
            "transcripts_cpu_us": each(beside[1]),
            "letters_cpu_us": each(beside[2]),
            "claims_cpu_us": each(beside[3]),
            "steps": steps.collect::<serde_json::Map<_, _>>(),
        });
        eprintln!("{size}: {}", report[format!("batch_{size}")]);
    }
    report
}

/// What a router does between two commits of a task's life.
async fn beside_commit<S: Store + Archive>(
    store: &S,
    life: &Life,
    step: Step,
    beside: &mut [u64; 4],
    cpu_us: impl Fn() -> u64,
) {
    let before = cpu_us();
    match step {
        Step::Message => {
            let of: Vec<_> = life.conversations().into_iter().map(Transcript::Conversation).collect();
            store.transcripts(&of, 20).await.expect("transcripts");
            beside[1] += cpu_us() - before;
        }
        Step::Reply => {
            let ids: Vec<_> = life.sends().iter().map(|(outbound, _)| *outbound).collect();
            store.letters(&ids).await.expect("letters");
            let read = cpu_us();
            beside[2] += read - before;
            let claims = life.sends().iter().map(|(outbound, attempt)| store.claim(*outbound, *attempt, "bench", NOW));
            try_join_all(claims).await.expect("claims");
            beside[3] += cpu_us() - read;
        }
        Step::Accept | Step::Sent | Step::Done => {}
    }
}

/// CPU of this process so far, all threads, in microseconds.
fn own_cpu_us() -> u64 {
    threads_of("self")
}

fn threads_of(pid: &str) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    tasks.map(|task| on_cpu_ns(&task.path().join("schedstat"))).sum::<u64>() / 1000
}

fn on_cpu_ns(path: &std::path::Path) -> u64 {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

/// The processes of the server, with the CPU that each was last seen to have used: they come and go.
struct Server {
    first: String,
    seen: Mutex<HashMap<String, u64>>,
}

impl Server {
    async fn new(client: &Client) -> Self {
        let pid: i32 = client.query_one("SELECT pg_backend_pid()", &[]).await.expect("a backend").get(0);
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().unwrap_or_default().split_whitespace().nth(1).unwrap_or_default();
        Self { first: parent.to_owned(), seen: Mutex::default() }
    }

    /// CPU of all its processes so far, in microseconds.
    fn cpu_us(&self) -> u64 {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.first)).unwrap_or_default();
        let mut seen = self.seen.lock().expect("nobody panics while holding it");
        for pid in children.split_whitespace().chain([self.first.as_str()]) {
            let now = threads_of(pid);
            let last = seen.entry(pid.to_owned()).or_default();
            *last = now.max(*last);
        }
        seen.values().sum()
    }
}

async fn wal_at(client: Option<&Client>) -> u64 {
    let Some(client) = client else { return 0 };
    let row = client.query_one("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint", &[]).await.expect("a position");
    u64::try_from(row.get::<_, i64>(0)).expect("a position")
}
