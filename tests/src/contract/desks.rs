//! What every record of desks must do: the newest draft wins, and nobody loses a change of a ready answer.

use blendline_router::people::audit::Check;
use blendline_router::ports::desks::{Act, Canned, DRAFTS_MAX, Desks, Draft, View};
use blendline_router::ports::held::{Held, HeldMacros as _, HeldOrder, HeldOutcome, HeldRefusal};
use blendline_router::ports::people::{Deed, People};
use blendline_wire::{Lease, Millis, TaskId, TenantId, WorkerId};

use super::rows::{NOW, TENANT};
use super::store::StoreWorld;

const DANA: WorkerId = WorkerId(1);
const OTHER: TenantId = TenantId(8);

fn draft(task: u64, at: u64, text: &str) -> Draft {
    let window = format!("w{at}");
    Draft { tenant: TENANT, worker: DANA, task: TaskId(task), at: NOW.plus(at), text: text.into(), window }
}

fn texts(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| draft.text.expose().as_str()).collect()
}

/// The newest draft of a task is the one that stays, also over a restart; one without text removes it, an older one does
/// not; workers and tenants are apart.
pub async fn keeps_drafts<W: StoreWorld<Store: Desks>>(world: &W) {
    let store = world.open().await;
    assert!(store.drafts(TENANT, DANA).await.unwrap().is_empty());
    store.put_draft(&draft(7, 1, "ש")).await.unwrap();
    store.put_draft(&draft(7, 3, "שלום, מיד\nאבדוק \u{0}")).await.unwrap();
    store.put_draft(&draft(7, 2, "late")).await.unwrap();
    store.put_draft(&draft(8, 2, "other")).await.unwrap();
    drop(store);
    let store = world.open().await;
    let found = store.drafts(TENANT, DANA).await.unwrap();
    assert_eq!(found, [draft(7, 3, "שלום, מיד\nאבדוק \u{0}"), draft(8, 2, "other")]);
    assert!(store.drafts(TENANT, WorkerId(2)).await.unwrap().is_empty());
    assert!(store.drafts(OTHER, DANA).await.unwrap().is_empty());
    store.put_draft(&draft(7, 2, "")).await.unwrap();
    assert_eq!(store.drafts(TENANT, DANA).await.unwrap().len(), 2, "an older end ends nothing");
    store.put_draft(&draft(7, 4, "")).await.unwrap();
    assert_eq!(texts(&store.drafts(TENANT, DANA).await.unwrap()), ["other"]);
}

/// A worker has so many drafts and no more: the oldest go.
pub async fn bounds_drafts<W: StoreWorld<Store: Desks>>(world: &W) {
    let store = world.open().await;
    let most = DRAFTS_MAX as u64;
    for task in 1..=most + 3 {
        store.put_draft(&draft(task, task, &task.to_string())).await.unwrap();
    }
    let found = store.drafts(TENANT, DANA).await.unwrap();
    assert_eq!(found.len(), DRAFTS_MAX);
    assert_eq!(found.last().map(|draft| draft.task), Some(TaskId(4)));
    assert_eq!(found.first().map(|draft| draft.task), Some(TaskId(most + 3)));
}

fn canned(name: &str, version: u32, text: &str) -> Canned {
    Canned {
        tenant: TENANT,
        name: name.into(),
        version,
        title: "חבילה מתעכבת".into(),
        text: text.into(),
        queue: Some("service".into()),
        language: None,
        then: vec![Act::Finish { disposition: "answered".into() }],
        hotkey: Some(3),
        changed_at: NOW,
    }
}

fn deed() -> Deed {
    Deed { at: NOW, actor: "user ofra".into(), what: "canned_answer_changed" }
}

/// A change follows the one before it, of two who change it at once one is told, and all of it is in the log.
pub async fn keeps_answers<W: StoreWorld<Store: Desks + People>>(world: &W) {
    let store = world.open().await;
    assert!(!store.put_canned(&canned("late", 2, "a"), &deed()).await.unwrap(), "there is nothing to change");
    assert!(store.put_canned(&canned("late", 1, "a"), &deed()).await.unwrap());
    assert!(!store.put_canned(&canned("late", 1, "b"), &deed()).await.unwrap(), "it is there already");
    assert!(store.put_canned(&canned("איחור", 1, "c"), &deed()).await.unwrap());
    let (one, other) = (canned("late", 2, "d"), canned("late", 2, "e"));
    let by = deed();
    let (one, other) = tokio::join!(store.put_canned(&one, &by), store.put_canned(&other, &by));
    assert_ne!(one.unwrap(), other.unwrap());
    drop(store);
    let store = world.open().await;
    let found = store.canned(TENANT).await.unwrap();
    assert_eq!(found.iter().map(|canned| canned.name.as_str()).collect::<Vec<_>>(), ["late", "איחור"]);
    assert_eq!(found[1], canned("איחור", 1, "c"));
    assert!(store.canned(OTHER).await.unwrap().is_empty());
    assert!(!store.remove_canned(OTHER, "late", &deed()).await.unwrap());
    assert!(store.remove_canned(TENANT, "late", &deed()).await.unwrap());
    assert!(!store.remove_canned(TENANT, "late", &deed()).await.unwrap());
    let log = store.audit(TENANT, 0, 10).await.unwrap();
    assert_eq!(log.len(), 4);
    let mut check = Check::default();
    check.entries(&log).unwrap();
    assert_eq!(log[3].subject, "late");
    assert_eq!(log[3].before["queue"], "service");
}

