//! The owner of a shard with many open tasks dies, or stands still: how long until another serves it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::config::{WORKER_KEY, Worker};
use blendline_tests::http;
use blendline_tests::machine;
use blendline_tests::process::Router;
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use serde_json::{Map, Value, json};
use tokio_postgres::NoTls;

use crate::bench::{installation, progress, round, until_waiting, waiting, with_machine};
use crate::post::{Requests, at_once, burst, unnoted};
use crate::servers::Servers;

/// Requests built at once.
const SLICE: usize = 100_000;
const POST_WITHIN: Duration = Duration::from_secs(600);
const SERVED_WITHIN: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const WORKER: &str = "hand-0";

/// What happens to the owner.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    Sigkill,
    /// And SIGCONT when another serves: what the old owner still had in hand must not be committed.
    Sigstop,
}

pub(crate) async fn run(tasks: usize, connections: usize) -> Value {
    let mut figures = Map::new();
    for fault in [Fault::Sigkill, Fault::Sigstop] {
        let name = format!("{fault:?}").to_lowercase();
        progress(&format!("{name} of the owner of {tasks} open tasks"));
        figures.insert(name, suffer(fault, tasks, connections).await);
    }
    with_machine("takeover", figures.into())
}

async fn suffer(fault: Fault, tasks: usize, connections: usize) -> Value {
    let servers = Servers::start().await;
    let mut installation = installation("http://127.0.0.1:1", vec![Worker::new(WORKER, &["care"], 4)]);
    installation.extra = servers.sections();
    let mut owner = Router::start("owner", &installation).await;
    let standby = Router::start("standby", &installation).await;
    assert!(serves(owner.addr).await && !serves(standby.addr).await, "the first to come serves, the second waits");
    let api = Api::admin(owner.addr);
    for from in (0..tasks).step_by(SLICE) {
        let count = SLICE.min(tasks - from);
        let requests = Requests::build(&installation.numbers, from, count);
        let posted = burst(&[owner.addr], &requests, connections, POST_WITHIN, at_once, unnoted).await;
        assert_eq!(posted.accepted as usize, count, "every webhook must be accepted");
        until_waiting(&api, (from + count) as u64).await;
    }
    let owner_resident = machine::resident(owner.pid());

    let begin = Instant::now();
    match fault {
        Fault::Sigkill => owner.kill().await,
        Fault::Sigstop => owner.pause().await,
    }
    let (served, first_task) = tokio::join!(until_served(standby.addr, begin), first_task(standby.addr, begin));
    if fault == Fault::Sigstop {
        owner.resume().await;
        until_given_up(owner.addr).await;
        assert!(serves(standby.addr).await, "who took over keeps it");
    }
    let still = waiting(&Api::admin(standby.addr)).await;
    let journal = Journal::read(&servers.postgres.url()).await;
    let figures = json!({
        "open_tasks": tasks,
        "served_after_seconds": round(served.as_secs_f64()),
        "first_task_at_a_worker_after_seconds": round(first_task.as_secs_f64()),
        "waiting_afterwards": still,
        "epochs": journal.epochs,
        "batches": journal.batches,
        "commits_out_of_turn": journal.out_of_turn,
        "owner_resident_mb": owner_resident / 1_000_000,
        "standby_resident_mb_afterwards": machine::resident(standby.pid()) / 1_000_000,
    });
    drop((owner, standby));
    figures
}

/// Whether the router there says that it serves a shard.
pub(crate) async fn serves(addr: SocketAddr) -> bool {
    let ask = http::request("GET", "/readyz", &[], b"");
    let answer = tokio::time::timeout(Duration::from_secs(3), http::once(addr, &ask)).await;
    let served = |reply: http::Reply| reply.json()["served"].as_array().is_some_and(|shards| !shards.is_empty());
    answer.is_ok_and(|reply| reply.is_ok_and(served))
}

async fn until_served(addr: SocketAddr, begin: Instant) -> Duration {
    while !serves(addr).await {
        assert!(begin.elapsed() < SERVED_WITHIN, "nobody took over within {SERVED_WITHIN:?}");
        // Ownership cannot be subscribed to from outside: asking again is all one can do.
        tokio::time::sleep(LOOK_EVERY).await;
    }
    begin.elapsed()
}

/// Until a woken owner has noticed that the shard is another's; its commits are refused from the first on.
async fn until_given_up(addr: SocketAddr) {
    let begin = Instant::now();
    while serves(addr).await {
        assert!(begin.elapsed() < SERVED_WITHIN, "a shard has one owner");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// When a worker who knocks all the time has his first task.
async fn first_task(addr: SocketAddr, begin: Instant) -> Duration {
    loop {
        if let Ok(mut hand) = Hand::connect(addr, WORKER_KEY, WORKER, AcceptMode::Auto).await {
            hand.task().await;
            return begin.elapsed();
        }
        assert!(begin.elapsed() < SERVED_WITHIN, "no worker got in within {SERVED_WITHIN:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Who committed what, in the order of the batches.
struct Journal {
    batches: i64,
    epochs: i64,
    /// Batches that do not follow the one before, or are of an older epoch than it.
    out_of_turn: i64,
}

impl Journal {
    async fn read(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        let query = "SELECT count(*), count(DISTINCT epoch),
                count(*) FILTER (WHERE batch <> before + 1 OR epoch < epoch_before)
            FROM (SELECT epoch, batch, lag(batch) OVER turn AS before, lag(epoch) OVER turn AS epoch_before
                FROM journal WINDOW turn AS (PARTITION BY shard ORDER BY batch)) AS turns";
        let row = client.query_one(query, &[]).await.expect("the journal can be read");
        Self { batches: row.get(0), epochs: row.get(1), out_of_turn: row.get(2) }
    }
}
