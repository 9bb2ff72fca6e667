//! What a database elsewhere can do to us: die, stand still, lose the answer, lose the half of what we said.

use std::time::{Duration, Instant};

use blendline_core::Write;
use blendline_router::adapters::postgres::{PostgresOptions, PostgresStore};
use blendline_router::ports::store::{Archive, Commit, Store, StoreError, Tenure, Wanted};
use blendline_tests::contract::rows::{self, TENANT};
use blendline_tests::contract::store::{SHARD, take};
use blendline_tests::servers::postgres::{Postgres, is_installed};

use crate::proxy::Proxy;

pub(crate) const DEADLINE: Duration = Duration::from_millis(1_000);
/// A call may wait for a connection, and then for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_millis(2_500);

/// A store whose calls end soon. Opening makes the schema, which a busy machine may not do within that time: tried again.
pub(crate) async fn open(url: &str) -> PostgresStore {
    let mut options = PostgresOptions::from_url(url).unwrap();
    options.deadline = DEADLINE;
    let begin = Instant::now();
    loop {
        match PostgresStore::open(options.clone()).await {
            Ok(store) => return store,
            Err(error) => assert!(begin.elapsed() < Duration::from_secs(60), "{error}"),
        }
    }
}

pub(crate) fn one_event(tenure: Tenure, number: u64) -> Commit {
    let mut commit = rows::batch(SHARD, tenure, number);
    commit.writes.push(Write::Event(Box::new(rows::event(number, TENANT))));
    commit
}

pub(crate) async fn events(store: &PostgresStore) -> usize {
    store.events(TENANT, 0, 10_000).await.unwrap().len()
}

/// The same batch again until it is in, as a driver does it.
pub(crate) async fn insist(store: &PostgresStore, commit: &Commit) {
    let begin = Instant::now();
    while let Err(error) = store.commit(commit).await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(30), "{error}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

macro_rules! server {
    () => {
        if is_installed() {
            Postgres::start().await
        } else {
            eprintln!("SKIPPED: PostgreSQL is not installed (./test contract installs it)");
            return;
        }
    };
}
pub(crate) use server;

/// A database that stands still makes every call `Unavailable` in time; when it goes on all is well, and nothing twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_paused_database_keeps_nobody_waiting() {
    let server = server!();
    let store = open(&server.url()).await;
    let tenure = take(&store).await;
    store.commit(&one_event(tenure, 1)).await.unwrap();
    server.pause();
    let begin = Instant::now();
    let (second, wanted) = (one_event(tenure, 2), Wanted { keys: vec![[1; 16]], ..Wanted::default() });
    let outcomes = tokio::join!(
        async { store.commit(&second).await.err() },
        async { store.prefetch(SHARD, &wanted).await.err() },
        async { store.renew(SHARD, tenure.epoch, 1).await.err() },
        async { store.take(SHARD, "another", 1).await.err() },
        async { store.load(SHARD).await.err() },
        async { store.events(TENANT, 0, 1).await.err() },
        async { store.claim(blendline_wire::OutboundId(1), 1, "one", rows::NOW).await.err() },
        async { store.handles(&[("queue".into(), "new".into())]).await.err() },
        async { store.sweep(rows::NOW).await.err() },
    );
    let unavailable = |outcome: &Option<StoreError>| matches!(outcome, Some(StoreError::Unavailable(_)));
    let (one, two, three, four, five, six, seven, eight, nine) = &outcomes;
    for outcome in [one, two, three, four, five, six, seven, eight, nine] {
        assert!(unavailable(outcome), "{outcomes:?}");
    }
    assert!(begin.elapsed() < 2 * PATIENCE, "{:?}", begin.elapsed());
    server.resume();
    insist(&store, &second).await;
    insist(&store, &one_event(tenure, 3)).await;
    assert_eq!(events(&store).await, 3);
}

/// Killed in the middle of commits: what was acknowledged is there, nothing is there twice, and the store finds the
/// server again by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_database_has_what_it_acknowledged() {
    let mut server = server!();
    let store = std::sync::Arc::new(open(&server.url()).await);
    let tenure = take(&*store).await;
    let mut number = 0;
    for _ in 0..3 {
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let (committer, first) = (store.clone(), number + 1);
        let committing = tokio::spawn(async move {
            let mut next = first;
            while !*stopped.borrow_and_update() {
                insist(&committer, &one_event(tenure, next)).await;
                next += 1;
            }
            next - 1
        });
        while events(&store).await < number as usize + 20 {
            tokio::task::yield_now().await;
        }
        server.kill().await;
        let refused = Instant::now();
        assert!(matches!(store.renew(SHARD, tenure.epoch, 60_000).await, Err(StoreError::Unavailable(_))));
        assert!(refused.elapsed() < PATIENCE);
        server.restart().await;
        stop.send(true).unwrap();
        number = committing.await.unwrap();
        assert_eq!(events(&store).await, number as usize);
    }
    store.give_up(SHARD, tenure.epoch).await.unwrap();
    assert_eq!(take(&*store).await.batch, number);
}

