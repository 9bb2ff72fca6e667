//! The ledger: the real program, killed again and again under load, and every message accounted for from the outside.
//!
//! `LEDGER_SEED=n` repeats a run's choices, `LEDGER_WEBHOOKS=n` scales it (20,000 by default).
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "test code: a broken expectation must stop the run and say where"
)]

mod checks;
mod cluster;
mod fault;
mod faults;
mod plan;
mod platform;
mod staff;
mod traffic;

use std::sync::Arc;
use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::config::{Installation, Worker};
use blendline_tests::process::Router;
use blendline_tests::seed::Seed;

use crate::plan::Plan;
use crate::staff::Staff;
use crate::traffic::Traffic;

/// How often the program is killed.
const KILLS: usize = 10;
/// Workers and how much each takes at once.
const WORKERS: usize = 6;
const TASKS_AT_ONCE: u32 = 40;
/// The longest everything may take to come to rest after the last webhook.
const REST_WITHIN: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_webhook_and_every_reply_is_accounted_for() {
    let webhooks = std::env::var("LEDGER_WEBHOOKS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let (number, mut seed) = Seed::from_env("LEDGER_SEED");
    let plan = Plan::new(&mut seed, number, webhooks);
    println!("{}", plan.summary());

    let mut router = Router::reserve("ledger");
    let graph = platform::start(router.addr, &plan, number).await;
    let mut installation = Installation::new(&graph.url());
    installation.numbers = plan.numbers.clone();
    installation.grace_ms = 10_000;
    installation.log = "error".to_owned();
    installation.workers = (0..WORKERS).map(|n| Worker::new(&staff::name(n), &["care"], TASKS_AT_ONCE)).collect();
    router.configure(&installation);
    router.start_again().await;

    let begin = Instant::now();
    let staff = Staff::start(&[router.addr], WORKERS, number);
    let traffic = Arc::new(Traffic::new(vec![router.addr], plan.posts.len()));
    let posting = traffic.start(&plan);
    let mut instants: Vec<usize> =
        (0..KILLS).map(|_| seed.below(plan.posts.len() as u64 * 95 / 100) as usize).collect();
    instants.sort_unstable();
    println!("SIGKILL after so many accepted webhooks: {instants:?}");
    for accepted in instants {
        traffic.until_accepted(accepted).await;
        traffic.router_is_down();
        router.kill().await;
        router.start_again().await;
        traffic.router_is_up();
    }
    posting.await.expect("every webhook is taken in the end");
    println!("all accepted after {:.1} s, {} attempts", begin.elapsed().as_secs_f64(), traffic.attempts());

    let api = Api::admin(router.addr);
    let log = checks::at_rest(&plan, &api, REST_WITHIN).await;
    println!("at rest after {:.1} s, {} events", begin.elapsed().as_secs_f64(), log.len());
    checks::every_webhook_has_one_fate(&plan, &log, traffic.attempts(), KILLS);
    checks::every_message_made_or_joined_a_task(&log);
    checks::replies_reached_the_platform_once(&log, &graph, &api).await;
    checks::workers_saw_one_order(&plan, &log, &staff.seen(), &api).await;
    staff.stop().await;
    println!("the ledger balances: seed {number}, {:.1} s", begin.elapsed().as_secs_f64());
}
