//! What every store must do with cases: keep the latest of each, and find it by its name, its task, its matter and its contact.

use blendline_cases::Case;
use blendline_cases::case::{Closed, StageRun};
use blendline_cases::promise::{Promise, PromiseState};
use blendline_core::Write;
use blendline_router::ports::store::{Archive as _, CaseFilter, Found, Store as _, Wanted};
use blendline_wire::event::case::{CaseLinks, CaseOutcome, CaseValue};
use blendline_wire::event::promise::{Keeps, Withdrawal};
use blendline_wire::{CaseId, ContactKey, ConversationId, MatterId, Millis, Pii, TaskId, TenantId, WorkerId};

use super::rows::{self, NOW, TENANT};
use super::store::{SHARD, StoreWorld, take};

/// A case of a matter, whose stage's work a task does.
pub fn case(id: u128, matter: u64, task: Option<u64>) -> Case {
    let links = CaseLinks {
        matter: Some(MatterId(matter)),
        contact: Some(ContactKey(u128::from(matter) + 1)),
        ..CaseLinks::default()
    };
    let odd = CaseValue::Text(Pii::new("\0 \"quoted\" שלום".to_owned()));
    Case {
        id: CaseId(id),
        tenant: TENANT,
        case_type: "parcel".into(),
        version: 3,
        language: "he".into(),
        opened_at: NOW,
        earned_at: NOW,
        stage: StageRun {
            name: "looking".into(),
            entered_at: NOW,
            due_at: Some(NOW + 60_000),
            paused: None,
            stood_ms: 0,
            warned_at: None,
            escalated: 0,
            resurfaced: 0,
            held: None,
        },
        owner: Some(WorkerId(2)),
        closed: None,
        fields: [("remark".to_owned(), odd)].into(),
        links,
        task: task.map(TaskId),
        trail: [("looking".to_owned(), NOW)].into(),
        moves: 0,
        promises: Vec::new(),
        agreed: None,
        told_at: Vec::new(),
        tells_at: None,
        look_at: None,
    }
}

/// What is to be looked at is found by its time, and what is promised by when it is due.
pub async fn finds_cases_in_time(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let promising = |id: u128, due: u64, look_at: Option<u64>| {
        let mut case = case(id, 10, None);
        case.look_at = look_at.map(Millis);
        case.promises = vec![promise(1, due + 1, PromiseState::Withdrawn { at: NOW, reason: Withdrawal::Mistake })];
        case.promises.push(promise(2, due, PromiseState::Open));
        case
    };
    let kept =
        Case { promises: vec![promise(1, 40, PromiseState::Kept { at: NOW, late: false })], ..case(9, 10, None) };
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.cases = vec![promising(u128::MAX, 50, Some(7)), promising(2, 50, None), promising(3, 60, Some(5)), kept];
    store.commit(&commit).await.unwrap();
    let looks = async |now, limit| {
        let found = store.cases_to_look_at(SHARD, Millis(now), limit).await.unwrap();
        found.into_iter().map(|id| id.0).collect::<Vec<_>>()
    };
    assert_eq!(looks(4, 9).await, [0_u128; 0]);
    assert_eq!(looks(7, 9).await, [3, u128::MAX]);
    assert_eq!(looks(7, 1).await, [3]);
    assert!(store.cases_to_look_at(SHARD + 1, Millis(7), 9).await.unwrap().is_empty());
    let due = async |before, after: Option<(u64, u128)>, limit| {
        let after = after.map(|(due, id)| (Millis(due), CaseId(id)));
        let found = store.promising(TENANT, Millis(before), after, limit).await.unwrap();
        found.into_iter().map(|case| case.id.0).collect::<Vec<_>>()
    };
    assert_eq!(due(50, None, 9).await, [0_u128; 0]);
    assert_eq!(due(61, None, 9).await, [2, u128::MAX, 3]);
    assert_eq!(due(61, Some((50, 2)), 1).await, [u128::MAX]);
    assert_eq!(due(61, Some((50, u128::MAX)), 9).await, [3]);
    assert!(store.promising(TenantId(8), Millis(61), None, 9).await.unwrap().is_empty());
    // What was looked at, and kept, is found no more.
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.cases = vec![case(3, 10, None)];
    store.commit(&commit).await.unwrap();
    assert_eq!((looks(7, 9).await, due(61, None, 9).await), (vec![u128::MAX], vec![2, u128::MAX]));
}

