//! The state, as rows: a core rebuilt from them equals the running one.

mod learnt;
mod stored;
mod task;

use std::sync::Arc;

use blendline_wire::org::{AccountSettings, CalendarSettings, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::task::{AcceptMode, Presence};
use blendline_wire::{
    AccountId, ContactKey, ConversationId, MatterId, Millis, OutboundId, QueueId, SessionId, TaskId, TenantId, WorkerId,
};
use serde::{Deserialize, Serialize};

pub use self::learnt::{Learnt, Reckoned};
pub use self::task::{Aside, Closed, More, Task, TaskState};

use crate::input::{DeliveryStatus, PayloadId};

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// All live rows of a shard: what the core is rebuilt from, and what it is compared by.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Snapshot {
    /// Counters and the seed.
    pub meta: Meta,
    /// All tenants.
    pub tenants: Vec<TenantSettings>,
    /// All accounts.
    pub accounts: Vec<AccountSettings>,
    /// All calendars.
    pub calendars: Vec<CalendarSettings>,
    /// All queues.
    pub queues: Vec<QueueSettings>,
    /// All workers.
    pub workers: Vec<Worker>,
    /// Open conversations.
    pub conversations: Vec<Conversation>,
    /// Open tasks.
    pub tasks: Vec<Task>,
    /// Messages of ours that are not final.
    pub outbound: Vec<OutboundRow>,
    /// What is learnt about queues.
    #[serde(default)]
    pub learnt: Vec<Learnt>,
}

/// Counters and the seed. One row.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Meta {
    /// The last number given to a task, conversation, matter or message of ours.
    pub last_id: u64,
    /// The last number given to an event.
    pub last_event: u64,
    /// The state of the random numbers.
    pub seed: u64,
    /// The latest time seen: time never goes back.
    pub now: Millis,
}

/// A conversation.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Conversation {
    /// The conversation.
    pub id: ConversationId,
    /// Whose.
    pub tenant: TenantId,
    /// The account it is on.
    pub account: AccountId,
    /// With whom.
    pub contact: ContactKey,
    /// What the customer wants done.
    pub matter: MatterId,
    /// Where it stands.
    pub state: ConversationState,
    /// The last place given in its transcript.
    pub seq: u64,
    /// When it began.
    pub opened_at: Millis,
    /// When the customer last wrote, by our clock: the platform's window counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Millis>,
    /// Who answered last, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_worker: Option<(WorkerId, Millis)>,
}

/// Where a conversation stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// It has this open task.
    Open {
        /// The one open task.
        task: TaskId,
    },
    /// We say it is done; the customer has not said.
    Solved {
        /// When.
        at: Millis,
        /// Its last task.
        task: TaskId,
        /// That task's queue.
        queue: QueueId,
        /// That task's place in line, which a denial gets back.
        earned_at: Millis,
        /// Until when the customer may confirm or deny.
        confirm_until: Millis,
    },
    /// The customer says it is done.
    Confirmed {
        /// When.
        at: Millis,
    },
    /// The customer did not say.
    Unconfirmed {
        /// When.
        at: Millis,
    },
}

impl ConversationState {
    /// When it was last solved or settled; `None` while open.
    pub const fn ended_at(&self) -> Option<Millis> {
        match self {
            Self::Open { .. } => None,
            Self::Solved { at, .. } | Self::Confirmed { at } | Self::Unconfirmed { at } => Some(*at),
        }
    }
}

/// A worker.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Worker {
    /// What was configured.
    pub settings: Arc<WorkerSettings>,
    /// Whether he takes work.
    pub presence: Presence,
    /// His connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// How he receives work on this connection.
    pub accept: AcceptMode,
    /// How much he takes at once on this connection.
    pub capacity: u32,
    /// Since when he has had no task given to him: the longest idle comes first.
    pub idle_since: Millis,
    /// How many offers in a row he let expire.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed_offers: u8,
    /// Noting down: the task, what it takes of his capacity, until when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrap_ups: Vec<(TaskId, u32, Millis)>,
    /// What he has behind him.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run: Run,
    /// How long he takes for tasks of the front queues he serves with others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paces: Vec<Pace>,
}

/// How long a worker takes for tasks of a queue.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Pace {
    /// The queue.
    pub queue: QueueId,
    /// The mean of his tasks, in milliseconds.
    pub task_ms: u32,
    /// Over how many.
    pub tasks: u16,
    /// True where he is so much slower than at what he is best at that he only helps: others do this work.
    #[serde(default, skip_serializing_if = "is_default")]
    pub helps: bool,
}

/// What a worker has behind him.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Run {
    /// Tasks since he last had time to breathe, where that is counted.
    pub tasks: u16,
    /// Since when he has had none.
    pub free_since: Option<Millis>,
    /// What hard tasks left behind, in thousandths, when the last one came.
    pub strain_milli: u32,
    /// When that was.
    pub strained_at: Millis,
}

/// A message of ours.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OutboundRow {
    /// The message.
    pub id: OutboundId,
    /// Whose.
    pub tenant: TenantId,
    /// By which account.
    pub account: AccountId,
    /// In which conversation.
    pub conversation: ConversationId,
    /// To whom.
    pub contact: ContactKey,
    /// Its place in the conversation.
    pub seq: u64,
    /// In which task it was said; none where the conversation was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
    /// By whom.
    pub worker: Option<WorkerId>,
    /// What to send.
    pub payload: PayloadId,
    /// When it was said.
    pub queued_at: Millis,
    /// Until when the platform lets us write freely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_until: Option<Millis>,
    /// The number of the latest attempt; 0 before the first.
    pub attempt: u32,
    /// Where it stands.
    pub state: OutboundState,
}

/// Where a message of ours stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboundState {
    /// In line.
    Queued,
    /// With the sender. At most one per conversation.
    Handed {
        /// Since when.
        at: Millis,
    },
    /// To be tried again.
    Delayed {
        /// When.
        until: Millis,
    },
    /// The platform took it. Final.
    Sent {
        /// What it reported since.
        status: DeliveryStatus,
    },
    /// It was not sent and will not be. Final.
    Failed {
        /// A stable word.
        reason: String,
    },
    /// Nobody can say. Final until the platform reports.
    Unknown {
        /// A stable word.
        reason: String,
    },
}

impl OutboundState {
    /// True when it has left the core.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Sent { .. } | Self::Failed { .. } | Self::Unknown { .. })
    }
}
