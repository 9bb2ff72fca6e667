//! What should change: workers, auditors and managers write it down, a manager answers, and what was measured stands beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use blendline_core::rows::Task;
use blendline_improvements::limits::{CONTACTS_MAX, TEXT_CHARS_MAX, TITLE_CHARS_MAX};
use blendline_improvements::{Command, Evidence, Improvement, Opening, Writer};
use blendline_wire::event::improvement::ImprovementSource;
use blendline_wire::{CaseId, ImprovementId, Pii, TaskId, WorkerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::improvement_view::{self, ImprovementInfo};
use super::json::Strict;
use super::page::id;
use super::problem::{Failure, of_call};
use crate::directory::Role;
use crate::driver::keys;
use crate::handle::{Call, ImproveCall};
use crate::ports::store::{StoreError, Transcript};

/// The longest key, in bytes.
const KEY_MAX: usize = 200;
/// Lines of a conversation in which it is looked what the rules say of it.
const LINES: usize = 50;

/// Something that should change, to be written down.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImprovementOpening {
    /// A key of your own, 1 to 200 bytes: the same key twice is one.
    #[schema(min_length = 1, max_length = 200)]
    key: String,
    /// From where it is known.
    source: ImprovementSource,
    /// What should change, in 1 to 200 characters.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    title: Pii<String>,
    /// More about it, at most 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, max_length = 4000)]
    text: Option<Pii<String>>,
    /// The queue that it is about; left out, the task's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// What the rules say of the contacts behind it; left out, what they say of the task's conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    topic: Option<String>,
    /// The unit that it is about; left out, the queue's, else the writer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    /// The worker who writes it; may be left out where the caller is one worker, or no worker writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// The task that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The case that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// How many contacts it stands for, by channel; left out, the task's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    contacts: BTreeMap<String, u64>,
}

/// What speaks for something that should change.
pub(super) struct Speaking {
    pub(super) task: Option<TaskId>,
    pub(super) case: Option<CaseId>,
    pub(super) contacts: BTreeMap<String, u64>,
}

