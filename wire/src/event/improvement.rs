//! What should change: who wrote it down and why, who answers for it, and what was measured before and after.
//!
//! What people wrote is in none of these; how many contacts stand behind it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{ImprovementId, QueueId, WorkerId};
use crate::time::Millis;

/// From where something that should change is known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImprovementSource {
    /// A worker's note when he finished a task.
    WrapUp,
    /// An auditor's finding.
    Audit,
    /// What a customer said.
    Feedback,
    /// Customers come again with the same matter.
    Repeat,
    /// A day beside somebody who works.
    Shadowing,
}

impl ImprovementSource {
    /// Every source.
    pub const ALL: [Self; 5] = [Self::WrapUp, Self::Audit, Self::Feedback, Self::Repeat, Self::Shadowing];

    /// Its word in events and texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WrapUp => "wrap_up",
            Self::Audit => "audit",
            Self::Feedback => "feedback",
            Self::Repeat => "repeat",
            Self::Shadowing => "shadowing",
        }
    }
}

/// Where something that should change stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImprovementStatus {
    /// Nobody has answered yet.
    #[default]
    Open,
    /// It will be done by a day.
    Planned,
    /// It will not be done.
    Declined,
    /// It is being done.
    Doing,
    /// It is done, and measured.
    Done,
    /// It was answered or done, and is open again.
    Reopened,
}

impl ImprovementStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [Self::Open, Self::Planned, Self::Declined, Self::Doing, Self::Done, Self::Reopened];

    /// Its word in events, lists and texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Planned => "planned",
            Self::Declined => "declined",
            Self::Doing => "doing",
            Self::Done => "done",
            Self::Reopened => "reopened",
        }
    }

    /// True while a manager owes an answer.
    pub const fn wants_answer(self) -> bool {
        matches!(self, Self::Open | Self::Reopened)
    }

    /// True where nothing more is owed.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Declined | Self::Done)
    }
}

/// A figure that is counted from events.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// How many contacts came in a week.
    Contacts,
    /// Which part of the contacts came again with a matter that was closed.
    Repeats,
    /// Which part of the contacts were told to be solved and were not.
    Denials,
    /// Which part of the answers about satisfaction were low.
    LowAnswers,
    /// Which part of the tasks came back to whoever had done them.
    SentBack,
}

/// What something that should change is measured by: a figure, of some contacts.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Measure {
    /// The figure.
    pub figure: Figure,
    /// Of contacts in this queue; left out, in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_queue: Option<QueueId>,
    /// Of contacts of which the rules say this: a tag, or the rule's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Of contacts of this type of case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_type: Option<String>,
}

/// What was measured in a stretch of time.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Measured {
    /// What was measured.
    pub measure: Measure,
    /// From then on.
    pub since: Millis,
    /// Before then.
    pub until: Millis,
    /// How many it counts.
    pub count: u64,
    /// Of how many; of a number in a week as many as it counts.
    pub of: u64,
    /// The figure in thousandths: a part of all, or how many in a week.
    pub milli: u64,
}

/// Something that should change was written down.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementOpened {
    /// Its name.
    pub improvement: ImprovementId,
    /// From where it is known.
    pub source: ImprovementSource,
    /// The queue that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_queue: Option<QueueId>,
    /// What the rules say of the contacts behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The unit that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_unit: Option<String>,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<WorkerId>,
    /// The manager who is to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// Until when he is to answer.
    pub answer_due_at: Millis,
    /// The contacts behind it by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contacts: BTreeMap<String, u64>,
}

/// More speaks for something that should change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementEvidence {
    /// Of which.
    pub improvement: ImprovementId,
    /// The queue that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_queue: Option<QueueId>,
    /// What the rules say of the contacts behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The contacts that were added, by channel.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub contacts: BTreeMap<String, u64>,
    /// Who wrote it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<WorkerId>,
}

/// Two of them say the same, or do not after all.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementJoined {
    /// Which.
    pub improvement: ImprovementId,
    /// The one that it belongs to, or belonged to.
    pub into: ImprovementId,
}

/// Another manager is to answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementAssigned {
    /// Which.
    pub improvement: ImprovementId,
    /// Who was to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WorkerId>,
    /// Who is to.
    pub to: WorkerId,
}

/// A manager answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementAnswered {
    /// Which.
    pub improvement: ImprovementId,
    /// Who.
    pub by: WorkerId,
    /// Until when it will be done; left out where it will not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub do_by: Option<Millis>,
    /// How long it waited for the answer, in milliseconds.
    pub waited_ms: u64,
    /// Whether the answer came later than it was due.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// It was begun, done, or opened again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementMoved {
    /// Which.
    pub improvement: ImprovementId,
    /// Where it stood.
    pub from: ImprovementStatus,
    /// Where it stands.
    pub to: ImprovementStatus,
}

/// Why something went up the organisation's tree.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Overdue {
    /// Nobody answered in time.
    Unanswered,
    /// What was to be done by a day was not.
    Undone,
}

/// It went up the organisation's tree.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementEscalated {
    /// Which.
    pub improvement: ImprovementId,
    /// Why.
    pub overdue: Overdue,
    /// Who had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WorkerId>,
    /// Who has it; left out where nobody stands above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<WorkerId>,
    /// How often it has gone up.
    pub climbs: u32,
}

/// What it is measured by was measured.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementMeasured {
    /// Which.
    pub improvement: ImprovementId,
    /// Whether it is how things were before the change, or after it.
    pub phase: Phase,
    /// What was measured.
    pub measured: Measured,
}

/// Before a change or after it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// How things were.
    Before,
    /// How they are since.
    After,
}
