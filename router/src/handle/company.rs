//! What is asked beside the scheduler: of matters, cases, other systems' records, quality, decisions and improvements.

use blendline_quality::score::Given;
use blendline_wire::event::quality::AnswerRating;
use blendline_wire::{
    CaseId, ContactKey, ConversationId, DecisionId, ImprovementId, JudgementId, MatterId, Pii, TenantId, WorkerId,
};

/// What should change, as a worker notes it together with what becomes of his task.
#[derive(Clone, Debug)]
pub struct WrapUp {
    /// What, in one line.
    pub title: Pii<String>,
    /// What the rules say of the conversation.
    pub topic: Option<String>,
}

/// Two open conversations are one matter, or are not after all.
#[derive(Clone, Debug)]
pub struct MattersCall {
    /// Whose they are.
    pub tenant: TenantId,
    /// The one that was there first.
    pub first: Talking,
    /// The other.
    pub later: Talking,
    /// True: one. False: two.
    pub joined: bool,
    /// Who says so, as people know him.
    pub from: String,
    /// The worker he is.
    pub worker: Option<WorkerId>,
    /// Why.
    pub reason: Pii<String>,
    /// The language of the reason.
    pub lang: crate::pages::Lang,
}

/// A conversation, with what never changes of it.
#[derive(Clone, Copy, Debug)]
pub struct Talking {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its matter.
    pub matter: MatterId,
    /// With whom it is.
    pub contact: ContactKey,
}

/// What is asked of a case.
#[derive(Clone, Debug)]
pub struct CaseCall {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which case.
    pub case: CaseId,
    /// The name of its type, where it is to be opened; else the case knows it.
    pub case_type: Option<String>,
    /// The caller's own key of this call: the same key twice is one call.
    pub key: String,
    /// What is asked.
    pub command: blendline_cases::Command,
    /// Why the case goes back to a stage where it had been, where it does.
    pub cause: Option<String>,
}

/// Records of another system.
#[derive(Clone, Debug)]
pub struct SyncCall {
    /// Whose they are.
    pub tenant: TenantId,
    /// The system.
    pub system: String,
    /// What they are.
    pub records: Records,
    /// Each of them.
    pub rows: Vec<SyncRow>,
}

/// What records of another system are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Records {
    /// Its customers.
    Customers,
    /// Its orders.
    Orders,
}

impl Records {
    /// The word of it in paths and events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Orders => "orders",
        }
    }

    /// What is called so.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Customers, Self::Orders].into_iter().find(|records| records.as_str() == name)
    }
}

/// A record of another system.
#[derive(Clone, Debug)]
pub struct SyncRow {
    /// What the system calls it.
    pub reference: String,
    /// Its version there: an older one changes nothing.
    pub version: u64,
    /// What it says.
    pub body: Pii<serde_json::Value>,
}

/// What is to become of an event of another system.
#[derive(Clone, Debug)]
pub struct ExternalCall {
    /// The event, whole: it tells what has to be looked up.
    pub event: blendline_cases::systems::ExternalEvent,
    /// What is asked.
    pub ask: ExternalAsk,
}

/// What is asked of an event of another system.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExternalAsk {
    /// It came.
    Take,
    /// It was put aside, and is to be tried again.
    Retry,
    /// It was put aside, and is not to be applied.
    Drop,
}

/// What is said of somebody's work.
#[derive(Clone, Debug)]
pub struct JudgeCall {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which judgement.
    pub judgement: JudgementId,
    /// The other review of the same piece, where there may be one.
    pub beside: Option<JudgementId>,
    /// Who says it.
    pub by: WorkerId,
    /// What.
    pub says: Says,
}

/// What can be said of somebody's work.
#[derive(Clone, Debug)]
pub enum Says {
    /// A review: the points of each criterion, and words besides.
    Score(Given, Option<Pii<String>>),
    /// What whoever did the work answers to its review.
    Answer(Pii<String>),
    /// How an answer was, and words besides.
    Rate(AnswerRating, Option<Pii<String>>),
}

/// What is asked of a decision.
#[derive(Clone, Debug)]
pub struct DecideCall {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which decision.
    pub decision: DecisionId,
    /// What it is about, which never changes: it tells what has to be looked up.
    pub wish: blendline_authority::Wish,
    /// Who asks this.
    pub by: WorkerId,
    /// The case it is for.
    pub of_case: Option<CaseId>,
    /// What is asked.
    pub command: blendline_authority::Command,
    /// True where the asker's task waits for the answer; else it stays his, and he hears of it by a note.
    pub waits: bool,
    /// True where a decision that waits is answered by [`CallError::Waiting`](super::CallError::Waiting).
    pub tells: bool,
}

/// What is asked of an improvement.
#[derive(Clone, Debug)]
pub struct ImproveCall {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which.
    pub improvement: ImprovementId,
    /// What is asked.
    pub command: blendline_improvements::Command,
}
