//! Tasks: read by everybody whom they concern, cancelled by whoever pushes, moved by supervisors.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::rows::{Task, TaskState};
use blendline_core::{Command, Refusal};
use blendline_wire::task::Side;
use blendline_wire::worker::{MessageView, TargetName};
use blendline_wire::{MatterId, TaskId, WorkerId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::frames::target;
use super::json::Strict;
use super::page::{LIMIT_MAX, Limit, Page, Params, id, parsed};
use super::problem::{Failure, of_call};
use super::view::{self, TaskInfo};
use super::{Shared, audit, items};
use crate::directory::Role;
use crate::handle::{Call, CallError};
use crate::ports::store::{TaskFilter, Transcript};
use crate::receipts;

/// Which tasks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Those of this queue.
    queue: Option<String>,
    /// Those of this office.
    side: Option<Side>,
    /// Those that this worker has.
    worker: Option<String>,
    /// Those of this matter.
    #[serde(default, deserialize_with = "some_matter")]
    #[param(inline)]
    matter: Option<MatterId>,
    /// True: only those that are not closed.
    #[serde(default, deserialize_with = "flag")]
    open: bool,
    /// Those after this one.
    #[serde(default, deserialize_with = "after")]
    #[param(inline)]
    after: TaskId,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn some_matter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MatterId>, D::Error> {
    parsed(deserializer, "an id of the form mat_…").map(Some)
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parsed(deserializer, "true or false")
}

fn after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TaskId, D::Error> {
    parsed(deserializer, "an id of the form tsk_…")
}

/// Tasks, a page at a time. A worker's own key sees his own.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<TaskInfo>>, Failure> {
    let directory = app.directory();
    let queue = match &wanted.queue {
        Some(name) => Some(
            directory
                .queue(caller.tenant, name)
                .ok_or_else(|| items::unknown_queue(&directory, caller.tenant, name, "queue"))?,
        ),
        None => None,
    };
    let worker = match (caller.role, &wanted.worker) {
        (Role::Worker, named) => Some(caller.speaks_for(&directory, named.as_deref())?),
        (_, Some(name)) => Some(
            directory
                .worker(caller.tenant, name)
                .ok_or_else(|| Failure::not_found("worker", format!("no worker is called `{name}`")).at("worker"))?,
        ),
        (_, None) => None,
    };
    let filter = TaskFilter { queue, side: wanted.side, worker, matter: wanted.matter, open: wanted.open };
    let found = app.archive().tasks(caller.tenant, &filter, wanted.after, wanted.limit.0).await?;
    Ok(Json(Page::of(found, wanted.limit, |row| row.id.to_string(), |row| view::task(row, &directory))))
}

/// One task.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<TaskInfo>, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?;
    Ok(Json(view::task(task, &app.directory())))
}

/// The task, when it is the caller's to see. Another tenant's looks like none at all.
pub async fn owned(app: &Shared, caller: &Caller, id: TaskId) -> Result<Task, Failure> {
    let task = app.archive().task(id).await?.filter(|task| task.tenant == caller.tenant);
    let concerns = |task: &Task| match (caller.role, caller.worker) {
        (Role::Worker, Some(own)) => is_of(task, own),
        _ => true,
    };
    task.filter(concerns).ok_or_else(|| Failure::not_found("task", "no task has this id"))
}

/// True when a worker has the task, is offered it, gets it back, or had it last.
pub fn is_of(task: &Task, worker: WorkerId) -> bool {
    let closed = |last: Option<WorkerId>| last == Some(worker);
    task.state.holder() == Some(worker) || matches!(task.state, TaskState::Closed { worker, .. } if closed(worker))
}

/// How much of a transcript to show: the latest lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Latest {
    /// How many lines at most; left out, 200.
    #[serde(default = "everything")]
    #[param(inline)]
    pub(super) limit: Limit,
}

fn everything() -> Limit {
    Limit(LIMIT_MAX)
}

/// The transcript of a task: its conversation's, or its own where it has none.
pub async fn messages(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Params(latest): Params<Latest>,
) -> Result<Json<Page<MessageView>>, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?;
    let whose = task.conversation.map_or(Transcript::Task(task.id), Transcript::Conversation);
    transcript(&app, whose, latest.limit).await
}

/// The latest lines of a transcript.
pub async fn transcript(app: &Shared, whose: Transcript, limit: Limit) -> Result<Json<Page<MessageView>>, Failure> {
    let found = app.archive().transcripts(&[whose], limit.0).await?;
    let items = receipts::views(app.archive(), found.into_iter().flatten().collect()).await?;
    Ok(Json(Page { items, next: None }))
}

/// Takes a task back that is not needed any more.
pub async fn cancel(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<StatusCode, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?.id;
    audit::note(&app, &caller, "task_cancel", &task.to_string(), Value::Null).await?;
    let reason = "by_caller".to_owned();
    command(&app, &caller, Command::Cancel { task, reason }).await
}

/// Where a task is to go.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// A queue or a worker.
    to: TargetName,
}

/// A supervisor moves a task, whoever has it.
pub async fn transfer(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(wanted): Strict<Transfer>,
) -> Result<StatusCode, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?.id;
    let to = target(&app.directory(), caller.tenant, &wanted.to, "/to")?;
    audit::note(&app, &caller, "task_transfer", &task.to_string(), json!({ "to": wanted.to })).await?;
    command(&app, &caller, Command::Reassign { task, to }).await
}

async fn command(app: &Shared, caller: &Caller, command: Command) -> Result<StatusCode, Failure> {
    match app.door(caller.tenant).call(caller.actor(), Call::Plain(command)).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        // It was there a moment ago, so it was closed meanwhile.
        Err(CallError::Refused(Refusal::UnknownTask)) => {
            let detail = "the task was closed before: look at it for how";
            Err(Failure::new(StatusCode::CONFLICT, "closed", "The task is closed", detail))
        }
        Err(error) => Err(of_call(error, caller.tenant, &app.directory())),
    }
}
