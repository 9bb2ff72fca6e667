//! Journeys: what a customer went through, over all his channels, or what became of a case.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::{Extension, Json};
use blendline_journey::{Clocks, Effort, Journey, Owner, Part, Span, Step, WaitsFor};
use blendline_rules::calendar::Calendar;
use blendline_wire::event::Actor;
use blendline_wire::task::Target;
use blendline_wire::time::Instant;
use blendline_wire::{CaseId, ContactKey, ConversationId, EventId, MatterId, Millis, QueueId, TaskId, TenantId};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Caller;
use super::page::id;
use super::problem::Failure;
use super::view::{queue_name, worker_name};
use super::{Shared, now};
use crate::directory::{Directory, Role};
use crate::journeys::{self, CONVERSATIONS_MAX, Happened};
use crate::ports::store::TaskFilter;

/// What a customer went through, or what became of a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Journey)]
pub struct JourneyInfo {
    /// Up to when it is told.
    until: Instant,
    /// Whether anything of it is open.
    open: bool,
    /// True where more happened than is looked at: the beginning is missing.
    more: bool,
    /// What happened, oldest first.
    items: Vec<StepInfo>,
    /// Who had each task and each case, and for whom it waited, each in the order of time.
    spans: Vec<SpanInfo>,
    /// How the time was spent.
    clocks: ClocksInfo,
    /// What it cost the customer.
    effort: EffortInfo,
}

/// One happening.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JourneyStep)]
pub struct StepInfo {
    /// When.
    at: Instant,
    /// The event.
    event: EventId,
    /// The name of its kind, as `task_assigned`.
    what: &'static str,
    /// Who did it: `worker`, `customer`, `system`, `integrator`, `operator`, `rule`, `platform`.
    by: &'static str,
    /// The worker, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    /// On which channel; how it was, of a contact that was logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// In which conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    /// Of which task.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// Of which case.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// To whom it went: a queue or a worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// A word more: a stage, a reason, a disposition.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
}

/// A stretch of a task or a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JourneySpan)]
pub struct SpanInfo {
    /// The task.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// Since when.
    from: Instant,
    /// Until when; left out while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    /// The worker who had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// The line that it was in, or came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<String>,
    /// Whose turn it was: `working`, `us`, `other`, `customer`.
    clock: &'static str,
    /// For whom it waited: `customer`, `queue`, `worker`, `work` (of its stage), `case`, `colleague`, `approval`, `time`, `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    /// Its name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for_name: Option<String>,
}

/// How the time was spent, in milliseconds: together all of it in which anything was open.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JourneyClocks)]
pub struct ClocksInfo {
    /// Somebody had it in hand.
    working_ms: u64,
    /// It waited for us.
    us_ms: u64,
    /// It waited for another unit, or another system.
    other_ms: u64,
    /// It waited for the customer.
    customer_ms: u64,
    /// All of it.
    total_ms: u64,
}

/// What it cost the customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JourneyEffort)]
pub struct EffortInfo {
    /// How often he came.
    contacts: u32,
    /// How often a task went from one worker to another.
    hand_offs: u32,
    /// Workers who spoke with him.
    people: u32,
    /// How often he came by another channel than the time before.
    channel_changes: u32,
    /// What he was asked again after it was answered.
    asked_again: u32,
    /// How often he came again with a matter that was closed.
    told_again: u32,
    /// How often he waited for us.
    waits: u32,
    /// The longest wait, in milliseconds of his time.
    longest_wait_ms: u64,
    /// All waits, likewise.
    waited_ms: u64,
    /// The longest wait, in milliseconds of opening hours.
    longest_wait_open_ms: u64,
    /// All waits, likewise.
    waited_open_ms: u64,
}

/// What whoever has a contact went through.
pub async fn of_contact(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<JourneyInfo>, Failure> {
    let contact = contact(&text).ok_or_else(unknown)?;
    let directory = app.directory();
    // Another tenant's contact looks like none at all.
    let of_tenant = app.archive().conversations_of(&[contact], 1).await?;
    if of_tenant.first().is_none_or(|row| row.tenant != caller.tenant) {
        return Err(unknown());
    }
    let contacts = journeys::contacts_of(app.archive(), &directory, caller.tenant, contact).await?;
    concerns(&app, &caller, &contacts).await?;
    let happened = journeys::of_contacts(app.archive(), caller.tenant, &contacts).await?;
    Ok(Json(told(&happened, now(), caller.tenant, &directory)))
}

/// What became of a case, and of what it came up in.
pub async fn of_case(
    State(app): State<Shared>,
    Extension(caller): Extension<Arc<Caller>>,
    Path(text): Path<String>,
) -> Result<Json<JourneyInfo>, Failure> {
    let case = super::cases::owned(&app, &caller, id("case", &text)?).await?;
    let happened = journeys::of_case(app.archive(), &case).await?;
    Ok(Json(told(&happened, now(), caller.tenant, &app.directory())))
}

fn unknown() -> Failure {
    Failure::not_found("contact", "no contact has this id")
}

fn contact(text: &str) -> Option<ContactKey> {
    let is_hex = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u128::from_str_radix(text, 16).ok().map(ContactKey))?
}