/// Writes down what should change: 201. Under the same key again it is the same one.
pub async fn open(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Strict(opening): Strict<ImprovementOpening>,
) -> Result<Response, Failure> {
    if opening.key.is_empty() || KEY_MAX < opening.key.len() {
        return Err(Failure::bad("/key", "give a key of your own, 1 to 200 bytes: the same key twice is one"));
    }
    said(&opening.title, TITLE_CHARS_MAX, "/title")?;
    if let Some(text) = &opening.text {
        said(text, TEXT_CHARS_MAX, "/text")?;
    }
    if opening.topic.as_ref().is_some_and(|topic| topic.is_empty() || TITLE_CHARS_MAX < topic.chars().count()) {
        return Err(Failure::bad("/topic", "give 1 to 200 characters, or leave it out"));
    }
    let directory = app.directory();
    let tenant = caller.tenant;
    let named = opening.queue.as_ref().map(|name| {
        let unknown = || Failure::not_found("queue", format!("no queue is called `{name}`")).at("/queue");
        directory.queue(tenant, name).ok_or_else(unknown)
    });
    let named = named.transpose()?;
    if let Some(unit) = &opening.unit
        && !directory.units.values().any(|known| known.tenant == tenant && known.name == *unit)
    {
        return Err(Failure::bad("/unit", format!("no unit is called `{unit}`")));
    }
    let writer = match (&opening.worker, caller.worker) {
        (None, None) => None,
        _ => Some(caller.speaks_for(&directory, opening.worker.as_deref())?),
    };
    let speaking = Speaking { task: opening.task, case: opening.case, contacts: opening.contacts };
    let spoken = spoken(&app, &caller, speaking, writer).await?;
    let own = keys::improvement(tenant, &opening.key);
    let command = Command::Open(Box::new(Opening {
        id: own,
        tenant,
        source: opening.source,
        title: opening.title,
        text: opening.text,
        queue: named.or(spoken.queue),
        topic: opening.topic.or(spoken.topic),
        unit: opening.unit,
        evidence: spoken.evidence,
        writer: spoken.writer,
    }));
    ask(&app, &caller, own, command).await?;
    let mut response = (StatusCode::CREATED, Json(shown(&app, &caller, own).await?)).into_response();
    if let Ok(location) = HeaderValue::try_from(format!("/v1/improvements/{own}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Whether words are there and short enough.
pub(super) fn said(words: &Pii<String>, chars_max: usize, place: &str) -> Result<(), Failure> {
    let words = words.expose();
    if words.trim().is_empty() || chars_max < words.chars().count() {
        return Err(Failure::bad(place, format!("give 1 to {chars_max} characters")));
    }
    Ok(())
}

/// What speaks for one, with what is known of its task.
pub(super) struct Spoken {
    pub(super) evidence: Evidence,
    pub(super) writer: Option<Writer>,
    queue: Option<blendline_wire::QueueId>,
    topic: Option<String>,
}

pub(super) async fn spoken(
    app: &Shared,
    caller: &Caller,
    speaking: Speaking,
    worker: Option<WorkerId>,
) -> Result<Spoken, Failure> {
    let Speaking { task, case, contacts } = speaking;
    let known = |count: &u64| (1..=CONTACTS_MAX).contains(count);
    if 32 < contacts.len() || !contacts.values().all(known) || contacts.keys().any(|name| 64 < name.len()) {
        return Err(Failure::bad("/contacts", format!("give at most 32 channels, each with 1 to {CONTACTS_MAX}")));
    }
    if let Some(case) = case {
        let found = app.archive().case(case).await?.is_some_and(|case| case.tenant == caller.tenant);
        if !found {
            return Err(Failure::not_found("case", "no case has this id").at("/case"));
        }
    }
    let mut evidence = Evidence { task, case, contacts, ..Evidence::default() };
    let writer = |evidence: &Evidence| {
        let Evidence { task, matter, conversation, .. } = *evidence;
        worker.map(|worker| Writer { worker, task, matter, conversation })
    };
    let Some(task) = task else {
        let writer = writer(&evidence);
        return Ok(Spoken { evidence, writer, queue: None, topic: None });
    };
    let row = app.archive().task(task).await?.filter(|row| row.tenant == caller.tenant);
    let row = row.ok_or_else(|| Failure::not_found("task", "no task has this id").at("/task"))?;
    (evidence.matter, evidence.conversation) = (Some(row.matter), row.conversation);
    let talk = match row.conversation {
        Some(id) => app.archive().conversation(id).await?,
        None => None,
    };
    if evidence.contacts.is_empty() {
        let directory = app.directory();
        let channel = talk.and_then(|talk| Some(directory.accounts.get(&talk.account)?.channel.clone()));
        evidence.contacts.insert(channel.unwrap_or_else(|| "item".to_owned()), 1);
    }
    let topic = topic_of(app, &row).await?;
    let writer = writer(&evidence);
    Ok(Spoken { evidence, writer, queue: Some(row.queue), topic })
}

/// What the rules said last of a task's conversation.
async fn topic_of(app: &Shared, row: &Task) -> Result<Option<String>, StoreError> {
    let of = row.conversation.map_or(Transcript::Task(row.id), Transcript::Conversation);
    let lines = app.archive().transcripts(&[of], LINES).await?;
    Ok(lines.into_iter().flatten().rev().find_map(|line| line.body.tags.into_iter().next()))
}

/// What a call notes with a verdict bears from now on what the rules say of its task.
pub(super) async fn name_topic(app: &Shared, call: &mut Call) -> Result<(), StoreError> {
    if let Call::Settle { task, improve: Some(improve), .. } = call
        && let Some(row) = app.archive().task(*task).await?
    {
        improve.topic = topic_of(app, &row).await?;
    }
    Ok(())
}

pub(super) async fn ask(
    app: &Shared,
    caller: &Caller,
    improvement: ImprovementId,
    command: Command,
) -> Result<(), Failure> {
    let tenant = caller.tenant;
    let call = Call::Improve(Box::new(ImproveCall { tenant, improvement, command }));
    let answer = app.door(tenant).call(caller.actor(), call).await;
    answer.map(drop).map_err(|error| of_call(error, tenant, &app.directory()))
}

pub(super) fn unknown() -> Failure {
    Failure::not_found("improvement", "no improvement has this id")
}

/// One that the caller may see, with those around it.
pub(super) async fn concerning(
    app: &Shared,
    caller: &Caller,
    own: ImprovementId,
) -> Result<(Improvement, Vec<Improvement>), Failure> {
    let mut around = app.archive().improvements(&[own]).await?;
    let place = around.iter().position(|it| it.id == own && it.tenant == caller.tenant).ok_or_else(unknown)?;
    let it = around.swap_remove(place);
    if let Some(group) = it.group {
        around = app.archive().improvements(&[group]).await?;
    }
    match (caller.role, caller.worker) {
        (Role::Worker, Some(worker)) if !is_of(app, &it, &around, worker) => Err(unknown()),
        _ => Ok((it, around)),
    }
}

/// Whether it is a worker's: he wrote it or something that belongs to it, or he is a manager who may answer it.
fn is_of(app: &Shared, it: &Improvement, around: &[Improvement], worker: WorkerId) -> bool {
    let wrote = |it: &Improvement| it.writers.iter().any(|writer| writer.worker == worker);
    wrote(it) || around.iter().any(|other| other.group == Some(it.id) && wrote(other)) || manages(app, it, worker)
}

pub(super) fn manages(app: &Shared, it: &Improvement, worker: WorkerId) -> bool {
    let managers = it.unit.as_ref().map(|unit| app.directory().managers(it.tenant, unit));
    it.owner == Some(worker) || managers.is_some_and(|managers| managers.contains(&worker))
}

pub(super) async fn shown(app: &Shared, caller: &Caller, own: ImprovementId) -> Result<ImprovementInfo, Failure> {
    let (it, around) = concerning(app, caller, own).await?;
    Ok(improvement_view::info(it, &around, &app.directory()))
}

/// One, with what speaks for it.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<ImprovementInfo>, Failure> {
    Ok(Json(shown(&app, &caller, id("improvement", &text)?).await?))
}
