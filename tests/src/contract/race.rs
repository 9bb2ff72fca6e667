//! What every store must do when several come at once: one owner, no commit of an old epoch, one order.

use std::sync::Arc;

use blendline_core::Write;
use blendline_router::ports::store::{Archive, Store, StoreError, Tenure};

use super::rows::{self, TENANT};
use super::store::{SHARD, StoreWorld};

const LEASE_MS: u64 = 60_000;

/// Of many who take a free shard at once exactly one gets it, again and again, and each time with the next epoch.
pub async fn one_of_many_takes_a_shard(world: &impl StoreWorld) {
    let store = Arc::new(world.open().await);
    for round in 1..=10 {
        let takers: Vec<_> = (0..20)
            .map(|taker| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { store.take(SHARD, &format!("taker {taker}"), LEASE_MS).await })
            })
            .collect();
        let (mut taken, mut holders) = (Vec::new(), Vec::new());
        for (taker, outcome) in takers.into_iter().enumerate() {
            match outcome.await.unwrap() {
                Ok(tenure) => taken.push((format!("taker {taker}"), tenure)),
                Err(StoreError::Held { owner, .. }) => holders.push(owner),
                Err(other) => panic!("{other}"),
            }
        }
        let [(owner, tenure)] = &taken[..] else { panic!("taken by {taken:?}") };
        assert_eq!(tenure.epoch, round);
        assert_eq!(holders, vec![owner.clone(); 19]);
        store.give_up(SHARD, tenure.epoch).await.unwrap();
    }
}

/// While one commits batch after batch another takes the shard from under him: what was committed before the taking is
/// exactly what the new owner finds, and nothing of the old epoch gets in after it.
pub async fn taking_ends_the_commits_of_the_old_owner(world: &impl StoreWorld) {
    let store = Arc::new(world.open().await);
    let mut events = 0_usize;
    for _ in 0..5 {
        // A lease that is over at once: only the fence keeps the old owner out.
        let old = store.take(SHARD, "old", 0).await.unwrap();
        let (committer, first) = (Arc::clone(&store), events as u64 + 1);
        let committing = tokio::spawn(async move { commit_until_fenced(&*committer, old, first).await });
        // Let him begin, so that there is something to interrupt.
        while store.events(TENANT, 0, 10_000).await.unwrap().len() < events + 3 {
            tokio::task::yield_now().await;
        }
        let new = loop {
            match store.take(SHARD, "new", 0).await {
                Ok(tenure) => break tenure,
                Err(StoreError::Held { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        };
        let seen = store.events(TENANT, 0, 10_000).await.unwrap().len();
        let committed = committing.await.unwrap();
        assert_eq!(new.epoch, old.epoch + 1);
        assert_eq!(new.batch, old.batch + committed, "the new owner goes on where the old one ended");
        events += committed as usize;
        assert_eq!(seen, events, "what was there when it was taken is what is there");
        assert_eq!(store.events(TENANT, 0, 10_000).await.unwrap().len(), events, "nothing got in after it");
        store.give_up(SHARD, new.epoch).await.unwrap();
    }
}

/// One event in each batch; how many batches got in.
async fn commit_until_fenced(store: &impl Store, tenure: Tenure, first: u64) -> u64 {
    for number in 1.. {
        let mut commit = rows::batch(SHARD, tenure, number);
        commit.lease_ms = 0;
        commit.writes.push(Write::Event(Box::new(rows::event(first + number - 1, TENANT))));
        match store.commit(&commit).await {
            Ok(()) => {}
            Err(StoreError::Fenced) => return number - 1,
            Err(other) => panic!("{other}"),
        }
    }
    0
}

/// The same batch from many sides at once, as a try that is given up and the next one would: it is in once, and all hear
/// that it is.
pub async fn the_same_batch_at_once_is_one(world: &impl StoreWorld) {
    let store = Arc::new(world.open().await);
    let tenure = store.take(SHARD, "one", LEASE_MS).await.unwrap();
    for number in 1..=5 {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let mut commit = rows::batch(SHARD, tenure, number);
                    commit.writes.push(Write::Event(Box::new(rows::event(number, TENANT))));
                    store.commit(&commit).await
                })
            })
            .collect();
        for outcome in tries {
            assert_eq!(outcome.await.unwrap(), Ok(()));
        }
    }
    assert_eq!(store.events(TENANT, 0, 99).await.unwrap().len(), 5);
}

/// Owners of different shards commit at once without minding each other.
pub async fn shards_do_not_mind_each_other(world: &impl StoreWorld) {
    let store = Arc::new(world.open().await);
    let owners: Vec<_> = (0..8_u16)
        .map(|shard| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let tenure = store.take(shard, "owner", LEASE_MS).await.unwrap();
                for number in 1..=20 {
                    let mut commit = rows::batch(shard, tenure, number);
                    let id = (u64::from(shard) << 48) + number;
                    commit.writes.push(Write::Event(Box::new(rows::event(id, TENANT))));
                    commit.writes.push(Write::Task(Box::new(rows::task(id))));
                    store.commit(&commit).await.unwrap();
                }
            })
        })
        .collect();
    for owner in owners {
        owner.await.unwrap();
    }
    for shard in 0..8 {
        assert_eq!(store.load(shard).await.unwrap().tasks.len(), 20);
    }
    let events = store.events(TENANT, 0, 1_000).await.unwrap();
    assert_eq!(events.len(), 160);
    assert!(events.is_sorted_by_key(|event| event.id.0), "by number, over all shards");
    let page = store.events(TENANT, events[24].id.0, 50).await.unwrap();
    assert_eq!(page, events[25..75], "pages go on across shards");
}
