//! What other systems tell: they post it, and people look at what could not be applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_cases::systems::{ExternalEvent, FIELDS_MAX, Held, HeldState, TEXT_CHARS_MAX};
use blendline_wire::event::case::{CaseLinks, CaseValue};
use blendline_wire::time::Instant;
use blendline_wire::{ConversationId, ExternalId, Pii, TenantId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::cases::{links_of, spoken};
use super::json::Strict;
use super::page::{Limit, Page, Params, id, parsed};
use super::problem::{Failure, of_call};
use super::{Shared, audit};
use crate::driver::keys;
use crate::handle::{Call, ExternalAsk, ExternalCall};
use crate::ports::external::ExternalFilter;

/// An event of another system.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalTelling {
    /// What the system calls the event, 1 to 200 characters: the same twice is one event.
    #[schema(min_length = 1, max_length = 200)]
    id: String,
    /// What it is about, as the system calls it: an order, a delivery, a credit note; 1 to 200 characters in one line.
    #[schema(min_length = 1, max_length = 200)]
    reference: String,
    /// Its place among those about the same, from 1 and without gaps; left out, events are applied as they come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    sequence: Option<u64>,
    /// Its kind, as the rules name it: `delivered`.
    #[schema(min_length = 1, max_length = 200)]
    kind: String,
    /// When it happened.
    at: Instant,
    /// What it says besides; the rules say which field of the case it goes to.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: BTreeMap<String, CaseValue>,
    /// The conversation that a case belongs to which the event opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
}

impl ExternalTelling {
    /// What is wrong with it: where, and what to do.
    pub(crate) fn wrong(&self) -> Option<(&'static str, String)> {
        let one_line = |text: &str| {
            !text.trim().is_empty() && text.chars().count() <= TEXT_CHARS_MAX && !text.contains(char::is_control)
        };
        for (place, text) in [("/id", &self.id), ("/reference", &self.reference), ("/kind", &self.kind)] {
            if !one_line(text) {
                return Some((place, format!("give 1 to {TEXT_CHARS_MAX} characters in one line")));
            }
        }
        if self.sequence == Some(0) {
            return Some(("/sequence", "count from 1, or leave it out".to_owned()));
        }
        (self.fields.len() > FIELDS_MAX).then(|| ("/fields", format!("give at most {FIELDS_MAX}")))
    }

    /// True where it names a conversation.
    pub(crate) const fn names_conversation(&self) -> bool {
        self.conversation.is_some()
    }

    /// As the owner of the shard takes it.
    pub(crate) fn event(self, tenant: TenantId, system: &str, links: CaseLinks, language: String) -> ExternalEvent {
        let Self { id, reference, sequence, kind, at: Instant(at), fields, .. } = self;
        let system = system.to_owned();
        ExternalEvent { tenant, system, id, reference, sequence, kind, at, fields, links, language }
    }
}

/// What became of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalOutcome)]
pub struct ExternalOutcome {
    /// The event.
    id: ExternalId,
    /// What became of it.
    state: ExternalState,
    /// A stable word: why it was put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// More of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    detail: Option<Pii<String>>,
    /// Until when it waits for those before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExternalState {
    /// It was applied, or dropped by a person.
    Done,
    /// It waits for those before it.
    Waiting,
    /// A person has to look at it.
    Parked,
}

/// An event that was not applied yet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExternalEvent)]
pub struct ExternalInfo {
    /// What became of it.
    #[serde(flatten)]
    outcome: ExternalOutcome,
    /// The system.
    system: String,
    /// What the system calls it.
    given_id: String,
    /// What it is about.
    reference: String,
    /// Its place among those about the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    /// Its kind.
    kind: String,
    /// When it happened, as the system says.
    at: Instant,
    /// When it came.
    came_at: Instant,
    /// What it says besides.
    #[schema(value_type = Object)]
    fields: BTreeMap<String, CaseValue>,
}

fn outcome(id: ExternalId, held: Option<&Held>) -> ExternalOutcome {
    let (state, reason, detail, until) = match held.map(|held| &held.state) {
        None => (ExternalState::Done, None, None, None),
        Some(HeldState::Waiting { until }) => (ExternalState::Waiting, None, None, Some(Instant(*until))),
        Some(HeldState::Parked(parked)) => {
            (ExternalState::Parked, Some(parked.reason.clone()), Some(parked.detail.clone()), None)
        }
    };
    ExternalOutcome { id, state, reason, detail, until }
}

