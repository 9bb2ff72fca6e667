//! The contract suites over the embedded adapters.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use blendline_core::Write;
use blendline_router::adapters::files::{Bucket, BucketOptions, Directory as FilesInDirectory, examine};
use blendline_router::adapters::live::InProcessLive;
use blendline_router::adapters::sqlite::{BrokerOptions, DataDir, OpenError, SqliteBroker, SqliteStore};
use blendline_router::ports::broker::{Broker, BrokerError};
use blendline_router::ports::files::{FileName, Files as _};
use blendline_router::ports::store::{Store, StoreError, Wanted};
use blendline_tests::bucket::{FakeS3, client};
use blendline_tests::contract::broker::BrokerWorld;
use blendline_tests::contract::files::{self as of_files, FilesWorld};
use blendline_tests::contract::live::LiveWorld;
use blendline_tests::contract::rows;
use blendline_tests::contract::store::{SHARD, StoreWorld, take};
use blendline_wire::TenantId;

/// A directory of this test's own; removed when it is over.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("contract-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> DataDir {
        DataDir::open(&self.0).unwrap()
    }

    /// The files as a power loss at this instant would leave them. `-shm` is memory and is lost.
    fn crash_copy(&self, name: &str) -> Self {
        let copy = Self::new(name);
        std::fs::create_dir_all(&copy.0).unwrap();
        for entry in std::fs::read_dir(&self.0).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            if !file.ends_with("-shm") {
                std::fs::copy(&path, copy.0.join(file)).unwrap();
            }
        }
        copy
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl BrokerWorld for Directory {
    type Broker = SqliteBroker;

    async fn open(&self) -> SqliteBroker {
        SqliteBroker::open(&self.open(), BrokerOptions { length_max: self.length_max(), ..Default::default() }).unwrap()
    }

    fn length_max(&self) -> u64 {
        1000
    }
}

impl LiveWorld for Directory {
    type Live = InProcessLive;

    async fn open(&self) -> [Arc<InProcessLive>; 2] {
        let live = Arc::new(InProcessLive::default());
        [live.clone(), live]
    }
}

impl StoreWorld for Directory {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.open()).unwrap()
    }
}

impl FilesWorld for Directory {
    type Files = FilesInDirectory;

    fn open(&self) -> FilesInDirectory {
        FilesInDirectory::new(self.0.join("media"))
    }
}

/// A test for each suite of a port.
macro_rules! suites {
    ($($port:ident: $($suite:ident),+ $(,)?;)+) => {
        $(mod $port {
            $(#[tokio::test]
            async fn $suite() {
                let name = concat!(stringify!($port), "-", stringify!($suite));
                blendline_tests::contract::$port::$suite(&super::Directory::new(name)).await;
            })+
        })+
    };
}

suites! {
    broker: keeps_order, takes_many_publishers, delivers_again_after_reopening, replaces_a_subscription,
        refuses_when_full, holds_the_prefetch;
    live: tells_everyone, shares_allowances, takes_all_or_none, knows_who_is_there, gathers_routers;
    store: owns_by_lease, fences_commits, loads_what_was_written, looks_up_a_batch, grants_a_claim_once,
        tells_contradictions, takes_large_batches;
    race: one_of_many_takes_a_shard, taking_ends_the_commits_of_the_old_owner, the_same_batch_at_once_is_one,
        shards_do_not_mind_each_other;
    files: keeps_files, removes_what_is_old;
    people: knows_users, changes_users, opens_sessions, notes_what_is_done, keeps_one_chain;
    rules: keeps_versions, publishes_one_of_two;
    outlets: keeps_places, keeps_endpoints, keeps_a_ledger, posts_again_and_forgets;
    systems: keeps_keys_of_systems;
    desks: keeps_drafts, bounds_drafts, keeps_answers, keeps_views, holds_macros;
    devices: keeps_keys, keeps_devices, bounds_devices;
    cases: keeps_cases, lists_cases_by_what_is_due, finds_cases_in_time;
    ledger: keeps_decisions;
    happenings: finds_what_happened;
    judgements: keeps_judgements;
    external: keeps_external_events, finds_cases_by_reference;
    improvements: keeps_improvements;
    search: finds_words, keeps_tenants_apart, keeps_its_place, follows_the_record;
    archive: keeps_transcripts, joins_letters, keeps_a_register, lists_in_pages, finds_what_nobody_confirmed,
        finds_what_was_heard_lately, keeps_quarantine,
        gives_handles_once, keeps_tenants_on_their_shards, keeps_what_was_sent, gives_the_journal_back, follows_a_contact;
}

