//! Everything the scheduler asks of its driver.

use blendline_wire::event::Event;
use blendline_wire::org::{AccountSettings, CalendarSettings, QueueSettings, TenantSettings};
use blendline_wire::task::WithdrawReason;
use blendline_wire::worker::Author;
use blendline_wire::{
    AccountId, ContactKey, ConversationId, Lease, Millis, OutboundId, QueueId, SessionId, TaskId, TenantId, WorkerId,
};
use serde::{Deserialize, Serialize};

use crate::input::{CallId, PayloadId};
use crate::rows::{Conversation, Learnt, Meta, OutboundRow, Task, Worker};

/// One effect. Writes are committed first, all of a batch in one transaction; only then are releases carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Goes into the transaction.
    Write(Write),
    /// Happens after the commit, or never.
    Release(Release),
}

/// A row after the step. Of several for one row in a batch the last wins; messages and events are only ever added.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Counters and the seed.
    Meta(Meta),
    /// A tenant's settings.
    Tenant(TenantSettings),
    /// An account's settings.
    Account(AccountSettings),
    /// A calendar.
    Calendar(CalendarSettings),
    /// A queue's settings.
    Queue(Box<QueueSettings>),
    /// A queue is no more.
    QueueRemoved(QueueId),
    /// A worker.
    Worker(Box<Worker>),
    /// A worker is no more.
    WorkerRemoved(WorkerId),
    /// A conversation. When it is not open it has left the core.
    Conversation(Box<Conversation>),
    /// A task. When it is closed it has left the core.
    Task(Box<Task>),
    /// A message of ours. When it is final it has left the core.
    Outbound(Box<OutboundRow>),
    /// What is learnt about a queue.
    Learnt(Box<Learnt>),
    /// A queue is no more, nor what was learnt about it.
    LearntRemoved(QueueId),
    /// A line of a transcript; the driver adds the text of `payload`.
    Message(MessageRow),
    /// A happening.
    Event(Box<Event>),
}

/// A line of a transcript.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MessageRow {
    /// Whose.
    pub tenant: TenantId,
    /// The conversation, where there is one.
    pub conversation: Option<ConversationId>,
    /// The task: always set for what has no conversation, and for notes.
    pub task: Option<TaskId>,
    /// Its place in the conversation, or in the task where there is no conversation.
    pub seq: u64,
    /// When it was committed.
    pub at: Millis,
    /// Who said it.
    pub author: Author,
    /// The worker who said it.
    pub worker: Option<WorkerId>,
    /// The message of ours it is, where it goes to the customer.
    pub outbound: Option<OutboundId>,
    /// What was said.
    pub payload: PayloadId,
}

/// Something to do after the commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Release {
    /// The answer to an input that had a call.
    Answer {
        /// Which call.
        call: CallId,
        /// What became of it.
        result: Result<Answer, Refusal>,
    },
    /// Shows a task to a worker.
    Offer {
        /// To whom.
        worker: WorkerId,
        /// On which connection.
        session: SessionId,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// Gives a task to a worker (auto accept, or his own again). Not sent after an accept: the answer says it.
    Assigned {
        /// To whom.
        worker: WorkerId,
        /// On which connection.
        session: SessionId,
        /// Which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// The customer wrote in a task a worker has or is offered.
    Message {
        /// To whom.
        worker: WorkerId,
        /// On which connection.
        session: SessionId,
        /// In which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// Its place in the conversation.
        seq: u64,
        /// What was said.
        payload: PayloadId,
    },
    /// A task is not this worker's any more.
    Withdrawn {
        /// From whom.
        worker: WorkerId,
        /// On which connection.
        session: SessionId,
        /// Which task.
        task: TaskId,
        /// The lease that ended.
        lease: Lease,
        /// Why.
        reason: WithdrawReason,
    },
    /// A worker is silent.
    Remind {
        /// Who.
        worker: WorkerId,
        /// On which connection.
        session: SessionId,
        /// On which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
    },
    /// A newer connection of the same worker took over this one.
    Replaced {
        /// Who.
        worker: WorkerId,
        /// The connection that ends.
        session: SessionId,
    },
    /// A supervisor should look at a task.
    Supervisor {
        /// Whose.
        tenant: TenantId,
        /// Which task.
        task: TaskId,
    },
    /// Hands a message of ours to the sender.
    Send {
        /// Which.
        outbound: OutboundId,
        /// Which attempt.
        attempt: u32,
        /// By which account.
        account: AccountId,
        /// In which conversation.
        conversation: ConversationId,
        /// To whom.
        contact: ContactKey,
        /// Until when the platform lets us write freely.
        window_until: Option<Millis>,
        /// What to send.
        payload: PayloadId,
    },
    /// Whoever follows this conversation should look again: there is more to read, or it stands elsewhere.
    /// Only for accounts where a committed message is a sent one.
    Followed {
        /// Over which account.
        account: AccountId,
        /// With whom.
        contact: ContactKey,
        /// Which.
        conversation: ConversationId,
    },
    /// What became of a worker's reply, where he should know: failed, unknown, or settled after that.
    ReplyStatus {
        /// Who said it.
        worker: WorkerId,
        /// In which task.
        task: TaskId,
        /// Which.
        outbound: OutboundId,
        /// `sent`, `failed`, `unknown`.
        status: &'static str,
        /// A stable word.
        reason: String,
    },
}

/// What an answered call brought.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub enum Answer {
    /// It is done.
    Done,
    /// A message of ours has this place in its conversation.
    Said(u64),
    /// A task came to be.
    Task(TaskId),
    /// The task is there already. The driver's answer to what is pushed or logged again; the core never gives it.
    Known(TaskId),
    /// A worker is connected: what he owns now.
    Welcome {
        /// Task, lease, and whether it is only offered.
        tasks: Vec<(TaskId, Lease, bool)>,
    },
    /// A conversation and its task came to be.
    Conversation(ConversationId, TaskId),
}

/// Why a call was refused. Nothing was changed.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub enum Refusal {
    /// The lease is not the live one: somebody else has the task, or nobody.
    Fenced {
        /// The live lease.
        lease: Lease,
        /// Who has it now.
        owner: Option<WorkerId>,
    },
    /// No open task has this id; it may have been closed.
    UnknownTask,
    /// No such worker.
    UnknownWorker,
    /// No such queue.
    UnknownQueue,
    /// No such account.
    UnknownAccount,
    /// The worker has no connection.
    NotConnected,
    /// The task is not in a state in which this can be done; the word says which it is in.
    WrongState(&'static str),
    /// The target is already waiting for this very piece of work.
    Circle,
    /// Requests of requests are bounded.
    TooDeep,
    /// Too many of something; the word says of what.
    TooMany(&'static str),
    /// A value out of range; the word says which.
    OutOfRange(&'static str),
    /// The contact has an open conversation already.
    AlreadyOpen(ConversationId),
    /// The task has no customer to reply to.
    NoConversation,
    /// The thing belongs to another tenant.
    OtherTenant,
}
