//! Two routers on real servers: any of them will do, and each serves its share.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, Queue, WORKER_KEY, Worker};
use blendline_tests::crowd::{self, Crowd};
use blendline_tests::http;
use blendline_tests::process::Router;
use blendline_tests::servers::postgres::{self, Postgres};
use blendline_tests::servers::rabbit::Rabbit;
use blendline_tests::servers::redis::{self, Redis};
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use futures_util::StreamExt as _;
use serde_json::json;

/// Tenants beside the one that works: each is on a shard of its own.
const OTHERS: usize = 7;
/// Workers who connect at once, how many of them are at it at any moment, and how soon all must be served again.
const CROWD: usize = 600;
const AT_ONCE: usize = 200;
/// How many of them are on the SDK when their routers end, each with a task.
const STORM: usize = 500;
const STORM_WITHIN: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

fn configure(router: &Router, installation: &Installation) {
    let mut text = installation.toml(router.addr, &router.data_dir());
    for n in 0..OTHERS {
        write!(text, "[[tenant]]\nname = \"other-{n}\"\n[[tenant.queue]]\nname = \"care\"\nside = \"front\"\n")
            .unwrap();
    }
    fs::write(router.config_path(), text).unwrap();
}

/// The shards that a router says it serves.
async fn served(router: &Router) -> Vec<u64> {
    let ask = http::request("GET", "/readyz", &[], b"");
    let Ok(Ok(reply)) = tokio::time::timeout(Duration::from_secs(3), http::once(router.addr, &ask)).await else {
        return Vec::new();
    };
    reply.json()["served"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_u64).collect()
}

