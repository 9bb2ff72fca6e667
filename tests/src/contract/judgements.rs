//! What every store must do with what is said of work: keep it as it is said last, find it by its name, by its task, by whose work
//! it is and by who says it, in the order of time.

use blendline_quality::judgement::{Answer, Judgement, Kind, Review, ReviewState, SentBack};
use blendline_router::ports::judgements::{JudgementFilter, JudgementPlace, Judgements as _, JudgementsWanted};
use blendline_router::ports::store::{Store as _, Wanted};
use blendline_wire::event::quality::{AnswerTold, ReviewTold, SentBackTold};
use blendline_wire::{JudgementId, MatterId, Millis, Pii, TaskId, TenantId, WorkerId};

use super::rows::{self, NOW, TENANT};
use super::store::{SHARD, StoreWorld, take};

/// A review that waits.
pub fn review(id: u128, at: Millis) -> Review {
    let told = ReviewTold {
        review: JudgementId(id),
        seat: 1,
        of_worker: WorkerId(2),
        by_task: Some(TaskId(100)),
        ..ReviewTold::default()
    };
    let (conversation, matter, scored_at, answer) = (None, Some(MatterId(8)), None, None);
    let words = Some(Pii::new("\0 \"quoted\" שלום".to_owned()));
    Review { tenant: TENANT, at, told, conversation, matter, state: ReviewState::Waiting, scored_at, words, answer }
}

/// Judgements are kept whole, each as it is said last.
pub async fn keeps_judgements(world: &impl StoreWorld) {
    let store = world.open().await;
    let tenure = take(&store).await;
    let waits = review(u128::MAX, NOW);
    let told = AnswerTold {
        answer: JudgementId(1),
        of_worker: WorkerId(2),
        for_task: TaskId(5),
        asker: WorkerId(3),
        ..AnswerTold::default()
    };
    let (matter, conversation, rated_at, words) = (MatterId(8), None, None, None);
    let answer = Answer { tenant: TENANT, at: NOW, told, matter, conversation, rated_at, words };
    let told = SentBackTold { sent_back: JudgementId(2), cause: "wrong".into(), ..SentBackTold::default() };
    let returned = SentBack { tenant: TENANT, at: NOW + 5, told };
    let (answer, returned) = (Judgement::Answer(Box::new(answer)), Judgement::SentBack(Box::new(returned)));
    let mut commit = rows::batch(SHARD, tenure, 1);
    commit.judgements = vec![Judgement::Review(Box::new(waits.clone())), answer.clone(), returned.clone()];
    store.commit(&commit).await.unwrap();
    let all = JudgementFilter::default();
    let open = JudgementFilter { open: Some(true), ..all };
    assert_eq!(store.judgements(TENANT, &open, None, 9).await.unwrap().len(), 2);

    let mut scored = Review { state: ReviewState::Scored, scored_at: Some(NOW + 9), ..waits };
    (scored.told.reviewer, scored.told.score_milli) = (Some(WorkerId(4)), Some(875));
    let scored = Judgement::Review(Box::new(scored));
    let mut commit = rows::batch(SHARD, tenure, 2);
    commit.judgements = vec![scored.clone()];
    store.commit(&commit).await.unwrap();

    let judgements = JudgementsWanted { ids: vec![JudgementId(1), JudgementId(77)], tasks: vec![TaskId(100)] };
    let mut found = store.prefetch(SHARD, &Wanted { judgements, ..Wanted::default() }).await.unwrap().judgements;
    found.sort_by_key(Judgement::id);
    assert_eq!(found, [answer.clone(), scored.clone()]);
    let list = async |filter: JudgementFilter| store.judgements(TENANT, &filter, None, 9).await.unwrap();
    assert_eq!(list(all).await, [answer.clone(), scored.clone(), returned.clone()], "by time, and by name");
    assert_eq!(list(open).await, std::slice::from_ref(&answer));
    assert_eq!(list(JudgementFilter { kind: Some(Kind::SentBack), ..all }).await, std::slice::from_ref(&returned));
    let of_worker = JudgementFilter { worker: Some(WorkerId(2)), ..all };
    assert_eq!(list(of_worker).await, [answer.clone(), scored.clone()]);
    let by = |judge| JudgementFilter { judge: Some(WorkerId(judge)), ..all };
    assert_eq!(list(by(4)).await, std::slice::from_ref(&scored));
    assert_eq!(list(by(3)).await, std::slice::from_ref(&answer));
    let between = JudgementFilter { since: Some(NOW), until: Some(NOW + 5), ..all };
    assert_eq!(list(between).await.len(), 2);
    let after = Some(JudgementPlace::of(&answer));
    assert_eq!(store.judgements(TENANT, &all, after, 1).await.unwrap(), [scored]);
    assert!(store.judgements(TenantId(99), &all, None, 9).await.unwrap().is_empty());
}
