//! Signing in with the account of one's company: away to the provider, and back.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use blendline_wire::TenantId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::session_secret;
use super::problem::Failure;
use super::{Shared, now};
use crate::pages::{self, CompanyDoor, Spoken};
use crate::people::company::entry::Door;
use crate::people::company::{Company, Refusal, flight};
use crate::people::name::folded;
use crate::people::session::Secret;

/// The longest text that a provider may send back in one part of its address.
const PART_BYTES_MAX: usize = 4096;

/// Who wants to sign in.
#[derive(Debug, Deserialize, IntoParams)]
pub struct Wish {
    /// The tenant's name.
    #[serde(default)]
    tenant: String,
    /// The path to go to afterwards.
    #[serde(default)]
    next: String,
}

/// What a provider sends a browser back with.
#[derive(Deserialize, IntoParams)]
pub struct Answer {
    /// What it was sent there with.
    #[serde(default)]
    state: String,
    /// What an ID token is given for.
    #[serde(default)]
    code: String,
    /// Why there is none.
    #[serde(default)]
    error: Option<String>,
    /// Who answers (RFC 9207).
    #[serde(default)]
    iss: Option<String>,
}

/// The sign-in page.
pub async fn sign_in_page(State(app): State<Shared>, spoken: Spoken) -> Response {
    pages::sign_in(spoken.whole(), &door(&app))
}

/// Which ways in the sign-in page shows. It names a company only where there is no other.
fn door(app: &Shared) -> CompanyDoor {
    let directory = app.directory();
    let mut having = app.companies().tenants();
    match (having.next(), directory.tenants.len()) {
        (None, _) => CompanyDoor::Closed,
        (Some(only), 1) => CompanyDoor::Of {
            tenant: directory.tenants.get(&only).cloned().unwrap_or_default(),
            passwords: app.companies().passwords(only),
        },
        (Some(_), _) => CompanyDoor::Named,
    }
}

/// Sends the browser to the provider of a tenant.
pub async fn begin(State(app): State<Shared>, spoken: Spoken, wish: Result<Query<Wish>, QueryRejection>) -> Response {
    let departure = match &wish {
        Ok(Query(wish)) => depart(&app, wish).await,
        Err(_) => Err(Refusal::Off),
    };
    match departure {
        Ok((address, cookie)) => (cookie, Redirect::to(&address)).into_response(),
        Err(refusal) => refused(&app, spoken, None, refusal),
    }
}

type CookieHeader = [(header::HeaderName, HeaderValue); 1];

async fn depart(app: &Shared, wish: &Wish) -> Result<(String, CookieHeader), Refusal> {
    let compared = folded(&wish.tenant);
    let directory = app.directory();
    let found = directory.tenants.iter().find(|(_, name)| folded(name) == compared);
    let tenant = *found.ok_or(Refusal::Off)?.0;
    let company = app.companies().of(tenant)?;
    let flight = flight::Flight::new(tenant, &wish.next).map_err(|_| Refusal::Broken)?;
    let address = company.begin(&flight).await.inspect_err(|refusal| tell(tenant, *refusal))?;
    Ok((address, cookie_header(&flight::set(app.cookie(), &flight))?))
}

/// Takes the browser back from the provider: a session and the way on, or a page that says why not.
pub async fn back(
    State(app): State<Shared>,
    spoken: Spoken,
    headers: HeaderMap,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let flight = flight::find(app.cookie(), cookies);
    let tenant = flight.as_ref().map(flight::Flight::tenant);
    let outcome = match (&flight, &answer) {
        (Some(flight), Ok(Query(answer))) => arrive(&app, flight, answer).await,
        _ => Err(Refusal::Lost),
    };
    match (outcome, flight) {
        (Ok(secret), Some(flight)) => match welcome(&app, &headers, &secret, flight.next()).await {
            Ok(response) => response,
            Err(refusal) => refused(&app, spoken, tenant, refusal),
        },
        (Err(refusal), _) => refused(&app, spoken, tenant, refusal),
        (Ok(_), None) => refused(&app, spoken, tenant, Refusal::Lost),
    }
}

