//! Where other systems post what happened, signed, without a key of the API.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use blendline_connectors::{Refusal, Webhook, check_webhook};
use blendline_wire::TenantId;
use sha2::{Digest as _, Sha256};

use super::auth::Caller;
use super::body::read_body;
use super::externals::{self, ExternalTelling};
use super::forward::{elsewhere, forward};
use super::problem::Failure;
use super::{Shared, json, now};
use crate::directory::Role;
use crate::ports::systems::SystemKeys;

/// Takes one event of a system that signs; the answers are those of [`externals::tell`].
pub async fn receive(
    State(app): State<Shared>,
    Path((tenant, system)): Path<(String, String)>,
    mut request: Request,
) -> Result<Response, Failure> {
    let directory = app.directory();
    let tenant = directory.tenants.iter().find(|(_, name)| **name == tenant).map(|(id, _)| *id);
    // Whoever is there and who is not is told apart only by what the record says of keys.
    let tenant = tenant.ok_or_else(unknown)?;
    if let Some(owner) = elsewhere(&app, tenant, request.headers()) {
        return Ok(forward(&app, &owner, request).await);
    }
    let keys = app.systems().system(tenant, &system).await?.ok_or_else(unknown)?;
    let headers = std::mem::take(request.headers_mut());
    // The body's reader looks at these two.
    for name in [header::CONTENT_ENCODING, header::CONTENT_LENGTH] {
        if let Some(value) = headers.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    let body = read_body(request, app.limits().body_bytes_max, app.limits().body_timeout).await?;
    believed(&keys, &headers, &body)?;
    app.key_limits().check(&mark(tenant, &system))?;
    let telling: ExternalTelling = json::parse(&body)?;
    let actor = format!("system {system}");
    let caller = Arc::new(Caller { tenant, role: Role::Integrator, worker: None, actor, person: None });
    let (status, outcome): (StatusCode, Json<_>) = externals::take(&app, &caller, &system, telling).await?;
    Ok((status, outcome).into_response())
}

fn unknown() -> Failure {
    let detail = "no system that has a key posts here: compare with `path` of `GET /v1/systems`, and make a key there";
    Failure::new(StatusCode::NOT_FOUND, "unknown_url", "There is no such address", detail)
}

/// By what the limit of a system's posts is counted: only those that were believed.
fn mark(tenant: TenantId, system: &str) -> [u8; 32] {
    Sha256::digest(format!("system {} {system}", tenant.0)).into()
}

/// Refuses what is not signed, or not by this system, or not now.
fn believed(keys: &SystemKeys, headers: &HeaderMap, body: &[u8]) -> Result<(), Failure> {
    let at = now();
    let live = keys.keys.iter().filter(|key| key.is_live(at)).map(|key| key.secret.expose().as_str());
    let hook = Webhook { headers, query: "", body };
    check_webhook(live, &hook, at).map_err(|refusal| {
        metrics::counter!("blendline_system_posts_refused_total", "reason" => refusal.reason()).increment(1);
        refused(&refusal)
    })
}

/// What is wrong with a signature: in which header, and what to do.
fn refused(refusal: &Refusal) -> Failure {
    let (place, detail) = match refusal {
        Refusal::NoSignature(name) => (
            *name,
            format!(
                "the header {name} is absent or of another form: send webhook-id, webhook-timestamp (seconds since 1970) \
                 and webhook-signature (`v1,` and base64), as standardwebhooks.com says"
            ),
        ),
        Refusal::WrongTime(name) => (*name, refusal.to_string()),
        Refusal::NotConfigured(_) => (
            "webhook-signature",
            "no key of this system is good any more: make one with POST /v1/systems/{system}/keys".to_owned(),
        ),
        _ => (
            "webhook-signature",
            "the signature is by no key of this system over this body: sign `webhook-id.webhook-timestamp.body` over the \
             bytes as they are sent, with the key that was told last"
                .to_owned(),
        ),
    };
    Failure::new(StatusCode::UNAUTHORIZED, refusal.reason(), "The signature was refused", detail).at(place)
}
