//! Notes about a matter and mentions in them, for workers and those who see what they see. Customers have no way here.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::rows::Task;
use blendline_wire::event::EventKind;
use blendline_wire::time::Instant;
use blendline_wire::worker::ServerFrame;
use blendline_wire::{MatterId, Pii, TaskId, WorkerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Caller;
use super::drafts::Whose;
use super::json::Strict;
use super::page::{Page, Params, id};
use super::problem::{Failure, of_call};
use super::tasks::is_of;
use super::view::worker_name;
use super::{Shared, now};
use crate::directory::{Directory, Role};
use crate::handle::Call;
use crate::notes::{self, Kept, Mention, Note, TEXT_CHARS_MAX};
use crate::ports::live::worker_topic;

/// A note.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteInfo {
    /// Its id.
    id: String,
    /// When it was written.
    at: Instant,
    /// The matter it is about.
    matter: MatterId,
    /// The task at which it was written.
    task: TaskId,
    /// Who wrote it.
    from: String,
    /// What.
    text: Pii<String>,
    /// Whom it mentions, by name.
    mentions: Vec<String>,
}

impl NoteInfo {
    fn of(id: String, at: blendline_wire::Millis, note: Note, directory: &Directory) -> Self {
        let Note { matter, task, from, text, mentions, .. } = note;
        let mentions = mentions.into_iter().map(|worker| worker_name(worker, directory)).collect();
        Self { id, at: Instant(at), matter, task, from, text, mentions }
    }
}

/// The task, when it is the caller's to read notes at: his own, or of a matter in which a note mentions him.
async fn concerning(app: &Shared, caller: &Caller, text: &str) -> Result<(Task, Vec<Kept<Note>>), Failure> {
    let unknown = || Failure::not_found("task", "no task has this id");
    let task = app.archive().task(id("task", text)?).await?.filter(|task| task.tenant == caller.tenant);
    let task = task.ok_or_else(unknown)?;
    let notes = notes::of_matter(app.archive(), caller.tenant, task.matter).await?;
    let (Role::Worker, Some(own)) = (caller.role, caller.worker) else { return Ok((task, notes)) };
    let mentioned = notes.iter().any(|note| note.what.mentions.contains(&own));
    if is_of(&task, own) || mentioned { Ok((task, notes)) } else { Err(unknown()) }
}

/// The notes about the matter of a task, oldest first.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<Page<NoteInfo>>, Failure> {
    let (_, notes) = concerning(&app, &caller, &text).await?;
    let directory = app.directory();
    let info = |kept: Kept<Note>| NoteInfo::of(hex::encode(kept.key), kept.at, kept.what, &directory);
    Ok(Json(Page { items: notes.into_iter().rev().map(info).collect(), next: None }))
}

/// A note to be written.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NoteAddition)]
pub struct Addition {
    /// What, 1 to 4,000 characters. `@name` mentions a worker.
    text: Pii<String>,
}

/// Writes a note about the matter of a task. Whom it mentions, and who has the task, is told at his desk.
pub async fn add(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(path): Path<String>,
    Strict(Addition { text }): Strict<Addition>,
) -> Result<(StatusCode, Json<NoteInfo>), Failure> {
    let (task, _) = concerning(&app, &caller, &path).await?;
    let length = text.expose().trim().chars().count();
    if length == 0 || TEXT_CHARS_MAX < length {
        return Err(Failure::bad("/text", "a note has 1 to 4000 characters"));
    }
    Ok((StatusCode::CREATED, Json(write(&app, &caller, &task, text).await?)))
}

