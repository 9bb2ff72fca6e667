//! Rows as callers see them: names instead of handles, instants as text, nothing that is not theirs.

use blendline_core::rows::{Closed, Conversation, ConversationState, OutboundRow, OutboundState, Task, TaskState};
use blendline_wire::task::{ClockRule, ParkReason, Side, TaskKind};
use blendline_wire::time::Instant;
use blendline_wire::{AccountId, ConversationId, Lease, MatterId, Millis, OutboundId, QueueId, TaskId, WorkerId};
use serde::Serialize;

use crate::directory::Directory;
use crate::ports::store::QuarantineRow;

/// A task.
#[derive(Debug, Serialize)]
pub struct TaskInfo {
    id: TaskId,
    kind: TaskKind,
    side: Side,
    queue: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parked: Option<ParkReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<ClockRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Closed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Instant>,
    lease: Lease,
    matter: MatterId,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<TaskId>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<TaskId>,
    created_at: Instant,
    earned_at: Instant,
    due_at: Instant,
    target_missed: bool,
    unanswered: bool,
}

/// What callers see of a task.
pub fn task(row: Task, directory: &Directory) -> TaskInfo {
    let mut info = TaskInfo {
        id: row.id,
        kind: row.kind,
        side: row.side,
        queue: queue_name(row.queue, directory),
        state: row.state.name(),
        worker: row.state.holder().map(|id| worker_name(id, directory)),
        until: None,
        parked: None,
        clock: None,
        closed: None,
        closed_at: None,
        lease: row.lease,
        matter: row.matter,
        conversation: row.conversation,
        parent: row.parent,
        children: row.children,
        created_at: Instant(row.created_at),
        earned_at: Instant(row.earned_at),
        due_at: Instant(row.due_at),
        target_missed: row.missed,
        unanswered: row.unanswered,
    };
    match row.state {
        TaskState::Waiting | TaskState::Active { .. } => {}
        TaskState::Offered { until, .. } => info.until = Some(Instant(until)),
        TaskState::Parked { until, reason, clock, .. } => {
            info.until = Some(Instant(until));
            info.parked = Some(reason);
            info.clock = Some(clock);
        }
        TaskState::Requesting { clock, .. } => info.clock = Some(clock),
        TaskState::Closed { at, how, worker } => {
            info.closed = Some(how);
            info.closed_at = Some(Instant(at));
            info.worker = worker.map(|id| worker_name(id, directory));
        }
    }
    info
}

/// A conversation.
#[derive(Debug, Serialize)]
pub struct ConversationInfo {
    id: ConversationId,
    channel: String,
    account: String,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    matter: MatterId,
    messages: u64,
    opened_at: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heard_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_worker: Option<String>,
}

/// What callers see of a conversation.
pub fn conversation(row: Conversation, directory: &Directory) -> ConversationInfo {
    let (channel, account) = account_name(row.account, directory);
    let (state, task) = match &row.state {
        ConversationState::Open { task } => ("open", Some(*task)),
        ConversationState::Solved { task, .. } => ("solved", Some(*task)),
        ConversationState::Confirmed { .. } => ("confirmed", None),
        ConversationState::Unconfirmed { .. } => ("unconfirmed", None),
    };
    ConversationInfo {
        id: row.id,
        channel,
        account,
        state,
        task,
        matter: row.matter,
        messages: row.seq,
        opened_at: Instant(row.opened_at),
        ended_at: row.state.ended_at().map(Instant),
        heard_at: row.heard_at.map(Instant),
        last_worker: row.last_worker.map(|(id, _)| worker_name(id, directory)),
    }
}

/// A message of ours on its way.
#[derive(Debug, Serialize)]
pub struct OutboundInfo {
    id: OutboundId,
    channel: String,
    account: String,
    conversation: ConversationId,
    task: TaskId,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try_at: Option<Instant>,
    attempt: u32,
    queued_at: Instant,
}

/// What callers see of a message of ours.
pub fn outbound(row: OutboundRow, directory: &Directory) -> OutboundInfo {
    let (channel, account) = account_name(row.account, directory);
    let mut next_try_at: Option<Millis> = None;
    let (state, reason) = match row.state {
        OutboundState::Queued => ("queued", None),
        OutboundState::Handed { .. } => ("handed", None),
        OutboundState::Delayed { until } => {
            next_try_at = Some(until);
            ("delayed", None)
        }
        OutboundState::Sent { .. } => ("sent", None),
        OutboundState::Failed { reason } => ("failed", Some(reason)),
        OutboundState::Unknown { reason } => ("unknown", Some(reason)),
    };
    OutboundInfo {
        id: row.id,
        channel,
        account,
        conversation: row.conversation,
        task: row.task,
        seq: row.seq,
        worker: row.worker.map(|id| worker_name(id, directory)),
        state,
        reason,
        next_try_at: next_try_at.map(Instant),
        attempt: row.attempt,
        queued_at: Instant(row.queued_at),
    }
}

/// Something that could not be read.
#[derive(Debug, Serialize)]
pub struct QuarantineInfo {
    channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    at: Instant,
    cause: String,
    bytes: usize,
    raw: String,
}

/// What callers see of something that could not be read; what is no text is shown with replacement marks.
pub fn quarantine(row: QuarantineRow, directory: &Directory) -> QuarantineInfo {
    QuarantineInfo {
        channel: row.channel,
        account: row.account.map(|id| account_name(id, directory).1),
        at: Instant(row.at),
        cause: row.cause,
        bytes: row.raw.len(),
        raw: String::from_utf8_lossy(&row.raw).into_owned(),
    }
}

/// The queue's name, or its id when it is not configured any more.
pub fn queue_name(id: QueueId, directory: &Directory) -> String {
    directory.queues.get(&id).map_or_else(|| id.to_string(), |(_, name)| name.clone())
}

/// The worker's name, or his id when he is not configured any more.
pub fn worker_name(id: WorkerId, directory: &Directory) -> String {
    directory.workers.get(&id).map_or_else(|| id.to_string(), |(_, name)| name.clone())
}

fn account_name(id: AccountId, directory: &Directory) -> (String, String) {
    directory
        .accounts
        .get(&id)
        .map_or_else(|| (String::new(), id.to_string()), |entry| (entry.channel.clone(), entry.account.name.clone()))
}
