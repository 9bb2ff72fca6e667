//! Answers that a company has ready: kept by operations, put into replies by workers.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_rules::normal;
use blendline_wire::time::Instant;
use blendline_wire::worker::Author;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Caller;
use super::items::unknown_queue;
use super::json::Strict;
use super::page::{LIMIT_MAX, Page, id};
use super::problem::Failure;
use super::tasks::owned;
use super::view::{queue_name, worker_name};
use super::{Shared, now};
use crate::canned::{Known, fill, pieces};
use crate::payload::StoredMessage;
use crate::ports::desks::{CANNED_MAX, Canned};
use crate::ports::people::Deed;
use crate::ports::store::Transcript;

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 120;
/// The longest text, in characters.
const TEXT_CHARS_MAX: usize = 4_000;

/// A ready answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CannedAnswer)]
pub struct CannedInfo {
    /// Its short name.
    name: String,
    /// How often it was changed, and once more.
    version: u32,
    /// What it is for, in one line.
    title: String,
    /// What it says, with places that data fill: `{{contact.name}}`.
    text: String,
    /// The queue it is for; null: all.
    #[schema(required)]
    queue: Option<String>,
    /// The language it is in; null: any.
    #[schema(required)]
    language: Option<String>,
    /// When it was changed last.
    changed_at: Instant,
}

impl CannedInfo {
    fn of(canned: Canned) -> Self {
        let Canned { name, version, title, text, queue, language, changed_at, .. } = canned;
        Self { name, version, title, text, queue, language, changed_at: Instant(changed_at) }
    }
}

/// All of them, by name.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<CannedInfo>>, Failure> {
    let found = app.desks().canned(caller.tenant).await?;
    Ok(Json(Page { items: found.into_iter().map(CannedInfo::of).collect(), next: None }))
}

/// What a ready answer is to be.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CannedAnswerChange)]
pub struct Change {
    /// The version that was looked at; 0: there is none yet.
    version: u32,
    /// What it is for, in one line.
    title: String,
    /// What it says, with places that data fill: `{{contact.name}}`, `{{contact.first_name}}`, `{{worker.name}}`,
    /// `{{task.id}}`, `{{task.queue}}`, and `{{field.NAME}}` of a work item.
    text: String,
    /// The queue it is for; left out, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// The language it is in: `he`, `ar`, `ru` or `en`; left out, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

fn checked(app: &Shared, caller: &Caller, name: &str, said: &Change) -> Result<(), Failure> {
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    if name.is_empty() || NAME_BYTES_MAX < name.len() || !name.chars().all(plain) {
        return Err(Failure::bad("/name", "use letters, digits, `-` and `_`, at most 40 bytes"));
    }
    let titled = said.title.trim().chars().count();
    if titled == 0 || TITLE_CHARS_MAX < titled || said.title.contains(char::is_control) {
        return Err(Failure::bad("/title", "say in one line of 1 to 120 characters what it is for"));
    }
    let length = said.text.chars().count();
    if said.text.trim().is_empty() || TEXT_CHARS_MAX < length || said.text.contains('\0') {
        return Err(Failure::bad("/text", "an answer has 1 to 4000 characters"));
    }
    if let Err(fault) = pieces(&said.text) {
        let detail = format!("line {}, column {}: {}", fault.line, fault.column, fault.says);
        return Err(Failure::bad("/text", detail));
    }
    let directory = app.directory();
    if let Some(queue) = &said.queue
        && directory.queue(caller.tenant, queue).is_none()
    {
        return Err(unknown_queue(&directory, caller.tenant, queue, "/queue"));
    }
    match &said.language {
        Some(language) if !normal::LANGUAGES.contains(&language.as_str()) => {
            let hint = crate::config::did_you_mean(language, normal::LANGUAGES.iter().copied());
            Err(Failure::bad("/language", format!("no language is called `{language}`: {hint}")))
        }
        _ => Ok(()),
    }
}

fn meanwhile() -> Failure {
    let detail = "somebody else changed it meanwhile: look again";
    Failure::new(StatusCode::CONFLICT, "meanwhile", "Somebody else was quicker", detail)
}

/// Adds a ready answer, or changes the one of this name.
pub async fn put(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(said): Strict<Change>,
) -> Result<Json<CannedInfo>, Failure> {
    checked(&app, &caller, &name, &said)?;
    if said.version == 0 && CANNED_MAX <= app.desks().canned(caller.tenant).await?.len() {
        return Err(Failure::bad("/", format!("a company has at most {CANNED_MAX} ready answers: remove one")));
    }
    let at = now();
    let canned = Canned {
        tenant: caller.tenant,
        name,
        version: said.version.saturating_add(1),
        title: said.title.trim().to_owned(),
        text: said.text,
        queue: said.queue,
        language: said.language,
        changed_at: at,
    };
    let deed = Deed { at, actor: caller.actor.clone(), what: "canned_answer_changed" };
    match app.desks().put_canned(&canned, &deed).await? {
        true => Ok(Json(CannedInfo::of(canned))),
        false => Err(meanwhile()),
    }
}

/// Removes a ready answer.
pub async fn remove(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    let deed = Deed { at: now(), actor: caller.actor.clone(), what: "canned_answer_removed" };
    // No name has a NUL, and not every database takes one.
    match !name.contains('\0') && app.desks().remove_canned(caller.tenant, &name, &deed).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Failure::not_found("canned_answer", "no ready answer has this name")),
    }
}