/// Writes a note about a task's matter, and tells those whom it is for.
pub(super) async fn write(app: &Shared, caller: &Caller, task: &Task, text: Pii<String>) -> Result<NoteInfo, Failure> {
    let directory = app.directory();
    let from = caller.person.as_ref().map(|person| person.display.clone());
    let from = from.or_else(|| caller.worker.map(|worker| worker_name(worker, &directory)));
    let note = Note {
        matter: task.matter,
        task: task.id,
        conversation: task.conversation,
        from: from.unwrap_or_else(|| caller.actor.clone()),
        worker: caller.worker,
        mentions: notes::mentioned(text.expose(), &directory, caller.tenant),
        text,
    };
    let (at, [.., high, low]) = (now(), uuid::Uuid::now_v7().into_bytes());
    let by_chance = u16::from_be_bytes([high, low]);
    let (key, entries) = notes::entries(&note, caller.tenant, at, by_chance);
    let number = hex::encode(key);
    let kind = EventKind::NoteAdded {
        note: number.clone(),
        in_matter: note.matter,
        in_task: note.task,
        mentions: note.mentions.clone(),
    };
    let call = Call::Remark { tenant: caller.tenant, conversation: note.conversation, kind: Box::new(kind), entries };
    app.door(caller.tenant)
        .call(caller.actor(), call)
        .await
        .map_err(|error| of_call(error, caller.tenant, &directory))?;
    tell(app, caller, task, &note, &number).await;
    Ok(NoteInfo::of(number, at, note, &directory))
}

/// Tells those who are there; who is not finds it when he comes.
async fn tell(app: &Shared, caller: &Caller, task: &Task, note: &Note, number: &str) {
    let holder = task.state.holder().filter(|holder| !note.mentions.contains(holder));
    let whom = note.mentions.iter().map(|worker| (*worker, true)).chain(holder.map(|worker| (worker, false)));
    for (worker, mentioned) in whom.filter(|(worker, _)| caller.worker != Some(*worker)) {
        let (from, text) = (note.from.clone(), note.text.clone());
        let noted = ServerFrame::Noted { note: number.to_owned(), task: task.id, from, text, mentioned };
        // These types cannot fail to be written.
        let body = serde_json::to_vec(&noted).unwrap_or_default();
        app.parts.live.tell(&worker_topic(worker), body.into()).await;
    }
}

async fn unseen(app: &Shared, caller: &Caller, worker: WorkerId) -> Result<Vec<Kept<Mention>>, Failure> {
    let mut found = notes::of_worker(app.archive(), caller.tenant, worker).await?;
    found.retain(|kept| kept.what.seen_at.is_none());
    Ok(found)
}

/// The notes that mention a worker and that he has not seen yet, the newest first.
pub async fn mentions(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(whose): Params<Whose>,
) -> Result<Json<Page<NoteInfo>>, Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, whose.worker.as_deref())?;
    let info = |kept: Kept<Mention>| NoteInfo::of(kept.what.note, kept.at, kept.what.of, &directory);
    let items = unseen(&app, &caller, worker).await?.into_iter().map(info).collect();
    Ok(Json(Page { items, next: None }))
}

/// Which mention was seen.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MentionSeen)]
pub struct Seen {
    /// Who has seen it; may be left out where the caller is one worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// The note.
    note: String,
}

/// A worker has seen that a note mentions him; twice is as good as once.
pub async fn see(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(seen): Strict<Seen>,
) -> Result<StatusCode, Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, seen.worker.as_deref())?;
    let found = unseen(&app, &caller, worker).await?.into_iter().find(|kept| kept.what.note == seen.note);
    let Some(kept) = found else { return Ok(StatusCode::NO_CONTENT) };
    let kind = EventKind::MentionSeen { note: seen.note, worker };
    let entries = vec![notes::seen(&kept, caller.tenant, now())];
    let conversation = kept.what.of.conversation;
    let call = Call::Remark { tenant: caller.tenant, conversation, kind: Box::new(kind), entries };
    let told = app.door(caller.tenant).call(caller.actor(), call).await;
    told.map_err(|error| of_call(error, caller.tenant, &directory))?;
    Ok(StatusCode::NO_CONTENT)
}
