//! What every store must do: ownership, the fenced commit, loading, looking up, claiming.

use std::sync::Arc;

use blendline_core::Write;
use blendline_core::rows::{Learnt, Meta, OutboundState, Snapshot, TaskState};
use blendline_router::ports::store::{Archive, Claim, Store, StoreError, Tenure, Transcript, Wanted};
use blendline_wire::{ConversationId, Lease, Millis, OutboundId, QueueId, WorkerId};

use super::rows::{self, ACCOUNT, NOW, TENANT};

/// Where a store under test comes from.
pub trait StoreWorld {
    /// The adapter.
    type Store: Store + Archive;

    /// Opens the store, empty at first; again after the one before was dropped, with what it held.
    fn open(&self) -> impl Future<Output = Self::Store>;
}

/// The shard of all suites.
pub const SHARD: u16 = 1;
const LEASE_MS: u64 = 60_000;

/// Takes the shard; the one before gave it up, or there was none.
pub async fn take(store: &impl Store) -> Tenure {
    store.take(SHARD, "the suite", LEASE_MS).await.expect("nobody has it")
}

/// A lease keeps others out, ends, can be lengthened and given up; each taking raises the epoch; shards are apart.
pub async fn owns_by_lease(world: &impl StoreWorld) {
    let store = world.open().await;
    let first = store.take(SHARD, "one", LEASE_MS).await.unwrap();
    assert_eq!(first, Tenure { epoch: 1, batch: 0, now: Millis(0) });
    let Err(StoreError::Held { owner, left_ms }) = store.take(SHARD, "two", LEASE_MS).await else {
        panic!("taken while it was held");
    };
    assert!(owner == "one" && left_ms <= LEASE_MS && left_ms > LEASE_MS / 2, "{owner} {left_ms}");
    store.take(SHARD + 1, "two", LEASE_MS).await.expect("another shard");

    // A lease of nothing is over at once; a renewal makes it last.
    store.renew(SHARD, first.epoch, 0).await.unwrap();
    let second = store.take(SHARD, "two", 0).await.unwrap();
    assert_eq!(second.epoch, 2);
    assert_eq!(store.renew(SHARD, first.epoch, LEASE_MS).await, Err(StoreError::Fenced));
    assert_eq!(store.give_up(SHARD, first.epoch).await, Err(StoreError::Fenced));
    store.renew(SHARD, second.epoch, LEASE_MS).await.unwrap();
    assert!(matches!(store.take(SHARD, "three", LEASE_MS).await, Err(StoreError::Held { .. })));
    store.give_up(SHARD, second.epoch).await.unwrap();
    assert_eq!(store.take(SHARD, "three", LEASE_MS).await.unwrap().epoch, 3);
}

/// Only the next batch of the live epoch is taken; the same again is fine and changes nothing; a refused one leaves
/// no trace; a commit lengthens the lease; the next owner goes on where the last one ended.
pub async fn fences_commits(world: &impl StoreWorld) {
    let store = world.open().await;
    let old = store.take(SHARD, "old", 0).await.unwrap();
    let mut commit = rows::batch(SHARD, old, 1);
    commit.writes.push(Write::Event(Box::new(rows::event(1, TENANT))));
    store.commit(&commit).await.unwrap();
    store.commit(&commit).await.expect("the same batch again");
    assert_eq!(store.events(TENANT, 0, 10).await.unwrap().len(), 1);

    let mut gap = rows::batch(SHARD, old, 3);
    gap.writes.push(Write::Task(Box::new(rows::task(1))));
    assert_eq!(store.commit(&gap).await, Err(StoreError::Fenced));
    assert!(matches!(store.take(SHARD, "new", LEASE_MS).await, Err(StoreError::Held { .. })), "a commit renews");

    store.give_up(SHARD, old.epoch).await.unwrap();
    let new = store.take(SHARD, "new", LEASE_MS).await.unwrap();
    assert_eq!(new, Tenure { epoch: old.epoch + 1, batch: 1, now: NOW });
    let mut late = rows::batch(SHARD, old, 2);
    late.writes.push(Write::Task(Box::new(rows::task(1))));
    assert_eq!(store.commit(&late).await, Err(StoreError::Fenced));
    assert_eq!(store.commit(&commit).await, Err(StoreError::Fenced), "an old epoch's last batch");
    assert_eq!(store.task(rows::task(1).id).await.unwrap(), None);
    store.commit(&rows::batch(SHARD, new, 1)).await.unwrap();
}

