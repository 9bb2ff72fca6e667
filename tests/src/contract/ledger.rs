//! What every store must do with the ledger of decisions: add lines and never change one, and find them by their decision, the
//! task that asks, whoever's authority it was, the customer and the time.

use blendline_authority::{Kind, Line};
use blendline_router::ports::ledger::{Ledger as _, LedgerFilter, LinePlace, LinesWanted, UsedWanted, by_decision};
use blendline_router::ports::store::{Store as _, Wanted};
use blendline_wire::event::authority::DecisionTold;
use blendline_wire::{CaseId, ContactKey, DecisionId, Millis, Pii, TaskId, TenantId, WorkerId};

use super::rows::{self, NOW, TENANT};
use super::store::{SHARD, StoreWorld, take};

/// A line of a decision.
pub fn line(decision: u128, line: u32, kind: Kind, at: Millis, minor: i64) -> Line {
    let told = DecisionTold {
        decision: DecisionId(decision),
        line,
        action: "credit".into(),
        currency: "ILS".into(),
        minor,
        asker: WorkerId(2),
        decider: Some(WorkerId(3)),
        holder: Some(WorkerId(3)),
        grant: Some("managers".into()),
        second: None,
        second_holder: Some(WorkerId(4)),
        contact: Some(ContactKey(9)),
        of_case: Some(CaseId(7)),
        of_task: Some(TaskId(5)),
        approval: (kind == Kind::Routed).then_some(TaskId(100)),
        to: None,
        version: 3,
        alone: 100,
        reason: String::new(),
    };
    let note = Some(Pii::new("\0 \"quoted\" שלום".to_owned()));
    Line { tenant: TENANT, at, kind, told, key: "k".into(), conversation: None, matter: None, note }
}

/// Lines are kept whole, in their order; one that is there is never written anew.
pub async fn keeps_decisions(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let (low, high) = (1, u128::MAX);
    let asked = line(low, 1, Kind::Asked, NOW, 500);
    let routed = line(low, 2, Kind::Routed, NOW, 500);
    let given = line(high, 1, Kind::Granted, NOW + 5, 70);
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.lines = vec![asked.clone(), routed.clone(), given.clone()];
    store.commit(&commit).await.unwrap();
    let granted = line(low, 3, Kind::Granted, NOW + 9, 500);
    let back = line(low, 4, Kind::Reversed, NOW + 9, -500);
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.lines = vec![granted.clone(), back.clone()];
    store.commit(&commit).await.unwrap();

    let of_task = LinesWanted { approvals: vec![TaskId(100), TaskId(101)], ..LinesWanted::default() };
    let wanted = Wanted { lines: of_task, ..Wanted::default() };
    let found = by_decision(store.prefetch(SHARD, &wanted).await.unwrap().lines);
    let whole: Vec<&Line> = found[&DecisionId(low)].values().collect();
    assert_eq!(whole, [&asked, &routed, &granted, &back], "all lines of the decision that the task asked for");
    let named = LinesWanted { decisions: vec![DecisionId(high), DecisionId(2)], ..LinesWanted::default() };
    assert_eq!(store.lines(&named).await.unwrap(), std::slice::from_ref(&given));

    let used = async |holders: &[u64], contact: Option<u128>, day: u64, customer: u64| {
        let used = UsedWanted {
            tenant: TENANT,
            action: "credit".into(),
            currency: "ILS".into(),
            holders: holders.iter().map(|id| WorkerId(*id)).collect(),
            day_since: NOW + day,
            contact: contact.map(ContactKey),
            customer_since: NOW + customer,
        };
        let lines = store.lines(&LinesWanted { used: vec![used], ..LinesWanted::default() }).await.unwrap();
        // Whoever is both counts once: the caller keeps each line once.
        by_decision(lines).into_values().flat_map(|lines| lines.into_values().map(|line| line.told.minor)).sum::<i64>()
    };
    assert_eq!(used(&[3], None, 0, 0).await, 570);
    assert_eq!(used(&[3, 4], None, 6, 0).await, 500, "since then");
    assert_eq!(used(&[2], None, 0, 0).await, 0, "who asks is not who gives");
    assert_eq!(used(&[], Some(9), 0, 0).await, 570);
    assert_eq!(used(&[], Some(9), 0, 6).await, 500);
    assert_eq!(used(&[], Some(8), 0, 0).await, 0);

    let list = async |filter: LedgerFilter, after: Option<&Line>, limit| {
        let found = store.ledger(TENANT, &filter, after.map(LinePlace::of), limit).await.unwrap();
        found.into_iter().map(|line| (line.told.decision.0, line.told.line)).collect::<Vec<_>>()
    };
    let all = LedgerFilter::default();
    assert_eq!(list(all, None, 3).await, [(low, 1), (low, 2), (high, 1)]);
    assert_eq!(list(all, Some(&given), 9).await, [(low, 3), (low, 4)]);
    assert_eq!(list(LedgerFilter { firsts: true, ..all }, None, 9).await, [(low, 1), (high, 1)]);
    let part = LedgerFilter { since: Some(NOW + 5), until: Some(NOW + 9), ..all };
    assert_eq!(list(part, None, 9).await, [(high, 1)]);
    assert!(list(LedgerFilter { asker: Some(WorkerId(3)), ..all }, None, 9).await.is_empty());
    assert!(store.ledger(TenantId(8), &all, None, 9).await.unwrap().is_empty());

    // Nothing is ever written in a line's place, and what comes with it is not written either.
    let mut commit = rows::batch(SHARD, tenure, 3);
    commit.lines = vec![line(5, 1, Kind::Granted, NOW, 1), line(high, 1, Kind::Granted, NOW + 5, 7_000)];
    assert!(store.commit(&commit).await.is_err());
    assert_eq!(store.lines(&named).await.unwrap(), [given]);
    let left = LinesWanted { decisions: vec![DecisionId(5)], ..LinesWanted::default() };
    assert!(store.lines(&left).await.unwrap().is_empty());
}
