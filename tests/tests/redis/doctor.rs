//! What `blendline doctor` says of a Redis.

use blendline_router::adapters::redis::{RedisOptions, examine};
use blendline_tests::servers::redis::{Guarded, Redis};

use crate::installed;

async fn keys(url: &str) -> Vec<String> {
    let found = examine(&RedisOptions::new(url).unwrap()).await;
    assert!(found.iter().all(|finding| !finding.fatal), "Blendline runs without Redis: {found:?}");
    found.into_iter().map(|finding| finding.key).collect()
}

#[tokio::test]
async fn finds_what_is_not_as_it_should_be() {
    installed!();
    let redis = Redis::start("everysec").await;
    assert_eq!(keys(&redis.url()).await, Vec::<String>::new());
    redis.command("CONFIG SET maxmemory 100mb");
    assert_eq!(keys(&redis.url()).await, ["maxmemory-policy"]);
    redis.command("REPLICAOF 127.0.0.1 1");
    assert!(!keys(&redis.url()).await.is_empty(), "a replica takes no writes");
    assert_eq!(keys("redis://127.0.0.1:1").await, ["connection"]);
}

#[tokio::test]
async fn asks_the_sentinels() {
    installed!();
    let guarded = Guarded::start().await;
    assert_eq!(keys(&guarded.url()).await, Vec::<String>::new());
    let one = guarded.url().split(',').next().unwrap().to_owned();
    assert_eq!(keys(&format!("{one}/mm")).await, ["sentinels"]);
    assert_eq!(keys(&format!("{one}/unknown")).await, ["sentinels", "master"]);
}
