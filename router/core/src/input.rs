//! Everything that can happen to the scheduler.

use blendline_wire::event::{Actor, EventKind};
use blendline_wire::inbound::InboundKind;
use blendline_wire::org::{AccountSettings, CalendarSettings, QueueSettings, TenantSettings, WorkerSettings};
use blendline_wire::outbound::SendOutcome;
use blendline_wire::task::{AcceptMode, ClockRule, ParkReason, Presence, Target};
use blendline_wire::{
    AccountId, ContactKey, ConversationId, Lease, OutboundId, QueueId, SessionId, TaskId, TenantId, WorkerId,
};
use serde::{Deserialize, Serialize};

use crate::rows::{Conversation, OutboundRow};
pub use crate::work::{Class, InboundMessage, NewItem, Overflow, Relaxation};

/// The driver's number of a call that waits for [`crate::Release::Answer`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// The driver's number of a text that stays outside the core: what a message says, what an item holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct PayloadId(pub u64);

/// One input.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Input {
    /// Set when somebody waits for an answer; every such input is answered exactly once.
    pub call: Option<CallId>,
    /// Who is behind it.
    pub actor: Actor,
    /// What happened.
    pub command: Command,
}

impl Input {
    /// An input nobody waits for.
    pub const fn new(actor: Actor, command: Command) -> Self {
        Self { call: None, actor, command }
    }

    /// The passing of time.
    pub const fn tick() -> Self {
        Self::new(Actor::System, Command::Tick)
    }
}

