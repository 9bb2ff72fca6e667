//! What operations people look at: messages of ours, the log of events, and what could not be read.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use blendline_core::rows::OutboundRow;
use blendline_wire::event::Event;
use blendline_wire::{EventId, OutboundId};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::auth::Caller;
use super::page::{Limit, Page, Params, parsed};
use super::problem::Failure;
use super::view::{self, OutboundInfo, QuarantineInfo};

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
}

fn after_outbound<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OutboundId, D::Error> {
    parsed(deserializer, "an id of the form out_…")
}

/// Messages of ours; `state=unknown` lists those of which nobody can say whether they were sent.
pub async fn outbox(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<OutboxWanted>,
) -> Result<Json<Page<OutboundInfo>>, Failure> {
    let unknown_only = wanted.state.is_some();
    let found = app.archive().outbox(caller.tenant, unknown_only, wanted.after, wanted.limit.0).await?;
    let view = |row| view::outbound(row, app.directory());
    Ok(Json(Page::of(found, wanted.limit, |row: &OutboundRow| row.id.to_string(), view)))
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
    let items = found.into_iter().map(|row| view::quarantine(row, app.directory())).collect();
    Ok(Json(Page { items, next: None }))
}
