//! What every index of words must do: lines are put in once and in order, found by all words that are asked for, the newest
//! first, and nobody finds another tenant's.

use blendline_core::Write;
use blendline_core::rows::{Task, TaskState};
use blendline_router::ports::search::{Doc, Search, Term, Wanted};
use blendline_router::ports::store::Store as _;
use blendline_wire::{TaskId, TenantId, WorkerId};

use super::rows::{self, NOW, TENANT};
use super::store::{SHARD, StoreWorld, take};

const OTHER: TenantId = TenantId(77);

fn doc(transcript: u64, seq: u64, words: &str) -> Doc {
    let words = words.split(' ').map(str::to_owned).collect();
    Doc { transcript, seq, at: NOW.plus(seq), task: Some(TaskId(transcript)), words }
}

fn word(word: &str) -> Vec<Term> {
    vec![Term { word: word.to_owned(), begins: false }]
}

fn beginning(word: &str) -> Vec<Term> {
    vec![Term { word: word.to_owned(), begins: true }]
}

fn wanted(all_of: Vec<Vec<Term>>) -> Wanted {
    Wanted { tenant: TENANT, all_of, worker: None, few_tasks: 10, before: None, limit: 10 }
}

async fn places(store: &impl Search, wanted: &Wanted) -> Vec<(u64, u64)> {
    store.find(wanted).await.unwrap().into_iter().map(|hit| (hit.transcript, hit.seq)).collect()
}

/// Words are found alone and together, as wholes and by their beginnings, one of several, in pages, over a restart.
pub async fn finds_words<W: StoreWorld<Store: Search>>(world: &W) {
    let store = world.open().await;
    assert!(store.find(&wanted(vec![word("החזר")])).await.unwrap().is_empty());
    let lines = [doc(5, 1, "החזר כספי 5512"), doc(5, 2, "החזר"), doc(6, 1, "כספי ab")];
    store.add_lines(TENANT, &lines).await.unwrap();
    store.add_lines(OTHER, &[doc(7, 1, "החזר כספי")]).await.unwrap();
    store.add_lines(TENANT, &[doc(5, 1, "other words"), doc(8, 1, "זיכוי החזר")]).await.unwrap();
    drop(store);
    let store = world.open().await;
    assert_eq!(places(&store, &wanted(vec![word("החזר")])).await, [(8, 1), (5, 2), (5, 1)], "the newest first");
    assert_eq!(places(&store, &wanted(vec![word("החזר"), word("כספי")])).await, [(5, 1)]);
    assert_eq!(places(&store, &wanted(vec![word("החז")])).await, []);
    assert_eq!(places(&store, &wanted(vec![beginning("החז"), beginning("כס")])).await, [(5, 1)]);
    assert_eq!(places(&store, &wanted(vec![beginning("55")])).await, [(5, 1)]);
    assert_eq!(places(&store, &wanted(vec![word("other")])).await, [], "what is there stays as it was put in");
    let either = [word("ab"), word("זיכוי")].concat();
    assert_eq!(places(&store, &wanted(vec![either])).await, [(8, 1), (6, 1)]);
    let elsewhere = Wanted { tenant: OTHER, ..wanted(vec![word("החזר")]) };
    assert_eq!(places(&store, &elsewhere).await, [(7, 1)]);
    let first = Wanted { limit: 2, ..wanted(vec![word("החזר")]) };
    let hits = store.find(&first).await.unwrap();
    assert_eq!(hits.len(), 2);
    assert_eq!((hits[1].at, hits[1].task), (NOW.plus(2), Some(TaskId(5))));
    let rest = Wanted { before: Some(hits[1].id), ..first };
    assert_eq!(places(&store, &rest).await, [(5, 1)]);
}

/// Tenants whose numbers begin alike do not find each other's.
pub async fn keeps_tenants_apart<W: StoreWorld<Store: Search>>(world: &W) {
    let store = world.open().await;
    for (tenant, transcript) in [(TenantId(1), 1), (TenantId(11), 2), (TenantId(2), 3)] {
        store.add_lines(tenant, &[doc(transcript, 1, "1xsame same x2")]).await.unwrap();
    }
    for (tenant, found) in [(TenantId(1), vec![(1, 1)]), (TenantId(11), vec![(2, 1)]), (TenantId(3), vec![])] {
        for asked in ["same", "1xsame", "x2"] {
            let wanted = Wanted { tenant, ..wanted(vec![beginning(asked)]) };
            assert_eq!(places(&store, &wanted).await, found, "{asked} of {tenant}");
        }
    }
}

/// Positions only grow, and each tenant has its own.
pub async fn keeps_its_place<W: StoreWorld<Store: Search>>(world: &W) {
    let store = world.open().await;
    assert_eq!(store.indexed(TENANT).await.unwrap(), 0);
    store.moved(TENANT, 7).await.unwrap();
    store.moved(TENANT, 5).await.unwrap();
    drop(store);
    let store = world.open().await;
    assert_eq!(store.indexed(TENANT).await.unwrap(), 7);
    assert_eq!(store.indexed(OTHER).await.unwrap(), 0);
}

/// Lines of the record come in their order until they are put in, and a worker finds those of his own tasks alone.
pub async fn follows_the_record<W: StoreWorld<Store: Search>>(world: &W) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    rows::say(&mut commit, None, Some(3), 1, "first");
    rows::say(&mut commit, None, Some(3), 2, "second");
    let task = Task { state: TaskState::active(WorkerId(9)), ..rows::task(3) };
    commit.writes.push(Write::Task(Box::new(task)));
    store.commit(&commit).await.unwrap();
    let lines = store.unindexed(3, 10).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.message.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.unindexed(3, 1).await.unwrap().len(), 1);
    store.add_lines(TENANT, &[doc(3, 1, "a b")]).await.unwrap();
    assert_eq!(store.unindexed(3, 10).await.unwrap(), lines[1..]);
    let found = store.lines(&[(3, 2), (3, 9), (4, 1)]).await.unwrap();
    assert_eq!(found, lines[1..]);
    // By the words, and by the lines of the few tasks that he had: the same is found, the newest first, and page by page.
    store.add_lines(TENANT, &[doc(3, 2, "a c"), doc(4, 1, "a")]).await.unwrap();
    for few_tasks in [0, 1] {
        let his = Wanted { worker: Some(WorkerId(9)), few_tasks, ..wanted(vec![word("a")]) };
        assert_eq!(places(&store, &his).await, [(3, 2), (3, 1)]);
        let newest = store.find(&Wanted { limit: 1, ..his.clone() }).await.unwrap();
        assert_eq!(places(&store, &Wanted { before: Some(newest[0].id), ..his.clone() }).await, [(3, 1)]);
        let both = Wanted { all_of: vec![word("a"), beginning("c")], ..his.clone() };
        assert_eq!(places(&store, &both).await, [(3, 2)]);
        let anothers = Wanted { worker: Some(WorkerId(999)), ..his };
        assert!(places(&store, &anothers).await.is_empty());
    }
}
