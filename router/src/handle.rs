//! The door to the owner of a shard: calls go in, answers come back after their commit.

mod company;

use blendline_core::input::Class;
use blendline_core::{Answer, Command, Refusal};
use blendline_wire::event::{Actor, EventKind};
use blendline_wire::org::Fields;
use blendline_wire::outbound::SendFailure;
use blendline_wire::task::{AcceptMode, ClockRule, ParkReason, Presence, Target};
use blendline_wire::worker::{Reply, ServerFrame};
use blendline_wire::{
    AccountId, ConversationId, DecisionId, JudgementId, Lease, Pii, QueueId, SessionId, TaskId, TenantId, WorkerId,
};
use tokio::sync::{mpsc, oneshot};

pub use self::company::{
    CaseCall, DecideCall, ExternalAsk, ExternalCall, ImproveCall, JudgeCall, MattersCall, Records, Says, SyncCall,
    SyncRow, Talking, WrapUp,
};
use crate::consent::Consent;
use crate::payload::ItemOrigin;
use crate::persons::{Change, Identity};
use crate::ports::register::Entry;
use crate::ports::store::QuarantineRow;
use crate::take::NotTaken;

/// A door to the owner of a shard. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
}

/// What can be asked of the owner.
pub enum Request {
    /// A call that is decided, committed, and only then answered.
    Call {
        /// Who is behind it.
        actor: Actor,
        /// What is asked.
        call: Box<Call>,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Answer, CallError>>,
    },
    /// A worker's connection: frames for him go into `frames` until it is closed.
    Attach {
        /// Who.
        worker: WorkerId,
        /// The new connection; numbers are given by the door.
        session: SessionId,
        /// How he wants to receive work.
        accept: Option<AcceptMode>,
        /// How much he takes at once.
        capacity: Option<u32>,
        /// The presence to begin with.
        presence: Presence,
        /// Frames for him; the first is a welcome. A full channel ends the connection.
        frames: mpsc::Sender<ServerFrame>,
    },
    /// A worker said something, so he is there. Not an input: the owner counts heartbeats beside the core.
    Heard {
        /// Who.
        worker: WorkerId,
        /// On which connection.
        session: SessionId,
    },
    /// A worker's connection is gone. He has the grace time to come back before his tasks go to others.
    Gone {
        /// Who.
        worker: WorkerId,
        /// Which connection.
        session: SessionId,
    },
    /// Looks at the live state between two batches. Must be quick: everything waits for it.
    Look(Box<dyn FnOnce(&blendline_core::Scheduler) + Send>),
}

