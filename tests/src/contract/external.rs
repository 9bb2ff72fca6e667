//! What every store must do with events of other systems: keep those that were not applied yet, find them by name, by place and
//! by when they have waited long enough, forget them; and find cases by what other systems call things.

use blendline_cases::systems::{ExternalEvent, Held, HeldState, Parked};
use blendline_router::ports::external::{ExternalFilter, ExternalWrite, Externals as _, ExternalsWanted, counted_at};
use blendline_router::ports::store::{Store as _, Wanted};
use blendline_wire::event::case::CaseValue;
use blendline_wire::{CaseId, ExternalId, Millis, Pii};

use super::cases::case;
use super::rows::{self, NOW, TENANT};
use super::store::{SHARD, StoreWorld, take};

fn held(id: u128, reference: &str, sequence: u64, state: HeldState) -> Held {
    let event = ExternalEvent {
        tenant: TENANT,
        system: "delivery".into(),
        id: format!("e-{id}"),
        reference: reference.into(),
        sequence: Some(sequence),
        kind: "delivered".into(),
        at: NOW,
        fields: [("note".to_owned(), CaseValue::Text(Pii::new("\0 \"quoted\" שלום".to_owned())))].into(),
        links: Default::default(),
        language: "he".into(),
    };
    Held { id: ExternalId(id), came_at: NOW, event, state }
}

fn put(held: &Held) -> ExternalWrite {
    ExternalWrite::Put(Box::new(held.clone()))
}

/// Events are kept whole until they are applied, and found whichever way they are asked for.
pub async fn keeps_external_events(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let waits = |id, sequence, until: u64| held(id, "SO-1", sequence, HeldState::Waiting { until: NOW + until });
    let (first, second) = (waits(1, 2, 50), waits(u128::MAX, 3, 20));
    let other = held(7, "SO-2", 2, HeldState::Waiting { until: NOW + 900 });
    let parked = held(3, "SO-1", 9, HeldState::Parked(Parked::new("no_move", "solved")));
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.externals = [&first, &second, &other, &parked].map(put).to_vec();
    store.commit(&commit).await.unwrap();

    let externals = ExternalsWanted {
        ids: vec![parked.id, ExternalId(5)],
        places: vec![counted_at(&first.event)],
        ..Default::default()
    };
    let mut found = store.prefetch(SHARD, &Wanted { externals, ..Wanted::default() }).await.unwrap().externals;
    found.sort_by_key(|held| held.id);
    assert_eq!(found, [first.clone(), parked.clone(), second.clone()]);
    assert_eq!(store.external(second.id).await.unwrap(), Some(second.clone()));
    let list = async |filter: ExternalFilter, after| store.externals(TENANT, &filter, after, 2).await.unwrap();
    assert_eq!(list(ExternalFilter::default(), None).await, [first.clone(), parked.clone()]);
    assert_eq!(list(ExternalFilter::default(), Some(parked.id)).await, [other.clone(), second.clone()]);
    let only = |system: &str, parked| ExternalFilter { system: Some(system.into()), parked: Some(parked) };
    assert_eq!(list(only("delivery", true), None).await, std::slice::from_ref(&parked));
    assert!(list(only("crm", true), None).await.is_empty());
    let due = async |at: Millis, limit| store.externals_due(SHARD, at, limit).await.unwrap();
    assert_eq!(due(NOW + 50, 9).await, [second.clone(), first.clone()]);
    assert_eq!(due(NOW + 50, 1).await, std::slice::from_ref(&second));
    assert!(store.externals_due(SHARD + 1, NOW + 50, 9).await.unwrap().is_empty());

    // One that waited is put aside, another is applied; in one batch each is written once.
    let aside = Held { state: HeldState::Parked(Parked::new("case_closed", "SO-1")), ..first.clone() };
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.externals = vec![put(&aside), ExternalWrite::Remove(second.id), ExternalWrite::Remove(ExternalId(99))];
    store.commit(&commit).await.unwrap();
    assert!(due(NOW + 50, 9).await.is_empty());
    assert_eq!(store.external(second.id).await.unwrap(), None);
    assert_eq!(list(only("delivery", true), None).await, [aside, parked]);
}

/// A case is found by what another system calls something of it; open ones come first.
pub async fn finds_cases_by_reference(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let (low, high) = (case(1, 10, None), case(2, 11, None));
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.cases = vec![low.clone(), high.clone()];
    let named = |text: &str, id: CaseId| (TENANT, text.to_owned(), id);
    commit.references =
        vec![named("SO-1", low.id), named("SO-1", high.id), named("SO-2", high.id), named("SO-1", low.id)];
    store.commit(&commit).await.unwrap();
    // Known already, and no fault.
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.references = vec![named("SO-1", low.id)];
    store.commit(&commit).await.unwrap();

    let found = async |text: &str| {
        let mut found = store.cases_bearing(TENANT, text).await.unwrap();
        found.sort_unstable();
        found
    };
    assert_eq!(found("SO-1").await, [low.id, high.id]);
    assert_eq!(found("SO-2").await, [high.id]);
    assert!(found("SO-3").await.is_empty() && found("").await.is_empty());
    let references = vec![(TENANT, "SO-2".to_owned()), (TENANT, "SO-9".to_owned())];
    let externals = ExternalsWanted { references, ..Default::default() };
    let cases = store.prefetch(SHARD, &Wanted { externals, ..Wanted::default() }).await.unwrap().cases;
    assert_eq!(cases.into_values().collect::<Vec<_>>(), [high]);
}
