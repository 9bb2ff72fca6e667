//! What reviews, ratings and returns say of workers, groups, queues and actions.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_quality::calibrate::{Calibration, calibration};
use blendline_quality::figures::{Drift, Figure, figure};
use blendline_quality::judgement::{Answer, Judgement, Review, SentBack};
use blendline_quality::propose::{Proposal, proposals};
use blendline_wire::event::quality::AnswerRating;
use blendline_wire::time::Instant;
use blendline_wire::{Millis, TenantId, money};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::Params;
use super::problem::Failure;
use super::review_list::{Stretch, all};
use super::review_view::{self, SentBackCount, unit_name};
use super::reviews::quality_of;
use super::view::{queue_name, worker_name};
use crate::directory::Directory;

/// What is known of quality.
#[derive(Debug, Serialize, ToSchema)]
pub struct QualityInfo {
    /// From when on.
    since: Instant,
    /// How many pieces were drawn, and how many of them nobody has reviewed yet.
    drawn: usize,
    /// How many of them wait.
    waiting: usize,
    /// By worker.
    workers: Vec<FigureInfo>,
    /// By group of the rules.
    groups: Vec<FigureInfo>,
    /// By the queue in which the work was done.
    queues: Vec<FigureInfo>,
    /// By action; of tasks by form.
    actions: Vec<FigureInfo>,
    /// How alike reviewers judge.
    calibration: CalibrationInfo,
    /// Other limits that reviews speak for. None is applied by itself.
    proposals: Vec<ScoreProposal>,
    /// How answers were, by the queue that gave them.
    answers: Vec<AnswerCount>,
    /// What came back.
    sent_back: Vec<SentBackCount>,
}

/// What scores say.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureInfo {
    /// Of whom, or of what.
    of: String,
    /// How many reviews.
    count: usize,
    /// Their mean, from 0 to 1000.
    score_milli: u16,
    /// The true mean is hardly below this.
    low_milli: u16,
    /// Nor above this.
    high_milli: u16,
    /// Where it goes: `up` or `down` where that is sure, `steady` where it is not, `unknown` from little.
    #[schema(value_type = String)]
    drift: &'static str,
}

/// How alike reviewers judge.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalibrationInfo {
    /// How many pieces two have reviewed.
    pairs: u32,
    /// On how many of a thousand they agreed.
    agreed_milli: u32,
    /// How far they were apart on the mean.
    apart_milli: u32,
    /// How each judges beside the others, the most lenient first.
    reviewers: Vec<LeniencyInfo>,
}

/// How one judges beside the others.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeniencyInfo {
    /// Who.
    reviewer: String,
    /// How many pieces he reviewed beside another.
    pairs: u32,
    /// How much higher than the other he scores on the mean, shrunk where pairs are few; below zero where he is the stricter.
    lenient_milli: i32,
}

/// Another limit that reviews speak for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoreProposal {
    /// Whose.
    pub worker: String,
    /// Of what.
    pub action: String,
    /// The currency; left out where the action is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// True: a higher one.
    pub up: bool,
    /// How many of his decisions were reviewed.
    pub count: usize,
    /// How they scored on the mean.
    pub score_milli: u16,
    /// How much he could decide alone when the latest was made, in minor units.
    pub alone: i64,
    /// The limit proposed, in minor units.
    pub limit: i64,
    /// How much he could decide alone, as people read it.
    pub now: String,
    /// The limit proposed, likewise.
    pub amount: String,
}

/// How answers were.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct AnswerCount {
    /// The queue that gave them.
    queue: String,
    /// The unit that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// How many were given.
    given: u32,
    /// How many came after their target.
    missed: u32,
    /// How many were what was needed.
    good: u32,
    /// How many came too late, as whoever asked says.
    late: u32,
    /// How many lacked something.
    incomplete: u32,
    /// How many were not right.
    wrong: u32,
}

/// What is known of quality, of the last 90 days where nothing is said.
pub async fn show(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Stretch>,
) -> Result<Json<QualityInfo>, Failure> {
    let stretch = wanted.read(super::now())?;
    let (mut reviews, mut answers, mut returned) = (Vec::new(), Vec::new(), Vec::new());
    for judgement in all(&app, caller.tenant, stretch, None).await? {
        match judgement {
            Judgement::Review(review) => reviews.push(*review),
            Judgement::Answer(answer) => answers.push(*answer),
            Judgement::SentBack(one) => returned.push(*one),
        }
    }
    let directory = app.directory();
    Ok(Json(info(&directory, (caller.tenant, stretch.0), &reviews, &answers, &returned)))
}

