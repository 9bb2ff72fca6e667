//! The backup of deploy/runbook/backup.md, made while the record is written to, and restored.

use std::process::Command;

use blendline_core::Write;
use blendline_router::ports::store::{Archive as _, Store as _};
use blendline_tests::contract::rows::{self, TENANT};
use blendline_tests::contract::store::{SHARD, StoreWorld as _, take};
use blendline_tests::process::Scratch;
use blendline_tests::servers::postgres::tool;

use crate::database::Database;

fn run(name: &str, arguments: &[&str]) {
    let output = Command::new(tool(name)).args(arguments).output().expect("PostgreSQL's own programs");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_restored_is_one_moment_and_goes_on_from_there() {
    let (Some(from), Some(to)) = (Database::new("backup_from").await, Database::new("backup_to").await) else { return };
    let store = from.open().await;
    let tenure = take(&store).await;
    let one_event = |number: u64| {
        let mut commit = rows::batch(SHARD, tenure, number);
        commit.writes.push(Write::Event(Box::new(rows::event(number, TENANT))));
        commit
    };
    for number in 1..=20 {
        store.commit(&one_event(number)).await.unwrap();
    }
    let scratch = Scratch::new("backup");
    let file = scratch.path().join("blendline.dump").display().to_string();
    let dump = {
        let (url, file) = (from.url().to_owned(), file.clone());
        tokio::task::spawn_blocking(move || run("pg_dump", &["--format=custom", "--file", &file, &url]))
    };
    for number in 21..=60 {
        store.commit(&one_event(number)).await.unwrap();
    }
    dump.await.unwrap();
    run("pg_restore", &["--clean", "--if-exists", "--no-owner", "--dbname", to.url(), &file]);

    let restored = to.open().await;
    let events = restored.events(TENANT, 0, 1_000).await.unwrap();
    assert!((20..=60).contains(&events.len()), "{}", events.len());
    assert_eq!(events, store.events(TENANT, 0, events.len()).await.unwrap());
    // Its owner of before is not there: once his lease is over somebody takes it, and the batches go on.
    restored.give_up(SHARD, tenure.epoch).await.unwrap();
    let next = take(&restored).await;
    assert_eq!((next.epoch, next.batch), (tenure.epoch + 1, events.len() as u64));
    let mut commit = rows::batch(SHARD, next, 1);
    commit.writes.push(Write::Event(Box::new(rows::event(1_000, TENANT))));
    restored.commit(&commit).await.unwrap();
}