/// The same of a bucket, and of what only a server does.
mod files_in_a_bucket {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn keeps_files() {
        of_files::keeps_files(&FakeS3::start().await).await;
    }

    #[tokio::test]
    async fn removes_what_is_old() {
        let s3 = FakeS3::start().await;
        of_files::removes_what_is_old(&s3).await;
        assert!(s3.keys().iter().all(|key| key.starts_with("files/")), "{:?}", s3.keys());
    }

    #[tokio::test]
    async fn what_is_put_again_is_young() {
        let s3 = FakeS3::start().await;
        of_files::what_is_put_again_is_young(&s3, async || s3.age(Duration::from_secs(7200))).await;
    }

    #[tokio::test]
    async fn a_busy_server_is_asked_again_and_a_wrong_key_is_told() {
        let s3 = FakeS3::start().await;
        s3.be_busy(2);
        let name = s3.bucket().put(TenantId(7), b"hello".to_vec()).await.unwrap();
        s3.be_busy(3);
        assert!(s3.bucket().get(&name).await.unwrap_err().to_string().contains("SlowDown"));
        assert_eq!(s3.bucket().get(&name).await.unwrap(), b"hello");
        let stranger = Bucket::new(s3.options(Some("another secret")), client());
        let refused = stranger.get(&name).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
        assert!(refused.to_string().contains("SignatureDoesNotMatch"), "{refused}");
        let options = BucketOptions { bucket: "other".into(), ..s3.options(None) };
        let nowhere = Bucket::new(options, client()).get(&name).await.unwrap_err();
        assert_eq!(nowhere.kind(), std::io::ErrorKind::Other, "{nowhere}");
    }

    #[tokio::test]
    async fn the_doctor_sees_what_is_wrong() {
        let s3 = FakeS3::start().await;
        assert_eq!(examine(&s3.bucket(), "media.url").await, []);
        assert_eq!(s3.keys(), Vec::<String>::new(), "nothing is left of the look");
        let found = examine(&Bucket::new(s3.options(Some("x")), client()), "media.url").await;
        assert!(found[0].fatal && found[0].found.contains("cannot be put"), "{found:?}");
    }
}

#[tokio::test]
async fn a_file_in_a_directory_that_is_put_again_is_young() {
    let world = Directory::new("files-again");
    let age = async || {
        let hour_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
        for name in [&b"old"[..], b"again"].map(|bytes| FileName::of(TenantId(7), bytes)) {
            let file = std::fs::File::open(world.0.join("media").join(name.place().unwrap())).unwrap();
            file.set_modified(hour_ago).unwrap();
        }
    };
    of_files::what_is_put_again_is_young(&world, age).await;
}

/// What was answered is in the files at once: nothing waits for a clean end.
#[tokio::test]
async fn broker_survives_a_crash() {
    let world = Directory::new("crash");
    let broker = BrokerWorld::open(&world).await;
    for n in 0..50 {
        broker.publish("q", format!("{n}").into_bytes()).await.unwrap();
    }
    let after = world.crash_copy("crash-after");
    let broker_after = BrokerWorld::open(&after).await;
    let mut subscription = broker_after.subscribe("q", 100).await.unwrap();
    for n in 0..50 {
        let delivery = subscription.deliveries.recv().await.unwrap();
        assert_eq!(delivery.body, format!("{n}").as_bytes());
        assert!(delivery.redelivered, "nobody can know whether it was delivered before the crash");
    }
    assert_eq!(broker_after.depth("q").await, Ok(50));
}

