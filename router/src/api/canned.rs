//! Answers that a company has ready: kept by operations, put into replies by workers.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::rows::Task;
use blendline_rules::normal;
use blendline_wire::Pii;
use blendline_wire::org::Fields;
use blendline_wire::time::Instant;
use blendline_wire::worker::Author;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Caller;
use super::frames::target;
use super::items::unknown_queue;
use super::json::Strict;
use super::page::{LIMIT_MAX, Page, id};
use super::problem::Failure;
use super::tasks::owned;
use super::view::{queue_name, worker_name};
use super::{Shared, now};
use crate::canned::{Known, fill, pieces};
use crate::payload::StoredMessage;
use crate::ports::desks::{Act, CANNED_MAX, Canned};
use crate::ports::people::Deed;
use crate::ports::store::Transcript;

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 120;
/// The longest text, in characters.
const TEXT_CHARS_MAX: usize = 4_000;
/// How many acts a macro has at most, the longest note of one, in characters, and for how long it puts a task aside.
const ACTS_MAX: usize = 5;
const NOTE_CHARS_MAX: usize = 1_000;
const PARK_MINUTES_MAX: u32 = 90 * 24 * 60;

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
    /// What follows when it is done as a macro; empty for an answer and no more.
    then: Vec<Act>,
    /// The digit that does it at a desk; null: none.
    #[schema(required)]
    hotkey: Option<u8>,
    /// When it was changed last.
    changed_at: Instant,
}

