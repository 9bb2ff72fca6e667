//! Rows as callers see them: names instead of handles, instants as text, nothing that is not theirs.

use blendline_core::rows::{Closed, Conversation, ConversationState, OutboundRow, OutboundState, Task, TaskState};
use blendline_wire::task::{ClockRule, ParkReason, Side, TaskKind};
use blendline_wire::time::Instant;
use blendline_wire::{
    AccountId, ContactKey, ConversationId, Lease, MatterId, Millis, OutboundId, QueueId, TaskId, WorkerId,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::Directory;
use crate::ports::store::QuarantineRow;

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub struct TaskInfo {
    /// The task.
    id: TaskId,
    /// What it is made of.
    kind: TaskKind,
    /// Which office.
    side: Side,
    /// The queue's name.
    queue: String,
    /// Where it is in its life.
    state: TaskWord,
    /// Who has it, is offered it, gets it back, or had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// When an offer ends, or a parked task comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Instant>,
    /// Why it is put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    parked: Option<ParkReason>,
    /// What its target does while it is put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock: Option<ClockRule>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed: Option<Ending>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Instant>,
    /// The number of its ownership.
    lease: Lease,
    /// What the customer wants done.
    matter: MatterId,
    /// The conversation, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    /// The task that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<TaskId>,
    /// What it asked for and waits for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<TaskId>,
    /// When it came to be.
    created_at: Instant,
    /// Since when the customer, or the item, waits: its place in line.
    earned_at: Instant,
    /// When a response is due.
    due_at: Instant,
    /// True once it waited longer than its target.
    target_missed: bool,
    /// True while somebody waits for a response.
    unanswered: bool,
}

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaskState)]
pub enum TaskWord {
    /// In line.
    Waiting,
    /// Shown to a worker.
    Offered,
    /// A worker has it.
    Active,
    /// Put aside.
    Parked,
    /// Put aside for the front line; it comes back to its worker.
    Interrupted,
    /// Waiting for what it asked for.
    Requesting,
    /// Over.
    Closed,
}

impl From<&TaskState> for TaskWord {
    fn from(state: &TaskState) -> Self {
        match state {
            TaskState::Waiting => Self::Waiting,
            TaskState::Offered { .. } => Self::Offered,
            TaskState::Active { .. } => Self::Active,
            TaskState::Parked { .. } => Self::Parked,
            TaskState::Interrupted { .. } => Self::Interrupted,
            TaskState::Requesting { .. } => Self::Requesting,
            TaskState::Closed { .. } => Self::Closed,
        }
    }
}

/// How a task ended.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TaskEnding)]
pub enum Ending {
    /// A worker says it is done.
    Solved,
    /// Taken back, or not needed any more.
    Cancelled,
    /// Logged after the fact.
    Logged,
}

impl From<Closed> for Ending {
    fn from(how: Closed) -> Self {
        match how {
            Closed::Solved => Self::Solved,
            Closed::Cancelled => Self::Cancelled,
            Closed::Logged => Self::Logged,
        }
    }
}

