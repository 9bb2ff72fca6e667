//! What happens to cases. Every report over cases is a function of these events: who owned one, where it stood, which
//! clocks ran and by which version of its type.
//!
//! What a person wrote into a field of free text is in none of them; what comes from lists, calendars and other systems is.

use serde::{Deserialize, Serialize};

use super::EventKind;
use crate::ids::{AccountId, CaseId, ContactKey, ConversationId, MatterId, TaskId, WorkerId};
use crate::pii::Pii;
use crate::task::{ClockRule, ParkReason};
use crate::time::Millis;

/// How a case ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// What the customer wanted is done.
    Solved,
    /// The customer does not want it any more.
    Withdrawn,
    /// It is known not to be possible, or not to be owed.
    Refused,
    /// It came to nothing: an opportunity went elsewhere, a customer could not be reached.
    Lost,
}

impl CaseOutcome {
    /// All of them with their words.
    pub const ALL: &[(&str, Self)] =
        &[("solved", Self::Solved), ("withdrawn", Self::Withdrawn), ("refused", Self::Refused), ("lost", Self::Lost)];
}

/// Who moves a case.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CaseMover {
    /// A worker, or whoever acts for workers.
    Worker,
    /// Another system, a clock or a rule.
    System,
    /// The customer himself, by a button of ours.
    Customer,
}

impl CaseMover {
    /// All of them with their words.
    pub const ALL: &[(&str, Self)] =
        &[("worker", Self::Worker), ("system", Self::System), ("customer", Self::Customer)];
}

/// The value of a case's field. What it may be is its type's to say.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum CaseValue {
    /// A whole number.
    Number(i64),
    /// Money, in the smallest unit of its currency: never a fraction.
    Money {
        /// How much, in minor units.
        minor: i64,
        /// The currency, as `ILS`.
        currency: String,
    },
    /// A text; a date as `2026-12-01`, a word of a list, another system's reference.
    Text(Pii<String>),
}

/// A stage that a case is in from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageEntered {
    /// The stage.
    pub stage: String,
    /// When it should be left; left out where nothing is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// The name of the unit that answers for it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<String>,
    /// What it waits for there: `queue`, whoever does its work; `customer`; `system`. Empty where it ends, and of events from
    /// before this was told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub waits_for: String,
}

/// A stage that a case was in, and what became of its clocks. `ran_ms` and `stood_ms` are all of its time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageLeft {
    /// The stage.
    pub stage: String,
    /// Since when it was there.
    pub entered_at: Millis,
    /// How long its clock ran, in milliseconds, closed hours included.
    pub ran_ms: u64,
    /// How long its clock stood while the case was paused, in milliseconds.
    pub stood_ms: u64,
    /// How much of its target's opening hours was used, in milliseconds.
    pub used_ms: u64,
    /// When it should have been left; left out where nothing was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// True when it was left later than that.
    pub late: bool,
}

/// A case was opened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseOpened {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// The version of the rule set that has the type.
    pub version: u32,
    /// The stage it begins in.
    pub entered: StageEntered,
    /// Who owns it, where somebody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// The language in which the customer is told.
    pub language: String,
    /// When the customer's place was earned: never later than now.
    pub earned_at: Millis,
    /// What it belongs to.
    pub links: CaseLinks,
}

/// What a case belongs to.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseLinks {
    /// The customer's matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// The conversation on which he is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The account of that conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// The contact, as an opaque key.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactKey>,
    /// The case it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CaseId>,
}

/// A case went from one stage to another.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseMoved {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// The version of the rule set that allowed it.
    pub version: u32,
    /// The stage it was in.
    pub left: StageLeft,
    /// The stage it is in.
    pub entered: StageEntered,
    /// Who moved it.
    pub by: CaseMover,
    /// The disposition of the stage's task that moved it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// Who owned it meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
}

/// A field of a case has a value, or none any more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseFieldSet {
    /// The case.
    pub case: CaseId,
    /// The field.
    pub field: String,
    /// False: it was emptied.
    pub filled: bool,
    /// Its value; left out for free text, which may say anything of anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<CaseValue>,
}

/// A case has another owner.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseAssigned {
    /// The case.
    pub case: CaseId,
    /// Who owned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WorkerId>,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<WorkerId>,
}

/// A case waits.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CasePaused {
    /// The case.
    pub case: CaseId,
    /// The stage it waits in.
    pub stage: String,
    /// For what.
    pub reason: ParkReason,
    /// What its target does meanwhile.
    pub clock: ClockRule,
}

/// A case waits no more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseResumed {
    /// The case.
    pub case: CaseId,
    /// The stage it is in.
    pub stage: String,
    /// How long it waited, in milliseconds.
    pub waited_ms: u64,
    /// When the stage should be left now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
}

