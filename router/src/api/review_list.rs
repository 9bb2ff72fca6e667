//! The reviews of a company, page by page and as a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_quality::judgement::{Judgement, Kind, Review};
use blendline_quality::standing::STANDING_MS;
use blendline_quality::{ReviewState, Standing};
use blendline_wire::{Millis, TaskId, TenantId, WorkerId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Shared;
use super::auth::{Caller, forbidden};
use super::decision_list::{instant, some_task};
use super::ledger::row;
use super::page::{Limit, Page, Params};
use super::problem::Failure;
use super::review_view::{self, ReviewInfo, unit_name};
use super::reviews::dispute_ms;
use super::view::{queue_name, worker_name};
use crate::directory::{Directory, Role};
use crate::ports::judgements::{JudgementFilter, JudgementPlace, JudgementsWanted};

/// The most judgements that one answer or file is made of.
const JUDGEMENTS_MAX: usize = 50_000;
/// Judgements that are read at once.
const READ: usize = 2_000;
const HEAD: &str = "review,drawn_at,state,form,seat,worker,queue,unit,action,currency,minor,task,decision,case,risks,reviewer,\
                    scored_at,score_milli\r\n";

/// Which reviews to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ReviewsWanted {
    /// The one that this task asks for.
    #[serde(default, deserialize_with = "some_task")]
    #[param(inline)]
    task: Option<TaskId>,
    /// Those of this worker's work.
    #[serde(default)]
    worker: Option<String>,
    /// Those that this worker made.
    #[serde(default)]
    reviewer: Option<String>,
    /// `true`: those that wait.
    #[serde(default)]
    open: Option<bool>,
    /// Those that were drawn from then on, as RFC 3339.
    #[serde(default)]
    since: Option<String>,
    /// Those that were drawn before then.
    #[serde(default)]
    until: Option<String>,
    /// Those after this place, which the answer before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// Reviews in the order in which they were drawn. A worker sees those of his own work that are made, those that he made, and that
/// which a task of his asks for.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<ReviewsWanted>,
) -> Result<Json<Page<ReviewInfo>>, Failure> {
    let directory = app.directory();
    let (found, next) = match wanted.task {
        Some(task) => {
            super::tasks::owned(&app, &caller, task).await?;
            let wanted = JudgementsWanted { tasks: vec![task], ..JudgementsWanted::default() };
            (app.archive().judgements_wanted(&wanted).await?, None)
        }
        None => {
            let filter = filter(&caller, &directory, &wanted)?;
            let after = wanted.after.as_deref().map(place).transpose()?;
            let found = app.archive().judgements(caller.tenant, &filter, after, wanted.limit.0).await?;
            let next = found.last().filter(|_| found.len() == wanted.limit.0).map(|last| {
                let JudgementPlace { at, id } = JudgementPlace::of(last);
                format!("{}.{id}", at.0)
            });
            (found, next)
        }
    };
    let dispute_ms = dispute_ms(&directory, caller.tenant);
    let of_tenant = found.into_iter().filter(|found| found.tenant() == caller.tenant).filter_map(review);
    let items = of_tenant.map(|review| review_view::info(review, dispute_ms, &directory)).collect();
    Ok(Json(Page { items, next }))
}

fn review(judgement: Judgement) -> Option<Review> {
    match judgement {
        Judgement::Review(review) => Some(*review),
        _ => None,
    }
}

fn filter(caller: &Caller, directory: &Directory, wanted: &ReviewsWanted) -> Result<JudgementFilter, Failure> {
    let named = |name: &Option<String>, place: &'static str| match name {
        Some(name) => directory
            .worker(caller.tenant, name)
            .map(Some)
            .ok_or_else(|| Failure::not_found("worker", format!("no worker is called `{name}`")).at(place)),
        None => Ok(None),
    };
    let (mut worker, judge) = (named(&wanted.worker, "worker")?, named(&wanted.reviewer, "reviewer")?);
    let mut open = wanted.open;
    if let Some(own) = caller.worker.filter(|_| caller.role == Role::Worker) {
        if worker.or(judge).is_some_and(|named| named != own) {
            return Err(forbidden("a worker sees the reviews of his work, and those that he made"));
        }
        worker = worker.or(judge.is_none().then_some(own));
        // What waits may be another's to make, and whoever is reviewed learns of it when it is made.
        open = Some(false);
    }
    Ok(JudgementFilter {
        kind: Some(Kind::Review),
        worker,
        judge,
        open,
        since: instant(wanted.since.as_deref(), "since")?,
        until: instant(wanted.until.as_deref(), "until")?,
    })
}

