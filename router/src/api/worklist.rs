//! Open work as a list: by any of its fields, by views that people keep for themselves, and taken from by workers.

mod kept;
mod origin;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::Scheduler;
use blendline_core::rows::{Task, TaskState};
use blendline_rules::normal::LANGUAGES;
use blendline_wire::task::Side;
use blendline_wire::worker::Author;
use blendline_wire::{AccountId, Millis, Pii, QueueId, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::items::unknown_queue;
use super::json::Strict;
use super::page::{Params, id, parsed};
use super::problem::{Failure, of_call};
use super::view::{self, TaskInfo};
use super::{Shared, audit, now};
use crate::config::did_you_mean;
use crate::directory::{Directory, Role};
use crate::handle::Call;
use crate::payload::StoredMessage;
use crate::take::{NotTaken, in_the_way};

pub use kept::{ViewInfo, put_view, remove_view, views};
pub(super) use origin::Origins;
use origin::{Origin, Short};

/// Tasks that are shown: those due first.
const SHOWN_MAX: usize = 100;
/// Lines of each that are looked at for what it is about.
const LINES_MAX: usize = 8;
/// The most of what was said that is shown, in characters.
const PEEK_CHARS: usize = 160;
/// The longest word of a rule that is asked for, in bytes.
const TAG_BYTES_MAX: usize = 200;

/// Which open tasks. What is left out does not matter.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = WorkFilter)]
pub struct Filter {
    /// Those of this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// Those that came by this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// Those of this office.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<Side>,
    /// Those in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<OpenState>,
    /// Those that this worker has, is offered or gets back.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Those that wait, or came, at least so many minutes ago.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "minutes")]
    older_min: Option<u64>,
    /// Those to which the rules gave this word (`tags`).
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// Those that began in this language: `he`, `ar`, `ru`, `en`, or `und` where it began without words.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

/// A number, as a query and as a body writes it.
fn minutes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u64),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(number) => Ok(Some(number)),
        Written::Text(text) => {
            let text = serde::de::value::StringDeserializer::new(text);
            parsed(text, "a number of minutes").map(Some)
        }
    }
}

/// The state of an open task.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OpenState {
    /// In line.
    Waiting,
    /// Shown to a worker.
    Offered,
    /// A worker has it.
    Active,
    /// Put aside, for whatever.
    Aside,
}

impl OpenState {
    const fn of(state: &TaskState) -> Option<Self> {
        match state {
            TaskState::Waiting => Some(Self::Waiting),
            TaskState::Offered { .. } => Some(Self::Offered),
            TaskState::Active { .. } => Some(Self::Active),
            TaskState::Parked { .. } | TaskState::Interrupted { .. } | TaskState::Requesting { .. } => {
                Some(Self::Aside)
            }
            TaskState::Closed { .. } => None,
        }
    }
}

/// A filter with handles for names.
#[derive(Clone, Debug, Default)]
struct Asked {
    queue: Option<QueueId>,
    accounts: Option<BTreeSet<AccountId>>,
    side: Option<Side>,
    state: Option<OpenState>,
    worker: Option<WorkerId>,
    before: Option<Millis>,
    tag: Option<String>,
    language: Option<String>,
}

impl Asked {
    /// # Errors
    /// What it names is not there.
    fn of(filter: &Filter, tenant: TenantId, directory: &Directory) -> Result<Self, Failure> {
        let queue = filter
            .queue
            .as_ref()
            .map(|name| directory.queue(tenant, name).ok_or_else(|| unknown_queue(directory, tenant, name, "queue")));
        let unknown =
            |name: &String| Failure::not_found("worker", format!("no worker is called `{name}`")).at("worker");
        let worker = filter.worker.as_ref().map(|name| directory.worker(tenant, name).ok_or_else(|| unknown(name)));
        let of_channel = |channel: &String| {
            let own =
                directory.accounts.iter().filter(|(_, entry)| entry.tenant == tenant && entry.channel == *channel);
            own.map(|(id, _)| *id).collect()
        };
        let too_long = |tag: &String| TAG_BYTES_MAX < tag.len();
        if filter.tag.as_ref().is_some_and(too_long) {
            return Err(Failure::bad("/tag", format!("no word of a rule is longer than {TAG_BYTES_MAX} bytes")));
        }
        if let Some(language) = filter.language.as_ref().filter(|name| !LANGUAGES.contains(&name.as_str())) {
            let hint = did_you_mean(language, LANGUAGES.iter().copied());
            return Err(Failure::bad("/language", format!("no language is called `{language}`: {hint}")));
        }
        let older = |minutes: u64| Millis(now().0.saturating_sub(minutes.saturating_mul(60_000)));
        Ok(Self {
            queue: queue.transpose()?,
            accounts: filter.channel.as_ref().map(of_channel),
            side: filter.side,
            state: filter.state,
            worker: worker.transpose()?,
            before: filter.older_min.map(older),
            tag: filter.tag.clone(),
            language: filter.language.clone(),
        })
    }