/// What is asked, with its texts; names are already handles.
#[derive(Clone, Debug)]
pub enum Call {
    /// A command without texts.
    Plain(Command),
    /// A worker says something to the customer.
    Reply {
        /// Who.
        worker: WorkerId,
        /// In which task.
        task: TaskId,
        /// Under which lease.
        lease: Lease,
        /// What, under which key.
        reply: Reply,
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
        replies: Vec<Reply>,
        /// The latest place of the transcript he had seen, where he says so.
        seen: Option<u64>,
        /// What should change, where he notes that.
        improve: Option<Box<WrapUp>>,
    },
    /// A reply or a verdict that holds a message which would not be sent: done if all of it was said before, else refused.
    Doubtful {
        /// What is asked.
        call: Box<Call>,
        /// Why the platform would not take it, and what to do instead.
        cause: SendFailure,
    },
    /// A worker takes a waiting task from a list, where he may.
    Take {
        /// Who.
        worker: WorkerId,
        /// Which task.
        task: TaskId,
    },
    /// Another system pushes a work item in.
    Push {
        /// Whose.
        tenant: TenantId,
        /// Where it goes, as its sender says.
        class: Class,
        /// True where he names no queue: the rules send it.
        by_rules: bool,
        /// What kind it is, and which system pushed it.
        origin: Box<ItemOrigin>,
        /// Unique within the tenant: pushing it again gives the same task.
        external_ref: String,
        /// What it is about.
        title: Pii<String>,
        /// More about it.
        text: Option<Pii<String>>,
        /// What the tenant records about it.
        fields: Fields,
        /// The conversation it belongs to.
        conversation: Option<ConversationId>,
    },
    /// A worker begins a conversation.
    Start {
        /// Who.
        worker: WorkerId,
        /// Over which account.
        account: AccountId,
        /// The platform's address of the other side.
        to: Pii<String>,
        /// In which queue it counts.
        queue: QueueId,
        /// What he says first, under which key.
        reply: Reply,
        /// What it is about, where the channel shows that: a mail's subject.
        subject: Option<Pii<String>>,
        /// What it serves: nobody is written to who has not agreed to that.
        purpose: String,
    },
    /// Somebody agreed to be written to, or withdrew.
    Consent {
        /// Whose register.
        tenant: TenantId,
        /// The channel, without regard to the way in.
        medium: String,
        /// His address on it.
        address: Pii<String>,
        /// For what.
        purpose: String,
        /// What he said.
        said: Consent,
    },
    /// A worker says again what failed, perhaps in other words.
    Resend {
        /// Who.
        worker: WorkerId,
        /// The task in which it was said: keys are unique within it.
        task: TaskId,
        /// The conversation.
        conversation: ConversationId,
        /// What, under which key.
        reply: Reply,
    },
    /// Two addresses are one person's, or are not after all.
    Link {
        /// Whose customers.
        tenant: TenantId,
        /// The one.
        one: Box<Identity>,
        /// The other.
        other: Box<Identity>,
        /// What was done, by whom.
        change: Change,
    },
    /// Something became known beside the core: it is written down together with what happened.
    Note {
        /// The account it is about.
        account: AccountId,
        /// The conversation it is about.
        conversation: Option<ConversationId>,
        /// What happened.
        kind: Box<EventKind>,
        /// What is known now.
        entry: Box<Entry>,
    },
    /// Somebody wrote something beside the conversation: entries, written down together with what happened.
    Remark {
        /// Whose.
        tenant: TenantId,
        /// The conversation it is about.
        conversation: Option<ConversationId>,
        /// What happened.
        kind: Box<EventKind>,
        /// What is known now.
        entries: Vec<Entry>,
    },
    /// Something is asked of a case.
    Case(Box<CaseCall>),
    /// Another system tells something, or a person looks at what it told.
    External(Box<ExternalCall>),
    /// Another system tells how records of its own are now: all of them or none.
    Sync(Box<SyncCall>),
    /// What came and could not be read is kept for people to look at.
    Quarantine(Box<QuarantineRow>),
    /// Something is asked of a decision.
    Decide(Box<DecideCall>),
    /// Two conversations are one matter, or are not after all.
    Matters(Box<MattersCall>),
    /// Something is said of somebody's work.
    Judge(Box<JudgeCall>),
    /// Something is asked of an improvement.
    Improve(Box<ImproveCall>),
    /// A worker logs a contact that is over.
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
        note: Pii<String>,
        /// Under which key: the same key twice is one contact.
        key: Option<String>,
    },
}

/// What becomes of a task, with its texts and with handles for names.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is solved.
    Done {
        /// How.
        disposition: String,
        /// For the next person, or the answer to a request.
        note: Option<Pii<String>>,
    },
    /// Not now.
    Snooze {
        /// For how long, in milliseconds.
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
        /// For the next person.
        note: Option<Pii<String>>,
        /// Why, where it goes back to where it came from.
        cause: Option<String>,
    },
    /// A piece of work is needed first.
    Request {
        /// Of whom.
        to: Target,
        /// What is needed.
        note: Pii<String>,
        /// What the target does meanwhile.
        clock: ClockRule,
    },
    /// Not by this worker.
    Refuse {
        /// Why.
        reason: String,
    },
}

