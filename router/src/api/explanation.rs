//! Why a task waits, and what would give it a worker.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_core::rows::Task;
use blendline_core::{Explanation, Obstacle};
use blendline_rules::facts::History;
use blendline_rules::{Classifier, Facts};
use blendline_wire::event::Because;
use blendline_wire::time::Instant;
use blendline_wire::worker::Author;
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::auth::Caller;
use super::page::id;
use super::problem::{Failure, of_call};
use super::tasks::owned;
use super::view::{queue_name, worker_name};
use crate::directory::Directory;
use crate::payload::StoredMessage;
use crate::ports::store::Transcript;
use crate::rules::explain::Explained;

/// Where a task stands, and why.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Explanation)]
pub struct ExplanationInfo {
    /// `waiting`; `given` when a worker has it or is offered it; otherwise the task's own state.
    state: &'static str,
    /// Who has it or is offered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Why he is offered it. Who came second is in the event of the offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<Because>,
    /// What keeps it waiting, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<WaitingInfo>,
    /// How the rules brought it to its queue, by the version that decided then. Left out where no rules did, and where the
    /// message that made it is too far back.
    #[serde(skip_serializing_if = "Option::is_none")]
    routing: Option<RoutingInfo>,
}

/// How the rules brought a task to its queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Routing)]
pub struct RoutingInfo {
    /// The version of the rules.
    version: u32,
    /// The rules that were tried. What the record knew of the sender at that time is not kept: conditions on his history
    /// are explained for a stranger.
    #[serde(flatten)]
    explained: Explained,
}

/// What keeps a task waiting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WhyWaiting)]
pub struct WaitingInfo {
    /// How urgent it is, in parts of a thousand of its target.
    urgency_milli: u64,
    /// How many wait in its queue, itself included.
    in_queue: usize,
    /// For whom it waits until `for_worker_until`; after that anybody may have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    for_worker: Option<String>,
    /// Until when it waits for one worker only.
    #[serde(skip_serializing_if = "Option::is_none")]
    for_worker_until: Option<Instant>,
    /// When its queue opens, where it is closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_at: Option<Instant>,
    /// How many workers there are.
    workers: u64,
    /// How many workers each obstacle keeps from it: `other_queue`, `no_skill`, `skill_too_low`, `not_connected`, `away`,
    /// `busy`, `draining`, `no_room`, `declined`, `reserved` (a front queue needs them free). A worker may meet several.
    obstacles: BTreeMap<String, u64>,
    /// How many workers could have it if only this one obstacle were not there: `"away": 3` says that three would do and
    /// are away.
    lacking_only: BTreeMap<String, u64>,
    /// The front queues that need free who could do it otherwise.
    reserved_for: Vec<String>,
}

impl ExplanationInfo {
    pub(crate) fn of(explanation: Explanation, directory: &Directory) -> Self {
        let named = |counts: BTreeMap<Obstacle, u64>| {
            counts.into_iter().map(|(obstacle, count)| (obstacle.name().to_owned(), count)).collect()
        };
        match explanation {
            Explanation::Waiting(why) => Self {
                state: "waiting",
                waiting: Some(WaitingInfo {
                    urgency_milli: why.urgency_milli,
                    in_queue: why.in_queue,
                    for_worker: why.directed.map(|(worker, _)| worker_name(worker, directory)),
                    for_worker_until: why.directed.map(|(_, until)| Instant(until)),
                    opens_at: why.opens_at.map(Instant),
                    workers: why.workers,
                    obstacles: named(why.obstacles),
                    lacking_only: named(why.lacking_only),
                    reserved_for: why.reserved_for.into_iter().map(|queue| queue_name(queue, directory)).collect(),
                }),
                ..Self::default()
            },
            Explanation::Given { worker, because } => {
                Self { state: "given", worker: Some(worker_name(worker, directory)), because, ..Self::default() }
            }
            Explanation::Aside(state) => Self { state, ..Self::default() },
        }
    }
}

/// Why a task stands where it stands. One look at the live state, between two batches.
pub async fn one(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<ExplanationInfo>, Failure> {
    let task = owned(&app, &caller, id("task", &text)?).await?;
    let routing = routing(&app, &task).await?;
    let (id, now, directory) = (task.id, super::now(), app.directory());
    let seen = app.door(caller.tenant).look(move |core| core.explain(now, id)).await;
    let found = seen.map_err(|error| of_call(error, caller.tenant, &directory))?;
    // What the core does not have is closed.
    let explained = ExplanationInfo::of(found.unwrap_or(Explanation::Aside("closed")), &directory);
    Ok(Json(ExplanationInfo { routing, ..explained }))
}

/// How many lines back the message is looked for that made a task.
const LINES_BACK: usize = 200;

/// Tries the rules again that decided, on the message that they decided on.
async fn routing(app: &Shared, task: &Task) -> Result<Option<RoutingInfo>, Failure> {
    if task.rule_set == 0 {
        return Ok(None);
    }
    let Some(row) = app.rules().rule_set(task.tenant, task.rule_set).await? else { return Ok(None) };
    let (Some(conversation), Some(account)) = (task.conversation, task.account) else {
        return of_item(app, task, &row.text).await;
    };
    let lines = app.archive().transcripts(&[Transcript::Conversation(conversation)], LINES_BACK).await?;
    let made_it = |line: &StoredMessage| line.author == Author::Customer && task.created_at <= line.at;
    let Some(line) = lines.into_iter().flatten().find(made_it) else { return Ok(None) };
    let directory = app.directory();
    let Some(entry) = directory.accounts.get(&account) else { return Ok(None) };
    let Some(set) = blendline_rules::check("rules", &row.text, &crate::rules::world(None)).set else { return Ok(None) };
    let at = line.at;
    let event = line.body.heard();
    let place = (entry.channel.as_str(), entry.account.name.as_str());
    let facts = Facts::of(&event, place, History::default(), at, &set.zone);
    let explained = Explained::of(&Classifier::new(&set), &facts);
    Ok(Some(RoutingInfo { version: task.rule_set, explained }))
}

/// The same of a work item: its first line is what was pushed.
async fn of_item(app: &Shared, task: &Task, rules: &str) -> Result<Option<RoutingInfo>, Failure> {
    let lines = app.archive().transcripts(&[Transcript::Task(task.id)], LINES_BACK).await?;
    let pushed = |line: &StoredMessage| line.seq == 1 && line.body.item.is_some();
    let Some(line) = lines.into_iter().flatten().find(pushed) else { return Ok(None) };
    let Some(set) = blendline_rules::check("rules", rules, &crate::rules::world(None)).set else { return Ok(None) };
    let facts = Facts::of_item(line.body.item_facts(), line.at, &set.zone);
    let explained = Explained::of(&Classifier::new(&set), &facts);
    Ok(Some(RoutingInfo { version: task.rule_set, explained }))
}