    /// Whether it asks for what only the record knows.
    const fn wants_origin(&self) -> bool {
        self.tag.is_some() || self.language.is_some()
    }

    fn takes_origin(&self, origin: &Origin) -> bool {
        self.tag.as_ref().is_none_or(|tag| origin.tags.contains(tag))
            && self.language.as_deref().is_none_or(|language| language == origin.language)
    }

    /// What its row says of it; see [`Self::takes_origin`] for the rest.
    fn takes(&self, task: &Task) -> bool {
        self.queue.is_none_or(|queue| queue == task.queue)
            && self.accounts.as_ref().is_none_or(|own| task.account.is_some_and(|account| own.contains(&account)))
            && self.side.is_none_or(|side| side == task.side)
            && self.state.is_none_or(|state| OpenState::of(&task.state) == Some(state))
            && self.worker.is_none_or(|worker| task.state.holder() == Some(worker))
            && self.before.is_none_or(|before| task.earned_at <= before)
    }
}

/// The open tasks of a tenant that somebody may see: a worker those of his queues that wait, and his own.
fn seen(core: &Scheduler, tenant: TenantId, own: Option<WorkerId>) -> impl Iterator<Item = &Task> {
    let queues = own.and_then(|id| core.worker(id)).map(|worker| worker.settings.queues.clone());
    core.tasks().filter(move |task| {
        let mine = || task.state.holder() == own;
        let waits = || task.state == TaskState::Waiting && queues.as_ref().is_some_and(|own| own.contains(&task.queue));
        task.tenant == tenant && (own.is_none() || mine() || waits())
    })
}

/// An open task in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkRow)]
pub struct Row {
    /// The task.
    #[serde(flatten)]
    task: TaskInfo,
    /// The channel that it came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// What it is about: its title, or who wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Pii<String>>,
    /// The beginning of what was said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<Pii<String>>,
    /// The words that the rules gave it.
    tags: Vec<String>,
    /// The language in which it began: `he`, `ar`, `ru`, `en`; `und` where it began without words.
    language: &'static str,
    /// What keeps the worker who asks from taking it; left out where nothing does, or no worker asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_taken: Option<NotTaken>,
}

/// A list of open work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkList)]
pub struct List {
    /// Those due first, at most 100.
    items: Vec<Row>,
    /// How many there are.
    count: usize,
    /// How many more there may be: the record was not read yet for their tags and language. The next call reads on.
    #[serde(skip_serializing_if = "is_none")]
    unread: usize,
}

/// Nothing of it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
const fn is_none(count: &usize) -> bool {
    *count == 0
}

/// The open tasks of a filter, those due first.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(filter): Params<Filter>,
) -> Result<Json<List>, Failure> {
    let directory = app.directory();
    let asked = Asked::of(&filter, caller.tenant, &directory)?;
    let (mut found, mut count) = candidates(&app, &caller, asked.clone()).await?;
    let mut unread = 0;
    if asked.wants_origin() {
        let known = app.origins().read(app.archive(), &found).await?;
        unread = known.iter().filter(|origin| origin.is_none()).count();
        let mut known = known.into_iter();
        found.retain(|_| known.next().flatten().is_some_and(|origin| asked.takes_origin(&origin)));
        count = found.len();
        found.truncate(SHOWN_MAX);
    }
    Ok(Json(List { items: rows(&app, &caller, &found).await?, count, unread }))
}

