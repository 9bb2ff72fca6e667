//! What is said of work that was done: reviews of it, ratings of answers, and that it was sent back. Reports of quality are
//! sums over these events.
//!
//! What people wrote in their own words is in none of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, DecisionId, JudgementId, QueueId, TaskId, UnitId, WorkerId};

/// A review: of what, and what came of it so far.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewTold {
    /// The review.
    pub review: JudgementId,
    /// The form by which it is reviewed, as the rules name it.
    pub form: String,
    /// 1; of a piece that two persons review, the second is 2.
    pub seat: u8,
    /// Whose work it is.
    pub of_worker: WorkerId,
    /// The queue in which it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_queue: Option<QueueId>,
    /// The unit that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_unit: Option<UnitId>,
    /// The task that it was done in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_task: Option<TaskId>,
    /// The decision that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_decision: Option<DecisionId>,
    /// The case it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_case: Option<CaseId>,
    /// What was decided: `credit`, `refund`, …; empty for a task.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// The currency, as `ILS`; empty where nothing is counted in one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub currency: String,
    /// How much was decided, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor: Option<i64>,
    /// How much whoever asked could have decided alone then, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<i64>,
    /// What made it likelier to be drawn: `amount`, `near`, `new`, `low`, `complaint`, `least`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<String>,
    /// How many of a thousand such pieces are drawn.
    pub chance_milli: u32,
    /// The version of the rule set by which it was drawn.
    pub version: u32,
    /// The task of whoever reviews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_task: Option<TaskId>,
    /// Who reviewed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<WorkerId>,
    /// From 0 to 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_milli: Option<u16>,
    /// The points of each criterion that applied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub points: BTreeMap<String, u8>,
    /// A stable word: why it waits (`for_manager`, `nobody_else`), or why nobody reviews it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// How an answer was.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnswerRating {
    /// It was what was needed.
    Good,
    /// It came too late.
    Late,
    /// Something was missing.
    Incomplete,
    /// It was not right.
    Wrong,
}

impl AnswerRating {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Good, Self::Late, Self::Incomplete, Self::Wrong];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Late => "late",
            Self::Incomplete => "incomplete",
            Self::Wrong => "wrong",
        }
    }
}

/// An answer to a request, and how it was.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerTold {
    /// Its name.
    pub answer: JudgementId,
    /// The request that it answers.
    pub of_task: TaskId,
    /// Who answered.
    pub of_worker: WorkerId,
    /// The queue in which it was answered.
    pub of_queue: QueueId,
    /// The unit that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_unit: Option<UnitId>,
    /// The task that waited for it.
    pub for_task: TaskId,
    /// Who asked.
    pub asker: WorkerId,
    /// From the request to the answer, in milliseconds.
    pub after_ms: u64,
    /// True when it came after the request's target.
    pub missed: bool,
    /// How it was, once it is rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<AnswerRating>,
}

/// How work came back.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SentBackWay {
    /// A task was passed back to where it came from.
    #[default]
    Transfer,
    /// A case went back to a stage where it had been.
    Stage,
    /// A customer said that it was not solved.
    Denied,
}

impl SentBackWay {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Stage => "stage",
            Self::Denied => "denied",
        }
    }
}

/// Work came back.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SentBackTold {
    /// Its name.
    pub sent_back: JudgementId,
    /// How.
    pub way: SentBackWay,
    /// Why: as the rules name it, or `unstated`; `denied` where the customer said so.
    // The event itself has a `cause`: two of one name cannot be read back.
    #[serde(rename = "why")]
    pub cause: String,
    /// To whom it came back: whoever had done it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_worker: Option<WorkerId>,
    /// The queue to which it came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_queue: Option<QueueId>,
    /// The unit that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_unit: Option<UnitId>,
    /// The queue that sent it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_queue: Option<QueueId>,
    /// Who sent it back; left out, the customer or a rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<WorkerId>,
    /// The task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_task: Option<TaskId>,
    /// The case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_case: Option<CaseId>,
    /// The stage it came back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}
