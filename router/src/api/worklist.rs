//! Open work as a list: by any of its fields, by views that people keep for themselves, and taken from by workers.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::Scheduler;
use blendline_core::rows::{Task, TaskState};
use blendline_wire::task::Side;
use blendline_wire::worker::Author;
use blendline_wire::{AccountId, Millis, Pii, QueueId, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::auth::Caller;
use super::items::unknown_queue;
use super::json::Strict;
use super::page::{Page, Params, id, parsed};
use super::problem::{Failure, of_call};
use super::view::{self, TaskInfo};
use super::{Shared, audit, now};
use crate::directory::{Directory, Role};
use crate::handle::Call;
use crate::ports::desks::{VIEWS_MAX, View};
use crate::ports::store::Transcript;
use crate::take::{NotTaken, in_the_way};

/// Tasks that are shown: those due first.
const SHOWN_MAX: usize = 100;
/// Lines of each that are looked at for what it is about.
const LINES_MAX: usize = 8;
/// The most of what was said that is shown, in characters.
const PEEK_CHARS: usize = 160;
/// The longest name of a view, in bytes.
const NAME_BYTES_MAX: usize = 60;

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
        let older = |minutes: u64| Millis(now().0.saturating_sub(minutes.saturating_mul(60_000)));
        Ok(Self {
            queue: queue.transpose()?,
            accounts: filter.channel.as_ref().map(of_channel),
            side: filter.side,
            state: filter.state,
            worker: worker.transpose()?,
            before: filter.older_min.map(older),
        })
    }

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
}

/// The open tasks of a filter, those due first.
pub async fn list(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Params(filter): Params<Filter>,
) -> Result<Json<List>, Failure> {
    let directory = app.directory();
    let asked = Asked::of(&filter, caller.tenant, &directory)?;
    let (tenant, own, at) = (caller.tenant, his_own(&caller), now());
    let look = move |core: &Scheduler| {
        let mut found: Vec<&Task> = seen(core, tenant, own).filter(|task| asked.takes(task)).collect();
        let count = found.len();
        found.sort_unstable_by_key(|task| (task.due_at, task.id));
        found.truncate(SHOWN_MAX);
        let row = |task: &Task| (task.clone(), own.and_then(|worker| in_the_way(core, at, worker, task)));
        (found.into_iter().map(row).collect::<Vec<_>>(), count)
    };
    let seen = app.door(tenant).look(look).await.map_err(|error| of_call(error, tenant, &directory))?;
    let (found, count) = seen;
    let of = |task: &Task| task.conversation.map_or(Transcript::Task(task.id), Transcript::Conversation);
    let of: Vec<Transcript> = found.iter().map(|(task, _)| of(task)).collect();
    let lines = app.archive().transcripts(&of, LINES_MAX).await?;
    let row = |((task, not_taken), lines): ((Task, _), Vec<crate::payload::StoredMessage>)| {
        let channel = task.account.and_then(|id| directory.accounts.get(&id)).map(|entry| entry.channel.clone());
        let named = lines.iter().find_map(|line| line.body.title.clone());
        let heard = lines.iter().rev().find(|line| line.author == Author::Customer);
        let title = named.or_else(|| heard.and_then(|line| line.body.name.clone()));
        let peek = |text: &Pii<String>| Pii::new(text.expose().chars().take(PEEK_CHARS).collect());
        let says = heard.or(lines.last()).and_then(|line| line.body.text.as_ref()).map(peek);
        Row { task: view::task(task, &directory), channel, title, says, not_taken }
    };
    Ok(Json(List { items: found.into_iter().zip(lines).map(row).collect(), count }))
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

/// A view that somebody keeps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkView)]
pub struct ViewInfo {
    /// What he calls it.
    name: String,
    /// What it shows.
    filter: Filter,
    /// How many there are now; null where it names what is not there any more.
    #[schema(required)]
    count: Option<usize>,
}

/// The views of whoever asks, by name, each with how many tasks it shows now.
pub async fn views(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
) -> Result<Json<Page<ViewInfo>>, Failure> {
    let directory = app.directory();
    let (tenant, own) = (caller.tenant, his_own(&caller));
    let kept = app.desks().views(tenant, &caller.actor).await?;
    let filters: Vec<Filter> = kept.iter().map(|view| Filter::deserialize(&view.filter).unwrap_or_default()).collect();
    let asked: Vec<Option<Asked>> = filters.iter().map(|filter| Asked::of(filter, tenant, &directory).ok()).collect();
    let look = move |core: &Scheduler| {
        let mut counts: Vec<Option<usize>> = asked.iter().map(|asked| asked.as_ref().map(|_| 0)).collect();
        for task in seen(core, tenant, own) {
            for (count, asked) in counts.iter_mut().zip(&asked) {
                if let (Some(count), Some(asked)) = (count, asked) {
                    *count += usize::from(asked.takes(task));
                }
            }
        }
        counts
    };
    let counts = app.door(tenant).look(look).await.map_err(|error| of_call(error, tenant, &directory))?;
    let info = |((view, filter), count): ((View, Filter), Option<usize>)| ViewInfo { name: view.name, filter, count };
    Ok(Json(Page { items: kept.into_iter().zip(filters).zip(counts).map(info).collect(), next: None }))
}

/// Keeps a view under a name, in the place of the one that had it.
pub async fn put_view(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
    Strict(filter): Strict<Filter>,
) -> Result<StatusCode, Failure> {
    let name = name.trim().to_owned();
    if name.is_empty() || NAME_BYTES_MAX < name.len() || name.contains(char::is_control) {
        return Err(Failure::bad("/name", "a view has a name of 1 to 60 bytes"));
    }
    Asked::of(&filter, caller.tenant, &app.directory())?;
    let kept = app.desks().views(caller.tenant, &caller.actor).await?;
    if VIEWS_MAX <= kept.len() && kept.iter().all(|view| view.name != name) {
        return Err(Failure::bad("/", format!("nobody keeps more than {VIEWS_MAX} views: remove one")));
    }
    let filter = serde_json::to_value(&filter).unwrap_or_default();
    let view = View { tenant: caller.tenant, owner: caller.actor.clone(), name, filter };
    app.desks().put_view(&view).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets a view.
pub async fn remove_view(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    if !name.contains('\0') {
        app.desks().remove_view(caller.tenant, &caller.actor, &name).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
