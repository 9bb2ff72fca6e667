//! Conversations: read, begun by workers, and logged after the fact.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::Answer;
use blendline_core::rows::Conversation;
use blendline_wire::event::Actor;
use blendline_wire::outbound::Content;
use blendline_wire::worker::{MessageView, Reply};
use blendline_wire::{ConversationId, Pii, QueueId, TaskId};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::json::Strict;
use super::page::{LIMIT_MAX, Limit, Page, Params, id, parsed};
use super::problem::{Failure, of_call};
use super::tasks::{Latest, transcript};
use super::view::{self, ConversationInfo};
use super::{Shared, consents, items};
use crate::consent::SERVICE;
use crate::directory::Role;
use crate::handle::Call;
use crate::ports::store::{TaskFilter, Transcript};

/// Which conversations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Those after this one.
    #[serde(default, deserialize_with = "after")]
    #[param(inline)]
    after: ConversationId,
    /// How many at most; left out, 50.
    #[serde(default)]
    #[param(inline)]
    limit: Limit,
}

fn after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ConversationId, D::Error> {
    parsed(deserializer, "an id of the form cnv_…")
}

/// Conversations, a page at a time.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<ConversationInfo>>, Failure> {
    let found = app.archive().conversations(caller.tenant, wanted.after, wanted.limit.0).await?;
    let view = |row| view::conversation(row, &app.directory());
    Ok(Json(Page::of(found, wanted.limit, |row: &Conversation| row.id.to_string(), view)))
}

/// One conversation.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<ConversationInfo>, Failure> {
    let row = owned(&app, &caller, id("conversation", &text)?).await?;
    let refuses = consents::refused(&app, caller.tenant, row.contact).await?;
    let mut info = view::conversation(row, &app.directory());
    info.refuses = refuses;
    Ok(Json(info))
}

/// The conversation, when it is the caller's tenant's. Another tenant's looks like none at all.
pub async fn owned(app: &Shared, caller: &Caller, id: ConversationId) -> Result<Conversation, Failure> {
    let row = app.archive().conversation(id).await?.filter(|row| row.tenant == caller.tenant);
    row.ok_or_else(|| Failure::not_found("conversation", "no conversation has this id"))
}

/// The conversation, when it is the caller's: a worker's are those that he has, or had last, a task of.
pub(super) async fn concerning(
    app: &Shared,
    caller: &Caller,
    id: ConversationId,
) -> Result<Option<Conversation>, Failure> {
    let row = owned(app, caller, id).await?;
    let (Role::Worker, Some(own)) = (caller.role, caller.worker) else { return Ok(Some(row)) };
    let filter = TaskFilter { worker: Some(own), matter: Some(row.matter), ..TaskFilter::default() };
    let tasks = app.archive().tasks(caller.tenant, &filter, TaskId(0), LIMIT_MAX).await?;
    Ok(tasks.iter().any(|task| task.conversation == Some(id)).then_some(row))
}

/// The transcript.
pub async fn messages(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Params(latest): Params<Latest>,
) -> Result<Json<Page<MessageView>>, Failure> {
    let row = owned(&app, &caller, id("conversation", &text)?).await?;
    transcript(&app, Transcript::Conversation(row.id), latest.limit).await
}

/// The longest subject, in bytes.
const SUBJECT_MAX: usize = 500;

/// A conversation that a worker begins.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationStart)]
pub struct Start {
    /// Who begins it; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// The channel's name.
    channel: String,
    /// The configured name of the account that writes.
    account: String,
    /// The customer's address on this channel.
    to: Pii<String>,
    /// The queue its task counts for.
    queue: String,
    /// Unique for this address: the same key twice is one conversation.
    key: String,
    /// What to say first.
    content: Content,
    /// What it is about, where the channel shows that: a mail's subject.
    #[serde(default)]
    #[schema(max_length = 500)]
    subject: Option<Pii<String>>,
    /// What it serves: the customer must not have refused it, and must have agreed to `marketing`; left out, `service`.
    #[serde(default)]
    #[schema(max_length = 64)]
    purpose: Option<String>,
}

