//! The register of improvements: its pages, the whole of it as CSV, which may say the same, and figures counted from events.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_improvements::alike::alike as says_the_same;
use blendline_improvements::{Counting, Improvement};
use blendline_wire::event::improvement::{Figure, ImprovementSource, ImprovementStatus, Measure, Measured};
use blendline_wire::{ImprovementId, Millis};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::improvement_view::{ImprovementInfo, info};
use super::ledger::row;
use super::page::{LIMIT_MAX, Limit, Page, Params, parsed};
use super::problem::Failure;
use crate::directory::Role;
use crate::floor::first_before;
use crate::ports::improvements::ImprovementFilter;

/// How many one table holds.
const ROWS_MAX: usize = 10_000;
/// How many are compared with each other.
const COMPARED_MAX: usize = 1_000;
/// Proposals of one answer.
const PROPOSALS_MAX: usize = 200;
/// Events that are read at once, and for one figure at most.
const PAGE: usize = 1_000;
const EVENTS_MAX: usize = 5_000_000;
/// The longest stretch that is measured.
const STRETCH_MS_MAX: u64 = 400 * 86_400_000;

/// Which of them to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ImprovementsWanted {
    /// Those that stand so.
    #[serde(default)]
    #[param(inline)]
    status: Option<ImprovementStatus>,
    /// Those from there.
    #[serde(default)]
    #[param(inline)]
    source: Option<ImprovementSource>,
    /// Those that this manager is to answer.
    #[serde(default)]
    owner: Option<String>,
    /// Those that this worker wrote.
    #[serde(default)]
    writer: Option<String>,
    /// True: those that belong to another are counted with it and not listed.
    #[serde(default, deserialize_with = "flag")]
    firsts: Option<bool>,
    /// Those after this one.
    #[serde(default, deserialize_with = "some_improvement")]
    #[param(inline)]
    after: Option<ImprovementId>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    parsed(deserializer, "true or false").map(Some)
}

fn some_improvement<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ImprovementId>, D::Error> {
    parsed(deserializer, "an id of the form imp_…").map(Some)
}

/// The register, a page at a time. A worker sees what he wrote and what he is to answer.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<ImprovementsWanted>,
) -> Result<Json<Page<ImprovementInfo>>, Failure> {
    let filter = filter(&app, &caller, &wanted)?;
    let found = app.archive().list_improvements(caller.tenant, &filter, wanted.after, wanted.limit.0).await?;
    let next = found.last().filter(|_| found.len() == wanted.limit.0).map(|it| it.id.to_string());
    Ok(Json(Page { items: views(&app, found).await?, next }))
}

fn filter(app: &Shared, caller: &Caller, wanted: &ImprovementsWanted) -> Result<ImprovementFilter, Failure> {
    let directory = app.directory();
    let named = |name: &Option<String>, place: &str| match name {
        Some(name) => {
            let unknown = || Failure::not_found("worker", format!("no worker is called `{name}`")).at(place);
            directory.worker(caller.tenant, name).map(Some).ok_or_else(unknown)
        }
        None => Ok(None),
    };
    let (owner, mut author) = (named(&wanted.owner, "owner")?, named(&wanted.writer, "writer")?);
    if caller.role == Role::Worker {
        let own = caller.worker;
        // Whoever may answer is asked for by name; else he sees what he wrote.
        if owner.is_some() && owner != own || author.is_some() && author != own {
            return Err(super::auth::forbidden("a worker sees what he wrote and what he is to answer"));
        }
        author = if owner.is_none() { own } else { author };
    }
    let ImprovementsWanted { status, source, .. } = *wanted;
    Ok(ImprovementFilter { status, source, owner, author, firsts: wanted.firsts.unwrap_or(false) })
}

/// These as they are shown, each with what belongs to it.
async fn views(app: &Shared, found: Vec<Improvement>) -> Result<Vec<ImprovementInfo>, Failure> {
    let ids: BTreeSet<ImprovementId> = found.iter().flat_map(|it| [Some(it.id), it.group]).flatten().collect();
    let around = app.archive().improvements(&ids.into_iter().collect::<Vec<_>>()).await?;
    let directory = app.directory();
    Ok(found.into_iter().map(|it| info(it, &around, &directory)).collect())
}

