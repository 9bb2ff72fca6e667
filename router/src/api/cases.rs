//! Cases: opened by workers and other systems, moved by whoever may, read by everybody whom they concern.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_cases::{Case, Command, Refusal};
use blendline_rules::normal::language;
use blendline_wire::event::case::{CaseLinks, CaseValue};
use blendline_wire::worker::Author;
use blendline_wire::{CaseId, ConversationId, TaskId, WorkerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::case_view::{self, CaseInfo};
use super::json::Strict;
use super::page::id;
use super::problem::{Failure, of_call};
use crate::config::did_you_mean;
use crate::directory::Role;
use crate::driver::keys;
use crate::handle::{Call, CallError, CaseCall};
use crate::ports::store::{TaskFilter, Transcript};

/// Bytes of a caller's key.
const KEY_MAX: usize = 200;
/// Lines looked at for the customer's language.
const LINES: usize = 50;

/// A case to be opened.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseOpening {
    /// The name of its type.
    #[serde(rename = "type")]
    case_type: String,
    /// The caller's own key of it, 1 to 200 bytes: opening it twice makes one case.
    #[schema(min_length = 1, max_length = 200)]
    key: String,
    /// The task in which it came up: the case belongs to its matter and conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The conversation it belongs to, where no task is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    /// The case it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<CaseId>,
    /// The worker who owns it; left out, the worker who opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// In which language the customer is told; left out, the one he writes in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    /// What is known.
    #[serde(default)]
    fields: BTreeMap<String, CaseValue>,
}

/// Opens a case: 201. Opening it again under the same key gives the same case: 200.
pub async fn open(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(opening): Strict<CaseOpening>,
) -> Result<Response, Failure> {
    checked(&opening.key)?;
    let directory = app.directory();
    let types = directory.rules.get(&caller.tenant).map(|routing| &routing.cases);
    if types.is_none_or(|types| types.get(&opening.case_type).is_none()) {
        let known = types.into_iter().flat_map(|types| types.names());
        let detail =
            format!("no case type is called `{}`: {}", opening.case_type, did_you_mean(&opening.case_type, known));
        return Err(Failure::not_found("case_type", detail).at("/type"));
    }
    let owner = owner_of(&app, &caller, opening.owner.as_deref())?.or(caller.worker);
    let case = keys::case(caller.tenant, &opening.key);
    let mut links = links_of(&app, &caller, opening.task, opening.conversation).await?;
    links.parent = opening.parent;
    if let Some(parent) = opening.parent {
        owned(&app, &caller, parent).await.map_err(|failure| failure.at("/parent"))?;
    }
    let language = match opening.language {
        Some(language) => language,
        None => spoken(&app, links.conversation).await?,
    };
    let fields = opening.fields.into_iter().map(|(name, value)| (name, Some(value))).collect();
    let command = Command::Open { id: case, tenant: caller.tenant, language, links, owner, fields, earned_at: None };
    let asked = CaseCall {
        tenant: caller.tenant,
        case,
        case_type: Some(opening.case_type),
        key: opening.key,
        command,
        cause: None,
    };
    let status = match app.door(caller.tenant).call(caller.actor(), Call::Case(Box::new(asked))).await {
        Ok(_) => StatusCode::CREATED,
        Err(CallError::Case(Refusal::Exists)) => StatusCode::OK,
        Err(error) => return Err(of_call(error, caller.tenant, &directory)),
    };
    let info = case_view::info(owned(&app, &caller, case).await?, &directory, caller.worker);
    let mut response = (status, Json(info)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/v1/cases/{case}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

pub(super) fn checked(key: &str) -> Result<(), Failure> {
    if key.is_empty() || KEY_MAX < key.len() {
        return Err(Failure::bad("/key", "give a key of your own, 1 to 200 bytes: the same key twice is one call"));
    }
    Ok(())
}

pub(super) fn owner_of(app: &Shared, caller: &Caller, named: Option<&str>) -> Result<Option<WorkerId>, Failure> {
    let Some(name) = named else { return Ok(None) };
    let worker = app.directory().worker(caller.tenant, name);
    let unknown = || Failure::not_found("worker", format!("no worker is called `{name}`")).at("/owner");
    worker.map(Some).ok_or_else(unknown)
}

/// What a case of this task, or else of this conversation, belongs to.
pub(super) async fn links_of(
    app: &Shared,
    caller: &Caller,
    task: Option<TaskId>,
    conversation: Option<ConversationId>,
) -> Result<CaseLinks, Failure> {
    let task = match task {
        Some(task) => Some(super::tasks::owned(app, caller, task).await.map_err(|failure| failure.at("/task"))?),
        // A worker opens what came up in his own work.
        None if caller.role == Role::Worker => return Err(Failure::bad("/task", "name the task in which it came up")),
        None => None,
    };
    let conversation = task.as_ref().and_then(|task| task.conversation).or(conversation);
    let mut links = CaseLinks { matter: task.map(|task| task.matter), conversation, ..CaseLinks::default() };
    if let Some(conversation) = conversation {
        let row = super::conversations::owned(app, caller, conversation).await;
        let row = row.map_err(|failure| failure.at("/conversation"))?;
        links.matter = links.matter.or(Some(row.matter));
        (links.account, links.contact) = (Some(row.account), Some(row.contact));
    }
    Ok(links)
}

/// The language in which the customer of a conversation wrote last.
pub(super) async fn spoken(app: &Shared, conversation: Option<ConversationId>) -> Result<String, Failure> {
    let Some(conversation) = conversation else { return Ok(String::new()) };
    let lines = app.archive().transcripts(&[Transcript::Conversation(conversation)], LINES).await?;
    let his = lines.into_iter().flatten().filter(|line| line.author == Author::Customer);
    let mut said = his.filter_map(|line| line.body.text).map(|text| language(text.expose()));
    Ok(said.rfind(|language| *language != "und").unwrap_or_default().to_owned())
}

/// One case.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<CaseInfo>, Failure> {
    let case = owned(&app, &caller, id("case", &text)?).await?;
    Ok(Json(case_view::info(case, &app.directory(), caller.worker)))
}

/// The case, when it concerns the caller: a worker's are those that he owns, and those of matters that he has a task of.
pub(super) async fn owned(app: &Shared, caller: &Caller, id: CaseId) -> Result<Case, Failure> {
    let case = app.archive().case(id).await?.filter(|case| case.tenant == caller.tenant);
    let unknown = || Failure::not_found("case", "no case has this id");
    let case = case.ok_or_else(unknown)?;
    if concerns(app, caller, &case).await? { Ok(case) } else { Err(unknown()) }
}

pub(super) async fn concerns(app: &Shared, caller: &Caller, case: &Case) -> Result<bool, Failure> {
    let (Role::Worker, Some(own)) = (caller.role, caller.worker) else { return Ok(true) };
    if case.owner == Some(own) {
        return Ok(true);
    }
    let stage_task = match case.task {
        Some(task) => app.archive().task(task).await?,
        None => None,
    };
    if stage_task.is_some_and(|task| super::tasks::is_of(&task, own)) {
        return Ok(true);
    }
    let Some(matter) = case.links.matter else { return Ok(false) };
    let filter = TaskFilter { worker: Some(own), matter: Some(matter), ..TaskFilter::default() };
    Ok(!app.archive().tasks(caller.tenant, &filter, TaskId(0), 1).await?.is_empty())
}