impl CannedInfo {
    fn of(canned: Canned) -> Self {
        let Canned { name, version, title, text, queue, language, then, hotkey, changed_at, .. } = canned;
        Self { name, version, title, text, queue, language, then, hotkey, changed_at: Instant(changed_at) }
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
    /// What follows when it is done as a macro, at most 5 acts: notes first, and one that ends what the worker has to do
    /// with the task last. With any of them the text may be empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 5)]
    then: Vec<Act>,
    /// The digit that does it at a desk; no other has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 9)]
    hotkey: Option<u8>,
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
    if (said.text.trim().is_empty() && said.then.is_empty()) || TEXT_CHARS_MAX < length || said.text.contains('\0') {
        return Err(Failure::bad("/text", "an answer has 1 to 4000 characters; only a macro may have none"));
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
    checked_acts(app, caller, said)?;
    match &said.language {
        Some(language) if !normal::LANGUAGES.contains(&language.as_str()) => {
            let hint = crate::config::did_you_mean(language, normal::LANGUAGES.iter().copied());
            Err(Failure::bad("/language", format!("no language is called `{language}`: {hint}")))
        }
        _ => Ok(()),
    }
}

/// The acts of a macro, each with its place.
fn checked_acts(app: &Shared, caller: &Caller, said: &Change) -> Result<(), Failure> {
    if said.hotkey.is_some_and(|digit| !(1..=9).contains(&digit)) {
        return Err(Failure::bad("/hotkey", "give a digit from 1 to 9"));
    }
    if ACTS_MAX < said.then.len() {
        return Err(Failure::bad("/then", format!("a macro has at most {ACTS_MAX} acts")));
    }
    for (index, act) in said.then.iter().enumerate() {
        let place = format!("/then/{index}");
        let bad = |detail: &str| Err(Failure::bad(place.clone(), detail));
        if act.leaves() && index + 1 < said.then.len() {
            return bad("after this the worker does not have the task any more: put it last");
        }
        match act {
            Act::Note { text } if text.trim().is_empty() || NOTE_CHARS_MAX < text.chars().count() => {
                return bad("a note has 1 to 1000 characters");
            }
            Act::Note { .. } if said.then[..index].iter().any(|before| !before.leaves()) => {
                return bad("one note is enough: put the words together");
            }
            Act::Park { minutes, .. } if !(1..=PARK_MINUTES_MAX).contains(minutes) => {
                return bad("a task is put aside for 1 to 129600 minutes, which is 90 days");
            }
            Act::Transfer { to } => target(&app.directory(), caller.tenant, to, &format!("{place}/to")).map(drop)?,
            Act::Finish { disposition } if disposition.trim().is_empty() || 64 < disposition.len() => {
                return bad("say in 1 to 64 bytes how it ended, such as `answered`");
            }
            Act::Note { .. } | Act::Park { .. } | Act::Finish { .. } => {}
        }
    }
    Ok(())
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
    let known = app.desks().canned(caller.tenant).await?;
    let has_key = |other: &&Canned| other.name != name && said.hotkey.is_some() && other.hotkey == said.hotkey;
    if let Some(other) = known.iter().find(has_key) {
        return Err(Failure::bad("/hotkey", format!("`{}` has this digit: choose another", other.name)));
    }
    if said.version == 0 && CANNED_MAX <= known.len() {
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
        then: said.then,
        hotkey: said.hotkey,
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
    /// What follows when it is done as a macro; empty for an answer and no more.
    then: Vec<Act>,
    /// The digit that does it; null: none.
    #[schema(required)]
    hotkey: Option<u8>,
}

/// What is known of a task when words are put into a reply.
pub(super) struct Facts {
    contact: Option<Pii<String>>,
    worker: Option<String>,
    task: String,
    /// Its queue.
    pub(super) queue: String,
    /// What the customer speaks.
    language: &'static str,
    fields: Fields,
}

impl Facts {
    /// Read from what was said.
    pub(super) async fn of(app: &Shared, caller: &Caller, task: &Task) -> Result<Self, Failure> {
        let whose = task.conversation.map_or(Transcript::Task(task.id), Transcript::Conversation);
        let said: Vec<StoredMessage> =
            app.archive().transcripts(&[whose], LIMIT_MAX).await?.into_iter().flatten().collect();
        let directory = app.directory();
        let of_customer = |line: &&StoredMessage| line.author == Author::Customer;
        let latest = said.iter().rev().filter(of_customer).find_map(|line| line.body.text.as_ref());
        let worker = caller.worker.or_else(|| task.state.holder()).map(|worker| worker_name(worker, &directory));
        Ok(Self {
            contact: said.iter().rev().filter(of_customer).find_map(|line| line.body.name.clone()),
            worker,
            task: task.id.to_string(),
            queue: queue_name(task.queue, &directory),
            language: latest.map_or("und", |text| normal::language(text.expose())),
            fields: said.into_iter().map(|line| line.body.fields).find(|fields| !fields.is_empty()).unwrap_or_default(),
        })
    }

    /// The same as places are filled with.
    pub(super) fn known(&self) -> Known<'_> {
        Known {
            contact: self.contact.as_ref().map(|name| name.expose().as_str()),
            worker: self.worker.as_deref(),
            task: &self.task,
            queue: &self.queue,
            fields: Some(&self.fields),
        }
    }
}

/// The ready answers that fit a task: of its queue or of all, those in the customer's language first.
pub async fn of_task(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<Page<FilledInfo>>, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?;
    let facts = Facts::of(&app, &caller, &task).await?;
    let known = facts.known();
    let mut found = app.desks().canned(caller.tenant).await?;
    found.retain(|canned| canned.queue.as_ref().is_none_or(|of| *of == facts.queue));
    // The sort keeps names in order among those of one language.
    found.sort_by_key(|canned| match canned.language.as_deref() {
        Some(of) if of == facts.language => 0,
        None => 1,
        Some(_) => 2,
    });
    let info = |canned: Canned| {
        let filled = fill(&canned.text, &known);
        let Canned { name, title, language, then, hotkey, .. } = canned;
        FilledInfo { name, title, text: filled.text, missing: filled.missing, language, then, hotkey }
    };
    Ok(Json(Page { items: found.into_iter().map(info).collect(), next: None }))
}
