//! A database whose commits wait for a standby (RELIABILITY.md 2.1): nothing is acknowledged that only one disk has.

use std::time::{Duration, Instant};

use blendline_router::ports::store::{Store as _, StoreError};
use blendline_tests::contract::store::take;
use blendline_tests::servers::postgres::{Postgres, is_installed};

use crate::faults::{PATIENCE, events, insist, one_event, open, server};

/// A primary whose commits wait for its standby.
async fn pair(primary: &Postgres) -> Postgres {
    let standby = primary.standby().await;
    primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'").await;
    primary.run("SELECT pg_reload_conf()").await;
    standby
}

/// While the standby stands still nothing is acknowledged, however often the batch comes: not even when it is on the
/// primary's disk already. When the standby goes on, so does all.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_waits_for_the_standby() {
    let primary = server!();
    let standby = pair(&primary).await;
    let store = open(&primary.url()).await;
    let tenure = take(&store).await;
    insist(&store, &one_event(tenure, 1)).await;
    standby.pause();
    for attempt in 0..3 {
        let began = Instant::now();
        let told = store.commit(&one_event(tenure, 2)).await;
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "attempt {attempt}: {told:?}");
        assert!(began.elapsed() < PATIENCE, "attempt {attempt}: {:?}", began.elapsed());
    }
    standby.resume();
    insist(&store, &one_event(tenure, 2)).await;
    assert_eq!(events(&store).await, 2);
}

/// The primary dies in the middle of commits and the standby takes its place: it has all that was acknowledged, and what
/// was not may come again.
#[tokio::test(flavor = "multi_thread")]
async fn the_standby_has_what_was_acknowledged() {
    let mut primary = server!();
    let standby = pair(&primary).await;
    let store = open(&primary.url()).await;
    let tenure = take(&store).await;
    let (mut number, begin) = (0, Instant::now());
    let committing = async {
        loop {
            match store.commit(&one_event(tenure, number + 1)).await {
                Ok(()) => number += 1,
                Err(error) => return (number, error),
            }
        }
    };
    let (acknowledged, error) = tokio::join!(committing, async {
        while begin.elapsed() < Duration::from_secs(1) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        primary.kill().await;
    })
    .0;
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(acknowledged > 20, "{acknowledged}");
    standby.run("SELECT pg_promote()").await;
    let store = open(&standby.url()).await;
    let there = events(&store).await as u64;
    assert!((acknowledged..=acknowledged + 1).contains(&there), "{there} of {acknowledged} acknowledged");
    insist(&store, &one_event(tenure, acknowledged + 1)).await;
    assert_eq!(events(&store).await as u64, acknowledged + 1);
}
