//! Webhooks out: where a tenant wants events posted, the ledger of each, and posting again. docs/events.md is the contract.

mod bodies;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_wire::event::Event;
use blendline_wire::time::Instant;
use blendline_wire::{EventId, Millis, Pii};
use serde_json::json;

use crate::api::auth::Caller;
use crate::api::json::Strict;
use crate::api::page::{Page, Params};
use crate::api::problem::Failure;
use crate::api::{Shared, now};
use crate::outlets::form;
use crate::outlets::post::{Outcome, new_secret, post};
use crate::outlets::wanted;
use crate::ports::outlets::{Delivery, DeliveryState, Endpoint, EndpointState, SigningKey, Sink};
use crate::ports::people::Deed;

pub use bodies::{Addition, Again, Change, DeliveryInfo, EndpointInfo, Replayed, Rotation, Tested, Wanted};

/// How many endpoints a tenant has at most.
const ENDPOINTS_MAX: usize = 16;
/// How long an old key is good beside a new one, where nobody says.
const OVERLAP_HOURS: u32 = 24;
/// How long it is at most.
const OVERLAP_HOURS_MAX: u32 = 24 * 30;
/// How many events are posted again by one call.
const AGAIN_MAX: usize = 10_000;
/// How many events are read at once.
const PAGE: usize = 500;
/// The longest name.
const NAME_BYTES_MAX: usize = 64;

/// All endpoints.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<EndpointInfo>>, Failure> {
    let mut found = app.outlets().endpoints(&[caller.tenant]).await?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Json(Page { items: found.into_iter().map(EndpointInfo::of).collect(), next: None }))
}

async fn find(app: &Shared, caller: &Caller, name: &str) -> Result<Endpoint, Failure> {
    let found = app.outlets().endpoints(&[caller.tenant]).await?;
    let one = found.into_iter().find(|endpoint| endpoint.name == name);
    one.ok_or_else(|| Failure::not_found("endpoint", "no endpoint has this name"))
}

/// One endpoint.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
) -> Result<Json<EndpointInfo>, Failure> {
    Ok(Json(EndpointInfo::of(find(&app, &caller, &name).await?)))
}

fn checked(app: &Shared, url: Option<&str>, kinds: Option<&[String]>) -> Result<(), Failure> {
    if let Some(why) = url.and_then(|url| app.reach().refuses(url)) {
        return Err(Failure::bad("/url", why));
    }
    let kinds = kinds.unwrap_or_default().iter().enumerate();
    match kinds.filter_map(|(at, kind)| Some((at, form::unknown_kind(kind)?))).next() {
        Some((at, why)) => Err(Failure::bad(format!("/kinds/{at}"), why)),
        None => Ok(()),
    }
}

/// True for what a field of cases may be called.
fn is_field(name: &str) -> bool {
    !name.is_empty() && name.len() <= NAME_BYTES_MAX
}

fn no_field() -> Failure {
    Failure::bad("/reference", "name a field of your cases, such as `order`")
}

/// A new secret that signs.
pub(super) fn secret() -> Result<Pii<String>, Failure> {
    new_secret().ok_or_else(|| Failure::busy("the system gives no random numbers"))
}

/// How long an old key is good beside a new one, in milliseconds.
pub(super) fn overlap_ms(hours: Option<u32>) -> Result<u64, Failure> {
    let hours = hours.unwrap_or(OVERLAP_HOURS);
    if hours > OVERLAP_HOURS_MAX {
        return Err(Failure::bad("/overlap_hours", format!("at most {OVERLAP_HOURS_MAX}")));
    }
    Ok(u64::from(hours) * 60 * 60 * 1000)
}

/// Somebody else changed it between our look and our change.
pub(super) fn meanwhile() -> Failure {
    let detail = "somebody else changed it meanwhile: look again";
    Failure::new(StatusCode::CONFLICT, "meanwhile", "Somebody else was quicker", detail)
}

/// Puts a changed endpoint in its place.
async fn put(app: &Shared, caller: &Caller, endpoint: &Endpoint, what: &'static str) -> Result<(), Failure> {
    let deed = Deed { at: now(), actor: caller.actor.clone(), what };
    if app.outlets().put_endpoint(endpoint, Some(&deed)).await? { Ok(()) } else { Err(meanwhile()) }
}