fn place(text: &str) -> Result<JudgementPlace, Failure> {
    let read = || {
        let (at, id) = text.split_once('.')?;
        Some(JudgementPlace { at: Millis(at.parse().ok()?), id: id.parse().ok()? })
    };
    read().ok_or_else(|| Failure::bad("after", "give what the answer before gave as `next`"))
}

/// Which part of time.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// From then on, as RFC 3339; left out, the last 90 days.
    #[serde(default)]
    pub(super) since: Option<String>,
    /// Before then.
    #[serde(default)]
    pub(super) until: Option<String>,
}

impl Stretch {
    /// From when until when.
    pub(super) fn read(&self, now: Millis) -> Result<(Millis, Millis), Failure> {
        let since = instant(self.since.as_deref(), "since")?.unwrap_or(Millis(now.0.saturating_sub(STANDING_MS)));
        Ok((since, instant(self.until.as_deref(), "until")?.unwrap_or(Millis(i64::MAX.cast_unsigned()))))
    }
}

/// All judgements of a stretch of time, or that there are too many.
pub(super) async fn all(
    app: &Shared,
    tenant: TenantId,
    (since, until): (Millis, Millis),
    kind: Option<Kind>,
) -> Result<Vec<Judgement>, Failure> {
    let filter = JudgementFilter { kind, since: Some(since), until: Some(until), ..JudgementFilter::default() };
    let mut found: Vec<Judgement> = Vec::new();
    loop {
        let after = found.last().map(JudgementPlace::of);
        let more = app.archive().judgements(tenant, &filter, after, READ).await?;
        let ended = more.len() < READ;
        found.extend(more);
        if JUDGEMENTS_MAX < found.len() {
            let detail = format!("these are more than {JUDGEMENTS_MAX}: narrow it with `since` and `until`");
            return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", "This cannot be done", detail));
        }
        if ended {
            return Ok(found);
        }
    }
}

/// Reviews as CSV (RFC 4180), in the order in which they were drawn; without anybody's words.
pub async fn export(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Stretch>,
) -> Result<Response, Failure> {
    let stretch = wanted.read(super::now())?;
    let found = all(&app, caller.tenant, stretch, Some(Kind::Review)).await?;
    let directory = app.directory();
    let mut text = String::from(HEAD);
    for Review { at, told, state, scored_at, .. } in found.into_iter().filter_map(review) {
        let some = |text: Option<String>| text.unwrap_or_default();
        let cells = [
            told.review.to_string(),
            at.to_rfc3339(),
            ReviewState::as_str(state).to_owned(),
            told.form,
            told.seat.to_string(),
            worker_name(told.of_worker, &directory),
            some(told.of_queue.map(|queue| queue_name(queue, &directory))),
            some(told.of_unit.map(|unit| unit_name(unit, &directory))),
            told.action,
            told.currency,
            some(told.minor.map(|minor| minor.to_string())),
            some(told.of_task.map(|task| task.to_string())),
            some(told.of_decision.map(|decision| decision.to_string())),
            some(told.of_case.map(|case| case.to_string())),
            told.risks.join(" "),
            some(told.reviewer.map(|reviewer| worker_name(reviewer, &directory))),
            some(scored_at.map(Millis::to_rfc3339)),
            some(told.score_milli.map(|score| score.to_string())),
        ];
        row(&mut text, &cells);
    }
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}

/// The score of a worker's quality, where there is one.
pub(super) async fn scores(
    app: &Shared,
    tenant: TenantId,
    worker: WorkerId,
    now: Millis,
) -> Result<BTreeMap<WorkerId, u8>, Failure> {
    let since = Some(Millis(now.0.saturating_sub(STANDING_MS)));
    let (kind, worker_only) = (Some(Kind::Review), Some(worker));
    let filter = JudgementFilter { kind, worker: worker_only, since, ..JudgementFilter::default() };
    let mut standing = Standing::default();
    for review in app.archive().judgements(tenant, &filter, None, READ).await?.into_iter().filter_map(review) {
        standing.take(&review, now);
    }
    Ok(standing.quality(now).map(|score| (worker, score)).into_iter().collect())
}
