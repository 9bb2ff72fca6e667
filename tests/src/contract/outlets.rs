//! What every record of outlets must do: places that only one moves on, endpoints of which nobody loses a change, and a
//! ledger that keeps its order.

use blendline_core::Write;
use blendline_router::people::audit::Check;
use blendline_router::ports::outlets::{
    Delivery, DeliveryState, Endpoint, EndpointState, Entered, Outlets, SigningKey, Sink, Tried,
};
use blendline_router::ports::people::{Deed, People};
use blendline_router::ports::store::Store as _;
use blendline_wire::{EventId, Millis, TenantId};

use super::rows::{self, NOW, TENANT};
use super::store::{SHARD, StoreWorld, take};

fn entered(event: u64, lane: &str) -> Entered {
    Entered { event, at: NOW, lane: lane.into() }
}

fn tried(event: u64, state: DeliveryState, cause: &str) -> Tried {
    Tried { event, state, attempts: 2, next_at: NOW.plus(event), cause: cause.into() }
}

fn endpoint(version: u32, url: &str) -> Endpoint {
    Endpoint {
        tenant: TENANT,
        name: "crm".into(),
        version,
        url: url.into(),
        kinds: vec!["task_created".into()],
        reference: Some("order".into()),
        keys: vec![SigningKey { secret: "whsec_c2VjcmV0LWNhbmFyeQ==".into(), until: None }],
        created_at: NOW,
        state: EndpointState::WELL,
    }
}

fn deed() -> Deed {
    Deed { at: NOW, actor: "key ops".into(), what: "event_endpoint_changed" }
}

fn numbers(deliveries: Vec<Delivery>) -> Vec<u64> {
    deliveries.into_iter().map(|delivery| delivery.event).collect()
}

/// A sink begins once and moves on from where it is; of two who move it, one is told that it is elsewhere. Tenants and
/// sinks are apart, and events are found by number.
pub async fn keeps_places<W: StoreWorld<Store: Outlets>>(world: &W) {
    let store = world.open().await;
    assert_eq!(store.last_event(TENANT).await.unwrap(), 0);
    let tenure = take(&store).await;
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.writes = (1..=3).map(|id| Write::Event(Box::new(rows::event(id, TENANT)))).collect();
    store.commit(&commit).await.unwrap();
    assert_eq!(store.last_event(TENANT).await.unwrap(), 3);
    let found = store.events_numbered(TENANT, &[3, 1, 9]).await.unwrap();
    let mut found: Vec<EventId> = found.into_iter().map(|event| event.id).collect();
    found.sort_unstable();
    assert_eq!(found, [EventId(1), EventId(3)]);
    assert!(store.events_numbered(TenantId(8), &[1]).await.unwrap().is_empty());

    assert_eq!(store.position(TENANT, &Sink::Exchange).await.unwrap(), None);
    assert!(!store.move_on(TENANT, &Sink::Exchange, (Some(0), 3), &[]).await.unwrap(), "it has not begun");
    assert!(store.move_on(TENANT, &Sink::Exchange, (None, 1), &[]).await.unwrap());
    assert!(!store.move_on(TENANT, &Sink::Exchange, (None, 2), &[]).await.unwrap(), "it begins once");
    let (first, second) = tokio::join!(
        store.move_on(TENANT, &Sink::Exchange, (Some(1), 2), &[]),
        store.move_on(TENANT, &Sink::Exchange, (Some(1), 3), &[]),
    );
    assert_ne!(first.unwrap(), second.unwrap());
    drop(store);
    let store = world.open().await;
    assert!(store.position(TENANT, &Sink::Exchange).await.unwrap().is_some_and(|place| place >= 2));
    assert_eq!(store.position(TenantId(8), &Sink::Exchange).await.unwrap(), None);
    assert_eq!(store.position(TENANT, &Sink::Endpoint("exchange".into())).await.unwrap(), None);
}

/// A change follows the one before it, and what a person changes is in the log, without the keys.
pub async fn keeps_endpoints<W: StoreWorld<Store: Outlets + People>>(world: &W) {
    let store = world.open().await;
    assert!(!store.put_endpoint(&endpoint(2, "https://a.example"), Some(&deed())).await.unwrap());
    assert!(store.put_endpoint(&endpoint(1, "https://a.example"), Some(&deed())).await.unwrap());
    assert!(!store.put_endpoint(&endpoint(1, "https://b.example"), Some(&deed())).await.unwrap());
    let failing = EndpointState::Active { failing_since: Some(NOW), cause: Some("answered 500".into()) };
    assert!(store.put_endpoint(&Endpoint { state: failing, ..endpoint(2, "https://a.example") }, None).await.unwrap());
    let (one, other) = (endpoint(3, "https://one.example"), endpoint(3, "https://other.example"));
    let by = deed();
    let (first, second) = tokio::join!(store.put_endpoint(&one, Some(&by)), store.put_endpoint(&other, None));
    assert_ne!(first.unwrap(), second.unwrap(), "of two changes one is told that another was quicker");
    let elsewhere = Endpoint { tenant: TenantId(8), ..endpoint(1, "https://c.example") };
    assert!(store.put_endpoint(&elsewhere, None).await.unwrap());
    drop(store);
    let store = world.open().await;
    let found = store.endpoints(&[TENANT, TenantId(9)]).await.unwrap();
    assert!(found == [one] || found == [other], "{found:?}");
    assert_eq!(store.endpoints(&[TENANT, TenantId(8)]).await.unwrap().len(), 2);

    let sink = Sink::Endpoint("crm".into());
    store.move_on(TENANT, &sink, (None, 0), &[]).await.unwrap();
    store.move_on(TENANT, &sink, (Some(0), 1), &[entered(1, "a")]).await.unwrap();
    assert!(!store.remove_endpoint(TENANT, "other", &deed()).await.unwrap());
    assert!(store.remove_endpoint(TENANT, "crm", &deed()).await.unwrap());
    assert!(store.endpoints(&[TENANT]).await.unwrap().is_empty());
    assert_eq!(store.position(TENANT, &sink).await.unwrap(), None, "its place goes with it");
    assert!(store.deliveries(TENANT, "crm", None, 0, 9).await.unwrap().is_empty(), "and its ledger");
    let entries = store.audit(TENANT, 0, 99).await.unwrap();
    let mut check = Check::default();
    check.entries(&entries).unwrap();
    assert!(!serde_json::to_string(&entries).unwrap().contains("c2Vjcm"), "no key is in the log");
}