async fn arrive(app: &Shared, flight: &flight::Flight, answer: &Answer) -> Result<Secret, Refusal> {
    let company: Arc<Company> = app.companies().of(flight.tenant())?;
    if !flight.is_of(&answer.state) || !company.is_issuer(answer.iss.as_deref()) {
        return Err(Refusal::Lost);
    }
    if answer.error.is_some() || answer.code.is_empty() || PART_BYTES_MAX < answer.code.len() {
        return Err(Refusal::Declined);
    }
    let who = company.finish(now(), flight, &answer.code).await?;
    let directory = app.directory();
    let tenant = directory.tenants.get(&flight.tenant()).ok_or(Refusal::Off)?;
    let door = Door { tenant: (flight.tenant(), tenant), users: company.settings().users };
    // Names of people are compared in one form; a worker's is no exception here.
    let worker_called = |name: &str| {
        let same = |owner: TenantId, known: &str| owner == flight.tenant() && folded(known) == folded(name);
        directory.workers.values().find(|(owner, known)| same(*owner, known)).map(|(_, known)| known.clone())
    };
    let (secret, person) = app.people().let_in(now(), door, &who, worker_called).await?;
    metrics::counter!("blendline_company_sign_ins_total", "outcome" => "in").increment(1);
    tracing::info!(tenant = person.tenant.0, role = ?person.role, "signed in with the account of the company");
    Ok(secret)
}

async fn welcome(app: &Shared, headers: &HeaderMap, secret: &Secret, next: &str) -> Result<Response, Refusal> {
    // Whoever signs in anew leaves what he had.
    if let Some(old) = session_secret(app, headers)
        && let Some(old) = app.people().session(now(), &old).await.map_err(|_| Refusal::Broken)?
    {
        app.people().sign_out(now(), &old).await.map_err(|_| Refusal::Broken)?;
    }
    let session = cookie_header(&app.cookie().set(secret))?;
    let mut response = (session, Redirect::to(next)).into_response();
    let [(name, over)] = cookie_header(&flight::clear(app.cookie()))?;
    response.headers_mut().append(name, over);
    Ok(response)
}

/// The page that says why somebody was not let in. What was begun is over.
fn refused(app: &Shared, spoken: Spoken, tenant: Option<TenantId>, refusal: Refusal) -> Response {
    metrics::counter!("blendline_company_sign_ins_total", "outcome" => refusal.word()).increment(1);
    if let Some(tenant) = tenant {
        tell(tenant, refusal);
    }
    let mut response = pages::company_refused(spoken.whole(), refusal);
    *response.status_mut() = match refusal {
        Refusal::Off => StatusCode::NOT_FOUND,
        Refusal::Lost | Refusal::Used => StatusCode::GONE,
        Refusal::Declined | Refusal::Stranger(_) | Refusal::NoRole | Refusal::NoWorker => StatusCode::FORBIDDEN,
        Refusal::Busy | Refusal::Broken => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Provider(_) | Refusal::Clock | Refusal::Unbelieved(_) => StatusCode::BAD_GATEWAY,
    };
    if let Ok([(name, value)]) = cookie_header(&flight::clear(app.cookie())) {
        response.headers_mut().append(name, value);
    }
    response
}

/// What the log is told: our own words, and never what the provider or the browser sent.
fn tell(tenant: TenantId, refusal: Refusal) {
    tracing::warn!(tenant = tenant.0, outcome = refusal.word(), why = %refusal, "a sign-in with the account of a company failed");
}

fn cookie_header(cookie: &str) -> Result<CookieHeader, Refusal> {
    let value = HeaderValue::from_str(cookie).map_err(|_| Refusal::Broken)?;
    Ok([(header::SET_COOKIE, value)])
}

/// What is told to who comes with a password where passwords are off.
pub fn passwords_are_off() -> Failure {
    let detail = "this company signs in with its own accounts: open /sign-in";
    Failure::new(StatusCode::FORBIDDEN, "company_sign_in", "Passwords are turned off", detail)
}