/// Waits until the routers serve so many shards each, and all of them once.
async fn until_shared(routers: [&Router; 2], counts: [usize; 2]) -> [Vec<u64>; 2] {
    let begin = Instant::now();
    loop {
        let now = [served(routers[0]).await, served(routers[1]).await];
        if now.each_ref().map(Vec::len) == counts && !now[0].iter().any(|shard| now[1].contains(shard)) {
            return now;
        }
        assert!(begin.elapsed() < PATIENCE, "{counts:?} shards each were wanted, and there were {now:?}");
        // Ownership cannot be subscribed to from outside: asking again is all one can do.
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A task comes in by `api` and is worked on by a worker who came by `worker_at`.
async fn work_through(api: &Api, worker_at: &Router, reference: &str) {
    let mut hand = Hand::connect(worker_at.addr, WORKER_KEY, "dana", AcceptMode::Auto).await.expect("any door lets in");
    let item = json!({ "queue": "care", "external_ref": reference, "title": "a refund" });
    let pushed = api.post("/v1/items", &item).await.unwrap();
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    let again = api.post("/v1/items", &item).await.unwrap();
    assert_eq!((again.status, &again.json()["id"]), (200, &pushed.json()["id"]));
    let task = hand.task().await;
    assert_eq!(task.id.to_string(), pushed.json()["id"].as_str().unwrap());
    let explained = api.get(&format!("/v1/tasks/{}/explanation", task.id)).await.unwrap();
    assert_eq!(explained.status, 200, "{}", explained.text());
    let workers = api.get("/v1/workers").await.unwrap().json();
    let dana = workers["items"].as_array().unwrap().iter().find(|worker| worker["name"] == "dana").unwrap();
    assert_eq!(dana["connected"], true, "{dana}");
    let settle =
        json!({ "worker": "dana", "lease": task.lease, "verdict": { "verdict": "done", "disposition": "refunded" } });
    let settled = api.post(&format!("/v1/tasks/{}/settle", task.id), &settle).await.unwrap();
    assert!(settled.status < 300, "{}", settled.text());
}

/// All of them connect, by any router, at once: how long it took until the last was welcome.
async fn everybody_connects(routers: [&Router; 2]) -> (Vec<Hand>, Duration) {
    let begin = Instant::now();
    let connecting = (0..CROWD).map(|n| async move {
        let (name, at) = (crowd::name(n), routers[n % 2].addr);
        // Between two owners nobody is welcome: who was sent away tries again.
        loop {
            match Hand::connect(at, WORKER_KEY, &name, AcceptMode::Auto).await {
                Ok(hand) => return hand,
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{name}: {error}"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    });
    let hands = futures_util::stream::iter(connecting).buffer_unordered(AT_ONCE).collect().await;
    (hands, begin.elapsed())
}

/// The only owner dies, and the next one ends in order: everybody has his next task soon, and had the one before to the end.
async fn a_crowd_keeps_its_tasks([one, two]: [&mut Router; 2]) -> [Duration; 2] {
    assert!(two.stop().await.success(), "{}", two.log());
    until_shared([one, two], [OTHERS + 1, 0]).await;
    // Those who have just dropped may be given one each, until it is known that they do not come back.
    crowd::push(&Api::admin(one.addr), "crowd", 3 * STORM + CROWD).await;
    let crowd = Crowd::start(&[one.addr, two.addr], STORM);
    crowd.until_all_have(1, PATIENCE).await;
    two.start_again().await;
    one.kill().await;
    crowd.settle(1);
    let after_kill = crowd.until_all_have(2, STORM_WITHIN).await;
    one.start_again().await;
    assert!(two.stop().await.success(), "{}", two.log());
    crowd.settle(2);
    let after_stop = crowd.until_all_have(3, STORM_WITHIN).await;
    let kept = crowd.stop().await;
    assert!(kept.settled >= 3 * STORM as u64 && kept.lost == 0 && kept.twice == 0, "{kept:?}");
    two.start_again().await;
    [after_kill, after_stop]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_router_will_do_and_each_serves_its_share() {
    if !postgres::is_installed() || !redis::is_installed() {
        eprintln!("SKIPPED: PostgreSQL, RabbitMQ and Redis are not installed (./test contract installs them)");
        return;
    }
    let (postgres, rabbit, redis) = tokio::join!(Postgres::start(), Rabbit::start(), Redis::start("everysec"));
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.queues.push(Queue::new("crowd", "back"));
    installation.workers = vec![Worker::new("dana", &["care"], 4)];
    installation.workers.extend((0..CROWD).map(|n| Worker::new(&crowd::name(n), &["crowd"], 1)));
    // Nobody of the crowd beats.
    installation.heartbeat_ms = 20_000;
    installation.grace_ms = 30_000;
    installation.log = "info".to_owned();
    installation.extra = format!(
        "[store]\nurl = {:?}\n[broker]\nurl = {:?}\n[live]\nurl = {:?}\n",
        postgres.url(),
        rabbit.url(),
        redis.url()
    );
    let (mut one, mut two) = (Router::reserve("one"), Router::reserve("two"));
    for router in [&one, &two] {
        configure(router, &installation);
    }
    one.start_again().await;
    until_shared([&one, &two], [OTHERS + 1, 0]).await;
    two.start_again().await;
    // Half of them move, in order, once the second has been there for a while.
    let half = OTHERS.div_ceil(2);
    until_shared([&one, &two], [half, half]).await;

    for (n, (api, worker_at)) in [(&one, &two), (&two, &one), (&one, &one), (&two, &two)].into_iter().enumerate() {
        work_through(&Api::admin(api.addr), worker_at, &format!("shared-{n}")).await;
    }
    // Everything on Redis is forgotten: nobody gives anything up.
    let before = [served(&one).await, served(&two).await];
    redis.command("FLUSHALL");
    work_through(&Api::admin(one.addr), &two, "flushed").await;
    assert_eq!([served(&one).await, served(&two).await], before);

    // One goes, and the other has all; he comes back, and gets his share again.
    two.kill().await;
    until_shared([&one, &two], [OTHERS + 1, 0]).await;
    work_through(&Api::admin(one.addr), &one, "alone").await;
    two.start_again().await;
    until_shared([&one, &two], [half, half]).await;
    work_through(&Api::admin(two.addr), &two, "again").await;

    // Everybody drops at once and comes back at once; nobody loses a shard over it.
    let before = [served(&one).await, served(&two).await];
    let (hands, first) = everybody_connects([&one, &two]).await;
    drop(hands);
    let (hands, again) = everybody_connects([&one, &two]).await;
    println!("{CROWD} workers were welcome after {first:.1?}, and after a storm within {again:.1?}");
    assert!(again < STORM_WITHIN, "{again:?}");
    assert_eq!([served(&one).await, served(&two).await], before);
    drop(hands);
    let after = a_crowd_keeps_its_tasks([&mut one, &mut two]).await;
    println!("{STORM} workers were served again {after:.1?} after a SIGKILL and a SIGTERM");
    for router in [&mut one, &mut two] {
        assert!(router.stop().await.success(), "{}", router.log());
    }
}
