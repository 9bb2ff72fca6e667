//! Reviews, ratings and what came back, as callers see them.

use std::collections::BTreeMap;

use blendline_quality::judgement::{Answer, Review, SentBack};
use blendline_quality::{Form, ReviewState};
use blendline_wire::event::quality::{AnswerRating, SentBackWay};
use blendline_wire::time::Instant;
use blendline_wire::worker::MessageView;
use blendline_wire::{CaseId, DecisionId, JudgementId, Pii, TaskId, UnitId, money};
use serde::Serialize;
use utoipa::ToSchema;

use super::decision_view::DecisionInfo;
use super::view::{queue_name, worker_name};
use crate::directory::Directory;

/// A review.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewInfo {
    /// Its name.
    id: JudgementId,
    /// Where it stands: `waiting`, `scored`, `disputed`, `lapsed`.
    #[schema(value_type = String)]
    state: &'static str,
    /// When it was drawn.
    at: Instant,
    /// The form by which it is reviewed, as the rules name it.
    form: String,
    /// 1; of a piece that two persons review, the second is 2.
    seat: u8,
    /// Whose work it is.
    worker: String,
    /// The queue in which it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// What was decided; left out for a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// How much was decided, as people read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    /// The task that it was done in.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The decision that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionId>,
    /// The case it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// What made it likelier to be drawn.
    risks: Vec<String>,
    /// How many of a thousand such pieces are drawn.
    chance_milli: u32,
    /// The task of whoever reviews it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_task: Option<TaskId>,
    /// Who reviewed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reviewer: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    scored_at: Option<Instant>,
    /// From 0 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    score_milli: Option<u16>,
    /// The points of each criterion that applied.
    points: BTreeMap<String, u8>,
    /// What the reviewer says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    words: Option<Pii<String>>,
    /// What whoever did the work answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    answer: Option<Pii<String>>,
    /// Until when he may answer, while he may.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_until: Option<Instant>,
    /// Why nobody reviews it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A review with what is reviewed.
#[derive(Debug, Serialize, ToSchema)]
pub struct WholeReview {
    /// The review.
    #[serde(flatten)]
    pub review: ReviewInfo,
    /// By what it is judged: what the live rules have.
    pub criteria: Vec<CriterionInfo>,
    /// The decision, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<DecisionInfo>,
    /// What was said, the latest lines; empty for those who read no messages.
    pub messages: Vec<MessageView>,
}

/// By what work is judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct CriterionInfo {
    /// Its name.
    name: String,
    /// What people call it, by language.
    words: BTreeMap<String, String>,
    /// The most points it gives.
    points: u8,
    /// How much it counts.
    weight: u8,
    /// No points in it make the whole nothing.
    fatal: bool,
}

/// A review as it is shown.
pub fn info(review: Review, dispute_ms: u64, directory: &Directory) -> ReviewInfo {
    let told = review.told;
    let answers = review.scored_at.filter(|_| review.state == ReviewState::Scored);
    ReviewInfo {
        id: told.review,
        state: review.state.as_str(),
        at: Instant(review.at),
        form: told.form,
        seat: told.seat,
        worker: worker_name(told.of_worker, directory),
        queue: told.of_queue.map(|queue| queue_name(queue, directory)),
        unit: told.of_unit.map(|unit| unit_name(unit, directory)),
        amount: told.minor.map(|minor| money::shown(minor, &told.currency)),
        action: (!told.action.is_empty()).then_some(told.action),
        task: told.of_task,
        decision: told.of_decision,
        case: told.of_case,
        risks: told.risks,
        chance_milli: told.chance_milli,
        by_task: told.by_task,
        reviewer: told.reviewer.map(|reviewer| worker_name(reviewer, directory)),
        scored_at: review.scored_at.map(Instant),
        score_milli: told.score_milli,
        points: told.points,
        words: review.words,
        answer: review.answer,
        answer_until: answers.map(|at| Instant(at.plus(dispute_ms))),
        reason: (!told.reason.is_empty()).then_some(told.reason),
    }
}

/// The criteria of a form.
pub fn criteria(form: &Form) -> Vec<CriterionInfo> {
    let criterion = |of: &blendline_quality::Criterion| CriterionInfo {
        name: of.name.clone(),
        words: of.words.0.clone(),
        points: of.points,
        weight: of.weight,
        fatal: of.fatal,
    };
    form.criteria.iter().map(criterion).collect()
}

/// An answer to a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswerInfo {
    /// Its name.
    id: JudgementId,
    /// When it was answered.
    at: Instant,
    /// The request that it answers.
    request: TaskId,
    /// The task that waited for it.
    task: TaskId,
    /// Who asked.
    asker: String,
    /// Who answered.
    worker: String,
    /// The queue in which it was answered.
    queue: String,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// From the request to the answer, in milliseconds.
    after_ms: u64,
    /// True when it came after the request's target.
    missed: bool,
    /// How it was, once somebody has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<AnswerRating>,
    /// What was said besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    words: Option<Pii<String>>,
}

/// An answer as it is shown.
pub fn answer(of: Answer, directory: &Directory) -> AnswerInfo {
    AnswerInfo {
        id: of.told.answer,
        at: Instant(of.at),
        request: of.told.of_task,
        task: of.told.for_task,
        asker: worker_name(of.told.asker, directory),
        worker: worker_name(of.told.of_worker, directory),
        queue: queue_name(of.told.of_queue, directory),
        unit: of.told.of_unit.map(|unit| unit_name(unit, directory)),
        after_ms: of.told.after_ms,
        missed: of.told.missed,
        rating: of.told.rating,
        words: of.words,
    }
}

/// How often work came back, by where, how and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentBackCount {
    /// The queue to which it came back; left out where nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// How.
    way: SentBackWay,
    /// Why.
    cause: String,
    /// How often.
    count: u32,
}

/// What came back, counted, the most first.
pub fn sent_back(all: &[SentBack], directory: &Directory) -> Vec<SentBackCount> {
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    for SentBack { told, .. } in all {
        *counts.entry((told.of_queue, told.of_unit, told.way, told.cause.as_str())).or_default() += 1;
    }
    let count = |((queue, unit, way, cause), count): ((Option<_>, Option<_>, _, &str), u32)| SentBackCount {
        queue: queue.map(|queue| queue_name(queue, directory)),
        unit: unit.map(|unit| unit_name(unit, directory)),
        way,
        cause: cause.to_owned(),
        count,
    };
    let mut counts: Vec<_> = counts.into_iter().map(count).collect();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

/// The unit's name, or its id when it is not configured any more.
pub fn unit_name(id: UnitId, directory: &Directory) -> String {
    directory.units.get(&id).map_or_else(|| id.to_string(), |unit| unit.name.clone())
}