/// A conversation that was begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConversationStarted)]
pub struct Started {
    /// The conversation.
    conversation: ConversationId,
    /// Its task, which the worker has.
    task: TaskId,
}

/// Begins a conversation; the worker has its task at once.
pub async fn start(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(body): Strict<Start>,
) -> Result<(StatusCode, Json<Started>), Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, body.worker.as_deref())?;
    let account = directory.account(&body.channel, &body.account).filter(|(_, entry)| entry.tenant == caller.tenant);
    let Some((account, _)) = account else {
        let detail = format!("the channel {} has no account called `{}`", body.channel, body.account);
        return Err(Failure::not_found("account", detail).at("/account"));
    };
    if body.to.expose().is_empty() {
        return Err(Failure::bad("/to", "give the customer's address on this channel"));
    }
    if body.subject.as_ref().is_some_and(|subject| SUBJECT_MAX < subject.expose().len()) {
        return Err(Failure::bad("/subject", "a subject has at most 500 bytes"));
    }
    let purpose = body.purpose.unwrap_or_else(|| SERVICE.to_owned());
    if purpose.is_empty() || 64 < purpose.len() {
        return Err(Failure::bad("/purpose", "say what it serves: service, marketing, …"));
    }
    let queue = queue_of(&app, &caller, &body.queue)?;
    let reply = Reply::new(body.key, body.content);
    let call = Call::Start { worker, account, to: body.to, queue, reply, subject: body.subject, purpose };
    match app.door(caller.tenant).call(Actor::Worker(worker), call).await {
        Ok(Answer::Conversation(conversation, task)) => Ok((StatusCode::CREATED, Json(Started { conversation, task }))),
        Ok(_) => Err(Failure::busy("the owner gave no conversation: try again")),
        Err(error) => Err(of_call(error, caller.tenant, &directory)),
    }
}

/// The longest key of a logged contact, in bytes.
const LOG_KEY_MAX: usize = 200;

/// A contact that is over: a call, a visit, a walk-in.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoggedContact)]
pub struct Log {
    /// Who had it; may be left out where the caller is one worker.
    #[serde(default)]
    worker: Option<String>,
    /// The queue it counts for.
    queue: String,
    /// How it was: `call`, `visit`, `counter`, …
    #[schema(min_length = 1, max_length = 64)]
    medium: String,
    /// How long it took, in milliseconds.
    #[serde(default)]
    duration_ms: u64,
    /// What was said.
    note: Pii<String>,
    /// The same key of one worker twice is one contact.
    #[serde(default)]
    key: Option<String>,
}

/// A contact that was logged.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactLogged)]
pub struct Logged {
    /// Its closed task.
    task: TaskId,
}

/// Logs a contact that is over.
pub async fn log(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(body): Strict<Log>,
) -> Result<(StatusCode, Json<Logged>), Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, body.worker.as_deref())?;
    if body.medium.is_empty() || 64 < body.medium.len() {
        return Err(Failure::bad("/medium", "say how it was: call, visit, counter, …"));
    }
    let queue = queue_of(&app, &caller, &body.queue)?;
    let Log { medium, duration_ms, note, key, .. } = body;
    if key.as_ref().is_some_and(|key| key.is_empty() || LOG_KEY_MAX < key.len()) {
        return Err(Failure::bad("/key", "a key has 1 to 200 bytes: a random one for each contact"));
    }
    let call = Call::Log { worker, queue, medium, duration_ms, note, key };
    match app.door(caller.tenant).call(Actor::Worker(worker), call).await {
        Ok(Answer::Task(task)) => Ok((StatusCode::CREATED, Json(Logged { task }))),
        Ok(Answer::Known(task)) => Ok((StatusCode::OK, Json(Logged { task }))),
        Ok(_) => Err(Failure::busy("the owner gave no task: try again")),
        Err(error) => Err(of_call(error, caller.tenant, &directory)),
    }
}

fn queue_of(app: &Shared, caller: &Caller, name: &str) -> Result<QueueId, Failure> {
    let directory = app.directory();
    let unknown = || items::unknown_queue(&directory, caller.tenant, name, "/queue");
    directory.queue(caller.tenant, name).ok_or_else(unknown)
}
