//! The state, as rows: a core rebuilt from them equals the running one.

use std::sync::Arc;

use blendline_wire::event::Because;
use blendline_wire::org::{AccountSettings, CalendarSettings, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::task::{AcceptMode, ClockRule, ParkReason, Presence, Side, SkillNeed, TaskKind};
use blendline_wire::{
    AccountId, ContactKey, ConversationId, Lease, MatterId, Millis, OutboundId, QueueId, SessionId, TaskId, TenantId,
    WorkerId,
};
use serde::{Deserialize, Serialize};

use crate::input::{DeliveryStatus, PayloadId};
use crate::policy::rate::Rate;

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

/// What is learnt about a queue, and the reserve that follows from it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Learnt {
    /// The queue.
    pub queue: QueueId,
    /// How often a task comes.
    #[serde(default)]
    pub rate: Rate,
    /// Since when arrivals are counted.
    #[serde(default)]
    pub count_since: Millis,
    /// When the count ends; the end of time while nothing comes.
    pub count_until: Millis,
    /// How many came in this count.
    #[serde(default)]
    pub seen: u32,
    /// The work of other front queues that was begun in this count by workers of this one, in milliseconds.
    #[serde(default)]
    pub others_ms: u32,
    /// The slots that such work keeps busy, in thousandths.
    #[serde(default)]
    pub others_milli: u64,
    /// The mean time a task takes, in microseconds.
    #[serde(default)]
    pub task_us: u64,
    /// Over how many tasks.
    #[serde(default)]
    pub tasks: u32,
    /// The mean time of the back tasks that its workers do, in milliseconds.
    #[serde(default)]
    pub back_ms: u64,
    /// What attainment corrects the logarithm of the price of lateness by, in millionths.
    #[serde(default)]
    pub price_micro: i64,
    /// How many tasks the price was learnt from.
    #[serde(default)]
    pub heard: u32,
    /// How many front slots back work leaves free, in thousandths, before what runs is looked at.
    #[serde(default)]
    pub level_milli: u64,
    /// Which draw decides between two whole reserves.
    #[serde(default)]
    pub draws: u32,
    /// True while it may keep back work from somebody who could do it: nobody is looked for again until it lets go.
    #[serde(default)]
    pub holding: bool,
}

impl Learnt {
    /// What is known of a queue of which nothing is known.
    pub fn new(queue: QueueId) -> Self {
        Self {
            queue,
            rate: Rate::default(),
            count_since: Millis(0),
            count_until: Millis::MAX,
            seen: 0,
            others_ms: 0,
            others_milli: 0,
            task_us: 0,
            tasks: 0,
            back_ms: 0,
            price_micro: 0,
            heard: 0,
            level_milli: 0,
            draws: 0,
            holding: false,
        }
    }
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

/// A task.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Task {
    /// The task.
    pub id: TaskId,
    /// Whose.
    pub tenant: TenantId,
    /// What it is made of.
    pub kind: TaskKind,
    /// Its queue.
    pub queue: QueueId,
    /// The queue's side.
    pub side: Side,
    /// Where it stands.
    pub state: TaskState,
    /// The number of the latest ownership.
    pub lease: Lease,
    /// What the customer wants done.
    pub matter: MatterId,
    /// The conversation, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The account of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// What it takes, sorted by skill.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub needs: Arc<[SkillNeed]>,
    /// When it came to be.
    pub created_at: Millis,
    /// The place in line: when the first unanswered message, or the item, came.
    pub earned_at: Millis,
    /// The target, in milliseconds.
    pub target_ms: u64,
    /// `earned_at` and the target, moved by stopped clocks.
    pub due_at: Millis,
    /// True once its due time passed: what stands in line is late, what is not answered has missed its target.
    #[serde(default, skip_serializing_if = "is_default")]
    pub missed: bool,
    /// True while the customer (or whoever asked) has no answer to what was said last.
    pub unanswered: bool,
    /// The place of the latest message of the customer that wants an answer, and when it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<(u64, Millis)>,
    /// The last place given in its own transcript, where it has no conversation.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seq: u64,
    /// The version of the rule set that classified it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rule_set: u32,
    /// What most tasks in line have none of.
    #[serde(flatten)]
    pub more: More,
}

impl std::ops::Deref for Task {
    type Target = Aside;

    /// What most tasks have none of reads like any other field.
    fn deref(&self) -> &Aside {
        self.more.0.as_deref().unwrap_or(&NONE)
    }
}