/// What is loaded is what was written: the last of each row, without what has left the core, sorted by number.
pub async fn loads_what_was_written(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let meta = Meta { last_id: 900, last_event: 5, seed: u64::MAX - 1, now: NOW };
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.writes.push(Write::Meta(Meta::default()));
    commit.writes.push(Write::Learnt(Box::new(Learnt::new(QueueId(10)))));
    commit.writes.push(Write::Learnt(Box::new(Learnt::new(QueueId(20)))));
    for id in [30, 10, 20, 40] {
        commit.writes.push(Write::Task(Box::new(rows::task(id))));
        commit.writes.push(Write::Conversation(Box::new(rows::conversation(id, id.into()))));
        commit.writes.push(Write::Outbound(Box::new(rows::outbound(id, id.into(), id))));
        commit.writes.push(Write::Worker(Box::new(rows::worker(id))));
        commit.writes.push(Write::Tenant(rows::tenant(id)));
        commit.writes.push(Write::Calendar(rows::calendar(id)));
    }
    store.commit(&commit).await.unwrap();

    let mut active = rows::task(10);
    (active.state, active.lease) = (TaskState::active(WorkerId(20)), Lease(2));
    let mut closed = rows::task(20);
    closed.state = TaskState::Closed { at: NOW, how: blendline_core::rows::Closed::Solved, worker: Some(WorkerId(20)) };
    let mut sent = rows::outbound(30, 30, 30);
    sent.state = OutboundState::Sent { status: blendline_core::input::DeliveryStatus::Sent };
    let learnt = Learnt { seen: 3, ..Learnt::new(QueueId(10)) };
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.writes = vec![
        Write::Meta(meta),
        Write::Task(Box::new(rows::task(10))),
        Write::Task(Box::new(active.clone())),
        Write::Task(Box::new(closed)),
        Write::Conversation(Box::new(rows::solved(40, 40, NOW))),
        Write::Outbound(Box::new(sent)),
        Write::WorkerRemoved(WorkerId(30)),
        Write::QueueRemoved(QueueId(77)),
        Write::Learnt(Box::new(learnt.clone())),
        Write::LearntRemoved(QueueId(20)),
    ];
    store.commit(&commit).await.unwrap();

    let expected = Snapshot {
        meta,
        tenants: [10, 20, 30, 40].map(rows::tenant).into(),
        calendars: [10, 20, 30, 40].map(rows::calendar).into(),
        workers: [10, 20, 40].map(rows::worker).into(),
        conversations: [10, 20, 30].map(|id| rows::conversation(id, id.into())).into(),
        tasks: vec![active, rows::task(30), rows::task(40)],
        outbound: [10, 20, 40].map(|id| rows::outbound(id, id.into(), id)).into(),
        learnt: vec![learnt],
        ..Snapshot::default()
    };
    assert_eq!(store.load(SHARD).await.unwrap(), expected);
    assert_eq!(store.load(SHARD + 1).await.unwrap(), Snapshot::default(), "another shard's rows");
    drop(store);
    assert_eq!(world.open().await.load(SHARD).await.unwrap(), expected, "after reopening");
}

