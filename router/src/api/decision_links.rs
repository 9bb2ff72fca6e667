//! Links to a decision, for whoever is asked and is not at his desk: made for those whom it concerns, read by whoever has one,
//! and decided by who proves at that moment that he may.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_authority::{Command, Decision, State as Stands};
use blendline_wire::event::Actor;
use blendline_wire::time::Instant;
use blendline_wire::{Pii, TenantId, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::auth::{Caller, from_own_page, session_secret};
use super::decision_view::{self, DecisionInfo};
use super::decisions::{Act, checked_note, decide, lines, owned};
use super::forward::{elsewhere, forward};
use super::json::Strict;
use super::page::id;
use super::problem::Failure;
use super::server::Place;
use super::sessions::{client_address, failure};
use super::{Shared, audit, company, now};
use crate::decision_link::DecisionLink;
use crate::directory::Role;
use crate::pages::{self, Asked, Spoken, StepUp};
use crate::people::gate::actor_of;
use crate::people::session::{CSRF_HEADER, same};
use crate::people::{SignIn, SignedIn};
use crate::ports::live::Allowance;
use crate::ports::people::Deed;

const HOUR_MS: u64 = 60 * 60 * 1000;
/// How long a link works where nobody says, in hours.
const HOURS: u32 = 24;
/// How long at most: a week.
const HOURS_MAX: u32 = 7 * 24;
/// How old the sign-in of a session may be that stands for a proof at this moment.
const FRESH_MS: u64 = 5 * 60 * 1000;
/// How often a minute one link is followed, and from one address all of them.
const LINK_PER_MINUTE: u32 = 30;
const PLACE_PER_MINUTE: u32 = 600;

/// What link.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DecisionLinkOrder)]
pub struct Order {
    /// For how many hours it works, 1 to 168; left out, 24.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<u32>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionLink)]
pub struct LinkInfo {
    /// The path, to be put behind the address by which people reach this server.
    path: String,
    /// Until when it works.
    until: Instant,
}

/// Makes a link by which whoever is asked sees what, and decides.
pub async fn link(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(order): Strict<Order>,
) -> Result<(StatusCode, Json<LinkInfo>), Failure> {
    let (decision, _) = owned(&app, &caller, id("decision", &text)?).await?;
    let hours = order.hours.unwrap_or(HOURS);
    if hours == 0 || HOURS_MAX < hours {
        return Err(Failure::bad("/hours", "a link works for 1 to 168 hours"));
    }
    if decision.state() != Stands::Waiting {
        let detail = "nobody is asked for it any more";
        let failure = Failure::new(StatusCode::CONFLICT, "wrong_decision_state", "This cannot be done now", detail);
        return Err(failure.why(stands(decision.state()), &[]));
    }
    audit::note(&app, &caller, "decision_link", &decision.id().to_string(), json!({ "hours": hours })).await?;
    let until = now().plus(u64::from(hours) * HOUR_MS);
    let link = DecisionLink { tenant: caller.tenant, decision: decision.id(), until };
    let path = format!("/decide/{}", app.parts.decisions.write(&link));
    Ok((StatusCode::CREATED, Json(LinkInfo { path, until: Instant(until) })))
}

const fn stands(state: Stands) -> &'static str {
    match state {
        Stands::Waiting => "waiting",
        Stands::Granted => "granted",
        Stands::Denied => "denied",
        Stands::Withdrawn => "withdrawn",
        Stands::Reversed => "reversed",
    }
}

/// Refuses who follows links too often: nobody tries them out.
async fn allow(app: &Shared, token: &str, place: Option<&Extension<Arc<Place>>>) -> Result<(), Failure> {
    let from = place.map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |Extension(place)| place.address());
    let mark = hex::encode(&Sha256::digest(token)[..8]);
    let allowances = [
        Allowance::per_minute(format!("decide.{mark}"), LINK_PER_MINUTE, LINK_PER_MINUTE),
        Allowance::per_minute(format!("decide.from.{from}"), PLACE_PER_MINUTE, PLACE_PER_MINUTE),
    ];
    app.parts.live.allow(&allowances).await.map_err(|wait_ms| {
        let detail = "this was asked for too often: wait a moment";
        let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many requests", detail);
        failure.retry_after(wait_ms.div_ceil(1000).max(1))
    })
}

/// What is asked, for whoever has the link. Looking decides nothing.
pub async fn page(
    State(app): State<Shared>,
    spoken: Spoken,
    Path(token): Path<String>,
    headers: HeaderMap,
    place: Option<Extension<Arc<Place>>>,
) -> Result<Response, Failure> {
    allow(&app, &token, place.as_ref()).await?;
    let over = || Ok((StatusCode::NOT_FOUND, pages::decide_over(spoken.whole())).into_response());
    let Some(link) = app.parts.decisions.read(&token, now()) else { return over() };
    let directory = app.directory();
    let lines = lines(&app, link.decision).await?;
    let decision = Decision::of(&lines).filter(|decision| decision.first.tenant == link.tenant);
    let Some((decision, tenant)) = decision.zip(directory.tenants.get(&link.tenant)) else { return over() };
    let fresh = fresh(&app, &headers, link.tenant).await?;
    let step_up = match fresh {
        Some(person) => StepUp::Fresh { name: person.display, csrf: person.csrf },
        None => StepUp::Prove {
            passwords: app.companies().passwords(link.tenant),
            company: app.companies().tenants().any(|other| other == link.tenant),
        },
    };
    let asked = Asked {
        tenant: tenant.clone(),
        token,
        until: link.until,
        decision: decision_view::info(&decision, &lines, &directory),
        step_up,
    };
    Ok(pages::decide(spoken.whole(), &asked))
}

