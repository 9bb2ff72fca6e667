//! What a worker does with a task, over plain HTTP: the same calls as over the WebSocket.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use blendline_core::Command;
use blendline_wire::event::Actor;
use blendline_wire::outbound::Content;
use blendline_wire::worker::{Reply, Verdict};
use blendline_wire::{Lease, Pii, TaskId, WorkerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::frames::{verdict, wrap_up};
use super::improvements::name_topic;
use super::json::Strict;
use super::page::id;
use super::private;
use super::problem::{Failure, of_call};
use crate::handle::Call;

/// Takes an offer.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskAccept)]
pub struct Accept {
    /// Who speaks; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// The number of his ownership, as the task came with.
    lease: Lease,
}

/// Takes an offer.
pub async fn accept(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(body): Strict<Accept>,
) -> Result<StatusCode, Failure> {
    let (worker, task) = who_and_what(&app, &caller, body.worker.as_deref(), &text).await?;
    let command = Command::Accept { worker, task, lease: body.lease };
    call(&app, &caller, worker, Call::Plain(command)).await
}

/// Does not take an offer.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskDecline)]
pub struct Decline {
    /// Who speaks; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// The number of his ownership, as the task came with.
    lease: Lease,
    /// Why, in his words or from a list.
    #[serde(default)]
    reason: String,
}

/// Does not take an offer.
pub async fn decline(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(body): Strict<Decline>,
) -> Result<StatusCode, Failure> {
    let (worker, task) = who_and_what(&app, &caller, body.worker.as_deref(), &text).await?;
    let command = Command::Decline { worker, task, lease: body.lease, reason: body.reason };
    call(&app, &caller, worker, Call::Plain(command)).await
}

/// Says something to the customer.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskReply)]
pub struct Say {
    /// Who speaks; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// The number of his ownership, as the task came with.
    lease: Lease,
    /// Unique within the task: the same key twice is one message.
    key: String,
    /// What to say.
    content: Content,
    /// True where only the customer may read it although he wrote in public: the conversation goes on in private.
    #[serde(default)]
    privately: bool,
    /// What it serves, where it is more than an answer: the customer must not have refused it, and must have agreed to
    /// `marketing`; left out, `service`.
    #[serde(default)]
    #[schema(max_length = 64)]
    purpose: Option<String>,
}

/// Says something to the customer. The same key twice is one message.
pub async fn reply(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(body): Strict<Say>,
) -> Result<StatusCode, Failure> {
    let (worker, task) = who_and_what(&app, &caller, body.worker.as_deref(), &text).await?;
    let reply = Reply { key: body.key, content: body.content, privately: body.privately, purpose: body.purpose };
    call(&app, &caller, worker, Call::Reply { worker, task, lease: body.lease, reply }).await
}

/// Says what becomes of a task.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskSettle)]
pub struct Settle {
    /// Who speaks; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// The number of his ownership, as the task came with.
    lease: Lease,
    /// What becomes of it.
    verdict: Verdict,
    /// What is said to the customer in the same step, at most 10.
    #[serde(default)]
    replies: Vec<Reply>,
    /// The place of the latest line he had seen: what the customer wrote after it brings the task back to him.
    #[serde(default)]
    seen: Option<u64>,
    /// What should change, in 1 to 200 characters: written down in the register of improvements in the same step.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    improve: Option<Pii<String>>,
}

/// Says what becomes of a task.
pub async fn settle(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(body): Strict<Settle>,
) -> Result<StatusCode, Failure> {
    let (worker, task) = who_and_what(&app, &caller, body.worker.as_deref(), &text).await?;
    let verdict = verdict(&app.directory(), caller.tenant, body.verdict)?;
    let improve = wrap_up(body.improve)?;
    let Settle { lease, replies, seen, .. } = body;
    let mut settle = Call::Settle { worker, task, lease, verdict, replies, seen, improve };
    name_topic(&app, &mut settle).await?;
    call(&app, &caller, worker, settle).await
}

/// The worker spoken for, and the task, which must be of his tenant.
///
/// Who has it is not asked here: a late worker is told by the owner what happened, not that it never was.
async fn who_and_what(
    app: &Shared,
    caller: &Caller,
    named: Option<&str>,
    text: &str,
) -> Result<(WorkerId, TaskId), Failure> {
    let worker = caller.speaks_for(&app.directory(), named)?;
    let task: TaskId = id("task", text)?;
    let known = app.archive().task(task).await?.is_some_and(|row| row.tenant == caller.tenant);
    if known { Ok((worker, task)) } else { Err(Failure::not_found("task", "no task has this id")) }
}

async fn call(app: &Shared, caller: &Caller, worker: WorkerId, call: Call) -> Result<StatusCode, Failure> {
    let call = private::checked(app, caller.tenant, call).await;
    match app.door(caller.tenant).call(Actor::Worker(worker), call).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(of_call(error, caller.tenant, &app.directory())),
    }
}