/// What happened.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Command {
    /// Time passed: deadlines at or before `now` are due.
    Tick,
    /// A setting came to be or changed.
    Put(Settings),
    /// A queue is no more; its heir takes over its open tasks.
    RemoveQueue {
        /// The queue.
        queue: QueueId,
        /// Who takes over.
        heir: QueueId,
    },
    /// A worker is no more.
    RemoveWorker {
        /// The worker.
        worker: WorkerId,
    },

    /// A customer said something. Not a duplicate: the driver has looked.
    Message(InboundMessage),
    /// A second delivery of something already taken in.
    Duplicate {
        /// Whose.
        tenant: TenantId,
        /// The account it came through.
        account: Option<AccountId>,
        /// What kind it was.
        kind: InboundKind,
    },
    /// Something that routes nothing, recorded with its reason.
    Discard {
        /// Whose.
        tenant: TenantId,
        /// The account it came through, where known.
        account: Option<AccountId>,
        /// What kind it was.
        kind: InboundKind,
        /// A stable word.
        reason: String,
    },
    /// Something that a program sent to many, or in place of a person: kept where it belongs, and nobody waits for it.
    Keep(InboundMessage),
    /// We say something to the customer beside the work on his task, without a lease on it; or after it, when his
    /// conversation is over, which stays over.
    Tell {
        /// The conversation.
        conversation: ConversationId,
        /// Who says it; none where no person does.
        worker: Option<WorkerId>,
        /// What is said.
        payload: PayloadId,
        /// The conversation as the store has it, when it is not open; without it only an open one is written to.
        prior: Option<Box<Conversation>>,
    },
    /// Something happened in which the core has no part: consent, links between contacts, what did not join a thread.
    Record {
        /// Whose.
        tenant: TenantId,
        /// The account, where there is one.
        account: Option<AccountId>,
        /// The conversation it belongs to, where there is one.
        conversation: Option<ConversationId>,
        /// What happened.
        kind: Box<EventKind>,
    },
    /// Something that could not be read; the driver stores it whole beside the event.
    Quarantine {
        /// Whose.
        tenant: TenantId,
        /// The account it came through, where known.
        account: Option<AccountId>,
        /// Why.
        cause: String,
    },
    /// The customer says whether a solved matter is solved. `prior` is the conversation as the store has it.
    Confirm {
        /// The conversation.
        prior: Box<Conversation>,
        /// True: it is done. False: it is not.
        confirmed: bool,
    },
    /// The time to confirm is over. `prior` is the conversation as the store has it.
    ConfirmEnded {
        /// The conversation.
        prior: Box<Conversation>,
    },

    /// A work item, pushed in by another system.
    Push(NewItem),
    /// Whoever pushed an item takes it back.
    Cancel {
        /// Which task.
        task: TaskId,
        /// A stable word.
        reason: String,
    },
    /// A supervisor moves a task, whoever has it.
    Reassign {
        /// Which task.
        task: TaskId,
        /// To whom.
        to: Target,
    },

    /// A worker connected. An older session of his is replaced.
    Attach {
        /// Who.
        worker: WorkerId,
        /// The new connection.
        session: SessionId,
        /// How he wants to receive work; `None` leaves it to his settings.
        accept: Option<AcceptMode>,
        /// How much he takes at once, never above his settings; `None` leaves it to them.
        capacity: Option<u32>,
        /// The presence to begin with.
        presence: Presence,
    },
    /// A worker's connection was silent beyond the grace time. Ignored when a newer session is there.
    Lost {
        /// Who.
        worker: WorkerId,
        /// Which connection.
        session: SessionId,
    },
    /// A worker left in order. Ignored when a newer session is there.
    Bye {
        /// Who.
        worker: WorkerId,
        /// Which connection.
        session: SessionId,
    },
    /// A worker's presence changed. `Away` hands his open and parked work over.
    Presence {
        /// Who.
        worker: WorkerId,
        /// To what.
        presence: Presence,
        /// Why.
        reason: String,
    },
    /// A worker takes an offer.
    Accept {
        /// Who.
        worker: WorkerId,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// A worker does not take an offer.
    Decline {
        /// Who.
        worker: WorkerId,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// Why.
        reason: String,
    },
    /// A worker is still at it: the silence timer begins anew.
    Touch {
        /// Who.
        worker: WorkerId,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// A worker says something to the customer. Not a repetition: the driver has looked at the key.
    Reply {
        /// Who.
        worker: WorkerId,
        /// In which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// What he says.
        payload: PayloadId,
    },
    /// A worker says what becomes of a task.
    Settle {
        /// Who.
        worker: WorkerId,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// What becomes of it.
        verdict: Verdict,
        /// What he says to the customer in the same step.
        replies: Vec<PayloadId>,
        /// The latest place of the transcript he had seen, where he says so.
        seen: Option<u64>,
    },
    /// A worker is done noting down.
    Ready {
        /// Who.
        worker: WorkerId,
        /// After which task.
        task: TaskId,
    },
    /// A worker begins a conversation. He has the task at once.
    Start {
        /// Who.
        worker: WorkerId,
        /// Over which account.
        account: AccountId,
        /// With whom.
        contact: ContactKey,
        /// In which queue it counts.
        queue: QueueId,
        /// The contact's latest conversation, when it is not open, as the store has it.
        prior: Option<Box<Conversation>>,
        /// What he says first.
        payload: PayloadId,
    },
    /// A worker logs a contact that is over: a call, a visit, a walk-in.
    Log {
        /// Who.
        worker: WorkerId,
        /// In which queue it counts.
        queue: QueueId,
        /// `call`, `visit`, `counter`, …
        medium: String,
        /// How long it took, in milliseconds.
        duration_ms: u64,
        /// What he noted.
        payload: PayloadId,
    },

    /// What became of an attempt to send.
    SendResult {
        /// Which message.
        outbound: OutboundId,
        /// Which attempt.
        attempt: u32,
        /// What happened.
        outcome: SendOutcome,
        /// The message as the store has it, when it is not on its way any more (a late result settles `unknown`).
        prior: Option<Box<OutboundRow>>,
    },
    /// The platform reports on a message of ours.
    Status {
        /// Which message.
        outbound: OutboundId,
        /// `sent`, `delayed`, `delivered`, `read`, `played`, `failed`.
        status: DeliveryStatus,
        /// A stable word, for `failed` and `delayed`.
        reason: String,
        /// The message as the store has it, when it is not on its way any more.
        prior: Option<Box<OutboundRow>>,
    },
}

/// A setting, already compiled.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Settings {
    /// A tenant.
    Tenant(TenantSettings),
    /// An account.
    Account(AccountSettings),
    /// Working hours.
    Calendar(CalendarSettings),
    /// A queue.
    Queue(QueueSettings),
    /// A worker.
    Worker(WorkerSettings),
}

/// What becomes of a task.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Verdict {
    /// It is solved.
    Done {
        /// How.
        disposition: String,
        /// What the next person should know, or the answer to a request.
        note: Option<PayloadId>,
    },
    /// Not now.
    Snooze {
        /// For how long, in milliseconds; at most [`crate::limits::PARK_MS_MAX`].
        for_ms: u64,
        /// Waiting for what.
        reason: ParkReason,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// Somebody else's.
    Transfer {
        /// To whom.
        to: Target,
        /// What the next person should know.
        note: Option<PayloadId>,
    },
    /// A piece of work is needed first.
    Request {
        /// Of whom. A worker's request counts in the parent's queue.
        to: Target,
        /// What is needed.
        note: PayloadId,
        /// What the parent's target does meanwhile.
        clock: ClockRule,
    },
    /// Not by this worker; it goes back to its queue without him for a while.
    Refuse {
        /// Why.
        reason: String,
    },
}

/// What a platform says of a message of ours, in the order in which it can only go forward.
///
/// A failure overrules mere acceptance, and any sign of arrival overrules a failure; so every order in which the
/// same reports come ends in the same state.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The platform has it.
    Sent,
    /// It takes longer than usual; it is still being tried.
    Delayed,
    /// It will not arrive.
    Failed,
    /// The customer's device has it.
    Delivered,
    /// The customer saw it.
    Read,
    /// The customer listened to it.
    Played,
}