fn info(held: Held) -> ExternalInfo {
    let outcome = outcome(held.id, Some(&held));
    let ExternalEvent { system, id, reference, sequence, kind, at, fields, .. } = held.event;
    let (at, came_at) = (Instant(at), Instant(held.came_at));
    ExternalInfo { outcome, system, given_id: id, reference, sequence, kind, at, came_at, fields }
}

/// Takes an event: 200 where it was applied, 202 where it waits or is put aside. The same again is answered as it stands now.
pub async fn tell(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(system): Path<String>,
    Strict(telling): Strict<ExternalTelling>,
) -> Result<(StatusCode, Json<ExternalOutcome>), Failure> {
    take(&app, &caller, &system, telling).await
}

/// Takes what a system tells, whoever brought it.
pub(super) async fn take(
    app: &Shared,
    caller: &Caller,
    system: &str,
    telling: ExternalTelling,
) -> Result<(StatusCode, Json<ExternalOutcome>), Failure> {
    if let Some((place, cure)) = telling.wrong() {
        return Err(Failure::bad(place, cure));
    }
    let links = links_of(app, caller, None, telling.conversation).await?;
    let language = spoken(app, links.conversation).await?;
    let event = telling.event(caller.tenant, system, links, language);
    let outcome = asked(app, caller, event, ExternalAsk::Take).await?;
    let status = if outcome.state == ExternalState::Done { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(outcome)))
}

async fn asked(
    app: &Shared,
    caller: &Caller,
    event: ExternalEvent,
    ask: ExternalAsk,
) -> Result<ExternalOutcome, Failure> {
    let id = keys::external_id(&event);
    let call = Call::External(Box::new(ExternalCall { event, ask }));
    let answer = app.door(caller.tenant).call(caller.actor(), call).await;
    answer.map_err(|error| of_call(error, caller.tenant, &app.directory()))?;
    Ok(outcome(id, app.archive().external(id).await?.as_ref()))
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExternalsWanted {
    /// Those of this system.
    #[serde(default)]
    system: Option<String>,
    /// True: only those that a person has to look at; false: only those that wait for others.
    #[serde(default, deserialize_with = "flag")]
    parked: Option<bool>,
    /// Those after this one.
    #[serde(default, deserialize_with = "some_external")]
    #[param(inline)]
    after: Option<ExternalId>,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    parsed(deserializer, "true or false").map(Some)
}

fn some_external<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ExternalId>, D::Error> {
    parsed(deserializer, "an id of the form ext_…").map(Some)
}

/// Events that were not applied yet, a page at a time.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<ExternalsWanted>,
) -> Result<Json<Page<ExternalInfo>>, Failure> {
    let filter = ExternalFilter { system: wanted.system, parked: wanted.parked };
    let found = app.archive().externals(caller.tenant, &filter, wanted.after, wanted.limit.0).await?;
    Ok(Json(Page::of(found, wanted.limit, |held| held.id.to_string(), info)))
}

/// What is to become of an event that was put aside.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalAct {
    /// What.
    act: ExternalDeed,
    /// Why it is dropped, 1 to 200 characters; it stands in the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    reason: Option<String>,
}

/// What can become of it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExternalDeed {
    /// It is tried again, whatever its number.
    Retry,
    /// It is not applied.
    Drop,
}

/// Tries an event again that was put aside, or drops it with a reason.
pub async fn act(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(ExternalAct { act, reason }): Strict<ExternalAct>,
) -> Result<Json<ExternalOutcome>, Failure> {
    let id: ExternalId = id("external_event", &text)?;
    let held = app.archive().external(id).await?.filter(|held| held.event.tenant == caller.tenant);
    let held = held.ok_or_else(|| Failure::not_found("external_event", "no event that was put aside has this id"))?;
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    if act == ExternalDeed::Drop && reason.as_ref().is_none_or(|reason| reason.chars().count() > TEXT_CHARS_MAX) {
        return Err(Failure::bad("/reason", format!("say why in 1 to {TEXT_CHARS_MAX} characters")));
    }
    let (what, ask) = match act {
        ExternalDeed::Retry => ("external_retry", ExternalAsk::Retry),
        ExternalDeed::Drop => ("external_drop", ExternalAsk::Drop),
    };
    let told = json!({ "system": held.event.system, "given_id": held.event.id, "reason": reason });
    audit::note(&app, &caller, what, &id.to_string(), told).await?;
    Ok(Json(asked(&app, &caller, held.event, ask).await?))
}