/// One look-up finds keys of any kept day with their values, contacts, their latest conversation unless it is open,
/// messages of ours by either id, and conversations that are not open.
pub async fn looks_up_a_batch(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.keys = vec![([1; 16], Vec::new()), ([2; 16], b"value\0".to_vec())];
    commit.addresses =
        vec![rows::address(100, 100, "a"), rows::address(101, 100, "alias"), rows::address(200, 200, "b")];
    commit.writes = vec![
        Write::Conversation(Box::new(rows::solved(1, 100, NOW))),
        Write::Conversation(Box::new(rows::solved(5, 100, NOW))),
        Write::Conversation(Box::new(rows::solved(2, 200, NOW))),
        Write::Conversation(Box::new(rows::conversation(6, 200))),
        Write::Outbound(Box::new(rows::outbound(8, 100, 8))),
    ];
    let odd = "wamid.\0odd".to_owned();
    commit.sent = vec![(OutboundId(8), ACCOUNT, odd.clone())];
    store.commit(&commit).await.unwrap();
    let mut next_day = rows::batch(SHARD, tenure, 2);
    next_day.now = NOW + 24 * 60 * 60 * 1000;
    next_day.keys = vec![([3; 16], Vec::new())];
    store.commit(&next_day).await.unwrap();

    let wanted = Wanted {
        keys: vec![[1; 16], [2; 16], [3; 16], [4; 16]],
        addresses: [100, 101, 200, 300].map(u128::to_be_bytes).into(),
        outbound: vec![OutboundId(9)],
        external: vec![(ACCOUNT, odd.clone()), (ACCOUNT, "other".into())],
        answered: Vec::new(),
        entries: Vec::new(),
        conversations: [1, 6, 7].map(ConversationId).into(),
        ..Wanted::default()
    };
    let found = store.prefetch(SHARD, &wanted).await.unwrap();
    assert_eq!(found.keys.len(), 3);
    assert_eq!(found.keys[&[2; 16]], b"value\0");
    assert_eq!(found.contacts.len(), 3);
    assert_eq!(found.contacts[&101_u128.to_be_bytes()].0, 100);
    assert_eq!(found.latest.values().collect::<Vec<_>>(), [&rows::solved(5, 100, NOW)]);
    assert_eq!(found.external[&(ACCOUNT, odd.clone())], OutboundId(8));
    assert_eq!(found.external.len(), 1);
    assert_eq!(found.outbound.into_values().collect::<Vec<_>>(), [rows::outbound(8, 100, 8)]);
    assert_eq!(found.conversations.into_values().collect::<Vec<_>>(), [rows::solved(1, 100, NOW)]);

    let answered = Wanted { answered: vec![(ACCOUNT, odd.clone())], ..Wanted::default() };
    let found = store.prefetch(SHARD, &answered).await.unwrap();
    assert_eq!(found.external[&(ACCOUNT, odd)], OutboundId(8));
    assert_eq!(found.outbound.into_values().collect::<Vec<_>>(), [rows::outbound(8, 100, 8)]);
    assert_eq!(found.latest.values().collect::<Vec<_>>(), [&rows::solved(5, 100, NOW)], "of whom it went to");
    let named = Wanted { conversations: vec![ConversationId(2)], ..Wanted::default() };
    let found = store.prefetch(SHARD, &named).await.unwrap();
    assert_eq!((found.conversations.len(), found.latest.len()), (1, 0), "his latest is open");

    drop(store);
    let found = world.open().await.prefetch(SHARD, &wanted).await.unwrap();
    assert_eq!(found.keys.len(), 3, "after reopening");
}

/// Of many who claim one attempt at once exactly one is granted it, and the others learn who; also after reopening.
pub async fn grants_a_claim_once(world: &impl StoreWorld) {
    let store = Arc::new(world.open().await);
    let claims: Vec<_> = (0..50)
        .map(|sender| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.claim(OutboundId(1), 1, &format!("sender {sender}"), NOW).await.unwrap() })
        })
        .collect();
    let (mut granted, mut taken_by) = (None, Vec::new());
    for (sender, claim) in claims.into_iter().enumerate() {
        match claim.await.unwrap() {
            Claim::Granted => assert_eq!(granted.replace(format!("sender {sender}")), None, "granted twice"),
            Claim::Taken { sender, at } => {
                assert_eq!(at, NOW);
                taken_by.push(sender);
            }
        }
    }
    let granted = granted.expect("granted to one");
    assert_eq!(taken_by, vec![granted.clone(); 49]);
    assert_eq!(store.claim(OutboundId(1), 2, "next", NOW).await, Ok(Claim::Granted), "the next attempt");
    drop(store);
    let again = world.open().await.claim(OutboundId(1), 1, "late", NOW + 1).await.unwrap();
    assert_eq!(again, Claim::Taken { sender: granted, at: NOW });
}

