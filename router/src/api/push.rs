//! The devices on which a worker wants to be told what happens at his desk. For sessions of people alone: a program is told
//! over its connection.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_wire::Pii;
use blendline_wire::time::Instant;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Caller, forbidden};
use super::json::Strict;
use super::page::Page;
use super::problem::Failure;
use super::sessions::person;
use super::{Shared, now};
use crate::pages::Lang;
use crate::people::SignedIn;
use crate::ports::devices::{Device, DeviceId, device_id};
use crate::ports::people::Deed;
use crate::push::seal::Recipient;

/// By what push services know this installation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushKey)]
pub struct KeyInfo {
    /// The public key, as `applicationServerKey` of a browser's subscription; null where the installation tells nobody.
    #[schema(required)]
    key: Option<String>,
}

/// The key with which a browser subscribes.
pub async fn key(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<KeyInfo>, Failure> {
    person(&caller)?;
    Ok(Json(KeyInfo { key: app.push_key().map(str::to_owned) }))
}

/// A device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PushDevice)]
pub struct DeviceInfo {
    /// Its id.
    id: String,
    /// The host of its push service, which tells the browser.
    service: String,
    /// The language in which it is told.
    lang: String,
    /// Since when it is known.
    added_at: Instant,
    /// When its push service last took something; null before the first time.
    #[schema(required)]
    taken_at: Option<Instant>,
}

impl DeviceInfo {
    fn of(device: Device) -> Self {
        let service = Url::parse(device.endpoint.expose()).ok();
        Self {
            id: hex::encode(device.id),
            service: service.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default(),
            lang: device.lang,
            added_at: Instant(device.created_at),
            taken_at: device.taken_at.map(Instant),
        }
    }
}

/// The devices of whoever is signed in.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<DeviceInfo>>, Failure> {
    let person = person(&caller)?;
    let found = app.desks().devices_of_user(person.tenant, &person.name).await?;
    Ok(Json(Page { items: found.into_iter().map(DeviceInfo::of).collect(), next: None }))
}

/// A browser's subscription.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PushDeviceAddition)]
pub struct Addition {
    /// Where its push service takes what is for it.
    endpoint: Pii<String>,
    /// Its keys.
    keys: Keys,
    /// The language in which it is told: `en` or `he`.
    #[serde(default)]
    lang: String,
}

/// The keys of a subscription, in base64url.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PushDeviceKeys)]
pub struct Keys {
    /// Its public key.
    p256dh: Pii<String>,
    /// The secret that it shares with us.
    auth: Pii<String>,
}

/// Puts a device in, or says again what it is.
pub async fn add(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(Addition { endpoint, keys, lang }): Strict<Addition>,
) -> Result<(StatusCode, Json<DeviceInfo>), Failure> {
    let SignedIn { tenant, name, .. } = person(&caller)?;
    let Some(worker) = caller.worker else { return Err(forbidden("only a worker has a desk to be told of")) };
    if app.push_key().is_none() {
        let detail = "this installation tells nobody on his devices: `server.push_contact` is not set";
        return Err(Failure::new(StatusCode::CONFLICT, "push_off", "Nobody is told", detail));
    }
    if let Some(why) = app.reach().refuses(endpoint.expose()) {
        return Err(Failure::bad("/endpoint", why));
    }
    Recipient::read(keys.p256dh.expose(), keys.auth.expose())
        .map_err(|key| Failure::bad(format!("/keys/{key}"), "this is no such key: give it as the browser does"))?;
    let device = Device {
        id: device_id(endpoint.expose()),
        tenant: *tenant,
        user: name.clone(),
        worker,
        endpoint,
        p256dh: keys.p256dh,
        auth: keys.auth,
        lang: Lang::from_tag(&lang).unwrap_or_default().whole().code().to_owned(),
        created_at: now(),
        taken_at: None,
        failures: 0,
    };
    let new = app.desks().put_device(&device, &deed(&caller, "push_device_added")).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(DeviceInfo::of(device))))
}

/// Removes a device.
pub async fn remove(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<StatusCode, Failure> {
    let SignedIn { tenant, name, .. } = person(&caller)?;
    let absent = || Failure::not_found("push_device", "no device of yours has this id");
    let mut id = DeviceId::default();
    hex::decode_to_slice(&text, &mut id).map_err(|_| absent())?;
    let removed = app.desks().remove_device(*tenant, name, id, &deed(&caller, "push_device_removed")).await?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(absent()) }
}

fn deed(caller: &Caller, what: &'static str) -> Deed {
    Deed { at: now(), actor: caller.actor.clone(), what }
}
