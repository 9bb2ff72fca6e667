//! Macros: ready answers with acts behind them, done by one call as a whole or not at all.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use blendline_core::Answer;
use blendline_core::rows::Task;
use blendline_wire::event::Actor;
use blendline_wire::outbound::Content;
use blendline_wire::task::{ClockRule, Target};
use blendline_wire::worker::Reply;
use blendline_wire::{Lease, Pii, TaskId, WorkerId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::auth::Caller;
use super::canned::Facts;
use super::frames::target;
use super::json::Strict;
use super::page::id;
use super::problem::{Failure, of_call};
use super::{Shared, audit, notes, now, private};
use crate::canned::fill;
use crate::handle::{Call, Verdict};
use crate::ports::desks::{Act, Canned};
use crate::ports::held::HeldOrder;

const MINUTE_MS: u64 = 60_000;

/// What is to be done, on which task.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MacroOrder)]
pub struct Order {
    /// Who does it; may be left out where the caller is one worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// The number of his ownership, as the task came with.
    lease: Lease,
    /// Unique within the task: the same key twice says nothing twice.
    #[schema(min_length = 1)]
    key: String,
    /// The place of the latest line he had seen: what the customer wrote after it brings the task back to him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<u64>,
    /// True: say what it would do, and do nothing.
    #[serde(default)]
    preview: bool,
}

impl Order {
    /// What was asked of a task some time ago.
    pub(super) fn held(order: HeldOrder) -> Self {
        let HeldOrder { lease, key, seen, .. } = order;
        Self { worker: None, lease, key, seen, preview: false }
    }
}

/// What a macro did, or would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MacroDone)]
pub struct Done {
    /// Its short name.
    name: String,
    /// What the customer is told; null: nothing.
    #[schema(required)]
    says: Option<String>,
    /// Its place in the conversation, where it was said and the task goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    /// What follows.
    then: Vec<Act>,
    /// True where the task is not the worker's afterwards.
    pub(super) leaves: bool,
}

/// A macro that can be done on a task.
struct Plan {
    says: Option<String>,
    note: Option<String>,
    verdict: Option<Verdict>,
}

/// What is in the way of a step: a stable word for pages, what fills its sentence, and the sentence in English.
struct InTheWay {
    word: &'static str,
    about: String,
    says: String,
}

impl InTheWay {
    fn new(word: &'static str, says: impl Into<String>) -> Self {
        Self { word, about: String::new(), says: says.into() }
    }

    fn about(self, about: impl ToString) -> Self {
        Self { about: about.to_string(), ..self }
    }
}

/// Why nothing of it can be done: which step, and what is in its way.
fn refused(step: usize, what: &str, why: InTheWay) -> Failure {
    let InTheWay { word, about, says } = why;
    let detail = format!("step {} ({what}): {says}", step + 1);
    let title = "Nothing of the macro was done";
    let values = [("step", (step + 1).to_string()), ("about", about)];
    let failure = Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "step_refused", title, detail);
    failure.at(format!("/{step}")).why(word, &values)
}

/// Does a macro on a task that the worker has, or says what it would do. Every step is looked at before the first is done.
pub async fn run(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path((text, name)): Path<(String, String)>,
    Strict(order): Strict<Order>,
) -> Result<Json<Done>, Failure> {
    let worker = caller.speaks_for(&app.directory(), order.worker.as_deref())?;
    Ok(Json(on_one(&app, &caller, worker, (id("task", &text)?, &name), order).await?))
}

/// The same for one of the tasks of a worker.
pub(super) async fn on_one(
    app: &Shared,
    caller: &Caller,
    worker: WorkerId,
    (id, name): (TaskId, &str),
    order: Order,
) -> Result<Done, Failure> {
    let task = app.archive().task(id).await?.filter(|task| task.tenant == caller.tenant);
    let task = task.ok_or_else(|| Failure::not_found("task", "no task has this id"))?;
    if !task.state.is_active_with(worker) || task.lease != order.lease {
        let detail = "the task is not this worker's any more: look at it for who has it";
        return Err(Failure::new(StatusCode::CONFLICT, "fenced", "The task is somebody else's", detail));
    }
    let canned = app.desks().canned(caller.tenant).await?.into_iter().find(|canned| canned.name == name);
    let canned = canned.ok_or_else(|| Failure::not_found("canned_answer", "no ready answer has this name"))?;
    let plan = plan(app, caller, (&task, worker), &canned).await?;
    let says = plan.says.clone();
    let leaves = plan.verdict.is_some();
    let seq = if order.preview { None } else { carry_out(app, caller, (&task, worker), &canned, plan, order).await? };
    Ok(Done { name: canned.name, says, seq, then: canned.then, leaves })
}