fn promise(number: u32, due: u64, state: PromiseState) -> Promise {
    Promise {
        number,
        stage: "looking".into(),
        by_stage: false,
        owner: Some(WorkerId(2)),
        made_at: NOW,
        due_at: Millis(due),
        risk_at: Millis(due),
        agent_first_ms: 1,
        kept_by: Keeps::Said,
        field: None,
        instead_of: None,
        words: Some(Pii::new("it comes".to_owned())),
        state,
        risk: None,
    }
}

/// The latest of each case is kept, whole.
pub async fn keeps_cases(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    // Names from both ends of their range: they are bytes, and no numbers with a sign.
    let (low, high) = (1, u128::MAX);
    let bare = Case { links: CaseLinks::default(), owner: None, ..case(7, 0, None) };
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.cases = vec![case(low, 10, Some(100)), case(high, 10, Some(101)), bare.clone()];
    store.commit(&commit).await.unwrap();
    let closed =
        Closed { at: NOW, outcome: CaseOutcome::Solved, from: "looking".into(), due_at: None, confirmed: false };
    let over = Case { closed: Some(closed), task: None, ..case(low, 10, None) };
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.cases = vec![over.clone()];
    let ended = [5, 1].map(|id| Write::Conversation(Box::new(rows::solved(id, 11, NOW))));
    commit.writes.extend(ended);
    store.commit(&commit).await.unwrap();

    assert_eq!(store.case(CaseId(low)).await.unwrap(), Some(over.clone()));
    assert_eq!(store.case(CaseId(high)).await.unwrap(), Some(case(high, 10, Some(101))));
    assert_eq!(store.case(CaseId(2)).await.unwrap(), None);
    let wanted =
        Wanted { cases: vec![CaseId(low), CaseId(2)], case_tasks: vec![TaskId(100), TaskId(101)], ..Wanted::default() };
    let Found { cases: found, latest, .. } = store.prefetch(SHARD, &wanted).await.unwrap();
    assert_eq!(latest[&ContactKey(11)].id, ConversationId(5), "where the contact of a case is written to");
    assert_eq!(found.len(), 2, "a task that is done does no case's work any more");
    assert_eq!((&found[&CaseId(low)], &found[&CaseId(high)]), (&over, &case(high, 10, Some(101))));

    let of_matter = Wanted { case_matters: vec![MatterId(10), MatterId(99)], ..Wanted::default() };
    let found = store.prefetch(SHARD, &of_matter).await.unwrap().cases;
    assert_eq!(found.into_keys().collect::<Vec<_>>(), [CaseId(high)], "what is over is told of no more");

    let mut commit = rows::batch(SHARD, tenure, 3);
    commit.writes.push(Write::Conversation(Box::new(rows::conversation(6, 11))));
    store.commit(&commit).await.unwrap();
    let latest = store.prefetch(SHARD, &wanted).await.unwrap().latest;
    assert!(latest.is_empty(), "an open conversation is the core's: {latest:?}");

    let list = async |filter: CaseFilter, after: Option<u128>, limit| {
        let found = store.cases(TENANT, &filter, after.map(CaseId), limit).await.unwrap();
        found.into_iter().map(|case| case.id.0).collect::<Vec<_>>()
    };
    let all = CaseFilter::default;
    assert_eq!(list(all(), None, 2).await, [low, 7]);
    assert_eq!(list(all(), Some(7), 2).await, [high]);
    assert_eq!(list(CaseFilter { open: true, ..all() }, None, 9).await, [7, high]);
    assert_eq!(list(CaseFilter { over: true, ..all() }, None, 9).await, [low]);
    assert_eq!(list(CaseFilter { matter: Some(MatterId(10)), ..all() }, None, 9).await, [low, high]);
    let of_contact = CaseFilter { contact: Some(ContactKey(11)), open: true, ..all() };
    assert_eq!(list(of_contact, None, 9).await, [high]);
    assert!(store.cases(TenantId(8), &all(), None, 9).await.unwrap().is_empty());
    let foreign = CaseFilter { matter: Some(MatterId(10)), ..all() };
    assert!(store.cases(TenantId(8), &foreign, None, 9).await.unwrap().is_empty());
}

