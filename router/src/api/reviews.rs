//! Reviews of finished work: what is reviewed, its score, and what whoever did the work says to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_quality::judgement::{Judgement, Review};
use blendline_quality::{Quality, ReviewState};
use blendline_wire::{JudgementId, Pii, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::decision_view;
use super::decisions::{checked_note, decider, lines};
use super::json::Strict;
use super::page::id;
use super::problem::{Failure, of_call};
use super::review_view::{self, ReviewInfo, WholeReview};
use crate::directory::{Directory, Role};
use crate::handle::{Call, JudgeCall, Says};
use crate::ports::judgements::JudgementsWanted;
use crate::ports::store::Transcript;
use crate::receipts;

/// The latest lines that a reviewer reads.
const LINES_SEEN: usize = 100;

/// Something that is said of a review.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewAct {
    /// What.
    act: Act,
    /// Who says it; left out, the worker whose key or session it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// For a score: the points of each criterion; `null` where it does not apply.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    points: BTreeMap<String, Option<u8>>,
    /// Words besides; an answer is nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    words: Option<Pii<String>>,
}

/// What can be said of a review.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ReviewVerb)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// How the work was.
    Score,
    /// What whoever did the work answers, once.
    Answer,
}

/// What a company's rules say of quality.
pub(super) fn quality_of(directory: &Directory, tenant: TenantId) -> Option<&Quality> {
    directory.rules.get(&tenant)?.quality.as_ref()
}

/// For how long reviews may be answered.
pub(super) fn dispute_ms(directory: &Directory, tenant: TenantId) -> u64 {
    quality_of(directory, tenant).map_or_else(|| Quality::default().dispute_ms, |quality| quality.dispute_ms)
}

/// A judgement of the caller's tenant.
pub(super) async fn judgement(app: &Shared, tenant: TenantId, id: JudgementId) -> Result<Option<Judgement>, Failure> {
    let wanted = JudgementsWanted { ids: vec![id], ..JudgementsWanted::default() };
    Ok(app.archive().judgements_wanted(&wanted).await?.pop().filter(|found| found.tenant() == tenant))
}

/// The review, when it concerns the caller: a worker's are those of his work that are made, those that he made, and that which
/// a task of his asks for.
async fn owned(app: &Shared, caller: &Caller, text: &str) -> Result<Review, Failure> {
    let unknown = || Failure::not_found("review", "no review has this id");
    let found = judgement(app, caller.tenant, id("review", text)?).await?;
    let Some(Judgement::Review(review)) = found else { return Err(unknown()) };
    let concerns = match (caller.role, caller.worker) {
        (Role::Worker, Some(own)) => concerns(app, &review, own).await?,
        _ => true,
    };
    if concerns { Ok(*review) } else { Err(unknown()) }
}

async fn concerns(app: &Shared, review: &Review, own: WorkerId) -> Result<bool, Failure> {
    let is_made = review.score().is_some();
    if review.told.reviewer == Some(own) || (is_made && review.told.of_worker == own) {
        return Ok(true);
    }
    let Some(task) = review.told.by_task.filter(|_| review.state == ReviewState::Waiting) else { return Ok(false) };
    Ok(app.archive().task(task).await?.is_some_and(|task| super::tasks::is_of(&task, own)))
}

/// One review, with what is reviewed.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<WholeReview>, Failure> {
    let review = owned(&app, &caller, &text).await?;
    let directory = app.directory();
    let form = quality_of(&directory, caller.tenant).and_then(|quality| quality.form(&review.told.form));
    let criteria = form.map(review_view::criteria).unwrap_or_default();
    let made = match review.told.of_decision {
        Some(decision) => {
            let lines = lines(&app, decision).await?;
            let decision = blendline_authority::Decision::of(&lines);
            decision.map(|decision| decision_view::info(&decision, &lines, &directory))
        }
        None => None,
    };
    // Who looks after the system reads no messages.
    let reads = !matches!(caller.role, Role::Operations | Role::Auditor | Role::Integrator);
    let whose = review.conversation.map(Transcript::Conversation).or(review.told.of_task.map(Transcript::Task));
    let messages = match whose.filter(|_| reads) {
        Some(whose) => {
            let found = app.archive().transcripts(&[whose], LINES_SEEN).await?;
            receipts::views(app.archive(), found.into_iter().flatten().collect()).await?
        }
        None => Vec::new(),
    };
    let review = review_view::info(review, dispute_ms(&directory, caller.tenant), &directory);
    Ok(Json(WholeReview { review, criteria, made, messages }))
}

/// Scores a piece of work, or answers the score of one's own.
pub async fn act(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(ReviewAct { act, worker, points, words }): Strict<ReviewAct>,
) -> Result<Json<ReviewInfo>, Failure> {
    let review = owned(&app, &caller, &text).await?;
    let directory = app.directory();
    let by = decider(&caller, &directory, worker.as_deref())?;
    let words = checked_note(words, "/words")?;
    let says = match (act, words) {
        (Act::Score, words) => Says::Score(points, words),
        (Act::Answer, Some(words)) => Says::Answer(words),
        (Act::Answer, None) => return Err(Failure::bad("/words", "say what you answer")),
    };
    let (tenant, judgement_id) = (caller.tenant, review.told.review);
    let beside = Some(review.other_seat());
    say(&app, &caller, JudgeCall { tenant, judgement: judgement_id, beside, by, says }).await?;
    match judgement(&app, tenant, judgement_id).await? {
        Some(Judgement::Review(review)) => {
            Ok(Json(review_view::info(*review, dispute_ms(&directory, tenant), &directory)))
        }
        _ => Err(Failure::not_found("review", "no review has this id")),
    }
}

/// Says something of somebody's work, at the owner.
pub(super) async fn say(app: &Shared, caller: &Caller, call: JudgeCall) -> Result<(), Failure> {
    let done = app.door(caller.tenant).call(caller.actor(), Call::Judge(Box::new(call))).await;
    done.map(drop).map_err(|error| of_call(error, caller.tenant, &app.directory()))
}
