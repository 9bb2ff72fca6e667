//! The contract suites over the embedded adapters.

use std::path::{Path, PathBuf};

use blendline_router::adapters::sqlite::{BrokerOptions, DataDir, OpenError, SqliteBroker};
use blendline_router::ports::broker::Broker;
use blendline_tests::contract::broker::{self, BrokerWorld};

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

#[tokio::test]
async fn broker_keeps_order() {
    broker::keeps_order(&Directory::new("order")).await;
}

#[tokio::test]
async fn broker_takes_many_publishers() {
    broker::takes_many_publishers(&Directory::new("many")).await;
}

#[tokio::test]
async fn broker_delivers_again_after_reopening() {
    broker::delivers_again_after_reopening(&Directory::new("reopen")).await;
}

#[tokio::test]
async fn broker_replaces_a_subscription() {
    broker::replaces_a_subscription(&Directory::new("replace")).await;
}

#[tokio::test]
async fn broker_refuses_when_full() {
    broker::refuses_when_full(&Directory::new("full")).await;
}

#[tokio::test]
async fn broker_holds_the_prefetch() {
    broker::holds_the_prefetch(&Directory::new("prefetch")).await;
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
