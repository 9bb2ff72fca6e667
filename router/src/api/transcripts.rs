//! One matter as a page to be printed, for who is signed in and may see it.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use blendline_core::rows::Task;
use blendline_wire::worker::Author;
use blendline_wire::{MatterId, TaskId};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::auth::forbidden;
use super::page::{LIMIT_MAX, Params, parsed};
use super::pages::known;
use super::problem::Failure;
use super::tasks::is_of;
use super::{Shared, now};
use crate::directory::Role;
use crate::masked;
use crate::notes;
use crate::pages::{self, Part, Printed, Spoken, SpokenLine, Voice};
use crate::payload::StoredMessage;
use crate::people::SignedIn;
use crate::ports::people::Deed;
use crate::ports::store::{TaskFilter, Transcript};

/// Lines of one part that are printed: the latest.
const LINES_MAX: usize = 2_000;

/// In which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub struct Form {
    /// True: with what colleagues noted; left out, as a customer may read it.
    #[serde(default, deserialize_with = "flag")]
    notes: bool,
    /// The language of the page.
    #[serde(default)]
    lang: Option<String>,
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    parsed(deserializer, "true or false")
}

/// The matter of a task, to be printed. Who looks after the system sees no names and numbers of customers.
pub async fn one(
    State(app): State<Shared>,
    spoken: Spoken,
    headers: HeaderMap,
    Path(text): Path<String>,
    Params(form): Params<Form>,
) -> Result<Response, Failure> {
    let unknown = || Failure::not_found("task", "no task has this id");
    let _ = form.lang;
    let id: TaskId = text.parse().map_err(|_| unknown())?;
    let person = match known(&app, &headers, &format!("/transcripts/{id}")).await? {
        Ok(person) => person,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let task = app.archive().task(id).await?.filter(|task| task.tenant == person.tenant).ok_or_else(unknown)?;
    let masked = match person.role {
        Role::Worker => {
            let own = person.worker.as_deref().and_then(|name| app.directory().worker(person.tenant, name));
            own.filter(|own| is_of(&task, *own)).ok_or_else(unknown)?;
            false
        }
        Role::Supervisor | Role::Admin => false,
        Role::Operations | Role::Auditor => true,
        Role::Integrator => return Err(forbidden("a program prints nothing")),
    };
    let deed = Deed { at: now(), actor: format!("user {}", person.display), what: "transcript_printed" };
    let asked = json!({ "notes": form.notes, "masked": masked });
    app.people().record().note(person.tenant, &task.matter.to_string(), (Value::Null, asked), &deed).await?;
    let printed = printed(&app, &person, task.matter, form.notes, masked).await?;
    let page = pages::Page { spoken: spoken.whole(), user: &person.display, csrf: &person.csrf, push_key: None };
    Ok(pages::transcript(&page, &printed))
}

async fn printed(
    app: &Shared,
    person: &SignedIn,
    matter: MatterId,
    with_notes: bool,
    masked: bool,
) -> Result<Printed, Failure> {
    let filter = TaskFilter { matter: Some(matter), ..TaskFilter::default() };
    let tasks = app.archive().tasks(person.tenant, &filter, TaskId(0), LIMIT_MAX).await?;
    let mut more = tasks.len() == LIMIT_MAX;
    let of: Vec<Transcript> = transcripts(&tasks);
    let found = app.archive().transcripts(&of, LINES_MAX).await?;
    let directory = app.directory();
    let mut parts = Vec::with_capacity(of.len());
    for (whose, lines) in of.into_iter().zip(found) {
        more |= lines.len() == LINES_MAX;
        let (id, channel) = match whose {
            Transcript::Task(task) => (task.to_string(), None),
            Transcript::Conversation(conversation) => {
                let row = app.archive().conversation(conversation).await?;
                let entry = row.and_then(|row| directory.accounts.get(&row.account));
                (conversation.to_string(), entry.map(|entry| entry.channel.clone()))
            }
        };
        let lines = lines.into_iter().filter(|line| with_notes || line.author != Author::Note);
        let lines: Vec<SpokenLine> = lines.map(|line| line_of(line, masked)).collect();
        parts.push(Part { id, channel, lines });
    }
    // Requests between colleagues are nothing but notes: without them nothing is left of them.
    parts.retain(|part| with_notes || !part.lines.is_empty());
    if with_notes {
        parts.extend(noted(app, person, matter, masked).await?);
    }
    let tenant = directory.tenants.get(&person.tenant).cloned().unwrap_or_default();
    let matter = matter.to_string();
    Ok(Printed { tenant, matter, at: now(), masked, notes: Some(with_notes), more, parts })
}

/// The transcripts of a matter's tasks, each once, in the order in which they began.
fn transcripts(tasks: &[Task]) -> Vec<Transcript> {
    let mut of = BTreeMap::new();
    for task in tasks {
        let whose = task.conversation.map_or(Transcript::Task(task.id), Transcript::Conversation);
        let number = task.conversation.map_or(task.id.0, |conversation| conversation.0);
        of.entry(number).or_insert(whose);
    }
    of.into_values().collect()
}

fn line_of(line: StoredMessage, masked: bool) -> SpokenLine {
    let voice = match line.author {
        Author::Customer => Voice::Customer,
        Author::Note => Voice::Note,
        _ => Voice::Company,
    };
    let body = line.body;
    let shown = |text: &str| if masked { masked::text(text) } else { text.to_owned() };
    let text = body.text.or(body.title).map(|text| shown(text.expose())).unwrap_or_default();
    let name = body.name.map(|name| match voice {
        Voice::Customer if masked => masked::name(name.expose()),
        _ => name.into_inner(),
    });
    let files = body.attachments.into_iter().filter_map(|file| Some(shown(file.filename?.expose()))).collect();
    SpokenLine { at: line.at, voice, name, text, files }
}

/// What colleagues noted beside the conversation.
async fn noted(app: &Shared, person: &SignedIn, matter: MatterId, masked: bool) -> Result<Option<Part>, Failure> {
    let notes = notes::of_matter(app.archive(), person.tenant, matter).await?;
    let line = |kept: notes::Kept<notes::Note>| {
        let text = kept.what.text.into_inner();
        let text = if masked { masked::text(&text) } else { text };
        SpokenLine { at: kept.at, voice: Voice::Note, name: Some(kept.what.from), text, files: Vec::new() }
    };
    let lines: Vec<SpokenLine> = notes.into_iter().rev().map(line).collect();
    Ok((!lines.is_empty()).then(|| Part { id: matter.to_string(), channel: None, lines }))
}