async fn all(
    app: &Shared,
    caller: &Caller,
    filter: &ImprovementFilter,
    most: usize,
) -> Result<Vec<Improvement>, Failure> {
    let mut found: Vec<Improvement> = Vec::new();
    loop {
        let after = found.last().map(|it| it.id);
        let more = app.archive().list_improvements(caller.tenant, filter, after, LIMIT_MAX).await?;
        let ended = more.len() < LIMIT_MAX;
        found.extend(more);
        if most < found.len() {
            let detail = format!("these are more than {most}: narrow it");
            return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", "This cannot be done", detail));
        }
        if ended {
            return Ok(found);
        }
    }
}

const HEAD: &str = "improvement,opened_at,source,title,queue,topic,unit,owner,due_at,status,do_by,answer,group,members,contacts,\
                    price,currency,figure,before_milli,after_milli,climbs\r\n";

/// The register as CSV (RFC 4180).
pub async fn export(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<ImprovementsWanted>,
) -> Result<Response, Failure> {
    let found = all(&app, &caller, &filter(&app, &caller, &wanted)?, ROWS_MAX).await?;
    let mut text = String::from(HEAD);
    for chunk in found.chunks(LIMIT_MAX) {
        for it in views(&app, chunk.to_vec()).await? {
            // Its own names of what stands in it are those of the JSON.
            let value = serde_json::to_value(&it).unwrap_or_default();
            let cell = |pointer: &str| match value.pointer(pointer) {
                Some(serde_json::Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            let cells = [
                "/id",
                "/opened_at",
                "/source",
                "/title",
                "/queue",
                "/topic",
                "/unit",
                "/owner",
                "/due_at",
                "/status",
                "/answer/do_by",
                "/answer/words",
                "/group",
                "/members",
                "/contacts",
                "/price/minor",
                "/price/currency",
                "/before/figure",
                "/before/milli",
                "/after/milli",
                "/climbs",
            ];
            row(&mut text, &cells.map(cell));
        }
    }
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}

/// Two that may say the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImprovementPair {
    /// The earlier one.
    into: ImprovementId,
    /// The one that could belong to it.
    join: ImprovementId,
}

/// Which may say the same.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImprovementPairs {
    /// Pairs, of one queue and topic, with words in common.
    items: Vec<ImprovementPair>,
}

/// Which may say the same: a person joins them.
pub async fn alike(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<ImprovementPairs>, Failure> {
    let filter = ImprovementFilter { firsts: true, ..ImprovementFilter::default() };
    let mut found = all(&app, &caller, &filter, ROWS_MAX).await?;
    found.retain(|it| !it.status.is_over());
    found.sort_by_key(|it| (it.opened_at, it.id));
    found.truncate(COMPARED_MAX);
    let mut items = Vec::new();
    for (at, later) in found.iter().enumerate() {
        let earlier = found.iter().take(at).find(|earlier| says_the_same(earlier, later));
        items.extend(earlier.map(|earlier| ImprovementPair { into: earlier.id, join: later.id }));
    }
    items.truncate(PROPOSALS_MAX);
    Ok(Json(ImprovementPairs { items }))
}

/// Counts a figure from the log.
pub(super) async fn measured(
    app: &Shared,
    caller: &Caller,
    figure: Figure,
    (queue, topic, case_type): (Option<&str>, Option<String>, Option<String>),
    (since, until): (Millis, Millis),
) -> Result<Measured, Failure> {
    if until <= since || since.plus(STRETCH_MS_MAX) < until {
        return Err(Failure::bad("/until", "it is later than `since`, by at most 400 days").why("no_stretch", &[]));
    }
    let in_queue = queue.map(|name| {
        let unknown = || Failure::not_found("queue", format!("no queue is called `{name}`")).at("/queue");
        app.directory().queue(caller.tenant, name).ok_or_else(unknown)
    });
    let measure = Measure { figure, in_queue: in_queue.transpose()?, topic, case_type };
    let mut counting = Counting::new(measure, since, until);
    let mut after = first_before(app.archive(), caller.tenant, since).await?.0;
    for _ in 0..EVENTS_MAX / PAGE {
        let events = app.archive().events(caller.tenant, after, PAGE).await?;
        events.iter().for_each(|event| counting.take(event));
        match events.last() {
            Some(last) if last.at < until && events.len() == PAGE => after = last.id.0,
            _ => return Ok(counting.measured()),
        }
    }
    let detail = format!("there are more than {EVENTS_MAX} events in it: measure a shorter stretch");
    Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "too_many", "This cannot be done", detail))
}