/// The tasks whose rows a filter takes, those due first, and how many there are. Where the filter asks for nothing else,
/// only as many as are shown.
async fn candidates(app: &Shared, caller: &Caller, asked: Asked) -> Result<(Vec<Short>, usize), Failure> {
    let (tenant, own) = (caller.tenant, his_own(caller));
    let look = move |core: &Scheduler| {
        let mut found: Vec<&Task> = seen(core, tenant, own).filter(|task| asked.takes(task)).collect();
        let count = found.len();
        found.sort_unstable_by_key(|task| (task.due_at, task.id));
        if !asked.wants_origin() {
            found.truncate(SHOWN_MAX);
        }
        (found.into_iter().map(Short::of).collect(), count)
    };
    app.door(tenant).look(look).await.map_err(|error| of_call(error, tenant, &app.directory()))
}

/// These tasks as they are shown; what is closed by now is left out.
async fn rows(app: &Shared, caller: &Caller, shown: &[Short]) -> Result<Vec<Row>, Failure> {
    let (tenant, own, at) = (caller.tenant, his_own(caller), now());
    let ids: Vec<TaskId> = shown.iter().map(|short| short.task).collect();
    let look = move |core: &Scheduler| {
        let row = |task: &Task| (task.clone(), own.and_then(|worker| in_the_way(core, at, worker, task)));
        ids.iter().map(|id| core.task(*id).map(row)).collect::<Vec<_>>()
    };
    let directory = app.directory();
    let tasks = app.door(tenant).look(look).await.map_err(|error| of_call(error, tenant, &directory))?;
    let of: Vec<_> = shown.iter().map(|short| short.transcript).collect();
    let lines = app.archive().transcripts(&of, LINES_MAX).await?;
    let origins = app.origins().read(app.archive(), shown).await?;
    let all = tasks.into_iter().zip(lines).zip(origins);
    Ok(all.filter_map(|((task, lines), origin)| Some(row(task?, &lines, origin, &directory))).collect())
}

fn row(
    (task, not_taken): (Task, Option<NotTaken>),
    lines: &[StoredMessage],
    origin: Option<Origin>,
    directory: &Directory,
) -> Row {
    let channel = task.account.and_then(|id| directory.accounts.get(&id)).map(|entry| entry.channel.clone());
    let named = lines.iter().find_map(|line| line.body.title.clone());
    let heard = lines.iter().rev().find(|line| line.author == Author::Customer);
    let title = named.or_else(|| heard.and_then(|line| line.body.name.clone()));
    let peek = |text: &Pii<String>| Pii::new(text.expose().chars().take(PEEK_CHARS).collect());
    let says = heard.or(lines.last()).and_then(|line| line.body.text.as_ref()).map(peek);
    let Origin { tags, language, .. } = origin.unwrap_or_default();
    Row { task: view::task(task, directory), channel, title, says, tags: tags.to_vec(), language, not_taken }
}

/// The worker whose own work is shown, where it is one who asks.
fn his_own(caller: &Caller) -> Option<WorkerId> {
    caller.worker.filter(|_| caller.role == Role::Worker)
}

/// Who takes it.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskTake)]
pub struct Take {
    /// Who; may be left out where the caller is one worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
}

/// A worker takes a waiting task out of the line: it comes to him like any that is meant for him.
pub async fn take(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
    Strict(body): Strict<Take>,
) -> Result<StatusCode, Failure> {
    let directory = app.directory();
    let worker = caller.speaks_for(&directory, body.worker.as_deref())?;
    let task: TaskId = id("task", &text)?;
    let known = app.archive().task(task).await?.is_some_and(|row| row.tenant == caller.tenant);
    if !known {
        return Err(Failure::not_found("task", "no task has this id"));
    }
    audit::note(&app, &caller, "task_take", &task.to_string(), Value::Null).await?;
    let call = Call::Take { worker, task };
    match app.door(caller.tenant).call(caller.actor(), call).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(of_call(error, caller.tenant, &directory)),
    }
}
