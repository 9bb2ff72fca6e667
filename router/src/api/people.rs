//! Who is who across channels: seen by an address or a conversation, joined and parted by hand.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_wire::time::Instant;
use blendline_wire::{Pii, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::conversations::owned;
use super::json::Strict;
use super::page::{Params, id};
use super::problem::{Failure, of_call};
use super::view::{self, ConversationInfo};
use super::{Shared, now};
use crate::handle::Call;
use crate::persons::{self, Change, Identity, Person};

/// Contacts whose conversations are shown.
const CONTACTS_MAX: usize = 50;

/// Whose.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The channel: its name in the configuration.
    channel: String,
    /// The address on it.
    #[param(value_type = String)]
    address: Pii<String>,
}

/// An address on a channel.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonAddress)]
pub struct Address {
    /// The channel: its name in the configuration.
    channel: String,
    /// The address on it.
    address: Pii<String>,
}

impl Address {
    fn identity(&self, place: &str) -> Result<Identity, Failure> {
        identity(&self.channel, self.address.expose(), place)
    }
}

/// Two addresses that are one person's, or are not.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonPair)]
pub struct Pair {
    /// The one.
    one: Address,
    /// The other.
    other: Address,
}

/// An address that a platform gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identity)]
pub struct IdentityInfo {
    /// `phone`, `email`, or the channel that it belongs to.
    kind: String,
    /// The address.
    value: Pii<String>,
}

/// What was done by hand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonChange)]
pub struct ChangeInfo {
    /// The one.
    one: IdentityInfo,
    /// The other.
    other: IdentityInfo,
    /// True: joined. False: parted.
    joined: bool,
    /// When.
    at: Instant,
    /// Who did it.
    by: String,
}

/// A person over all channels.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonInfo {
    /// The addresses that platforms gave of him.
    identities: Vec<IdentityInfo>,
    /// The latest conversation with each of his contacts, newest first.
    conversations: Vec<ConversationInfo>,
    /// What was joined and parted by hand, oldest first.
    history: Vec<ChangeInfo>,
}

/// The person who has an address.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<PersonInfo>, Failure> {
    let identity = identity(&wanted.channel, wanted.address.expose(), "channel")?;
    shown(&app, caller.tenant, identity).await
}

/// The person with whom a conversation is.
pub async fn of_conversation(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<PersonInfo>, Failure> {
    let row = owned(&app, &caller, id("conversation", &text)?).await?;
    let found = app.archive().addresses_of(row.contact, 1).await?;
    let directory = app.directory();
    let known = found.first().and_then(|known| Some((known, directory.accounts.get(&known.account)?)));
    let Some((known, entry)) = known else {
        return Ok(Json(PersonInfo { identities: Vec::new(), conversations: Vec::new(), history: Vec::new() }));
    };
    shown(&app, caller.tenant, Identity::of(&entry.channel, known.address.expose())).await
}

/// Two addresses are one person's.
pub async fn merge(
    app: State<Shared>,
    caller: Extension<Arc<Caller>>,
    pair: Strict<Pair>,
) -> Result<Json<PersonInfo>, Failure> {
    link(app, caller, pair, true).await
}

/// Two addresses are not one person's after all. What platforms give as the same stays the same.
pub async fn split(
    app: State<Shared>,
    caller: Extension<Arc<Caller>>,
    pair: Strict<Pair>,
) -> Result<Json<PersonInfo>, Failure> {
    link(app, caller, pair, false).await
}

async fn link(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(pair): Strict<Pair>,
    joined: bool,
) -> Result<Json<PersonInfo>, Failure> {
    let (one, other) = (pair.one.identity("/one")?, pair.other.identity("/other")?);
    if one == other {
        return Err(Failure::bad("/other", "both are the same address: they are one person's by themselves"));
    }
    let change = Change { at: now(), by: caller.actor.clone(), joined };
    let call = Call::Link { tenant: caller.tenant, one: Box::new(one.clone()), other: Box::new(other), change };
    let answer = app.door(caller.tenant).call(caller.actor(), call).await;
    answer.map_err(|error| of_call(error, caller.tenant, &app.directory()))?;
    shown(&app, caller.tenant, one).await
}

fn identity(channel: &str, address: &str, place: &str) -> Result<Identity, Failure> {
    if blendline_connectors::by_name(channel).is_none() {
        return Err(Failure::bad(place, format!("no channel is called `{channel}`")));
    }
    if address.trim().is_empty() || 320 < address.len() {
        return Err(Failure::bad(place, "an address has 1 to 320 bytes"));
    }
    Ok(Identity::of(channel, address))
}

async fn shown(app: &Shared, tenant: TenantId, identity: Identity) -> Result<Json<PersonInfo>, Failure> {
    let Person { identities, contacts, history } = persons::person(app.archive(), tenant, identity).await?;
    let mut conversations = Vec::new();
    for (contact, account) in contacts.into_iter().take(CONTACTS_MAX) {
        let latest = app.archive().follow(account, contact, None, 1).await?.conversation;
        conversations.extend(latest.filter(|row| row.tenant == tenant));
    }
    conversations.sort_by_key(|row| std::cmp::Reverse(row.id));
    let info = |identity: Identity| IdentityInfo { kind: identity.kind, value: identity.value };
    let changes = history.into_iter().map(|(one, other, change)| ChangeInfo {
        one: info(one),
        other: info(other),
        joined: change.joined,
        at: Instant(change.at),
        by: change.by,
    });
    Ok(Json(PersonInfo {
        identities: identities.into_iter().map(info).collect(),
        conversations: conversations.into_iter().map(|row| view::conversation(row, &app.directory())).collect(),
        history: changes.collect(),
    }))
}