/// A worker sees the journeys of those with whom he talks, or did last.
async fn concerns(app: &Shared, caller: &Caller, contacts: &[ContactKey]) -> Result<(), Failure> {
    let (Role::Worker, Some(own)) = (caller.role, caller.worker) else { return Ok(()) };
    for row in app.archive().conversations_of(contacts, CONVERSATIONS_MAX).await? {
        if has_task(app, caller.tenant, own, row.matter).await? {
            return Ok(());
        }
    }
    Err(unknown())
}

async fn has_task(
    app: &Shared,
    tenant: TenantId,
    worker: blendline_wire::WorkerId,
    matter: MatterId,
) -> Result<bool, Failure> {
    let filter = TaskFilter { worker: Some(worker), matter: Some(matter), ..TaskFilter::default() };
    Ok(!app.archive().tasks(tenant, &filter, TaskId(0), 1).await?.is_empty())
}

fn told(happened: &Happened, now: Millis, tenant: TenantId, directory: &Directory) -> JourneyInfo {
    let mut journey = Journey::default();
    happened.events.iter().filter(|event| event.tenant == tenant).for_each(|event| journey.apply(event));
    let clocks = Clocks::of(&journey.segments(now));
    let working = |queue: Option<QueueId>, from: Millis, until: Millis| {
        let hours: Option<&Calendar> = queue.and_then(|queue| directory.hours_of(queue));
        hours.map_or(until.since(from), |hours| hours.open_ms(from, until))
    };
    JourneyInfo {
        until: Instant(now),
        open: journey.is_open(),
        more: happened.more,
        items: journey.steps().map(|step| StepInfo::of(step, directory)).collect(),
        spans: journey.spans().iter().map(|span| SpanInfo::of(span, directory)).collect(),
        clocks: ClocksInfo {
            working_ms: clocks.working_ms,
            us_ms: clocks.us_ms,
            other_ms: clocks.other_ms,
            customer_ms: clocks.customer_ms,
            total_ms: clocks.total_ms(),
        },
        effort: EffortInfo::of(journey.effort(now, &working)),
    }
}

impl EffortInfo {
    const fn of(effort: Effort) -> Self {
        let Effort { contacts, hand_offs, people, channel_changes, asked_again, told_again, waits } = effort;
        Self {
            contacts,
            hand_offs,
            people,
            channel_changes,
            asked_again,
            told_again,
            waits: waits.count,
            longest_wait_ms: waits.longest_ms,
            waited_ms: waits.total_ms,
            longest_wait_open_ms: waits.longest_open_ms,
            waited_open_ms: waits.total_open_ms,
        }
    }
}

impl StepInfo {
    fn of(step: &Step, directory: &Directory) -> Self {
        let (by, who) = match step.actor {
            Actor::Worker(worker) => ("worker", Some(worker_name(worker, directory))),
            Actor::Customer => ("customer", None),
            Actor::System => ("system", None),
            Actor::Integrator => ("integrator", None),
            Actor::Operator => ("operator", None),
            Actor::Rule => ("rule", None),
            Actor::Platform => ("platform", None),
        };
        let to = step.to.map(|to| match to {
            Target::Queue(queue) => queue_name(queue, directory),
            Target::Worker(worker) => worker_name(worker, directory),
        });
        Self {
            at: Instant(step.at),
            event: step.event,
            what: step.what,
            by,
            who,
            channel: step.channel.as_deref().map(str::to_owned),
            conversation: step.conversation,
            task: step.task,
            case: step.case,
            to,
            about: step.about.clone(),
        }
    }
}

impl SpanInfo {
    fn of(span: &Span, directory: &Directory) -> Self {
        let (task, case) = match span.part {
            Part::Task(task) => (Some(task), None),
            Part::Case(case) => (None, Some(case)),
        };
        let worker = match span.owner {
            Owner::Worker(worker) => Some(worker_name(worker, directory)),
            _ => None,
        };
        let waits = span.waits_for.map(|waits| match waits {
            WaitsFor::Customer => ("customer", None),
            WaitsFor::Queue(queue) => ("queue", Some(queue_name(queue, directory))),
            WaitsFor::Worker(worker) => ("worker", Some(worker_name(worker, directory))),
            WaitsFor::Work => ("work", None),
            WaitsFor::Case(case) => ("case", Some(case.to_string())),
            WaitsFor::Colleague => ("colleague", None),
            WaitsFor::Approval => ("approval", None),
            WaitsFor::Time => ("time", None),
            WaitsFor::System => ("system", None),
        });
        Self {
            task,
            case,
            from: Instant(span.from),
            until: span.until.map(Instant),
            worker,
            queue: span.queue.map(|queue| queue_name(queue, directory)),
            clock: span.clock.word(),
            waits_for: waits.as_ref().map(|(word, _)| *word),
            waits_for_name: waits.and_then(|(_, name)| name),
        }
    }
}