/// What is entered is to be posted, by event and by lane, until it is settled; settled it stays as it is.
pub async fn keeps_a_ledger<W: StoreWorld<Store: Outlets>>(world: &W) {
    let store = world.open().await;
    let sink = Sink::Endpoint("crm".into());
    assert!(store.move_on(TENANT, &sink, (None, 10), &[]).await.unwrap());
    let page = [entered(11, "a"), entered(12, "b"), entered(13, "a"), entered(15, "ב")];
    assert!(store.move_on(TENANT, &sink, (Some(10), 15), &page).await.unwrap());
    assert!(!store.move_on(TENANT, &sink, (Some(10), 20), &[entered(16, "a")]).await.unwrap());
    assert_eq!(numbers(store.pending(TENANT, "crm", None, 0, 9).await.unwrap()), [11, 12, 13, 15]);
    assert_eq!(numbers(store.pending(TENANT, "crm", None, 11, 2).await.unwrap()), [12, 13]);
    assert_eq!(numbers(store.pending(TENANT, "crm", Some("a"), 0, 9).await.unwrap()), [11, 13]);
    assert_eq!(numbers(store.pending(TENANT, "crm", Some("ב"), 0, 9).await.unwrap()), [15]);
    assert!(store.pending(TENANT, "other", None, 0, 9).await.unwrap().is_empty());
    assert!(store.pending(TenantId(8), "crm", None, 0, 9).await.unwrap().is_empty());

    let tries = [
        tried(11, DeliveryState::Delivered, ""),
        tried(12, DeliveryState::Failed, "answered 500"),
        tried(13, DeliveryState::Pending, "no answer in time"),
        tried(99, DeliveryState::Delivered, ""),
    ];
    store.tried(TENANT, "crm", &tries).await.unwrap();
    store.tried(TENANT, "crm", &[tried(11, DeliveryState::Failed, "late")]).await.unwrap();
    store.tried(TENANT, "crm", &[]).await.unwrap();
    drop(store);
    let store = world.open().await;
    let all = store.deliveries(TENANT, "crm", None, 0, 9).await.unwrap();
    let states: Vec<_> = all.iter().map(|one| (one.event, one.state, one.attempts, one.cause.as_str())).collect();
    assert_eq!(
        states,
        [
            (11, DeliveryState::Delivered, 2, ""),
            (12, DeliveryState::Failed, 2, "answered 500"),
            (13, DeliveryState::Pending, 2, "no answer in time"),
            (15, DeliveryState::Pending, 0, ""),
        ]
    );
    assert_eq!((all[2].at, all[2].next_at, all[3].lane.as_str()), (NOW, NOW.plus(13), "ב"));
    for (state, wanted) in [
        (DeliveryState::Delivered, [11].as_slice()),
        (DeliveryState::Failed, &[12]),
        (DeliveryState::Pending, &[13, 15]),
    ] {
        assert_eq!(numbers(store.deliveries(TENANT, "crm", Some(state), 0, 9).await.unwrap()), wanted);
    }
    assert_eq!(numbers(store.deliveries(TENANT, "crm", None, 11, 2).await.unwrap()), [12, 13]);
}

/// What is asked for again is to be posted, entered before or not; what was settled long ago is forgotten.
pub async fn posts_again_and_forgets<W: StoreWorld<Store: Outlets>>(world: &W) {
    let store = world.open().await;
    let sink = Sink::Endpoint("crm".into());
    store.move_on(TENANT, &sink, (None, 0), &[]).await.unwrap();
    store.move_on(TENANT, &sink, (Some(0), 3), &[entered(1, "a"), entered(2, "a"), entered(3, "b")]).await.unwrap();
    let settled = [tried(1, DeliveryState::Delivered, ""), tried(2, DeliveryState::Failed, "x")];
    store.tried(TENANT, "crm", &settled).await.unwrap();
    store.post_again(TENANT, "crm", &[entered(2, "a"), entered(7, "c")]).await.unwrap();
    store.post_again(TENANT, "crm", &[]).await.unwrap();
    let pending = store.pending(TENANT, "crm", None, 0, 9).await.unwrap();
    let again = Delivery {
        event: 2,
        at: NOW,
        lane: "a".into(),
        state: DeliveryState::Pending,
        attempts: 0,
        next_at: Millis(0),
        cause: String::new(),
    };
    assert_eq!(pending[0], again);
    assert_eq!(numbers(pending), [2, 3, 7]);

    assert!(!store.sweep_deliveries(NOW.plus(1)).await.unwrap(), "the one that is settled is not older");
    assert_eq!(numbers(store.deliveries(TENANT, "crm", None, 0, 9).await.unwrap()), [1, 2, 3, 7]);
    assert!(!store.sweep_deliveries(Millis::MAX).await.unwrap());
    assert_eq!(numbers(store.deliveries(TENANT, "crm", None, 0, 9).await.unwrap()), [2, 3, 7], "what waits stays");
}
