//! Opening: the schema, who may not be the record, and the partitions.

use blendline_core::Write;
use blendline_router::adapters::postgres::{OpenError, PostgresOptions, PostgresStore};
use blendline_router::ports::store::{Store, StoreError, Wanted};
use blendline_tests::contract::rows::{self, NOW, TENANT};
use blendline_tests::contract::store::{SHARD, StoreWorld as _, take};
use blendline_tests::servers::postgres::run;
use blendline_wire::Millis;

use crate::database::Database;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

async fn refused(url: &str) -> OpenError {
    match PostgresStore::open(PostgresOptions::from_url(url).unwrap()).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

/// Programs that start at once on an empty database make one schema.
#[tokio::test(flavor = "multi_thread")]
async fn programs_that_start_at_once_agree() {
    let Some(database) = Database::new("at_once").await else { return };
    let opening = (0..6).map(|_| PostgresStore::open(PostgresOptions::from_url(database.url()).unwrap()));
    let stores: Vec<_> = futures_util::future::join_all(opening).await.into_iter().map(Result::unwrap).collect();
    let tenure = take(&stores[0]).await;
    for (number, store) in (1..).zip(&stores) {
        store.commit(&rows::batch(SHARD, tenure, number)).await.unwrap();
    }
}

/// A database is refused with the place and the cure, and never with the password.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_the_record_is_refused_with_the_cure() {
    let Some(database) = Database::new("refusing").await else { return };
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    drop(database.open().await);
    run(database.url(), "INSERT INTO schema_version (version) VALUES (99)").await;
    let newer = refused(database.url()).await;
    assert!(matches!(newer, OpenError::Newer { found: 99, .. }), "{newer}");
    assert!(newer.to_string().contains("use that version"), "{newer}");

    let off = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    run(database.url(), &off).await;
    let off = refused(database.url()).await.to_string();
    assert!(off.contains("synchronous_commit = off") && off.contains("ALTER SYSTEM"), "{off}");

    let base = database.url().trim_end_matches(name.as_str()).to_owned();
    run(
        &format!("{base}postgres"),
        &format!("CREATE DATABASE {name}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"),
    )
    .await;
    let latin = refused(&format!("{base}{name}_latin")).await.to_string();
    assert!(latin.contains("server_encoding = LATIN1") && latin.contains("ENCODING 'UTF8'"), "{latin}");

    let missing = refused(&format!("{base}{name}_missing")).await.to_string();
    assert!(missing.contains("does not exist") && missing.contains("CREATE DATABASE"), "{missing}");

    let guest = format!("guest_{name}");
    run(&format!("{base}postgres"), &format!("CREATE ROLE {guest} LOGIN")).await;
    run(&format!("{base}postgres"), &format!("CREATE DATABASE {name}_guest")).await;
    let with_guest = base.replace("blendline@", &format!("{guest}:hunter2@"));
    let guest = refused(&format!("{with_guest}{name}_guest")).await.to_string();
    assert!(guest.contains("permission denied") && guest.contains("OWNER"), "{guest}");
    assert!(!guest.contains("hunter2"), "{guest}");

    let nobody = refused("postgres://blendline@127.0.0.1:1/blendline").await;
    assert!(matches!(nobody, OpenError::Unreachable { .. }), "{nobody}");
    assert!(nobody.to_string().contains("127.0.0.1:1/blendline does not answer"), "{nobody}");
}

/// Keys are known for at least eight days, by every program, and go after them with the journal.
#[tokio::test(flavor = "multi_thread")]
async fn days_come_and_go() {
    let Some(database) = Database::new("days").await else { return };
    let (store, other) = (database.open().await, database.open().await);
    let tenure = take(&store).await;
    let key = |day: u64| u128::from(day).to_be_bytes();
    for day in 0..6 {
        let mut commit = rows::batch(SHARD, tenure, day + 1);
        commit.now = NOW + day * DAY_MS;
        commit.keys = vec![(key(day), vec![day as u8])];
        store.commit(&commit).await.unwrap();
    }
    let wanted = Wanted { keys: (0..6).map(key).collect(), ..Wanted::default() };
    let kept = async || other.prefetch(SHARD, &wanted).await.unwrap().keys;
    let journal = async || count(database.url(), "SELECT count(*) FROM journal").await;
    for today in 5..=8 {
        sweep(&store, NOW + today * DAY_MS).await;
        assert_eq!((kept().await.len(), journal().await), (6, 6), "on day {today}");
    }
    for today in 9..=17 {
        sweep(&store, NOW + today * DAY_MS).await;
        let keys = kept().await;
        for day in 0..6 {
            let (must, may) = (day + 8 >= today, day + 12 >= today);
            assert!(keys.contains_key(&key(day)) || !must, "the key of day {day} is gone on day {today}");
            assert!(!keys.contains_key(&key(day)) || may, "the key of day {day} is there on day {today}");
        }
        assert_eq!(journal().await, 14_u64.saturating_sub(today) as i64, "on day {today}");
    }
    assert!(!other.sweep(NOW + 17 * DAY_MS).await.unwrap(), "there is nothing more to drop");
    // What one program dropped and a batch of another still needs is made again.
    let mut late = rows::batch(SHARD, tenure, 7);
    late.keys = vec![(key(9), Vec::new())];
    store.commit(&late).await.unwrap();
    sweep(&other, NOW + 17 * DAY_MS).await;
    assert_eq!(journal().await, 0);
    let mut late = rows::batch(SHARD, tenure, 8);
    late.keys = vec![(key(9), Vec::new())];
    store.commit(&late).await.unwrap();
    assert_eq!(journal().await, 1);
}

async fn sweep(store: &PostgresStore, now: Millis) {
    while store.sweep(now).await.unwrap() {}
}

async fn count(url: &str, query: &str) -> i64 {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.query_one(query, &[]).await.unwrap().get(0)
}

/// Numbers of far apart shards each find their partition, also where nobody has made it yet.
#[tokio::test(flavor = "multi_thread")]
async fn every_shard_has_its_partitions() {
    let Some(database) = Database::new("numbers").await else { return };
    let store = database.open().await;
    for shard in [0_u16, 3, 15, 32_767] {
        let tenure = store.take(shard, "owner", 60_000).await.unwrap();
        let mut commit = rows::batch(shard, tenure, 1);
        let first = u64::from(shard) << 48;
        for id in [first + 1, first + (1 << 23), first + (1 << 24), first + (5 << 24)] {
            commit.writes.push(Write::Event(Box::new(rows::event(id, TENANT))));
            rows::say(&mut commit, Some(id), None, 1, "a line");
        }
        store.commit(&commit).await.unwrap();
    }
    assert_eq!(blendline_router::ports::store::Archive::events(&store, TENANT, 0, 99).await.unwrap().len(), 16);
}

/// A name that the log of the database shows is not a customer's: an error repeats no value.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_repeats_no_text() {
    let Some(database) = Database::new("silent").await else { return };
    let store = database.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    rows::say(&mut commit, Some(1), None, 1, "CANARY");
    store.commit(&commit).await.unwrap();
    let mut twice = rows::batch(SHARD, tenure, 2);
    rows::say(&mut twice, Some(1), None, 1, "CANARY");
    let Err(StoreError::Corrupt(told)) = store.commit(&twice).await else { panic!("taken") };
    assert!(told.contains("23505") && !told.contains("CANARY"), "{told}");
}