/// A view is its owner's alone, the last of a name counts, and it is there after a restart.
pub async fn keeps_views<W: StoreWorld<Store: Desks>>(world: &W) {
    let store = world.open().await;
    let view = |owner: &str, name: &str, minutes: u64| View {
        tenant: TENANT,
        owner: owner.into(),
        name: name.into(),
        filter: serde_json::json!({ "older_min": minutes }),
    };
    for one in
        [view("user dana", "ישן", 5), view("user dana", "a", 1), view("user omar", "a", 2), view("user dana", "a", 3)]
    {
        store.put_view(&one).await.unwrap();
    }
    drop(store);
    let store = world.open().await;
    assert_eq!(
        store.views(TENANT, "user dana").await.unwrap(),
        [view("user dana", "a", 3), view("user dana", "ישן", 5)]
    );
    assert!(store.views(OTHER, "user dana").await.unwrap().is_empty());
    store.remove_view(TENANT, "user dana", "a").await.unwrap();
    store.remove_view(TENANT, "user dana", "a").await.unwrap();
    assert_eq!(store.views(TENANT, "user dana").await.unwrap().len(), 1);
    assert_eq!(store.views(TENANT, "user omar").await.unwrap().len(), 1);
}

/// One macro of a worker waits at a time; what came of it stays until it is forgotten, or the next waits.
pub async fn holds_macros<W: StoreWorld<Store: Desks>>(world: &W) {
    let store = world.open().await;
    let worker = WorkerId(9);
    let order = |task: u64| HeldOrder { task: TaskId(task), lease: Lease(1), key: format!("k{task}\0"), seen: Some(3) };
    let held = |tenant, number: &str, due: u64| Held {
        tenant,
        worker,
        number: number.into(),
        by: "user dana".into(),
        name: "סגירה".into(),
        due: Millis(due),
        orders: vec![order(1), order(2)],
        outcomes: Vec::new(),
    };
    let mut first = held(TENANT, "one", 50);
    assert!(store.hold(&first).await.unwrap());
    assert!(!store.hold(&held(TENANT, "two", 40)).await.unwrap(), "one at a time");
    assert!(store.hold(&held(OTHER, "two", 40)).await.unwrap());
    drop(store);
    let store = world.open().await;
    assert_eq!(store.held(TENANT, worker).await.unwrap().as_ref(), Some(&first));
    let due = |all: Vec<Held>| all.into_iter().map(|held| held.due.0).collect::<Vec<_>>();
    assert_eq!(due(store.held_due(Millis(50), 9).await.unwrap()), [40, 50]);
    assert_eq!(due(store.held_due(Millis(49), 9).await.unwrap()), [40]);

    let values = [("step".to_owned(), "1".to_owned())].into();
    let refused = HeldRefusal { code: "step_refused".into(), reason: Some("window".into()), values };
    first.outcomes.push(HeldOutcome::refused("somebody else has it".into(), refused));
    store.keep_held(&first, false).await.unwrap();
    assert_eq!(due(store.held_due(Millis(50), 1).await.unwrap()), [40]);
    first.outcomes.push(HeldOutcome::done(true));
    store.keep_held(&first, true).await.unwrap();
    assert_eq!(store.held(TENANT, worker).await.unwrap(), Some(first));
    assert_eq!(due(store.held_due(Millis(50), 9).await.unwrap()), [40]);

    assert!(store.hold(&held(TENANT, "three", 60)).await.unwrap(), "the one before was done");
    assert!(!store.forget_held(TENANT, worker, "one").await.unwrap());
    assert!(store.forget_held(TENANT, worker, "three").await.unwrap());
    assert_eq!(store.held(TENANT, worker).await.unwrap(), None);
    store.keep_held(&held(TENANT, "three", 60), true).await.unwrap();
    assert_eq!(store.held(TENANT, worker).await.unwrap(), None, "what was taken back stays so");
}