/// A ready answer for a task, its places filled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FilledAnswer)]
pub struct FilledInfo {
    /// Its short name.
    name: String,
    /// What it is for.
    title: String,
    /// What to say.
    text: String,
    /// The places of which nothing is known: each is a gap, `…`, in the text.
    missing: Vec<String>,
    /// The language it is in; null: any.
    #[schema(required)]
    language: Option<String>,
}

/// The ready answers that fit a task: of its queue or of all, those in the customer's language first.
pub async fn of_task(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<Page<FilledInfo>>, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?;
    let whose = task.conversation.map_or(Transcript::Task(task.id), Transcript::Conversation);
    let said: Vec<StoredMessage> =
        app.archive().transcripts(&[whose], LIMIT_MAX).await?.into_iter().flatten().collect();
    let directory = app.directory();
    let of_customer = |line: &&StoredMessage| line.author == Author::Customer;
    let contact = said.iter().rev().filter(of_customer).find_map(|line| line.body.name.as_ref());
    let latest = said.iter().rev().filter(of_customer).find_map(|line| line.body.text.as_ref());
    let language = latest.map_or("und", |text| normal::language(text.expose()));
    let worker = caller.worker.or_else(|| task.state.holder()).map(|worker| worker_name(worker, &directory));
    let (number, queue) = (task.id.to_string(), queue_name(task.queue, &directory));
    let known = Known {
        contact: contact.map(|name| name.expose().as_str()),
        worker: worker.as_deref(),
        task: &number,
        queue: &queue,
        fields: said.iter().map(|line| &line.body.fields).find(|fields| !fields.is_empty()),
    };
    let mut found = app.desks().canned(caller.tenant).await?;
    found.retain(|canned| canned.queue.as_ref().is_none_or(|of| *of == queue));
    // The sort keeps names in order among those of one language.
    found.sort_by_key(|canned| match canned.language.as_deref() {
        Some(of) if of == language => 0,
        None => 1,
        Some(_) => 2,
    });
    let info = |canned: Canned| {
        let filled = fill(&canned.text, &known);
        let Canned { name, title, language, .. } = canned;
        FilledInfo { name, title, text: filled.text, missing: filled.missing, language }
    };
    Ok(Json(Page { items: found.into_iter().map(info).collect(), next: None }))
}