/// Who signed in within the last minutes in this browser, for this company.
async fn fresh(app: &Shared, headers: &HeaderMap, tenant: TenantId) -> Result<Option<SignedIn>, Failure> {
    let Some(secret) = session_secret(app, headers) else { return Ok(None) };
    let person = app.people().fresh(now(), &secret, FRESH_MS).await?;
    Ok(person.filter(|person| person.tenant == tenant && !person.must_change))
}

/// What whoever has the link decides, and who he is.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkedDecision {
    /// `approve` or `deny`.
    act: Act,
    /// Why; a no needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    note: Option<Pii<String>>,
    /// His name as a user. Left out where he signed in within the last five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// His password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    password: Option<Pii<String>>,
}

/// Decides by a link: whoever proves now who he is, by his own authority and nobody else's.
pub async fn act(
    State(app): State<Shared>,
    Path(token): Path<String>,
    place: Option<Extension<Arc<Place>>>,
    request: Request,
) -> Result<Response, Failure> {
    let headers = request.headers().clone();
    from_own_page(&headers)?;
    allow(&app, &token, place.as_ref()).await?;
    let over = || Failure::not_found("link", "the link is not ours, or its time is over");
    let link = app.parts.decisions.read(&token, now()).ok_or_else(over)?;
    if let Some(owner) = elsewhere(&app, link.tenant, &headers) {
        return Ok(forward(&app, &owner, request).await);
    }
    let Strict(said) = Strict::<LinkedDecision>::from_request(request, &app).await?;
    let note = checked_note(said.note, "/note")?;
    let command = |by: WorkerId| match said.act {
        Act::Approve => Ok(Command::Approve { by, note: note.clone() }),
        Act::Deny if note.is_none() => Err(Failure::bad("/note", "say why not: whoever asked reads it")),
        Act::Deny => Ok(Command::Deny { by, note: note.clone() }),
        Act::Withdraw | Act::Reverse => Err(Failure::bad("/act", "a link approves or denies")),
    };
    let proof = said.name.as_deref().zip(said.password.as_ref().map(|password| password.expose().as_str()));
    let (name, by) = prove(&app, (&link, place.as_ref(), &headers), proof).await?;
    let command = command(by)?;
    let known = lines(&app, link.decision).await?;
    let decision = Decision::of(&known).filter(|decision| decision.first.tenant == link.tenant).ok_or_else(over)?;
    let deed = Deed { at: now(), actor: actor_of(&name), what: "decision_by_link" };
    let asked = (Value::Null, json!({ "act": said.act }));
    app.people().record().note(link.tenant, &link.decision.to_string(), asked, &deed).await?;
    decide(&app, (link.tenant, Actor::Worker(by), by), &decision, command).await?;
    let told: Json<DecisionInfo> = shown(&app, &link).await?;
    Ok(told.into_response())
}

async fn shown(app: &Shared, link: &DecisionLink) -> Result<Json<DecisionInfo>, Failure> {
    let lines = lines(app, link.decision).await?;
    let gone = || Failure::not_found("decision", "no decision has this id");
    let decision = Decision::of(&lines).ok_or_else(gone)?;
    Ok(Json(decision_view::info(&decision, &lines, &app.directory())))
}

/// Who decides: by his password, or by a sign-in of the last minutes whose page sends its token. Whatever other session he
/// has proves nothing.
async fn prove(
    app: &Shared,
    (link, place, headers): (&DecisionLink, Option<&Extension<Arc<Place>>>, &HeaderMap),
    proof: Option<(&str, &str)>,
) -> Result<(String, WorkerId), Failure> {
    let directory = app.directory();
    let (name, role, worker, must_change) = match proof {
        Some((name, password)) => {
            if !app.companies().passwords(link.tenant) {
                return Err(company::passwords_are_off());
            }
            let tenant = directory.tenants.get(&link.tenant).map_or("", String::as_str);
            let from = client_address(app, place, headers);
            let who = SignIn { tenant: (tenant, Some(link.tenant)), name, from };
            let user = app.people().prove(now(), who, password).await.map_err(failure)?;
            (user.name, user.role, user.worker, user.must_change)
        }
        None => {
            let step_up = || {
                let detail = "say who you are: your own password, or a sign-in of the last five minutes";
                Failure::new(StatusCode::UNAUTHORIZED, "step_up", "A proof is needed", detail)
            };
            let person = fresh(app, headers, link.tenant).await?.ok_or_else(step_up)?;
            let token = headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !same(token, &person.csrf) {
                return Err(step_up());
            }
            (person.name, person.role, person.worker, person.must_change)
        }
    };
    if must_change {
        let detail = "choose a password of your own first: sign in";
        return Err(Failure::new(StatusCode::FORBIDDEN, "must_change", "The password is for one time", detail));
    }
    let worker = worker.filter(|_| role == Role::Worker).and_then(|worker| directory.worker(link.tenant, &worker));
    let nobody = || {
        let detail = "only workers decide, each as himself: this user is none";
        Failure::new(StatusCode::FORBIDDEN, "no_worker", "Who is signed in is no worker", detail)
    };
    Ok((name, worker.ok_or_else(nobody)?))
}