/// Why a call brought nothing.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CallError {
    /// The core refused; nothing was changed.
    #[error("refused: {0:?}")]
    Refused(Refusal),
    /// The task was closed: how, and who had it. A late worker learns what happened.
    #[error("the task is closed")]
    Closed {
        /// A stable word: `solved`, `cancelled`, `logged`.
        how: &'static str,
        /// Who had it last.
        worker: Option<WorkerId>,
        /// The last live lease.
        lease: Lease,
    },
    /// The same key was used for other words.
    #[error("the key was used before with another content")]
    KeyReused,
    /// The worker may not take the task now.
    #[error("not taken: {0:?}")]
    NotTaken(NotTaken),
    /// The case cannot do this; nothing was changed.
    #[error("refused: {0:?}")]
    Case(blendline_cases::Refusal),
    /// The decision cannot be made, or not so; nothing but the event of it was written.
    #[error("refused: {0:?}")]
    Decision(Box<NotDecided>),
    /// This cannot be done with the improvement; nothing was changed.
    #[error("refused: {0:?}")]
    Improvement(blendline_improvements::Refusal),
    /// Somebody is asked for the decision: no refusal, for who has no other way to hear of it.
    #[error("somebody is asked for the decision {0}")]
    Waiting(DecisionId),
    /// The task asks for a decision, which is made by itself: this would end the task without it.
    #[error("the task asks for the decision {0}")]
    Undecided(DecisionId),
    /// It cannot be said of this work, or not so; nothing was changed.
    #[error("refused: {0:?}")]
    Judgement(blendline_quality::score::Refusal),
    /// The task asks for a review, which is made by itself: this would end the task without it.
    #[error("the task asks for the review {0}")]
    Unreviewed(JudgementId),
    /// No rule takes this item, and it names no queue.
    #[error("no rule takes it, and it names no queue")]
    NoRule,
    /// It would not be sent: the platform does not take it in private, or the customer does not want to hear it.
    #[error("it would not be sent: {}", .0.detail)]
    NotSent(SendFailure),
    /// The customer does not want to be written to for this purpose.
    #[error("the customer has not agreed to be written to for {0}")]
    NoConsent(String),
    /// Another process owns the shard; nothing was changed.
    #[error("the shard is served by {owner}")]
    Elsewhere {
        /// Where it is reached.
        owner: String,
    },
    /// The owner is not there or too busy; nothing was changed, or whether it was is told by asking again.
    #[error("not available: {0}")]
    Unavailable(String),
}

/// Why a decision was not made, with what it was about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotDecided {
    /// Why.
    pub refusal: blendline_authority::Refusal,
    /// The currency of the amounts in it; empty where the action is counted.
    pub currency: String,
}

/// What a call says, where the answer to a repeated one must be told apart from a first.
pub type CallResult = Result<Answer, CallError>;

impl Handle {
    /// A door whose requests arrive at the other end of `requests`.
    pub fn new(requests: mpsc::Sender<Request>) -> Self {
        Self { requests }
    }

    /// Makes a call and waits for its commit.
    pub async fn call(&self, actor: Actor, call: Call) -> CallResult {
        let (reply, answer) = oneshot::channel();
        self.send(Request::Call { actor, call: Box::new(call), reply }).await?;
        answer.await.map_err(|_| CallError::Unavailable("the owner stopped before it answered".into()))?
    }

    /// Hands over a request that has no answer of its own.
    pub async fn send(&self, request: Request) -> Result<(), CallError> {
        self.requests.send(request).await.map_err(|_| CallError::Unavailable("the owner is not running".into()))
    }

    /// Looks at the live state between two batches.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&blendline_core::Scheduler) -> T + Send + 'static,
    ) -> Result<T, CallError> {
        let (sender, seen) = oneshot::channel();
        self.send(Request::Look(Box::new(move |core| {
            // Nobody waiting any more is no fault.
            let _ = sender.send(look(core));
        })))
        .await?;
        seen.await.map_err(|_| CallError::Unavailable("the owner stopped".into()))
    }
}