/// Cases are listed by what is due, and counted by where they stand.
pub async fn lists_cases_by_what_is_due(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let due = |id: u128, due_at: Option<u64>, stage: &str, owner: u64| {
        let mut case = case(id, 10, None);
        case.stage = StageRun { name: stage.into(), due_at: due_at.map(|ms| NOW + ms), ..case.stage };
        Case { owner: Some(WorkerId(owner)), ..case }
    };
    let mut commit = rows::batch(SHARD, tenure, 1);
    let other = Case { case_type: "return".into(), ..due(u128::MAX, Some(10), "looking", 3) };
    commit.cases = vec![
        due(4, Some(50), "looking", 2),
        due(3, None, "asking", 2),
        due(2, Some(10), "looking", 3),
        due(1, Some(90), "asking", 2),
        other,
    ];
    store.commit(&commit).await.unwrap();
    let list = async |filter: CaseFilter, after: Option<u128>, limit| {
        let filter = CaseFilter { by_due: true, ..filter };
        let found = store.cases(TENANT, &filter, after.map(CaseId), limit).await.unwrap();
        found.into_iter().map(|case| case.id.0).collect::<Vec<_>>()
    };
    let all = CaseFilter::default;
    assert_eq!(list(all(), None, 9).await, [2, u128::MAX, 4, 1, 3]);
    // Of two that are due together each is on one page, and none on two.
    assert_eq!(list(all(), None, 1).await, [2]);
    assert_eq!(list(all(), Some(2), 2).await, [u128::MAX, 4]);
    assert_eq!(list(all(), Some(4), 9).await, [1, 3]);
    assert!(list(all(), Some(3), 9).await.is_empty());
    let parcels = || CaseFilter { case_type: Some("parcel".into()), ..all() };
    assert_eq!(list(parcels(), None, 9).await, [2, 4, 1, 3]);
    assert_eq!(list(CaseFilter { owner: Some(WorkerId(3)), ..parcels() }, None, 9).await, [2]);
    assert_eq!(list(CaseFilter { late_at: Some(NOW + 50), ..all() }, None, 9).await, [2, u128::MAX]);
    let stages = Some(vec!["parcel/asking".to_owned(), "return/looking".to_owned()]);
    assert_eq!(list(CaseFilter { stages, ..all() }, None, 9).await, [u128::MAX, 1, 3]);
    assert!(list(CaseFilter { stages: Some(Vec::new()), ..all() }, None, 9).await.is_empty());

    let counted = async |filter: CaseFilter| {
        let found = store.case_counts(TENANT, &filter).await.unwrap();
        found.into_iter().map(|one| (one.case_type, one.stage, one.count, one.late)).collect::<Vec<_>>()
    };
    let of = |case_type: &str, stage: &str, count, late| (case_type.to_owned(), stage.to_owned(), count, late);
    let counts = counted(CaseFilter { open: true, late_at: Some(NOW + 60), ..all() }).await;
    assert_eq!(counts, [of("parcel", "asking", 2, 0), of("parcel", "looking", 2, 2), of("return", "looking", 1, 1)]);
    assert_eq!(counted(CaseFilter { owner: Some(WorkerId(3)), ..parcels() }).await, [of("parcel", "looking", 1, 0)]);
    assert!(counted(CaseFilter { over: true, ..all() }).await.is_empty());
}
