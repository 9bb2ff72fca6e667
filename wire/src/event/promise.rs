//! What is promised to customers, and trouble that shows before it breaks: reports over promises and early warnings are
//! functions of these events.
//!
//! The words of a promise are in none of them: a worker may have written anything into them.

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, TaskId, WorkerId};
use crate::time::Millis;

/// What keeps a promise.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Keeps {
    /// The case comes to this stage.
    Stage(String),
    /// This field of the case has a value.
    Field(String),
    /// A worker, or another system, says that it is kept.
    Said,
}

/// Why a promise does not hold any more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    /// The customer wants it otherwise.
    Customer,
    /// It cannot be kept.
    Impossible,
    /// It should not have been made.
    Mistake,
    /// Another stands in its place.
    Replaced,
    /// The case was over before.
    CaseClosed,
}

/// Who is told of a promise at risk.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RiskTold {
    /// Whoever owns the promise: he comes first.
    Owner,
    /// The customer.
    Customer,
}

/// Why something is at risk.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RiskBy {
    /// So little time is left.
    Time,
    /// So long do such stages take.
    Forecast,
}

/// Something was promised to a customer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromiseMade {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// The number of the promise in its case, from 1.
    pub promise: u32,
    /// The stage in which it was made.
    pub stage: String,
    /// True when the stage promises by itself; false when somebody did.
    pub by_stage: bool,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// Until when it is to be kept.
    pub due_at: Millis,
    /// From when it is at risk, whatever is forecast.
    pub risk_at: Millis,
    /// How long its owner knows of the risk before the customer does, in milliseconds.
    pub agent_first_ms: u64,
    /// What keeps it.
    pub kept_by: Keeps,
    /// The field whose day it promises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The promise in whose place it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<u32>,
}

/// A promise may not be kept, and somebody is told before it breaks. Told to the owner it is at risk from here on.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromiseAtRisk {
    /// The case.
    pub case: CaseId,
    /// The promise.
    pub promise: u32,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// Until when it is to be kept.
    pub due_at: Millis,
    /// Who is told now. Whether it could be said is in the `case_told` after it.
    pub tells: RiskTold,
    /// Why.
    pub why: RiskBy,
    /// When the customer is told, unless it is kept or withdrawn before.
    pub customer_at: Millis,
}

/// A promise was kept.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromiseKept {
    /// The case.
    pub case: CaseId,
    /// The promise.
    pub promise: u32,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// Until when it was to be kept.
    pub due_at: Millis,
    /// True when that was later than promised: it had been broken.
    pub late: bool,
}

/// A promise was broken.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromiseBroken {
    /// The case.
    pub case: CaseId,
    /// The promise.
    pub promise: u32,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// Until when it was to be kept.
    pub due_at: Millis,
    /// True when the customer had been told before.
    pub warned: bool,
}

/// A promise does not hold any more.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromiseWithdrawn {
    /// The case.
    pub case: CaseId,
    /// The promise.
    pub promise: u32,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// Until when it was to be kept.
    pub due_at: Millis,
    /// Why.
    pub reason: Withdrawal,
}

/// From what the chance to miss a target was learnt, the narrowest that has been seen often enough.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LearntOf {
    /// Nothing of the kind was seen: the target alone tells.
    #[default]
    Target,
    /// From this stage of this type.
    Stage,
    /// From this stage where this unit answers for it.
    Unit,
    /// From those that began at such a time of the week.
    Season,
}

/// What is expected of a stage that a case is in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chance {
    /// That it misses its target, in parts of a thousand.
    pub miss_milli: u32,
    /// From how much on somebody is warned, in parts of a thousand.
    pub warns_milli: u32,
    /// How much of its target's opening hours it used so far, in milliseconds.
    pub used_ms: u64,
    /// Its target, in milliseconds.
    pub target_ms: u64,
    /// How many opening hours it takes from here in every second such case, in milliseconds; left out beyond all that is
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_left_ms: Option<u64>,
    /// From what it was learnt.
    pub learnt_of: LearntOf,
    /// How many of these were seen to their end; old ones count less.
    pub seen: u32,
    /// How fast such stages end lately, in parts of a thousand of what is usual.
    pub pace_milli: u32,
}

/// A case will probably miss its stage's target: told before it does, once a stage.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseAtRisk {
    /// The case.
    pub case: CaseId,
    /// The name of its type.
    pub case_type: String,
    /// The version of the rule set that says what is done.
    pub version: u32,
    /// The stage.
    pub stage: String,
    /// The unit that answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<String>,
    /// Who owns the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<WorkerId>,
    /// When the stage should be left.
    pub due_at: Millis,
    /// When it will be left by what is usual; left out beyond all that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_at: Option<Millis>,
    /// Why it is said now.
    pub why: RiskBy,
    /// The chance, and what it is made of.
    pub chance: Chance,
    /// What it waits for: `queue`, `customer`, `colleague`, `approval`, `time`, `system`.
    pub waits_for: String,
}

/// A stage at risk went up the organisation's tree, as nothing had come of the warning.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseEscalated {
    /// The case.
    pub case: CaseId,
    /// The stage.
    pub stage: String,
    /// How far up: 1 is the manager of the unit that answers for the stage.
    pub level: u32,
    /// Who is told.
    pub to: WorkerId,
}

/// The stage's task was due to come again, before what is fresher: by how old it is and by what it is worth. Where somebody has
/// it, it stays his; else `case_work` tells of the new one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseResurfaced {
    /// The case.
    pub case: CaseId,
    /// The stage.
    pub stage: String,
    /// How often by now, since it came there.
    pub times: u32,
    /// What it is worth, in minor units, where the type says by which field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<i64>,
    /// The target that its task has, in milliseconds.
    pub target_ms: u64,
}

/// A task was opened beside the stage's own, because the case is at risk.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CaseAside {
    /// The case.
    pub case: CaseId,
    /// The stage.
    pub stage: String,
    /// The task; left out where none could be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_task: Option<TaskId>,
    /// Why there is none, as of `case_work`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}
