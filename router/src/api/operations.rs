//! What operations people look at: messages of ours, the log of events, and what could not be read.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::rows::{OutboundRow, OutboundState};
use blendline_core::{Answer, Refusal};
use blendline_wire::event::{Actor, Event};
use blendline_wire::outbound::Content;
use blendline_wire::worker::Reply;
use blendline_wire::{ConversationId, EventId, OutboundId, Pii};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::json::Strict;
use super::page::{Limit, Page, Params, id, parsed};
use super::private;
use super::problem::{Failure, of_call};
use super::view::{self, OutboundInfo, QuarantineInfo};
use super::{Shared, now};
use crate::directory::Role;
use crate::handle::{Call, CallError};
use crate::intake::NotTaken;

/// Which messages of ours to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OutboxWanted {
    /// Only those in this state.
    #[param(inline)]
    state: Option<OutboxState>,
    /// Those after this one.
    #[serde(default, deserialize_with = "after_outbound")]
    #[param(inline)]
    after: OutboundId,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// The states that can be asked for.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OutboxState {
    Unknown,
    Failed,
}

fn after_outbound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OutboundId, D::Error> {
    parsed(deserializer, "an id of the form out_…")
}

/// Messages of ours; `state=unknown` lists those of which nobody can say whether they were sent, `state=failed` those
/// that were not and will not be.
pub async fn outbox(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<OutboxWanted>,
) -> Result<Json<Page<OutboundInfo>>, Failure> {
    let (tenant, after, limit) = (caller.tenant, wanted.after, wanted.limit.0);
    let found = match wanted.state {
        Some(OutboxState::Failed) => app.archive().failed(tenant, after, limit).await?,
        state => app.archive().outbox(tenant, state.is_some(), after, limit).await?,
    };
    let view = |row| view::outbound(row, &app.directory());
    Ok(Json(Page::of(found, wanted.limit, |row: &OutboundRow| row.id.to_string(), view)))
}

/// How a message that failed is said again.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OutboundResend)]
pub struct Resend {
    /// Who says it; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// Unique within its task, and another than that of any message before: the same key twice is one message.
    key: String,
    /// What to say; left out, the same words.
    #[serde(default)]
    content: Option<Content>,
}

/// A message that was said again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OutboundResent)]
pub struct Resent {
    /// The conversation.
    conversation: ConversationId,
    /// Its place there.
    seq: Option<u64>,
}

/// Says again what failed, as a message of its own. A worker repairs what he said himself.
pub async fn resend(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(body): Strict<Resend>,
) -> Result<(StatusCode, Json<Resent>), Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, body.worker.as_deref())?;
    let id: OutboundId = id("outbound", &text)?;
    let found = app.archive().letters(&[id]).await?.into_iter().next();
    let own = |row: &OutboundRow| caller.role != Role::Worker || row.worker == Some(worker);
    let letter = found.filter(|letter| letter.row.tenant == caller.tenant && own(&letter.row));
    let letter = letter.ok_or_else(|| Failure::not_found("outbound", "no message of yours has this id"))?;
    if !matches!(letter.row.state, OutboundState::Failed { .. }) {
        let detail = "only a message that failed is said again: of any other the customer may have it";
        return Err(Failure::new(StatusCode::CONFLICT, "wrong_state", "This cannot be done now", detail));
    }
    let OutboundRow { task, conversation, .. } = letter.row;
    let Some(task) = task else {
        let detail = "it was said when the conversation was over: begin one with POST /v1/conversations";
        return Err(Failure::new(StatusCode::CONFLICT, "closed", "The conversation is over", detail));
    };
    let reply = Reply::new(body.key, body.content.unwrap_or(letter.content));
    // What was for the customer alone stays so.
    let privately = private::was_private(&app, conversation, letter.row.seq).await?;
    let call = Call::Resend { worker, task, conversation, reply: Reply { privately, ..reply } };
    match app.door(caller.tenant).call(Actor::Worker(worker), call).await {
        Ok(Answer::Said(seq)) => Ok((StatusCode::CREATED, Json(Resent { conversation, seq: Some(seq) }))),
        Ok(_) => Ok((StatusCode::CREATED, Json(Resent { conversation, seq: None }))),
        Err(CallError::Refused(Refusal::NoConversation)) => {
            let detail = "the conversation is over: begin one with POST /v1/conversations";
            Err(Failure::new(StatusCode::CONFLICT, "closed", "The conversation is over", detail))
        }
        Err(error) => Err(of_call(error, caller.tenant, &directory)),
    }
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct EventsWanted {
    /// Those after this one.
    #[serde(default, deserialize_with = "after_event")]
    #[param(inline)]
    after: EventId,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn after_event<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EventId, D::Error> {
    parsed(deserializer, "an id of the form evt_…")
}

/// The log of events.
pub async fn events(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<EventsWanted>,
) -> Result<Json<Page<Event>>, Failure> {
    let found = app.archive().events(caller.tenant, wanted.after.0, wanted.limit.0).await?;
    Ok(Json(Page::of(found, wanted.limit, |event: &Event| event.id.to_string(), |event| event)))
}

/// How much of the quarantine to show: the newest.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct QuarantineWanted {
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

/// What could not be read, newest first.
pub async fn quarantine(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<QuarantineWanted>,
) -> Result<Json<Page<QuarantineInfo>>, Failure> {
    let found = app.archive().quarantined(caller.tenant, wanted.limit.0).await?;
    let items = found.into_iter().map(|row| view::quarantine(row, &app.directory())).collect();
    Ok(Json(Page { items, next: None }))
}

/// How to read again what could not be read.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The repaired text; left out, what came is read as it is: a newer version may understand it.
    #[serde(default)]
    body: Option<Pii<String>>,
}

/// What was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many events it held. Those that were taken in before are recognised.
    events: usize,
}

/// Reads again what could not be read.
pub async fn replay(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(replay): Strict<Replay>,
) -> Result<(StatusCode, Json<Replayed>), Failure> {
    let row = app.archive().quarantined_one(caller.tenant, id("quarantined", &text)?).await?;
    let row = row.ok_or_else(|| Failure::not_found("quarantined", "nothing in the quarantine has this number"))?;
    let body = replay.body.as_ref().map_or(row.raw.as_slice(), |body| body.expose().as_bytes());
    match app.intake.replay(&row, body, now()).await {
        Ok(events) => Ok((StatusCode::ACCEPTED, Json(Replayed { events }))),
        Err(NotTaken::Malformed(cause)) => {
            let detail = format!("{cause}: repair it and send the whole text as `body`");
            let title = "It cannot be read";
            Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "unreadable", title, detail).at("/body"))
        }
        Err(NotTaken::Refused(_)) => {
            let detail = "its account is not configured any more: configure it under its old name";
            Err(Failure::new(StatusCode::CONFLICT, "no_account", "Its account is gone", detail))
        }
        Err(error @ (NotTaken::Busy(_) | NotTaken::TooMany | NotTaken::NotKept(_) | NotTaken::NotFetched(_))) => {
            Err(Failure::busy(error.to_string()))
        }
    }
}