/// A case is over: `case_moved` of the same instant is how it came to its last stage.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseClosed {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// How it ended.
    pub outcome: CaseOutcome,
    /// The stage before its last, where it goes on if it is opened again.
    pub from: String,
    /// When that stage should have been left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_due_at: Option<Millis>,
    /// Since the customer's place was earned, in milliseconds.
    pub after_ms: u64,
    /// Who owned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
}

/// A case that was over is not.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseReopened {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// The version of the rule set that has the type.
    pub version: u32,
    /// True when the customer said that it is not solved.
    pub denied: bool,
    /// How it had ended.
    pub outcome: CaseOutcome,
    /// How long it was over, in milliseconds.
    pub closed_ms: u64,
    /// The stage it is in: the one it was closed from, with the place and the due time that it had there.
    pub entered: StageEntered,
    /// Who owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
}

/// The customer said that a case is solved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseConfirmed {
    /// The case.
    pub case: CaseId,
    /// How long after it was closed, in milliseconds.
    pub after_ms: u64,
}

/// A case belongs to something else from now on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseLinked {
    /// The case.
    pub case: CaseId,
    /// All that it belongs to.
    pub links: CaseLinks,
    /// In which language the customer is told from now on, where that was not known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

/// A stage's work has a task, or none: which of a task's events are a case's is known from here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseWork {
    /// The case.
    pub case: CaseId,
    /// The stage.
    pub stage: String,
    /// The task that does its work; left out where none could be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_task: Option<TaskId>,
    /// Why there is none, as a stable word: `queue_full`, `unknown_queue`, `refused`; `raised` where it stands for another
    /// that would have come too late; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What a stage says to somebody was said, or could not be.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseTold {
    /// The case.
    pub case: CaseId,
    /// The stage.
    pub stage: String,
    /// Whom: `customer`, `agent`, `manager`.
    pub whom: String,
    /// `told`; else why not: `no_conversation`, `too_many`, `other_channel`, `no_owner`, `no_task`, or `later`, for he is not
    /// written to now.
    pub outcome: String,
    /// Of what: empty for what the stage says when a case comes there; `promise_made`, `promise_at_risk`,
    /// `promise_broken`, `promise_withdrawn`, `case_at_risk`, `case_escalated`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// `later`: when he may be written to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell_at: Option<Millis>,
}

/// A stretch of a case that the company measures is over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseMeasured {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// The measure, as the type names it.
    pub measure: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl EventKind {
    /// The case that it is of, where it is of one.
    pub fn case(&self) -> Option<CaseId> {
        Some(match self {
            Self::CaseOpened(event) => event.case,
            Self::CaseMoved(event) => event.case,
            Self::CaseFieldSet(event) => event.case,
            Self::CaseAssigned(event) => event.case,
            Self::CasePaused(event) => event.case,
            Self::CaseResumed(event) => event.case,
            Self::CaseClosed(event) => event.case,
            Self::CaseReopened(event) => event.case,
            Self::CaseConfirmed(event) => event.case,
            Self::CaseLinked(event) => event.case,
            Self::CaseWork(event) => event.case,
            Self::CaseTold(event) => event.case,
            Self::CaseMeasured(event) => event.case,
            Self::CaseAgreed(event) => event.case,
            Self::CaseHeld(event) => event.case,
            Self::CaseAtRisk(event) => event.case,
            Self::CaseEscalated(event) => event.case,
            Self::CaseAside(event) => event.case,
            Self::CaseResurfaced(event) => event.case,
            Self::PromiseMade(event) => event.case,
            Self::PromiseAtRisk(event) => event.case,
            Self::PromiseKept(event) => event.case,
            Self::PromiseBroken(event) => event.case,
            Self::PromiseWithdrawn(event) => event.case,
            _ => return None,
        })
    }
}

/// What a unit may not do alone with a case about it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgreedTo {
    /// It ends in this stage.
    Stage(String),
    /// It is about this unit instead; empty: about none.
    About(String),
}

/// Somebody of another unit agreed to what the unit that a case is about may not do alone: once, in this stage.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseAgreed {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// The stage it is in.
    pub stage: String,
    /// The unit that it is about.
    pub about_unit: String,
    /// To what.
    pub agreed_to: AgreedTo,
    /// Who.
    pub agreed_by: WorkerId,
    /// His unit.
    pub of_unit: String,
}

/// A case stands still, or goes on, because of another case of its customer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseHeld {
    /// The case.
    pub case: CaseId,
    /// The other case, while it stands still; left out when it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<CaseId>,
    /// When its stage should be left then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
}
