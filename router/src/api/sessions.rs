//! Sessions of people: signing in and out, and one's own password.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_wire::{Pii, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Caller, from_own_page, session_secret};
use super::company;
use super::json::Strict;
use super::problem::Failure;
use super::server::Place;
use super::{Shared, now};
use crate::directory::Role;
use crate::people::name::folded;
use crate::people::{Refused, SignIn, SignedIn};

/// Who wants to sign in.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The tenant's name.
    tenant: String,
    /// The user's name, in whatever case.
    name: String,
    /// The password.
    password: Pii<String>,
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionInfo {
    /// The tenant's name.
    tenant: String,
    /// The user's name.
    name: String,
    /// What he may do.
    role: Role,
    /// The worker he is; null for those who take no tasks.
    #[schema(required)]
    worker: Option<String>,
    /// True until he has chosen a password of his own; until then nothing else is allowed.
    must_change: bool,
    /// What his pages send as `X-Blendline-CSRF` with everything that changes something.
    csrf: String,
}

/// A change of one's own password.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The one so far.
    old: Pii<String>,
    /// The one from now on.
    new: Pii<String>,
}

/// Opens a session for who knows the password: 204 and the cookie.
pub async fn begin(
    State(app): State<Shared>,
    place: Option<Extension<Arc<Place>>>,
    headers: HeaderMap,
    Strict(said): Strict<Credentials>,
) -> Result<Response, Failure> {
    // Else a foreign page could sign its visitor in as somebody else. A program that is no browser names no page.
    if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
        from_own_page(&headers)?;
    }
    let compared = folded(&said.tenant);
    let directory = app.directory();
    let found = directory.tenants.iter().find(|(_, name)| folded(name) == compared);
    if found.is_some_and(|(id, _)| !app.companies().passwords(*id)) {
        return Err(company::passwords_are_off());
    }
    let from = client_address(&app, place.as_ref(), &headers);
    let who = SignIn { tenant: (&said.tenant, found.map(|(id, _)| *id)), name: &said.name, from };
    let outcome = app.people().sign_in(now(), who, said.password.expose()).await;
    let word = if outcome.is_ok() { "in" } else { "refused" };
    metrics::counter!("blendline_sign_ins_total", "outcome" => word).increment(1);
    let (secret, signed_in) = outcome.map_err(failure)?;
    // Whoever signs in anew leaves what he had.
    if let Some(old) = session_secret(&app, &headers)
        && let Some(old) = app.people().session(now(), &old).await?
    {
        app.people().sign_out(now(), &old).await?;
    }
    tracing::info!(tenant = signed_in.tenant.0, role = ?signed_in.role, "signed in");
    with_cookie(&app.cookie().set(&secret))
}

/// Who this session belongs to.
pub async fn current(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<SessionInfo>, Failure> {
    let person = person(&caller)?;
    Ok(Json(SessionInfo {
        tenant: tenant_name(&app, person.tenant),
        name: person.display.clone(),
        role: person.role,
        worker: person.worker.clone(),
        must_change: person.must_change,
        csrf: person.csrf.clone(),
    }))
}

/// Signs out.
pub async fn end(State(app): State<Shared>, Extension(caller): Extension<Arc<Caller>>) -> Result<Response, Failure> {
    app.people().sign_out(now(), person(&caller)?).await?;
    with_cookie(&app.cookie().clear())
}

/// Changes one's own password. Every session of the user ends; the answer has the cookie of a new one.
pub async fn change_password(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    place: Option<Extension<Arc<Place>>>,
    headers: HeaderMap,
    Strict(said): Strict<PasswordChange>,
) -> Result<Response, Failure> {
    let person = person(&caller)?;
    let from = (tenant_name(&app, person.tenant), client_address(&app, place.as_ref(), &headers));
    let passwords = (said.old.expose().as_str(), said.new.expose().as_str());
    let changed = app.people().change_own_password(now(), person, (&from.0, from.1), passwords).await;
    let (secret, _) = changed.map_err(|refused| match refused {
        // Not 401: the session goes on.
        Refused::Wrong => unprocessable("wrong_password", "this is not your password".to_owned()).at("/old"),
        Refused::Weak(why) => unprocessable("weak_password", why.to_owned()).at("/new"),
        other => failure(other),
    })?;
    with_cookie(&app.cookie().set(&secret))
}

pub(super) fn person(caller: &Caller) -> Result<&SignedIn, Failure> {
    let missing = || Failure::bad("Cookie", "this is about the session of a person, and you sent a key: sign in");
    caller.person.as_ref().ok_or_else(missing)
}

fn tenant_name(app: &Shared, tenant: TenantId) -> String {
    app.directory().tenants.get(&tenant).cloned().unwrap_or_default()
}

fn with_cookie(cookie: &str) -> Result<Response, Failure> {
    let value = HeaderValue::from_str(cookie).map_err(|_| Failure::busy("the cookie could not be written"))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, value)]).into_response())
}

/// From where a request comes: the connection's other side or, where that is a proxy of ours, whom it names.
pub(super) fn client_address(app: &Shared, place: Option<&Extension<Arc<Place>>>, headers: &HeaderMap) -> IpAddr {
    let peer = place.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |place| place.address());
    if !app.parts.server.trusted_proxies.contains(&peer) {
        return peer;
    }
    // What stands before the last entry was written by the visitor.
    let last = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    last.and_then(|list| list.rsplit(',').next()?.trim().parse().ok()).unwrap_or(peer)
}

/// What a caller is told of a refusal.
pub fn failure(refused: Refused) -> Failure {
    let detail = refused.to_string();
    match refused {
        Refused::Wrong => Failure::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "Signing in was refused", detail),
        Refused::Later(ms) => {
            let seconds = ms.div_ceil(1000).max(1);
            let detail = format!("too many tries: wait {seconds} s, and ask for a new password if you forgot yours");
            Failure::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "Too many tries", detail).retry_after(seconds)
        }
        Refused::Busy => Failure::busy(detail),
        Refused::Weak(_) => unprocessable("weak_password", detail).at("/password"),
        Refused::Name(_) => unprocessable("bad_name", detail).at("/name"),
        Refused::Role(_) => unprocessable("bad_role", detail).at("/role"),
        Refused::Taken => Failure::new(StatusCode::CONFLICT, "name_taken", "The name is taken", detail).at("/name"),
        Refused::Absent => Failure::not_found("user", detail),
        Refused::Meanwhile => Failure::new(StatusCode::CONFLICT, "meanwhile", "Somebody else was quicker", detail),
        Refused::Broken => {
            tracing::error!("a password could not be hashed: the system refuses memory or random numbers");
            Failure::busy(detail)
        }
        Refused::Store(error) => error.into(),
    }
}

fn unprocessable(code: &str, detail: String) -> Failure {
    Failure::new(StatusCode::UNPROCESSABLE_ENTITY, code, "This cannot be done", detail)
}