fn info(
    directory: &Directory,
    (tenant, since): (TenantId, Millis),
    reviews: &[Review],
    answers: &[Answer],
    returned: &[SentBack],
) -> QualityInfo {
    let company = directory.rules.get(&tenant).and_then(|routing| routing.authority.as_ref()).map(|live| &live.company);
    let groups = |review: &Review| -> Vec<String> {
        let person = company.and_then(|company| company.person(review.told.of_worker));
        person.map(|person| person.groups.iter().cloned().collect()).unwrap_or_default()
    };
    let told =
        |review: &Review| if review.told.action.is_empty() { &review.told.form } else { &review.told.action }.clone();
    let of_queue = |review: &Review| review.told.of_queue.map(|queue| queue_name(queue, directory));
    QualityInfo {
        since: Instant(since),
        drawn: reviews.iter().filter(|review| review.told.seat == 1).count(),
        waiting: reviews.iter().filter(|review| review.state == blendline_quality::ReviewState::Waiting).count(),
        workers: figures(reviews, |review| vec![worker_name(review.told.of_worker, directory)]),
        groups: figures(reviews, groups),
        queues: figures(reviews, |review| of_queue(review).into_iter().collect()),
        actions: figures(reviews, |review| vec![told(review)]),
        calibration: calibrated(calibration(reviews), directory),
        proposals: proposed(directory, tenant, reviews),
        answers: rated(answers, directory),
        sent_back: review_view::sent_back(returned, directory),
    }
}

/// What reviews say, by what they are of; the lowest first.
fn figures(reviews: &[Review], of: impl Fn(&Review) -> Vec<String>) -> Vec<FigureInfo> {
    let mut scores: BTreeMap<String, Vec<(Millis, u16)>> = BTreeMap::new();
    for review in reviews {
        let Some(scored) = review.scored_at.zip(review.score()) else { continue };
        of(review).into_iter().for_each(|name| scores.entry(name).or_default().push(scored));
    }
    let shown = |(of, scores): (String, Vec<(Millis, u16)>)| {
        let Figure { count, score, low, high, drift } = figure(&scores)?;
        let drift = Drift::as_str(drift);
        Some(FigureInfo { of, count, score_milli: score, low_milli: low, high_milli: high, drift })
    };
    let mut figures: Vec<FigureInfo> = scores.into_iter().filter_map(shown).collect();
    figures.sort_by_key(|figure| figure.score_milli);
    figures
}

fn calibrated(found: Calibration, directory: &Directory) -> CalibrationInfo {
    let Calibration { pairs, agreed_milli, apart_milli, reviewers } = found;
    let leniency = |of: blendline_quality::calibrate::Leniency| LeniencyInfo {
        reviewer: worker_name(of.reviewer, directory),
        pairs: of.pairs,
        lenient_milli: of.milli,
    };
    CalibrationInfo { pairs, agreed_milli, apart_milli, reviewers: reviewers.into_iter().map(leniency).collect() }
}

/// The limits that reviews speak for.
pub(super) fn proposed(directory: &Directory, tenant: TenantId, reviews: &[Review]) -> Vec<ScoreProposal> {
    let Some(quality) = quality_of(directory, tenant) else { return Vec::new() };
    let shown = |of: Proposal| ScoreProposal {
        worker: worker_name(of.worker, directory),
        now: money::shown(of.alone, &of.currency),
        amount: money::shown(of.limit, &of.currency),
        action: of.action,
        currency: (!of.currency.is_empty()).then_some(of.currency),
        up: of.up,
        count: of.figure.count,
        score_milli: of.figure.score,
        alone: of.alone,
        limit: of.limit,
    };
    proposals(quality, reviews).into_iter().map(shown).collect()
}

fn rated(answers: &[Answer], directory: &Directory) -> Vec<AnswerCount> {
    let mut counts: BTreeMap<_, AnswerCount> = BTreeMap::new();
    for Answer { told, .. } in answers {
        let count = counts.entry((told.of_queue, told.of_unit)).or_insert_with(|| AnswerCount {
            queue: queue_name(told.of_queue, directory),
            unit: told.of_unit.map(|unit| unit_name(unit, directory)),
            ..AnswerCount::default()
        });
        count.given += 1;
        count.missed += u32::from(told.missed);
        let of_rating = match told.rating {
            Some(AnswerRating::Good) => &mut count.good,
            Some(AnswerRating::Late) => &mut count.late,
            Some(AnswerRating::Incomplete) => &mut count.incomplete,
            Some(AnswerRating::Wrong) => &mut count.wrong,
            None => continue,
        };
        *of_rating += 1;
    }
    counts.into_values().collect()
}
