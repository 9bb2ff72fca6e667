//! Where a matter stands: links to it, for customers, and the page behind a link.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_cases::Case;
use blendline_cases::promise::Promise;
use blendline_wire::TaskId;
use blendline_wire::time::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::auth::Caller;
use super::json::Strict;
use super::page::{LIMIT_MAX, id};
use super::problem::Failure;
use super::server::Place;
use super::tasks::owned;
use super::view::worker_name;
use super::{Shared, now};
use crate::pages::{self, Pledge, Shown, ShownCase, Spoken};
use crate::ports::live::Allowance;
use crate::ports::store::{CaseFilter, TaskFilter};
use crate::status::{Link, Stage, standing};

const HOUR_MS: u64 = 60 * 60 * 1000;
/// How long a link shows something where nobody says, in hours: a week.
const HOURS: u32 = 7 * 24;
/// How long at most.
const HOURS_MAX: u32 = 90 * 24;
/// How often a minute one link is followed, and from one address all of them: more from there are many behind one proxy.
const LINK_PER_MINUTE: u32 = 30;
const PLACE_PER_MINUTE: u32 = 600;
/// How many promises the page shows, the nearest.
const PLEDGES_MAX: usize = 10;

/// What link.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatusLinkOrder)]
pub struct Order {
    /// For how many hours it shows something, 1 to 2,160; left out, 168.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<u32>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatusLink)]
pub struct LinkInfo {
    /// The path, to be put behind the address by which customers reach this server.
    path: String,
    /// Until when it shows something.
    until: Instant,
}

/// Makes a link by which the customer sees where his matter stands.
pub async fn link(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(order): Strict<Order>,
) -> Result<(StatusCode, Json<LinkInfo>), Failure> {
    let task = owned(&app, &caller, id::<TaskId>("task", &text)?).await?;
    let hours = order.hours.unwrap_or(HOURS);
    if hours == 0 || HOURS_MAX < hours {
        return Err(Failure::bad("/hours", "a link shows something for 1 to 2160 hours"));
    }
    let until = now().plus(u64::from(hours) * HOUR_MS);
    let directory = app.directory();
    let named = directory.tenants.get(&caller.tenant);
    let owner = app.configured().iter().any(|tenant| Some(&tenant.name) == named && tenant.status_owner);
    let link = Link { tenant: caller.tenant, matter: task.matter, task: task.id, until, owner };
    let path = format!("/status/{}", app.parts.status.write(&link));
    Ok((StatusCode::CREATED, Json(LinkInfo { path, until: Instant(until) })))
}

/// What the customer was promised in the cases of his matter, and is to be kept yet; the nearest first.
async fn promised(app: &Shared, link: &Link) -> Result<Vec<Pledge>, Failure> {
    let filter = CaseFilter { matter: Some(link.matter), open: true, ..CaseFilter::default() };
    let cases = app.archive().cases(link.tenant, &filter, None, LIMIT_MAX).await?;
    let open = cases.into_iter().flat_map(|case| case.promises).filter(|promise| promise.state.is_open());
    let pledge =
        |promise: Promise| Pledge { due_at: promise.due_at, words: promise.words.map(|words| words.expose().clone()) };
    let mut pledges: Vec<Pledge> = open.map(pledge).collect();
    pledges.sort_by_key(|pledge| pledge.due_at);
    pledges.truncate(PLEDGES_MAX);
    Ok(pledges)
}

/// Where a matter stands, for whoever has the link.
pub async fn page(
    State(app): State<Shared>,
    spoken: Spoken,
    Path(token): Path<String>,
    place: Option<Extension<Arc<Place>>>,
) -> Result<Response, Failure> {
    let from = place.map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |Extension(place)| place.address());
    let mark = hex::encode(&Sha256::digest(&token)[..8]);
    let allowances = [
        Allowance::per_minute(format!("status.{mark}"), LINK_PER_MINUTE, LINK_PER_MINUTE),
        Allowance::per_minute(format!("status.from.{from}"), PLACE_PER_MINUTE, PLACE_PER_MINUTE),
    ];
    if let Err(wait_ms) = app.parts.live.allow(&allowances).await {
        let detail = "this page was asked for too often: wait a moment";
        let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests", detail);
        return Err(failure.retry_after(wait_ms.div_ceil(1000).max(1)));
    }
    let over = || Ok((StatusCode::NOT_FOUND, pages::status_over(spoken.whole())).into_response());
    let Some(link) = app.parts.status.read(&token, now()) else { return over() };
    let filter = TaskFilter { matter: Some(link.matter), ..TaskFilter::default() };
    let tasks = app.archive().tasks(link.tenant, &filter, TaskId(0), LIMIT_MAX).await?;
    let directory = app.directory();
    let Some((standing, tenant)) = standing(&tasks).zip(directory.tenants.get(&link.tenant)) else { return over() };
    let cases = CaseFilter { matter: Some(link.matter), ..CaseFilter::default() };
    let cases = app.archive().cases(link.tenant, &cases, None, LIMIT_MAX).await?;
    let case = told_case(&cases, standing.stage);
    let kind = case.and_then(|case| directory.rules.get(&link.tenant)?.cases.get(&case.case_type));
    let owner = case.and_then(|case| case.owner).or(standing.owner).filter(|_| link.owner);
    let shown = Shown {
        tenant: tenant.clone(),
        stage: standing.stage,
        promised: standing.promised,
        owner: owner.map(|worker| worker_name(worker, &directory)),
        since: standing.since,
        case: case.zip(kind).map(|(case, kind)| ShownCase::of(case, kind, spoken.whole().lang.code())),
        promises: promised(&app, &link).await?,
    };
    Ok(pages::status(spoken.whole(), &shown))
}

/// The case that a customer is told of: the latest that is open; where nothing else is in work, the latest that is over.
fn told_case(cases: &[Case], stage: Stage) -> Option<&Case> {
    let latest = |open: bool| cases.iter().filter(|case| case.is_open() == open).max_by_key(|case| case.opened_at);
    latest(true).or_else(|| latest(false).filter(|_| matches!(stage, Stage::Done | Stage::Ended)))
}
