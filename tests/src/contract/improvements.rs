//! What every store must do with improvements: keep them whole, find them with what belongs to them, list them, and find those
//! whose time has come.

use blendline_improvements::{Command, Evidence, Improvement, Opening, Settings, Terms, Writer, apply};
use blendline_router::ports::improvements::{ImprovementFilter, Improvements as _};
use blendline_router::ports::store::{Store as _, Wanted};
use blendline_wire::event::improvement::{ImprovementSource, ImprovementStatus};
use blendline_wire::{ImprovementId, TaskId, TenantId, WorkerId};

use super::rows::{self, NOW, TENANT};
use super::store::{SHARD, StoreWorld, take};

/// One that this worker wrote, for the manager 7 to answer.
pub fn improvement(id: u128, worker: Option<u64>) -> Improvement {
    let settings = Settings::default();
    let terms = Terms { settings: &settings, managers: &[WorkerId(7)], members: 0, into: None };
    let (task, matter, conversation) = (Some(TaskId(3)), None, None);
    let opening = Opening {
        id: ImprovementId(id),
        tenant: TENANT,
        source: ImprovementSource::WrapUp,
        title: "\0 \"quoted\" שלום".into(),
        text: Some("more".into()),
        queue: None,
        topic: Some("returns".into()),
        unit: None,
        evidence: Evidence { contacts: [("webchat".to_owned(), 3)].into(), ..Evidence::default() },
        writer: worker.map(|id| Writer { worker: WorkerId(id), task, matter, conversation }),
    };
    apply(&terms, None, Command::Open(Box::new(opening)), NOW).unwrap().improvement
}

/// They are kept whole, and found by name, by what they belong to, by writer and by when they are looked at.
pub async fn keeps_improvements(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let first = improvement(1, Some(4));
    let later = Improvement { look_at: first.look_at.map(|at| at + 5), ..improvement(u128::MAX, None) };
    let member = Improvement { group: Some(first.id), look_at: None, ..improvement(7, Some(5)) };
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.improvements = vec![later.clone(), first.clone(), member.clone()];
    store.commit(&commit).await.unwrap();

    let wanted = Wanted { improvements: vec![first.id, ImprovementId(99)], ..Wanted::default() };
    let mut found = store.prefetch(SHARD, &wanted).await.unwrap().improvements;
    found.sort_by_key(|it| it.id);
    assert_eq!(found, [first.clone(), member.clone()]);
    assert_eq!(store.improvements(&[member.id]).await.unwrap(), std::slice::from_ref(&member));
    assert!(store.improvements(&[]).await.unwrap().is_empty());
    let list = async |filter: ImprovementFilter, after| {
        let found = store.list_improvements(TENANT, &filter, after, 2).await.unwrap();
        found.into_iter().map(|it| it.id).collect::<Vec<_>>()
    };
    let all = ImprovementFilter::default();
    assert_eq!(list(all, None).await, [first.id, member.id]);
    assert_eq!(list(all, Some(member.id)).await, [later.id]);
    assert_eq!(list(ImprovementFilter { firsts: true, ..all }, None).await, [first.id, later.id]);
    assert_eq!(list(ImprovementFilter { author: Some(WorkerId(5)), ..all }, None).await, [member.id]);
    let audit = Some(ImprovementSource::Audit);
    assert!(list(ImprovementFilter { source: audit, ..all }, None).await.is_empty());
    assert!(store.list_improvements(TenantId(TENANT.0 + 1), &all, None, 9).await.unwrap().is_empty());
    let due = async |shard, at| store.improvements_to_look_at(shard, at, 9).await.unwrap();
    let at = first.look_at.unwrap();
    assert_eq!(due(SHARD, at).await, [first.id]);
    assert_eq!(due(SHARD, at + 5).await, [first.id, later.id]);
    assert!(due(SHARD + 1, at + 5).await.is_empty());

    // It is answered; the other manager has it.
    let owner = Some(WorkerId(8));
    let done = Improvement { status: ImprovementStatus::Declined, look_at: None, owner, ..first.clone() };
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.improvements = vec![done.clone()];
    store.commit(&commit).await.unwrap();
    assert_eq!(due(SHARD, at + 5).await, [later.id]);
    let status = Some(ImprovementStatus::Declined);
    assert_eq!(list(ImprovementFilter { status, owner, ..all }, None).await, [first.id]);
}