/// Somebody else writes to a file, as a disk that refuses would: nothing is taken, and all is well again after it,
/// subscriptions too.
#[tokio::test]
async fn both_recover_from_a_file_that_refuses() {
    let world = Directory::new("refusing");
    let data = world.open();
    let broker = SqliteBroker::open(&data, BrokerOptions::default()).unwrap();
    let store = SqliteStore::open(&data).unwrap();
    let tenure = take(&store).await;
    let mut subscription = broker.subscribe("q", 10).await.unwrap();
    let others = ["broker.db", "store.db"].map(|file| rusqlite::Connection::open(world.0.join(file)).unwrap());
    for other in &others {
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
    }
    let commit = rows::batch(SHARD, tenure, 1);
    let (refused, unknown) = tokio::join!(broker.publish("q", b"lost".to_vec()), store.commit(&commit));
    assert!(matches!(refused, Err(BrokerError::Unavailable(_))), "{refused:?}");
    assert!(matches!(unknown, Err(StoreError::Unavailable(_))), "{unknown:?}");
    for other in &others {
        other.execute_batch("ROLLBACK").unwrap();
    }
    broker.publish("q", b"kept".to_vec()).await.unwrap();
    assert_eq!(subscription.deliveries.recv().await.unwrap().body, "kept");
    assert_eq!(broker.depth("q").await, Ok(1));
    store.commit(&commit).await.unwrap();
}

#[test]
fn a_second_process_on_the_same_directory_is_refused() {
    let world = Directory::new("lock");
    let held = world.open();
    let refused = DataDir::open(&world.0).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }));
    assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
    drop(held);
    world.open();
}

/// What was committed is in the files at once, and a killed process's lease does not keep its successor waiting.
#[tokio::test]
async fn store_survives_a_crash() {
    let world = Directory::new("store-crash");
    let store = StoreWorld::open(&world).await;
    let tenure = store.take(SHARD, "embedded:first", 60_000).await.unwrap();
    for number in 1..=20 {
        let mut commit = rows::batch(SHARD, tenure, number);
        commit.writes.push(Write::Task(Box::new(rows::task(number))));
        store.commit(&commit).await.unwrap();
    }
    assert!(matches!(store.take(SHARD, "embedded:second", 60_000).await, Err(StoreError::Held { .. })));
    let after = world.crash_copy("store-crash-after");
    let store = StoreWorld::open(&after).await;
    let second = store.take(SHARD, "embedded:second", 60_000).await.unwrap();
    assert_eq!((second.epoch, second.batch), (tenure.epoch + 1, 20));
    assert_eq!(store.load(SHARD).await.unwrap().tasks.len(), 20);
    // An owner that does not live and die with the directory keeps his lease.
    store.give_up(SHARD, second.epoch).await.unwrap();
    store.take(SHARD, "http://elsewhere", 60_000).await.unwrap();
    drop(store);
    let store = StoreWorld::open(&after).await;
    assert!(matches!(store.take(SHARD, "embedded:third", 60_000).await, Err(StoreError::Held { .. })));
}

/// Keys are known for eight days and swept after them, a bounded part at a time.
#[tokio::test]
async fn store_sweeps_old_days() {
    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    let world = Directory::new("store-sweep");
    let store = StoreWorld::open(&world).await;
    let tenure = take(&store).await;
    let key = |day: u64, n: u64| (u128::from(day) << 64 | u128::from(n)).to_be_bytes();
    for day in 0..3 {
        let mut commit = rows::batch(SHARD, tenure, day + 1);
        commit.now = rows::NOW + day * DAY_MS;
        commit.keys = (0..25_000).map(|n| (key(day, n), Vec::new())).collect();
        store.commit(&commit).await.unwrap();
    }
    let wanted = Wanted { keys: vec![key(0, 1), key(1, 24_999), key(2, 0)], ..Wanted::default() };
    assert!(!store.sweep(rows::NOW + 8 * DAY_MS).await.unwrap());
    assert_eq!(store.prefetch(SHARD, &wanted).await.unwrap().keys.len(), 3);
    assert!(store.sweep(rows::NOW + 9 * DAY_MS).await.unwrap(), "more than one part");
    assert!(!store.sweep(rows::NOW + 9 * DAY_MS).await.unwrap());
    let found = store.prefetch(SHARD, &wanted).await.unwrap();
    assert_eq!(found.keys.len(), 2);
    assert!(!found.keys.contains_key(&key(0, 1)));
}