/// What callers see of a task.
pub fn task(row: Task, directory: &Directory) -> TaskInfo {
    let mut info = TaskInfo {
        id: row.id,
        kind: row.kind,
        side: row.side,
        queue: queue_name(row.queue, directory),
        state: TaskWord::from(&row.state),
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
        children: row.children.clone(),
        created_at: Instant(row.created_at),
        earned_at: Instant(row.earned_at),
        due_at: Instant(row.due_at),
        target_missed: row.missed,
        unanswered: row.unanswered,
    };
    match row.state {
        TaskState::Waiting | TaskState::Active { .. } => {}
        TaskState::Offered { until, .. } | TaskState::Interrupted { until, .. } => info.until = Some(Instant(until)),
        TaskState::Parked { until, reason, clock, .. } => {
            info.until = Some(Instant(until));
            info.parked = Some(reason);
            info.clock = Some(clock);
        }
        TaskState::Requesting { clock, .. } => info.clock = Some(clock),
        TaskState::Closed { at, how, worker } => {
            info.closed = Some(how.into());
            info.closed_at = Some(Instant(at));
            info.worker = worker.map(|id| worker_name(id, directory));
        }
    }
    info
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conversation)]
pub struct ConversationInfo {
    /// The conversation.
    id: ConversationId,
    /// The channel's name.
    channel: String,
    /// The configured name of the account.
    account: String,
    /// Where it stands.
    state: ConversationWord,
    /// Its open task, or the one that solved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The contact with whom it is, as an opaque key.
    #[schema(value_type = String)]
    contact: ContactKey,
    /// What the customer wants done.
    matter: MatterId,
    /// How many lines its transcript has.
    messages: u64,
    /// When it began.
    opened_at: Instant,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
    /// When the customer said something last.
    #[serde(skip_serializing_if = "Option::is_none")]
    heard_at: Option<Instant>,
    /// Who answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_worker: Option<String>,
    /// The purposes for which the customer does not want to be written to; `all` after an opt-out word. Not in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refuses: Vec<String>,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConversationState)]
pub enum ConversationWord {
    /// It has an open task.
    Open,
    /// We say it is solved.
    Solved,
    /// The customer says so, too.
    Confirmed,
    /// The customer did not say.
    Unconfirmed,
}

/// What callers see of a conversation.
pub fn conversation(row: Conversation, directory: &Directory) -> ConversationInfo {
    let (channel, account) = account_name(row.account, directory);
    let (state, task) = match &row.state {
        ConversationState::Open { task } => (ConversationWord::Open, Some(*task)),
        ConversationState::Solved { task, .. } => (ConversationWord::Solved, Some(*task)),
        ConversationState::Confirmed { .. } => (ConversationWord::Confirmed, None),
        ConversationState::Unconfirmed { .. } => (ConversationWord::Unconfirmed, None),
    };
    ConversationInfo {
        id: row.id,
        channel,
        account,
        state,
        task,
        contact: row.contact,
        matter: row.matter,
        messages: row.seq,
        opened_at: Instant(row.opened_at),
        ended_at: row.state.ended_at().map(Instant),
        heard_at: row.heard_at.map(Instant),
        last_worker: row.last_worker.map(|(id, _)| worker_name(id, directory)),
        refuses: Vec::new(),
    }
}

/// A message of ours on its way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outbound)]
pub struct OutboundInfo {
    /// The message.
    id: OutboundId,
    /// The channel's name.
    channel: String,
    /// The configured name of the account that sends it.
    account: String,
    /// The conversation it belongs to.
    conversation: ConversationId,
    /// The task in which it was said; none where the conversation was over.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// Its place in the conversation.
    seq: u64,
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// What became of it so far.
    state: OutboundWord,
    /// Why it was not sent: a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_try_at: Option<Instant>,
    /// The number of the latest try; 0 before the first.
    attempt: u32,
    /// Since when it is durable.
    queued_at: Instant,
}

/// What became of a message of ours.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OutboundState)]
pub enum OutboundWord {
    /// It waits.
    Queued,
    /// It is being sent.
    Handed,
    /// It will be tried again.
    Delayed,
    /// The platform took it.
    Sent,
    /// It was not sent and will not be.
    Failed,
    /// Nobody can say whether it was sent.
    Unknown,
}

/// What callers see of a message of ours.
pub fn outbound(row: OutboundRow, directory: &Directory) -> OutboundInfo {
    let (channel, account) = account_name(row.account, directory);
    let mut next_try_at: Option<Millis> = None;
    let (state, reason) = match row.state {
        OutboundState::Queued => (OutboundWord::Queued, None),
        OutboundState::Handed { .. } => (OutboundWord::Handed, None),
        OutboundState::Delayed { until } => {
            next_try_at = Some(until);
            (OutboundWord::Delayed, None)
        }
        OutboundState::Sent { .. } => (OutboundWord::Sent, None),
        OutboundState::Failed { reason } => (OutboundWord::Failed, Some(reason)),
        OutboundState::Unknown { reason } => (OutboundWord::Unknown, Some(reason)),
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
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quarantined)]
pub struct QuarantineInfo {
    /// Its number.
    id: u64,
    /// The channel's name.
    channel: String,
    /// The configured name of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// When it came.
    at: Instant,
    /// Why it could not be read.
    cause: String,
    /// How long it is, in bytes.
    bytes: usize,
    /// What came; what is no text is shown with replacement marks.
    raw: String,
}

/// What callers see of something that could not be read; what is no text is shown with replacement marks.
pub fn quarantine(row: QuarantineRow, directory: &Directory) -> QuarantineInfo {
    QuarantineInfo {
        id: row.id,
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