/// Looks at every step. The words to the customer are the first; the acts follow in their order.
async fn plan(
    app: &Shared,
    caller: &Caller,
    (task, worker): (&Task, WorkerId),
    canned: &Canned,
) -> Result<Plan, Failure> {
    let facts = Facts::of(app, caller, task).await?;
    let mut plan = Plan { says: None, note: None, verdict: None };
    let mut step = 0;
    if canned.queue.as_ref().is_some_and(|queue| *queue != facts.queue) {
        return Err(refused(0, "all", InTheWay::new("other_queue", "it is for tasks of another queue")));
    }
    if !canned.text.trim().is_empty() {
        let filled = fill(&canned.text, &facts.known());
        if !filled.missing.is_empty() {
            let missing = filled.missing.join(", ");
            let why = InTheWay::new("not_known", format!("nothing is known for {missing}")).about(missing);
            return Err(refused(step, "reply", why));
        }
        may_say(app, task, &filled.text).await.map_err(|why| refused(step, "reply", why))?;
        plan.says = Some(filled.text);
        step += 1;
    }
    let directory = app.directory();
    for act in &canned.then {
        match act {
            Act::Note { text } => plan.note = Some(text.clone()),
            Act::Park { minutes, reason } => {
                let for_ms = u64::from(*minutes) * MINUTE_MS;
                plan.verdict = Some(Verdict::Snooze { for_ms, reason: *reason, clock: ClockRule::Stops });
            }
            Act::Transfer { to } => {
                let to = target(&directory, caller.tenant, to, "")
                    .map_err(|failure| refused(step, "transfer", InTheWay::new("no_target", failure.problem.detail)))?;
                if to == Target::Worker(worker) {
                    return Err(refused(step, "transfer", InTheWay::new("his_already", "the task is his already")));
                }
                plan.verdict = Some(Verdict::Transfer { to, note: None, cause: None });
            }
            Act::Finish { disposition } => {
                plan.verdict = Some(Verdict::Done { disposition: disposition.clone(), note: None });
            }
        }
        step += 1;
    }
    Ok(plan)
}

/// Whether the customer can be told this now, freely.
async fn may_say(app: &Shared, task: &Task, text: &str) -> Result<(), InTheWay> {
    let nobody = || InTheWay::new("nobody", "the task has no customer to reply to");
    let id = task.conversation.ok_or_else(nobody)?;
    let unreadable = |_| InTheWay::new("unreadable", "the record does not answer: try again");
    let row = app.archive().conversation(id).await.map_err(unreadable)?;
    let row = row.ok_or_else(|| InTheWay::new("over", "the conversation is over"))?;
    let directory = app.directory();
    let channel = directory.accounts.get(&row.account).and_then(|entry| blendline_connectors::by_name(&entry.channel));
    let gone = || InTheWay::new("no_account", "its account is not configured any more");
    let capabilities = channel.ok_or_else(gone)?.capabilities();
    let most = capabilities.text_chars_max;
    if most < text.chars().count() {
        return Err(InTheWay::new("too_long", format!("the channel takes {most} characters")).about(most));
    }
    let ends = capabilities.window_ms.map(|window| row.heard_at.map(|heard| heard.plus(window)).unwrap_or_default());
    match ends.filter(|ends| *ends <= now()) {
        Some(_) => Err(InTheWay::new("window", "the platform's window is closed: only a template gets through")),
        None => Ok(()),
    }
}

/// One call to the owner does what it does to the task; a note that no verdict bears is written after it.
async fn carry_out(
    app: &Shared,
    caller: &Caller,
    (task, worker): (&Task, WorkerId),
    canned: &Canned,
    plan: Plan,
    order: Order,
) -> Result<Option<u64>, Failure> {
    let Plan { says, mut note, verdict } = plan;
    let asked = json!({ "macro": canned.name, "version": canned.version });
    audit::note(app, caller, "macro_run", &task.id.to_string(), asked).await?;
    let reply = says.map(|text| Reply::new(&order.key, Content::Text { text: Pii::new(text) }));
    let (task_id, lease) = (task.id, order.lease);
    let call = match (verdict, reply) {
        (Some(verdict), reply) => {
            let verdict = match verdict {
                Verdict::Done { disposition, .. } => Verdict::Done { disposition, note: note.take().map(Pii::new) },
                Verdict::Transfer { to, cause, .. } => Verdict::Transfer { to, note: note.take().map(Pii::new), cause },
                other => other,
            };
            let replies = reply.into_iter().collect();
            Some(Call::Settle { worker, task: task_id, lease, verdict, replies, seen: order.seen, improve: None })
        }
        (None, Some(reply)) => Some(Call::Reply { worker, task: task_id, lease, reply }),
        (None, None) => None,
    };
    let mut seq = None;
    if let Some(call) = call {
        let call = private::checked(app, caller.tenant, call).await;
        let done = app.door(caller.tenant).call(Actor::Worker(worker), call).await;
        if let Answer::Said(place) = done.map_err(|error| of_call(error, caller.tenant, &app.directory()))? {
            seq = Some(place);
        }
    }
    if let Some(text) = note {
        notes::write(app, caller, task, Pii::new(text)).await?;
    }
    Ok(seq)
}