/// A batch whose rows contradict the record is told apart from a service that is away, and leaves no trace.
pub async fn tells_contradictions(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    rows::say(&mut commit, Some(1), None, 1, "first");
    store.commit(&commit).await.unwrap();
    let mut twice = rows::batch(SHARD, tenure, 2);
    twice.writes.push(Write::Task(Box::new(rows::task(1))));
    rows::say(&mut twice, Some(1), None, 1, "another in the same place");
    assert!(matches!(store.commit(&twice).await, Err(StoreError::Corrupt(_))));
    let mut textless = rows::batch(SHARD, tenure, 2);
    rows::say(&mut textless, Some(1), None, 2, "");
    textless.payloads.clear();
    assert!(matches!(store.commit(&textless).await, Err(StoreError::Corrupt(_))));
    assert_eq!(store.task(rows::task(1).id).await.unwrap(), None);
    store.commit(&rows::batch(SHARD, tenure, 2)).await.expect("the number was not used up");
}

/// Large batches and large texts come back as they were: two thousand rows, a megabyte in one line, every character.
pub async fn takes_large_batches(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    let odd = "\0\u{1}\u{7f}\u{200f}שלום \u{fffd}\u{1f600}\\\"'%_$1;--";
    let large = format!("{odd}{}", "0123456789abcdef".repeat(65_536));
    for seq in 1..=400 {
        let text = if seq == 7 { large.clone() } else { format!("{odd} {seq}") };
        rows::say(&mut commit, Some(1), None, seq, &text);
    }
    for id in 1..=400 {
        commit.writes.push(Write::Task(Box::new(rows::task(id))));
        commit.writes.push(Write::Conversation(Box::new(rows::conversation(id, id.into()))));
        commit.writes.push(Write::Event(Box::new(rows::event(2 * id, TENANT))));
        commit.writes.push(Write::Event(Box::new(rows::event(2 * id + 1, TENANT))));
        commit.keys.push((u128::from(id).to_be_bytes(), vec![0; 64]));
    }
    // Compressible and not, as a journal of texts in several scripts is.
    commit.journal = (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    commit.quarantine.push(blendline_router::ports::store::QuarantineRow {
        id: 0,
        tenant: TENANT,
        account: None,
        channel: "email".into(),
        at: NOW,
        cause: "a NUL\0 at byte 6".into(),
        raw: vec![0; 1_000_000],
    });
    store.commit(&commit).await.unwrap();
    store.commit(&commit).await.expect("the same again");

    let lines = store.transcripts(&[Transcript::Conversation(ConversationId(1))], 1_000).await.unwrap();
    let texts: Vec<_> = lines[0].iter().map(|line| line.body.text.as_ref().unwrap().expose()).collect();
    assert_eq!(texts.len(), 400);
    assert!(texts[6] == &large, "a megabyte comes back as it was");
    assert_eq!(texts[7], &format!("{odd} 8"));
    let quarantined = store.quarantined(TENANT, 9).await.unwrap();
    assert_eq!((quarantined[0].raw.len(), quarantined[0].cause.as_str()), (1_000_000, "a NUL\u{fffd} at byte 6"));
    let loaded = store.load(SHARD).await.unwrap();
    assert_eq!((loaded.tasks.len(), loaded.conversations.len()), (400, 400));
    assert_eq!(store.events(TENANT, 2, 9_999).await.unwrap().len(), 799);
}