/// Adds an endpoint. It gets what happens from now on.
pub async fn add(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(said): Strict<Addition>,
) -> Result<(StatusCode, Json<EndpointInfo>), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if said.name.is_empty() || said.name.len() > NAME_BYTES_MAX || !said.name.chars().all(plain) {
        return Err(Failure::bad("/name", "use letters, digits, `-`, `_` and `.`, at most 64 bytes"));
    }
    checked(&app, Some(&said.url), Some(&said.kinds))?;
    if said.reference.as_ref().is_some_and(|field| !is_field(field)) {
        return Err(no_field());
    }
    let known = app.outlets().endpoints(&[caller.tenant]).await?;
    if known.iter().any(|endpoint| endpoint.name == said.name) {
        let detail = "an endpoint has this name: take another, or change it";
        return Err(Failure::new(StatusCode::CONFLICT, "name_taken", "The name is taken", detail).at("/name"));
    }
    if known.len() >= ENDPOINTS_MAX {
        return Err(Failure::bad("/", format!("a tenant has at most {ENDPOINTS_MAX} endpoints: remove one")));
    }
    let secret = secret()?;
    let endpoint = Endpoint {
        tenant: caller.tenant,
        name: said.name,
        version: 1,
        url: said.url,
        kinds: said.kinds,
        reference: said.reference,
        keys: vec![SigningKey { secret: secret.clone(), until: None }],
        created_at: now(),
        state: EndpointState::WELL,
    };
    // Its place first: what happens between the two is posted too.
    let last = app.outlets().last_event(caller.tenant).await?;
    app.outlets().move_on(caller.tenant, &Sink::Endpoint(endpoint.name.clone()), (None, last), &[]).await?;
    put(&app, &caller, &endpoint, "event_endpoint_added").await?;
    Ok((StatusCode::CREATED, Json(EndpointInfo { secret: Some(secret), ..EndpointInfo::of(endpoint) })))
}

/// Changes an endpoint; one that was paused goes on from where it was.
pub async fn change(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(said): Strict<Change>,
) -> Result<Json<EndpointInfo>, Failure> {
    let mut endpoint = find(&app, &caller, &name).await?;
    checked(&app, said.url.as_deref(), said.kinds.as_deref())?;
    if said.url.is_none() && said.kinds.is_none() && said.reference.is_none() && said.paused.is_none() {
        return Err(Failure::bad("/", "name what is to change: url, kinds, reference or paused"));
    }
    if said.reference.as_ref().is_some_and(|field| !field.is_empty() && !is_field(field)) {
        return Err(no_field());
    }
    endpoint.version += 1;
    endpoint.url = said.url.unwrap_or(endpoint.url);
    endpoint.kinds = said.kinds.unwrap_or(endpoint.kinds);
    if let Some(field) = said.reference {
        endpoint.reference = Some(field).filter(|field| !field.is_empty());
    }
    match said.paused {
        Some(true) => endpoint.state = EndpointState::Paused { at: now(), reason: format!("by {}", caller.actor) },
        Some(false) => endpoint.state = EndpointState::WELL,
        None => {}
    }
    put(&app, &caller, &endpoint, "event_endpoint_changed").await?;
    Ok(Json(EndpointInfo::of(endpoint)))
}

/// Removes an endpoint with its ledger.
pub async fn remove(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    let deed = Deed { at: now(), actor: caller.actor.clone(), what: "event_endpoint_removed" };
    if app.outlets().remove_endpoint(caller.tenant, &name, &deed).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Failure::not_found("endpoint", "no endpoint has this name"))
}

/// Makes a new key, which signs at once; the old one signs beside it for a while.
pub async fn rotate(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(said): Strict<Rotation>,
) -> Result<Json<EndpointInfo>, Failure> {
    let overlap_ms = overlap_ms(said.overlap_hours)?;
    let mut endpoint = find(&app, &caller, &name).await?;
    let secret = secret()?;
    SigningKey::rotate(&mut endpoint.keys, secret.clone(), now(), overlap_ms);
    endpoint.version += 1;
    put(&app, &caller, &endpoint, "event_endpoint_rotated").await?;
    Ok(Json(EndpointInfo { secret: Some(secret), ..EndpointInfo::of(endpoint) }))
}

/// Posts a test, once, and says what came of it.
pub async fn test(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
) -> Result<Json<Tested>, Failure> {
    let endpoint = find(&app, &caller, &name).await?;
    let http = app.reach().client().map_err(|error| Failure::busy(error.to_string()))?;
    let at = now();
    let body = json!({ "type": "test", "timestamp": Instant(at), "data": { "endpoint": endpoint.name } });
    let id = format!("test_{}", uuid::Uuid::now_v7());
    let outcome = post(&http, app.reach(), &endpoint, &id, at, &body).await;
    let cause = match outcome {
        Outcome::Taken => None,
        Outcome::Refused(cause) => Some(cause),
        Outcome::Gone => Some("answered 410".to_owned()),
    };
    Ok(Json(Tested { taken: cause.is_none(), cause, took_ms: now().since(at) }))
}

