//! Two conversations of a customer are one matter, or are not after all: said by hand.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use blendline_core::rows::{Conversation, ConversationState};
use blendline_rules::normal::language;
use blendline_wire::{CaseId, ConversationId, Pii, TaskId, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::auth::Caller;
use super::json::Strict;
use super::problem::{Failure, of_call};
use super::view::worker_name;
use super::{Shared, audit};
use crate::directory::Role;
use crate::handle::{Call, MattersCall, Talking};
use crate::journeys;
use crate::pages::Lang;

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Two that are one matter, or are not after all.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MatterPair)]
pub struct Pair {
    /// The one: a conversation, or a task or a case by its conversation.
    one: String,
    /// The other, likewise.
    other: String,
    /// Why, 1 to 500 characters: it stands in a note beside both.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: Pii<String>,
}

/// They are one matter: one worker has both from now on.
pub async fn join(
    app: State<Shared>,
    caller: Extension<Arc<Caller>>,
    pair: Strict<Pair>,
) -> Result<StatusCode, Failure> {
    said(app, caller, pair, true).await
}

/// They are two matters after all. Nothing joins them by itself again.
pub async fn part(
    app: State<Shared>,
    caller: Extension<Arc<Caller>>,
    pair: Strict<Pair>,
) -> Result<StatusCode, Failure> {
    said(app, caller, pair, false).await
}

async fn said(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(pair): Strict<Pair>,
    joined: bool,
) -> Result<StatusCode, Failure> {
    let length = pair.reason.expose().trim().chars().count();
    if length == 0 || REASON_CHARS_MAX < length {
        return Err(Failure::bad("/reason", "say why in 1 to 500 characters: whoever has them reads it"));
    }
    let one = talk(&app, &caller, &pair.one, "/one").await?;
    let other = talk(&app, &caller, &pair.other, "/other").await?;
    if one.id == other.id {
        return Err(Failure::bad("/other", "both are the same conversation"));
    }
    if let (Role::Worker, Some(own)) = (caller.role, caller.worker) {
        concerns(&app, &caller, own, &one, &other).await?;
    }
    let directory = app.directory();
    let (first, later) = if one.id < other.id { (one, other) } else { (other, one) };
    let person = caller.person.as_ref().map(|person| person.display.clone());
    let from = person.or_else(|| caller.worker.map(|worker| worker_name(worker, &directory)));
    let asked = MattersCall {
        tenant: caller.tenant,
        first: talking(&first),
        later: talking(&later),
        joined,
        from: from.unwrap_or_else(|| caller.actor.clone()),
        worker: caller.worker,
        lang: if language(pair.reason.expose()) == "he" { Lang::He } else { Lang::En },
        reason: pair.reason,
    };
    // A worker's own acts are in the log of events under his name; who acts on others' work answers for it here too.
    if caller.role != Role::Worker {
        let what = if joined { "matters_join" } else { "matters_part" };
        audit::note(&app, &caller, what, &first.id.to_string(), json!({ "other": later.id })).await?;
    }
    let answer = app.door(caller.tenant).call(caller.actor(), Call::Matters(Box::new(asked))).await;
    answer.map_err(|error| of_call(error, caller.tenant, &directory))?;
    Ok(StatusCode::NO_CONTENT)
}

const fn talking(row: &Conversation) -> Talking {
    Talking { conversation: row.id, matter: row.matter, contact: row.contact }
}

/// The open conversation that is named, by itself or by its task or case.
async fn talk(app: &Shared, caller: &Caller, text: &str, place: &str) -> Result<Conversation, Failure> {
    let none = || Failure::bad(place, "name a conversation, or a task or a case that has one");
    let archive = app.archive();
    let conversation = if let Ok(conversation) = text.parse::<ConversationId>() {
        Some(conversation)
    } else if let Ok(task) = text.parse::<TaskId>() {
        archive.task(task).await?.filter(|task| task.tenant == caller.tenant).and_then(|task| task.conversation)
    } else if let Ok(case) = text.parse::<CaseId>() {
        archive.case(case).await?.filter(|case| case.tenant == caller.tenant).and_then(|case| case.links.conversation)
    } else {
        None
    };
    let row = super::conversations::owned(app, caller, conversation.ok_or_else(none)?).await;
    let row = row.map_err(|failure| failure.at(place))?;
    if matches!(row.state, ConversationState::Open { .. }) {
        return Ok(row);
    }
    let detail = "only what is open is held together; what comes again after it was closed is told by itself";
    Err(Failure::new(StatusCode::CONFLICT, "closed", "The conversation is closed", detail).at(place))
}

/// A worker says it of two that he has, or of one and of the same customer: nobody comes to another's by this.
async fn concerns(
    app: &Shared,
    caller: &Caller,
    own: WorkerId,
    one: &Conversation,
    other: &Conversation,
) -> Result<(), Failure> {
    let unknown = || Failure::not_found("conversation", "no conversation has this id").at("/other");
    let contacts = journeys::contacts_of(app.archive(), &app.directory(), caller.tenant, one.contact).await?;
    let mut has = 0;
    for row in [one, other] {
        if let ConversationState::Open { task } = row.state {
            let task = app.archive().task(task).await?;
            has += usize::from(task.is_some_and(|task| task.state.owner() == Some(own)));
        }
    }
    let may = has == 2 || (has == 1 && contacts.contains(&other.contact));
    if may { Ok(()) } else { Err(unknown()) }
}
