//! A tenant with fifty times its load slows itself, not the others.

use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, WORKER_KEY, Worker};
use blendline_tests::http::Connection;
use blendline_tests::process::Router;
use blendline_tests::seed::Seed;
use blendline_tests::whatsapp::{self, Customers, Number};
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use tokio::time::{MissedTickBehavior, interval};

/// What a tenant may send in a second here, and what an ordinary one does: the loud one sends fifty times that.
const ALLOWED: u32 = 20;
const CALM_EVERY: Duration = Duration::from_millis(100);
const TIMES: u32 = 50;
const POSTS: usize = 40;
/// Below this nobody notices, and a busy machine makes more of a difference than any tenant.
const UNNOTICED: Duration = Duration::from_millis(150);

/// How long each message of the calm tenant took from its first byte out until a worker had it, longest last.
async fn times(router: &Router, number: &Number, customers: &mut Customers, first: u64) -> Vec<Duration> {
    let mut hand = Hand::connect(router.addr, WORKER_KEY, "dana", AcceptMode::Auto).await.unwrap();
    let mut connection = Connection::connect(router.addr).await.unwrap();
    let (mut every, mut took) = (interval(CALM_EVERY), Vec::new());
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in 0..POSTS as u64 {
        every.tick().await;
        // A customer for each: every message is a task of its own.
        let said = customers.says(first + n);
        let begin = Instant::now();
        let reply = connection.exchange(&number.request(&whatsapp::messages(number, &[said]))).await.unwrap();
        assert_eq!(reply.status, 200, "a tenant within its allowance is taken in: {}", reply.text());
        hand.task().await;
        took.push(begin.elapsed());
    }
    took.sort_unstable();
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loud_tenant_slows_itself_and_not_the_others() {
    let [number, other] = [Number::test(1), Number::test(2)];
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.webhooks_per_second = Some(ALLOWED);
    installation.workers = vec![Worker::new("dana", &["care"], 1_000)];
    installation.others = vec![("loud".to_owned(), other.clone())];
    let mut router = Router::start("flood", &installation).await;
    let mut customers = Customers::new(Seed::new(7), 1);
    let alone = times(&router, &number, &mut customers, 0).await;

    let address = router.addr;
    let flooding = tokio::spawn(async move {
        let mut customers = Customers::new(Seed::new(8), 2);
        let mut connection = Connection::connect(address).await.unwrap();
        let mut every = interval(CALM_EVERY / TIMES);
        every.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for n in 0.. {
            every.tick().await;
            let body = whatsapp::messages(&other, &[customers.says(n)]);
            let reply = connection.exchange(&other.request(&body)).await.unwrap();
            let come_again = reply.status == 503 && reply.header("retry-after").is_some();
            assert!(reply.status == 200 || come_again, "{} {}", reply.status, reply.text());
        }
    });
    let beside = times(&router, &number, &mut customers, 1_000).await;
    assert!(!flooding.is_finished(), "{:?}", flooding.await);
    flooding.abort();
    let p99 = |took: &[Duration]| took[took.len() - 1];
    println!("alone {:?}, beside a tenant at {TIMES} times its load {:?}", p99(&alone), p99(&beside));
    assert!(p99(&beside) <= 2 * p99(&alone).max(UNNOTICED), "{beside:?} instead of {alone:?}");
    let figures = Api::admin(router.addr).get("/metrics").await.unwrap().text();
    let limited = figures.lines().find_map(|line| line.strip_prefix("blendline_webhooks_total{outcome=\"limited\"} "));
    let limited: u32 = limited.unwrap().parse().unwrap();
    println!("{limited} webhooks of the loud tenant got a 503");
    assert!(limited > 100, "the other tenant was not loud");
    assert!(router.stop().await.success(), "{}", router.log());
}