/// The ledger of an endpoint.
pub async fn deliveries(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<DeliveryInfo>>, Failure> {
    find(&app, &caller, &name).await?;
    let (after, limit) = (wanted.after.0, wanted.limit.0);
    let found = app.outlets().deliveries(caller.tenant, &name, wanted.state, after, limit).await?;
    let id = |delivery: &Delivery| EventId(delivery.event).to_string();
    Ok(Json(Page::of(found, wanted.limit, id, DeliveryInfo::of)))
}

/// Has events posted again.
pub async fn replay(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(said): Strict<Again>,
) -> Result<(StatusCode, Json<Replayed>), Failure> {
    let mut endpoint = find(&app, &caller, &name).await?;
    let (found, next) = match said.from {
        Some(Instant(from)) if said.events.is_empty() => of_time(&app, &endpoint, from, said.until).await?,
        None if (1..=AGAIN_MAX).contains(&said.events.len()) && said.until.is_none() && !said.missed => {
            let numbers: Vec<u64> = said.events.iter().map(|id| id.0).collect::<BTreeSet<_>>().into_iter().collect();
            (app.outlets().events_numbered(caller.tenant, &numbers).await?, None)
        }
        _ => {
            return Err(Failure::bad(
                "/",
                "name `events` (at most 10000), or `from`, with `until` and `missed` as you like",
            ));
        }
    };
    let mut entered: Vec<_> = match endpoint.reference {
        Some(_) => wanted::entered(app.archive(), &endpoint, &found).await?,
        None => found.iter().map(form::entered).collect(),
    };
    if said.missed
        && let (Some(first), Some(last)) = (entered.first(), entered.last())
    {
        let taken = delivered(&app, &endpoint, first.event, last.event).await?;
        entered.retain(|one| !taken.contains(&one.event));
    }
    for page in entered.chunks(PAGE) {
        app.outlets().post_again(caller.tenant, &name, page).await?;
    }
    // A new version has whoever posts look at the ledger anew.
    endpoint.version += 1;
    put(&app, &caller, &endpoint, "event_endpoint_replayed").await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { events: entered.len(), next })))
}

/// Which of the events from `first` to `last` were delivered.
async fn delivered(app: &Shared, endpoint: &Endpoint, first: u64, last: u64) -> Result<BTreeSet<u64>, Failure> {
    let (mut after, mut taken) = (first - 1, BTreeSet::new());
    while after < last {
        let state = Some(DeliveryState::Delivered);
        let page = app.outlets().deliveries(endpoint.tenant, &endpoint.name, state, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.event;
        taken.extend(page.into_iter().map(|delivery| delivery.event));
    }
    Ok(taken)
}

/// What happened in a time, of the kinds that the endpoint gets, and where to go on.
async fn of_time(
    app: &Shared,
    endpoint: &Endpoint,
    from: Millis,
    until: Option<Instant>,
) -> Result<(Vec<Event>, Option<Instant>), Failure> {
    let until = until.map_or(Millis::MAX, |Instant(until)| until);
    let mut after = before(app, endpoint, from).await?;
    let mut found = Vec::new();
    loop {
        let page = app.archive().events(endpoint.tenant, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok((found, None)) };
        after = last.id.0;
        for event in page {
            if event.at >= until {
                return Ok((found, None));
            }
            if found.len() >= AGAIN_MAX {
                return Ok((found, Some(Instant(event.at))));
            }
            if wanted::is_kind_of(endpoint, &event) {
                found.push(event);
            }
        }
    }
}

/// The number after which the events from a time on are: times rise with numbers, so halving finds it.
async fn before(app: &Shared, endpoint: &Endpoint, from: Millis) -> Result<u64, Failure> {
    let (tenant, archive) = (endpoint.tenant, app.archive());
    let Some(first) = archive.events(tenant, 0, 1).await?.pop() else { return Ok(0) };
    // `low` is before the time; what is after `high` is not.
    let (mut low, mut high) = (first.id.0 - 1, app.outlets().last_event(tenant).await?);
    while low < high {
        let middle = low + (high - low) / 2;
        match archive.events(tenant, middle, 1).await?.pop() {
            Some(event) if event.at < from => low = event.id.0,
            _ => high = middle,
        }
    }
    Ok(low)
}
