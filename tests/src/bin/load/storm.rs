//! Thousands of workers on the SDK lose their router at once: how long until all of them are served again.
//!
//! A worker is served when he has settled the task that he had before and has the next one, so nobody else got it.

use std::time::{Duration, Instant};

use blendline_tests::api::Api;
use blendline_tests::config::Worker;
use blendline_tests::crowd::{self, Crowd};
use blendline_tests::machine;
use blendline_tests::process::Router;
use serde_json::{Map, Value, json};

use crate::bench::{Ground, installation, progress, round, with_machine};
use crate::servers::Servers;
use crate::takeover::serves;

/// Files that this process and a router have open beside one for each worker.
const OTHER_FILES: usize = 500;
const SERVED_WITHIN: Duration = Duration::from_secs(120);
/// What the program's defaults say.
const HEARTBEAT_MS: u64 = 5_000;
const GRACE_MS: u64 = 30_000;

/// What ends the router that serves everybody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    Sigkill,
    Sigterm,
}

/// One router on files dies and is ended in order; or of two on servers the owner dies, and then both get a new process,
/// one after the other.
pub(crate) async fn run(ground: Ground, workers: usize) -> Value {
    let files = machine::files_max();
    assert!(files > workers + OTHER_FILES, "{workers} workers need `ulimit -n {}`", workers + OTHER_FILES);
    let servers = match ground {
        Ground::Files => None,
        Ground::Servers | Ground::Spread => Some(Servers::start().await),
    };
    let names = (0..workers).map(|n| Worker::new(&crowd::name(n), &["care"], 1)).collect();
    let mut installation = installation("http://127.0.0.1:1", names);
    (installation.heartbeat_ms, installation.grace_ms) = (HEARTBEAT_MS, GRACE_MS);
    installation.extra = servers.as_ref().map(Servers::sections).unwrap_or_default();
    let mut routers = vec![Router::start("storm", &installation).await];
    if servers.is_some() {
        routers.push(Router::start("storm", &installation).await);
    }
    let ends: &[End] =
        if servers.is_some() { &[End::Sigkill, End::Sigterm, End::Sigterm] } else { &[End::Sigkill, End::Sigterm] };

    crowd::push(&Api::admin(routers[0].addr), "care", workers * (ends.len() + 1)).await;
    let at: Vec<_> = routers.iter().map(|router| router.addr).collect();
    let crowd = Crowd::start(&at, workers);
    let mut served = Map::new();
    let first = crowd.until_all_have(1, SERVED_WITHIN).await;
    progress(&format!("{workers} workers are there after {first:.1?}"));
    served.insert("first".to_owned(), round(first.as_secs_f64()).into());
    for (n, end) in ends.iter().enumerate() {
        let owner = owner(&routers).await;
        let begin = Instant::now();
        match end {
            End::Sigkill => routers[owner].kill().await,
            End::Sigterm => assert!(routers[owner].stop().await.success(), "{}", routers[owner].log()),
        }
        let done = n as u32 + 1;
        crowd.settle(done);
        let (router, of_two) = (&mut routers[owner], servers.is_some());
        let again = async {
            // Beside another router one is missed only at the next fault.
            if !of_two {
                router.start_again().await;
            }
        };
        tokio::join!(again, crowd.until_all_have(done + 1, SERVED_WITHIN));
        let all = round(begin.elapsed().as_secs_f64());
        progress(&format!("{end:?}: all are served after {all} s"));
        served.insert(format!("{}_{}", n + 1, format!("{end:?}").to_lowercase()), all.into());
        if of_two {
            routers[owner].start_again().await;
        }
    }
    let owner = owner(&routers).await;
    let resident = machine::resident(routers[owner].pid()) / 1_000_000;
    let kept = crowd.stop().await;
    let figures = json!({
        "workers": workers,
        "routers": routers.len(),
        "all_served_after_seconds": served,
        "tasks_settled": kept.settled,
        "tasks_that_changed_their_owner": kept.lost + kept.twice as u64,
        "router_resident_mb": resident,
    });
    with_machine("storm", figures)
}

/// The router that serves the shard.
async fn owner(routers: &[Router]) -> usize {
    let begin = Instant::now();
    loop {
        for (n, router) in routers.iter().enumerate() {
            if serves(router.addr).await {
                return n;
            }
        }
        assert!(begin.elapsed() < SERVED_WITHIN, "nobody serves the shard");
    }
}
