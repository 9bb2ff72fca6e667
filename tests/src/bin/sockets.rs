//! What idle people cost: visitors' sockets and workers' streams, held open against the real program.
//!
//! ```sh
//! cargo run --release -p blendline-tests --bin sockets -- --visitors 2000 --workers 200 --seconds 60
//! ```
//!
//! Prints one JSON object: the router's memory before, with the visitors, and with the workers beside them, and the
//! part of one processor it used while everybody was idle (pings, heartbeats and healing reads are what is left).
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a tool that cannot go on says where")]

use std::time::{Duration, Instant};

use blendline_tests::config::{Installation, Site, WORKER_KEY, Worker};
use blendline_tests::machine;
use blendline_tests::process::Router;
use blendline_tests::webchat::{Guest, Session, client_id};
use blendline_tests::worker::Hand;
use blendline_wire::task::AcceptMode;
use blendline_wire::worker::ClientFrame;
use clap::Parser;
use serde_json::json;
use tokio::task::JoinSet;

/// Heartbeats as the product's default has them.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Visitors who arrive at once.
const AT_ONCE: usize = 50;

#[derive(Parser)]
struct Options {
    /// Visitors with an open socket.
    #[arg(long, default_value_t = 2000)]
    visitors: usize,
    /// Workers with an open stream.
    #[arg(long, default_value_t = 200)]
    workers: usize,
    /// How long everybody is idle.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let site = Site::new("shop");
    let mut installation = Installation::new("http://127.0.0.1:1");
    installation.sites = vec![site.clone()];
    installation.heartbeat_ms = HEARTBEAT.as_millis() as u64;
    installation.workers = (0..options.workers.max(1)).map(|n| Worker::new(&format!("w{n}"), &["care"], 3)).collect();
    let router = Router::start("sockets", &installation).await;
    let pid = router.pid();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = machine::resident(pid);

    let begin = Instant::now();
    let mut guests = JoinSet::new();
    for first in (0..options.visitors).step_by(AT_ONCE) {
        let count = AT_ONCE.min(options.visitors - first);
        let arriving: JoinSet<Guest> = (0..count).map(|_| arrive(router.addr, site.clone())).collect();
        for guest in arriving.join_all().await {
            guests.spawn(sit(guest));
        }
    }
    let arrival = begin.elapsed();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let with_visitors = machine::resident(pid);

    let mut hands = JoinSet::new();
    for worker in &installation.workers[..options.workers] {
        let hand = Hand::connect(router.addr, WORKER_KEY, &worker.name, AcceptMode::Offer).await;
        hands.spawn(stand(hand.expect("a worker can connect")));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let with_workers = machine::resident(pid);

    let (begin, used) = (Instant::now(), machine::cpu(pid));
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let busy = (machine::cpu(pid) - used).as_secs_f64() / begin.elapsed().as_secs_f64();
    let after = machine::resident(pid);
    let latency = one_message(&router, &site).await;

    let mb = |bytes: u64| (bytes as f64 / 10_000.0).round() / 100.0;
    let each = |more: u64, count: usize| more.saturating_sub(before) / count.max(1) as u64;
    let report = json!({
        "visitors": options.visitors,
        "workers": options.workers,
        "cores": machine::cores(),
        "arrivals_per_second": (options.visitors as f64 / arrival.as_secs_f64()).round(),
        "resident_mb_before": mb(before),
        "resident_mb_with_visitors": mb(with_visitors),
        "resident_mb_with_workers": mb(with_workers),
        "resident_mb_after_idling": mb(after),
        "resident_peak_mb": mb(machine::resident_peak(pid)),
        "bytes_per_visitor": each(with_visitors, options.visitors),
        "idle_seconds": options.seconds,
        "cpu_percent_of_one_core": (busy * 10_000.0).round() / 100.0,
        "message_shown_again_after_ms": latency,
        "still_there": guests.len() + hands.len(),
    });
    println!("{report:#}");
    let lost = guests.try_join_next().is_some() || hands.try_join_next().is_some();
    assert!(!lost, "somebody idle was let go");
}

async fn arrive(addr: std::net::SocketAddr, site: Site) -> Guest {
    let session = Session::open(addr, &site, &json!({})).await;
    let mut guest = session.connect(None).await;
    guest.of("welcome").await;
    guest
}

/// Reads, and so answers pings, until the socket ends.
async fn sit(mut guest: Guest) -> u16 {
    guest.idle().await
}

/// Says every now and then that he is there.
async fn stand(mut hand: Hand) {
    let mut every = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            frame = hand.receive() => if frame.is_err() { return },
            _ = every.tick() => if hand.send(&ClientFrame::Heartbeat).await.is_err() { return },
        }
    }
}

/// How long one more visitor waits until his words are in the record, with all the others there.
async fn one_message(router: &Router, site: &Site) -> u64 {
    let mut guest = arrive(router.addr, site.clone()).await;
    let begin = Instant::now();
    guest.say(&client_id(), "is it still quick?").await;
    guest.of("message").await;
    begin.elapsed().as_millis() as u64
}
