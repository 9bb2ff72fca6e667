//! The same books on several processes and real servers, while owners, broker and record are killed and paused.
//!
//! `LEDGER_FAULTS=n` says how many (each kind once by default), `LEDGER_SEED=n` repeats a run's choices.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, Worker};
use blendline_tests::seed::Seed;
use blendline_tests::servers::{postgres, redis};
use tokio_postgres::NoTls;

use crate::cluster::Cluster;
use crate::fault::{DEAF, Fault};
use crate::plan::Plan;
use crate::staff::Staff;
use crate::traffic::Traffic;
use crate::{REST_WITHIN, TASKS_AT_ONCE, WORKERS, checks, platform, staff};

/// Webhooks for each fault: there must be traffic before, in and after it.
const WEBHOOKS_EACH: usize = 450;
/// How much each connection rests after a webhook while faults are made: about 25 webhooks a second in all.
const PAUSE: Duration = Duration::from_millis(1_280);
/// Webhooks that must be taken between two faults.
const BETWEEN: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_server_leaves_the_books_right() {
    if !postgres::is_installed() || !redis::is_installed() {
        eprintln!("SKIPPED: PostgreSQL, RabbitMQ and Redis are not installed (./test ledger installs them)");
        return;
    }
    let count = std::env::var("LEDGER_FAULTS").ok().and_then(|text| text.parse().ok()).unwrap_or(Fault::ALL.len());
    let (number, mut seed) = Seed::from_env("LEDGER_SEED");
    let plan = Plan::new(&mut seed, number, WEBHOOKS_EACH * count);
    println!("{}", plan.summary());

    let mut cluster = Cluster::reserve(number).await;
    let doors = cluster.doors();
    let routers: Vec<_> = cluster.routers.iter().map(|router| router.addr).collect();
    let graph = platform::start(cluster.connectors[0].addr, &plan, number).await;
    let mut installation = Installation::new(&graph.url());
    installation.numbers = plan.numbers.clone();
    installation.grace_ms = 10_000;
    installation.log = "warn".to_owned();
    // An older program may not know the key, and what is posted here is far below what it says by itself.
    installation.webhooks_per_second = None;
    installation.workers = (0..WORKERS).map(|n| Worker::new(&staff::name(n), &["care"], TASKS_AT_ONCE)).collect();
    installation.workers.push(Worker::new(DEAF, &["care"], 3));
    cluster.start(&installation).await;

    let begin = Instant::now();
    let staff = Staff::start(&routers, WORKERS, number);
    let traffic = Arc::new(Traffic::new(doors.clone(), plan.posts.len()));
    traffic.pause(PAUSE);
    let posting = traffic.start(&plan);
    let faults = chosen(&cluster, count, &mut seed);
    for (n, fault) in faults.into_iter().enumerate() {
        let before = traffic.accepted();
        traffic.until_accepted(before + BETWEEN).await;
        let without = cluster
            .suffer(fault, &traffic)
            .await
            .map_or(String::new(), |time| format!(", {time:.1?} without an owner"));
        let at = begin.elapsed().as_secs();
        println!("{at:>5} s  fault {n}: {fault:?}{without}, {} webhooks accepted", traffic.accepted());
    }
    let rest = plan.posts.len() - traffic.accepted();
    assert!(rest > 0, "the traffic ended before the last fault: the faults after it were not tried");
    traffic.pause(Duration::ZERO);
    posting.await.expect("every webhook is taken in the end");
    println!("all accepted after {:.1} s, {} attempts", begin.elapsed().as_secs_f64(), traffic.attempts());

    let api = Api::admin(cluster.connectors[0].addr);
    let log = checks::at_rest(&plan, &api, REST_WITHIN).await;
    println!("at rest after {:.1} s, {} events", begin.elapsed().as_secs_f64(), log.len());
    cluster.counts_routers_only();
    checks::every_webhook_has_one_fate(&plan, &log, traffic.attempts(), count);
    checks::every_message_made_or_joined_a_task(&log);
    checks::replies_reached_the_platform_once(&log, &graph, &api).await;
    checks::workers_saw_one_order(&plan, &log, &staff.seen(), &api).await;
    no_commit_of_an_old_epoch(&cluster.postgres.url()).await;
    staff.stop().await;
    println!("the ledger balances: seed {number}, {count} faults, {:.1} s", begin.elapsed().as_secs_f64());
}

/// What is done, in which order: of what can be done here each kind once before any comes twice. An upgrade comes once, and
/// first: an older program does not start on a newer record.
fn chosen(cluster: &Cluster, count: usize, seed: &mut Seed) -> Vec<Fault> {
    let mut able = Vec::new();
    for fault in Fault::ALL {
        match cluster.cannot(*fault) {
            Some(why) => println!("not tried: {fault:?}: {why}"),
            None => able.push(*fault),
        }
    }
    let upgrade = able.contains(&Fault::Upgrade);
    able.retain(|fault| *fault != Fault::Upgrade);
    let mut faults = Vec::new();
    while faults.len() < count {
        seed.shuffle(&mut able);
        faults.extend(able.iter().copied().take(count - faults.len()));
    }
    if upgrade {
        faults.insert(0, Fault::Upgrade);
        faults.truncate(count);
    }
    faults
}

/// The journal has every batch once, without a gap, and no epoch after a later one (I15).
async fn no_commit_of_an_old_epoch(url: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    let driving = tokio::spawn(connection);
    let rows = client.query("SELECT shard, epoch, batch FROM journal ORDER BY shard, batch", &[]).await;
    let rows = rows.expect("the journal can be read");
    let batches: Vec<(i64, i64, i64)> =
        rows.iter().map(|row| (i64::from(row.get::<_, i32>(0)), row.get(1), row.get(2))).collect();
    assert!(!batches.is_empty(), "nothing was committed");
    for pair in batches.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let [(_, epoch, batch), (shard, next_epoch, next_batch)] = [pair[0], pair[1]];
        assert_eq!(next_batch, batch + 1, "shard {shard}: a gap or a double in the batches");
        assert!(epoch <= next_epoch, "shard {shard}: batch {next_batch} of epoch {next_epoch} after epoch {epoch}");
    }
    println!("{} batches, {} epochs, none of an old one", batches.len(), batches.last().map_or(0, |last| last.1));
    drop(client);
    let _ = driving.await;
}