/// The answer to a commit is lost on its way: the same batch again is fine, and is in once.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_the_same_batch() {
    let server = server!();
    let proxy = Proxy::to(server.port()).await;
    let store = open(&format!("postgres://blendline@127.0.0.1:{}/blendline", proxy.port())).await;
    let direct = open(&server.url()).await;
    let tenure = take(&store).await;
    store.commit(&one_event(tenure, 1)).await.unwrap();
    proxy.deafen();
    let second = one_event(tenure, 2);
    assert!(matches!(store.commit(&second).await, Err(StoreError::Unavailable(_))));
    assert_eq!(events(&direct).await, 2, "it was carried out all the same");
    proxy.mend();
    insist(&store, &second).await;
    store.commit(&one_event(tenure, 3)).await.unwrap();
    assert_eq!(events(&direct).await, 3);

    // The same, and a new owner came before we could ask: we are fenced, and the batch stays in.
    proxy.deafen();
    let fourth = one_event(tenure, 4);
    assert!(matches!(store.commit(&fourth).await, Err(StoreError::Unavailable(_))));
    direct.give_up(SHARD, tenure.epoch).await.unwrap();
    let new = direct.take(SHARD, "new", 60_000).await.unwrap();
    assert_eq!((new.epoch, new.batch), (tenure.epoch + 1, 4));
    proxy.mend();
    let fenced = loop {
        match store.commit(&fourth).await {
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            outcome => break outcome,
        }
    };
    assert_eq!(fenced, Err(StoreError::Fenced));
    assert_eq!(events(&direct).await, 4);
}

/// Only the first half of a batch arrives, and then nothing: it is not in, and the lock it holds on the shard does not
/// keep a new owner out for longer than a call may take.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_batch_is_nothing_and_holds_nobody_up() {
    let server = server!();
    let proxy = Proxy::to(server.port()).await;
    let store = open(&format!("postgres://blendline@127.0.0.1:{}/blendline", proxy.port())).await;
    let direct = open(&server.url()).await;
    let tenure = store.take(SHARD, "old", 0).await.unwrap();
    let mut first = one_event(tenure, 1);
    first.lease_ms = 0;
    store.commit(&first).await.unwrap();
    // BEGIN, the fence, and the event; not the journal and not COMMIT.
    proxy.stall_after(3);
    let mut second = one_event(tenure, 2);
    second.lease_ms = 0;
    assert!(matches!(store.commit(&second).await, Err(StoreError::Unavailable(_))));
    let begin = Instant::now();
    let new = loop {
        match direct.take(SHARD, "new", 60_000).await {
            Ok(tenure) => break tenure,
            Err(StoreError::Unavailable(_)) => assert!(begin.elapsed() < 2 * PATIENCE),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!((new.epoch, new.batch), (tenure.epoch + 1, 1));
    assert_eq!(events(&direct).await, 1);
    proxy.mend();
    let begin = Instant::now();
    loop {
        match store.commit(&second).await {
            Err(StoreError::Fenced) => break,
            Err(StoreError::Unavailable(_)) if begin.elapsed() < 2 * PATIENCE => {}
            outcome => panic!("{outcome:?}"),
        }
    }
    assert_eq!(events(&direct).await, 1);
}

/// Somebody sets the database so that commits may be lost: nothing is acknowledged any more.
#[tokio::test(flavor = "multi_thread")]
async fn commits_that_may_be_lost_are_refused() {
    let server = server!();
    let store = open(&server.url()).await;
    let tenure = take(&store).await;
    store.commit(&one_event(tenure, 1)).await.unwrap();
    server.run("ALTER SYSTEM SET synchronous_commit = off").await;
    server.run("SELECT pg_reload_conf()").await;
    // A reload is a signal: the connection hears of it between two statements, soon.
    let begin = Instant::now();
    let (mut number, mut error) = (1, None);
    while error.is_none() && begin.elapsed() < Duration::from_secs(10) {
        number += 1;
        error = store.commit(&one_event(tenure, number)).await.err();
    }
    let told = error.expect("a refusal").to_string();
    assert!(told.contains("synchronous_commit is off"), "{told}");
    server.run("ALTER SYSTEM RESET synchronous_commit").await;
    server.run("SELECT pg_reload_conf()").await;
    insist(&store, &one_event(tenure, number)).await;
    assert_eq!(events(&store).await, number as usize);
}
