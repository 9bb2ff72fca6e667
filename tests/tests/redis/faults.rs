//! A Redis that forgets, fails, stands still, or is replaced costs freshness, for as long as that takes.

use std::time::{Duration, Instant};

use blendline_router::adapters::redis::RedisLive;
use blendline_router::ports::live::{Allowance, Live as _, There};
use blendline_tests::servers::redis::{Guarded, Redis};
use blendline_wire::{Millis, TenantId};
use bytes::Bytes;

use crate::contract::connected;
use crate::installed;

const PATIENCE: Duration = Duration::from_secs(20);

fn allowance(key: &str) -> [Allowance; 1] {
    [Allowance { key: key.into(), every_us: 3_600_000_000, burst: 2 }]
}

/// Tells until it is heard elsewhere: how long that took.
async fn until_heard(teller: &RedisLive, listener: &RedisLive) -> Duration {
    let begin = Instant::now();
    let mut heard = listener.listen("t").await;
    loop {
        teller.tell("t", Bytes::from_static(b"now")).await;
        match tokio::time::timeout(Duration::from_millis(100), heard.recv()).await {
            Ok(Ok(told)) if told == "now" => return begin.elapsed(),
            _ => assert!(begin.elapsed() < PATIENCE, "nothing was heard within {PATIENCE:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_flushed_is_said_again() {
    installed!();
    let redis = Redis::start("everysec").await;
    let (one, other) = (connected(&redis.url()).await, connected(&redis.url()).await);
    let there = There { at: Millis(1), workers: Vec::new() };
    one.present(TenantId(1), &there).await;
    for _ in 0..2 {
        one.allow(&allowance("a")).await.unwrap();
    }
    redis.command("FLUSHALL");
    assert_eq!(other.presence(TenantId(1)).await, None);
    other.allow(&allowance("a")).await.expect("a forgotten limit allows again");
    one.present(TenantId(1), &there).await;
    assert_eq!(other.presence(TenantId(1)).await, Some(there));
    until_heard(&one, &other).await;
}

/// Scripts are forgotten with the process, and loaded again.
#[tokio::test]
async fn a_killed_server_is_done_without_until_it_is_back() {
    installed!();
    let mut redis = Redis::start("everysec").await;
    let (one, other) = (connected(&redis.url()).await, connected(&redis.url()).await);
    one.allow(&allowance("a")).await.unwrap();
    redis.kill();
    let begin = Instant::now();
    let mut here = one.listen("t").await;
    one.tell("t", Bytes::from_static(b"here")).await;
    while here.recv().await.unwrap() != "here" {}
    // Each process counts by itself meanwhile.
    for live in [&one, &other, &one, &other] {
        live.allow(&allowance("b")).await.unwrap();
    }
    one.allow(&allowance("b")).await.unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(5), "everybody waited: {:?}", begin.elapsed());
    redis.restart().await;
    until_heard(&one, &other).await;
    one.allow(&allowance("c")).await.unwrap();
    other.allow(&allowance("c")).await.unwrap();
    one.allow(&allowance("c")).await.expect_err("they count together again");
}

/// A paused server keeps nobody waiting longer than an answer may take.
#[tokio::test]
async fn a_paused_server_keeps_nobody_waiting() {
    installed!();
    let redis = Redis::start("everysec").await;
    let (one, other) = (connected(&redis.url()).await, connected(&redis.url()).await);
    redis.pause();
    for _ in 0..2 {
        let begin = Instant::now();
        one.allow(&allowance("a")).await.unwrap();
        one.tell("t", Bytes::new()).await;
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    }
    redis.resume();
    until_heard(&one, &other).await;
}

/// The Sentinels make the replica master: both processes follow, and meet there.
#[tokio::test]
async fn a_failover_is_followed() {
    installed!();
    let mut guarded = Guarded::start().await;
    let (one, other) = (connected(&guarded.url()).await, connected(&guarded.url()).await);
    until_heard(&one, &other).await;
    guarded.servers[0].kill();
    guarded.until_master(1).await;
    until_heard(&one, &other).await;
    let there = There { at: Millis(1), workers: Vec::new() };
    let begin = Instant::now();
    while other.presence(TenantId(1)).await.is_none() {
        one.present(TenantId(1), &there).await;
        assert!(begin.elapsed() < PATIENCE);
    }
    assert!(guarded.servers[1].command("GET blendline:present:1").contains("workers"));
    // The old master comes back as one, until the Sentinels tell it otherwise: nobody goes back to it.
    guarded.servers[0].restart().await;
    until_heard(&one, &other).await;
}
