//! What other systems sign their posts with: made, changed and taken away by people.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_cases::systems::TEXT_CHARS_MAX;
use blendline_wire::Pii;
use blendline_wire::time::Instant;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Caller;
use super::endpoints::{meanwhile, overlap_ms, secret};
use super::json::Strict;
use super::page::Page;
use super::problem::Failure;
use super::synced::one_line;
use super::{Shared, now};
use crate::ports::outlets::SigningKey;
use crate::ports::people::Deed;
use crate::ports::systems::SystemKeys;

/// The most systems of a tenant that have keys.
const SYSTEMS_MAX: usize = 32;

/// Another system, without its keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = System)]
pub struct SystemInfo {
    /// Its name.
    system: String,
    /// Whether the rules say what its events do; where they do not, its events are parked.
    in_rules: bool,
    /// The path where it posts its events, signed, without a key of the API.
    path: String,
    /// How many keys are good: more than one while they are changed, none where it has to have a key of the API.
    keys: usize,
    /// Since when it signs; null where it never did.
    #[schema(required)]
    since: Option<Instant>,
    /// The key that it signs with, told once where it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Pii<String>>,
}

/// How a key is made.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SystemKeyOrder)]
pub struct Order {
    /// For how many hours what it signs with now is good beside the new key; left out, 24; 0 ends it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overlap_hours: Option<u32>,
}

fn info(app: &Shared, caller: &Caller, system: &str, keys: Option<&SystemKeys>) -> SystemInfo {
    let (directory, at) = (app.directory(), now());
    let tenant = directory.tenants.get(&caller.tenant).map(String::as_str).unwrap_or_default();
    let routing = directory.rules.get(&caller.tenant);
    SystemInfo {
        system: system.to_owned(),
        in_rules: routing.is_some_and(|routing| routing.systems.contains_key(system)),
        path: path(tenant, system),
        keys: keys.map_or(0, |of| of.keys.iter().filter(|key| key.is_live(at)).count()),
        since: keys.map(|of| Instant(of.created_at)),
        secret: None,
    }
}

/// Where a system posts.
fn path(tenant: &str, system: &str) -> String {
    // Names may be of any language; the host is only there for the path to be written like one.
    let Ok(mut url) = Url::parse("http://host") else { return String::new() };
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.extend(["v1", "hooks", tenant, system]);
    }
    url.path().to_owned()
}

/// All systems that the rules name, or that have keys.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<SystemInfo>>, Failure> {
    let known = app.systems().systems(caller.tenant).await?;
    let directory = app.directory();
    let routing = directory.rules.get(&caller.tenant);
    let named = routing.into_iter().flat_map(|routing| routing.systems.keys());
    let mut all: BTreeMap<&str, Option<&SystemKeys>> = named.map(|name| (name.as_str(), None)).collect();
    all.extend(known.iter().map(|keys| (keys.system.as_str(), Some(keys))));
    let items = all.into_iter().map(|(name, keys)| info(&app, &caller, name, keys)).collect();
    Ok(Json(Page { items, next: None }))
}

/// Makes a new key, which is good at once; what the system signs with now is good beside it for a while.
pub async fn rotate(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(system): Path<String>,
    Strict(order): Strict<Order>,
) -> Result<(StatusCode, Json<SystemInfo>), Failure> {
    if !one_line(&system) {
        return Err(Failure::bad("path", format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
    }
    let (overlap_ms, at) = (overlap_ms(order.overlap_hours)?, now());
    let known = app.systems().systems(caller.tenant).await?;
    let count = known.len();
    let before = known.into_iter().find(|one| one.system == system);
    if before.is_none() && count >= SYSTEMS_MAX {
        return Err(Failure::bad("path", format!("at most {SYSTEMS_MAX} systems have keys: take one's away")));
    }
    let fresh =
        || SystemKeys { tenant: caller.tenant, system: system.clone(), version: 0, keys: Vec::new(), created_at: at };
    let mut keys = before.unwrap_or_else(fresh);
    let secret = secret()?;
    SigningKey::rotate(&mut keys.keys, secret.clone(), at, overlap_ms);
    keys.version += 1;
    let what = if keys.version == 1 { "system_key_added" } else { "system_key_rotated" };
    let deed = Deed { at, actor: caller.actor.clone(), what };
    if !app.systems().put_system(&keys, &deed).await? {
        return Err(meanwhile());
    }
    let info = info(&app, &caller, &system, Some(&keys));
    Ok((StatusCode::CREATED, Json(SystemInfo { secret: Some(secret), ..info })))
}

/// Takes all keys of a system away: nothing that it signs is believed from then on.
pub async fn remove(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(system): Path<String>,
) -> Result<StatusCode, Failure> {
    let deed = Deed { at: now(), actor: caller.actor.clone(), what: "system_keys_removed" };
    if app.systems().remove_system(caller.tenant, &system, &deed).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Failure::not_found("system", "no system of this name has keys"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_language_makes_a_path() {
        assert_eq!(path("acme", "erp"), "/v1/hooks/acme/erp");
        assert_eq!(path("a b", "מלאי/1"), "/v1/hooks/a%20b/%D7%9E%D7%9C%D7%90%D7%99%2F1");
    }
}
