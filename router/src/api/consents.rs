//! The consent register: what people agreed to, by channel and address.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_wire::time::Instant;
use blendline_wire::{ContactKey, Pii, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::json::Strict;
use super::page::{Limit, Page, Params};
use super::problem::{Failure, of_call};
use super::{Shared, now};
use crate::consent::{self, Consent, Consents};
use crate::handle::Call;
use crate::ports::register::{Entry, Kind};

/// Addresses of one contact that are looked at.
const ADDRESSES_MAX: usize = 50;
/// The longest address and source, in bytes.
const TEXT_MAX: usize = 320;

/// Which consents to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Only of this channel: `email`, `sms`, `whatsapp_cloud`, …; with `address`.
    channel: Option<String>,
    /// Only of this address; with `channel`.
    #[param(value_type = Option<String>)]
    address: Option<Pii<String>>,
    /// Those after this one.
    after: Option<String>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// What one person agreed to on one channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consents)]
pub struct ConsentsInfo {
    /// The channel, without regard to the way in.
    channel: String,
    /// His address on it.
    address: Pii<String>,
    /// What was said last of each purpose; `all` stands for every one.
    purposes: BTreeMap<String, ConsentInfo>,
}

/// What was said last of one purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub struct ConsentInfo {
    /// Whether he agreed.
    granted: bool,
    /// Where it is known from: `word`, `platform`, `complaint`, `chat`, `page`, or what the caller said.
    source: String,
    /// When he said so.
    at: Instant,
}

impl From<Consents> for ConsentsInfo {
    fn from(known: Consents) -> Self {
        let info = |said: Consent| ConsentInfo { granted: said.granted, source: said.source, at: Instant(said.at) };
        let purposes = known.purposes.into_iter().map(|(purpose, said)| (purpose, info(said))).collect();
        Self { channel: known.medium, address: known.address, purposes }
    }
}

/// Consents, a page at a time, or those of one address.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<ConsentsInfo>>, Failure> {
    let found = match (&wanted.channel, &wanted.address) {
        (Some(channel), Some(address)) => {
            let subject = consent::subject(caller.tenant, medium(channel)?, address.expose());
            let items = app.archive().entries(&[subject]).await?;
            return Ok(Json(Page { items: items.iter().filter_map(view).collect(), next: None }));
        }
        (None, None) => {
            let after = wanted.after.as_deref().map(key).transpose()?;
            app.archive().entries_of(caller.tenant, Kind::Consent, after, wanted.limit.0).await?
        }
        _ => return Err(Failure::bad("query", "give both channel and address, or neither")),
    };
    let next = found.last().filter(|_| found.len() == wanted.limit.0).map(|entry| hex::encode(entry.key));
    Ok(Json(Page { items: found.iter().filter_map(view).collect(), next }))
}

fn view(entry: &Entry) -> Option<ConsentsInfo> {
    Consents::read(entry).map(ConsentsInfo::from)
}

/// The place of a page in the register.
pub fn key(text: &str) -> Result<[u8; 16], Failure> {
    let mut key = [0; 16];
    hex::decode_to_slice(text, &mut key).map_err(|_| Failure::bad("after", "give the `next` of the page before"))?;
    Ok(key)
}

/// What somebody said of being written to.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConsentChange)]
pub struct Change {
    /// The channel: its name in the configuration, or `email`, `sms`, …
    channel: String,
    /// His address on it.
    address: Pii<String>,
    /// For what: small letters, digits, `_` and `-`; `all` for every purpose.
    #[schema(min_length = 1, max_length = 64)]
    purpose: String,
    /// Whether he agrees.
    granted: bool,
    /// Where you know it from: a form, a call, a contract.
    #[schema(min_length = 1, max_length = 320)]
    source: String,
    /// When he said so; left out, now. What is known from later stays.
    #[serde(default)]
    at: Option<Instant>,
}

/// Records what somebody said.
pub async fn put(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(change): Strict<Change>,
) -> Result<Json<ConsentsInfo>, Failure> {
    let medium = medium(&change.channel)?.to_owned();
    let is_plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, b'_' | b'-');
    if !(1..=64).contains(&change.purpose.len()) || !change.purpose.bytes().all(is_plain) {
        return Err(Failure::bad("/purpose", "say for what, in small letters: service, marketing, all, …"));
    }
    for (place, text) in [("/address", change.address.expose()), ("/source", &change.source)] {
        if text.trim().is_empty() || TEXT_MAX < text.len() {
            return Err(Failure::bad(place, "give 1 to 320 bytes"));
        }
    }
    let at = change.at.map_or_else(now, |at| at.0.min(now()));
    let said = Consent { granted: change.granted, source: change.source, at };
    let (tenant, subject) = (caller.tenant, consent::subject(caller.tenant, &medium, change.address.expose()));
    let none = Consents::of(&medium, change.address.expose());
    let call = Call::Consent { tenant, medium, address: change.address, purpose: change.purpose, said };
    app.door(tenant).call(caller.actor(), call).await.map_err(|error| of_call(error, tenant, &app.directory()))?;
    let known = app.archive().entries(&[subject]).await?;
    Ok(Json(known.first().and_then(Consents::read).unwrap_or(none).into()))
}

/// The channel without regard to the way in.
fn medium(channel: &str) -> Result<&str, Failure> {
    let medium = consent::medium(channel);
    if blendline_connectors::all().iter().any(|known| known.medium() == medium) {
        return Ok(medium);
    }
    let mut known: Vec<_> = blendline_connectors::all().iter().map(|channel| channel.medium()).collect();
    known.sort_unstable();
    known.dedup();
    Err(Failure::bad("/channel", format!("no channel is called `{channel}`: give one of {}", known.join(", "))))
}

/// The purposes for which a contact does not want to be written to, by any of his addresses.
pub async fn refused(app: &Shared, tenant: TenantId, contact: ContactKey) -> Result<Vec<String>, Failure> {
    let addresses = app.archive().addresses_of(contact, ADDRESSES_MAX).await?;
    let mut subjects: Vec<_> = addresses
        .iter()
        .filter_map(|known| {
            let directory = app.directory();
            let entry = directory.accounts.get(&known.account)?;
            Some(consent::subject(tenant, consent::medium(&entry.channel), known.address.expose()))
        })
        .collect();
    subjects.sort_unstable();
    subjects.dedup();
    let known = app.archive().entries(&subjects).await?;
    let mut refused: Vec<_> = known.iter().filter_map(Consents::read).flat_map(|known| known.refused()).collect();
    refused.sort_unstable();
    refused.dedup();
    Ok(refused)
}