impl std::ops::DerefMut for Task {
    fn deref_mut(&mut self) -> &mut Aside {
        self.more.0.get_or_insert_default()
    }
}

/// [`Aside`], where a task has any of it: tasks wait in great numbers, and most of them have not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct More(Option<Box<Aside>>);

impl More {
    /// Gives the room back where there is nothing in it, so that equal tasks are alike.
    pub(crate) fn tidy(&mut self) {
        self.0 = self.0.take().filter(|aside| **aside != NONE);
    }
}

impl Serialize for More {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().unwrap_or(&NONE).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for More {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut more = Self(Some(Box::new(Aside::deserialize(deserializer)?)));
        more.tidy();
        Ok(more)
    }
}

/// What most tasks in line have none of: what is asked of others, who is to have it or not, and what was done in it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Aside {
    /// The task that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<TaskId>,
    /// Open requests of this task, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<TaskId>,
    /// How many requests stand above it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub depth: u8,
    /// For whom it waits, and until when only for him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directed: Option<(WorkerId, Millis)>,
    /// True while it waits for whoever had it before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub returns: bool,
    /// Who had it last, and until when he is preferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<(WorkerId, Millis)>,
    /// Who is not to be offered it, and until when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declined: Vec<(WorkerId, Millis)>,
    /// How often it was declined, refused or left to expire: lengthens the back-off.
    #[serde(default, skip_serializing_if = "is_default")]
    pub declines: u8,
    /// The silence timer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub silence: Silence,
    /// Since when its worker has been at it, while he is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub begun_at: Millis,
    /// How long workers have been at it before that, in milliseconds.
    #[serde(default, skip_serializing_if = "is_default")]
    pub worked_ms: u64,
}

/// Nothing of it.
static NONE: Aside = Aside {
    parent: None,
    children: Vec::new(),
    depth: 0,
    directed: None,
    returns: false,
    sticky: None,
    declined: Vec::new(),
    declines: 0,
    silence: Silence { since: None, reminded: false, supervisor_at: None },
    begun_at: Millis(0),
    worked_ms: 0,
};

/// Where a task stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// In line.
    Waiting,
    /// Shown to one worker.
    Offered {
        /// To whom.
        worker: WorkerId,
        /// Until when.
        until: Millis,
        /// Why to him; what was offered before this was kept reads as the most common reason.
        #[serde(default)]
        because: Because,
    },
    /// One worker has it.
    Active {
        /// Who.
        worker: WorkerId,
    },
    /// Put aside.
    Parked {
        /// Who comes back to it, if he is there.
        worker: Option<WorkerId>,
        /// Waiting for what.
        reason: ParkReason,
        /// Since when.
        since: Millis,
        /// When it comes back by itself.
        until: Millis,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// Waiting for the answer to a request.
    Requesting {
        /// Who comes back to it, if he is there.
        worker: Option<WorkerId>,
        /// Since when.
        since: Millis,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// Done with: it has left the core.
    Closed {
        /// When.
        at: Millis,
        /// How.
        how: Closed,
        /// Who had it last.
        worker: Option<WorkerId>,
    },
}

/// How a task ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// A worker says it is done.
    Solved,
    /// Taken back by whoever opened it, or not needed any more.
    Cancelled,
    /// Logged after the fact.
    Logged,
}

impl TaskState {
    /// The one who has it or is offered it.
    pub const fn owner(&self) -> Option<WorkerId> {
        match self {
            Self::Offered { worker, .. } | Self::Active { worker } => Some(*worker),
            _ => None,
        }
    }

    /// The one whose capacity it takes, in full or in part.
    pub const fn holder(&self) -> Option<WorkerId> {
        match self {
            Self::Offered { worker, .. } | Self::Active { worker } => Some(*worker),
            Self::Parked { worker, .. } | Self::Requesting { worker, .. } => *worker,
            Self::Waiting | Self::Closed { .. } => None,
        }
    }

    /// The state's name, for errors and lists.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offered { .. } => "offered",
            Self::Active { .. } => "active",
            Self::Parked { .. } => "parked",
            Self::Requesting { .. } => "requesting",
            Self::Closed { .. } => "closed",
        }
    }
}

/// The silence timer of a task (all times in the queue's open hours).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Silence {
    /// Since when its owner is silent; `None` while nothing is expected of him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Millis>,
    /// True once he was reminded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reminded: bool,
    /// When a supervisor is told unless somebody answers first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supervisor_at: Option<Millis>,
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
    /// In which task it was said.
    pub task: TaskId,
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
