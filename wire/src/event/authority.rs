//! What happens to decisions. Each of these events but `decision_refused` is a line of the ledger, word for word, so the sums of
//! the ledger are the sums of the events.
//!
//! Why somebody asked, in his own words, is in none of them.

use serde::{Deserialize, Serialize};

use super::EventKind;
use crate::ids::{CaseId, ContactKey, DecisionId, TaskId, WorkerId};

/// A line of the ledger.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionTold {
    /// The decision.
    pub decision: DecisionId,
    /// Its place among the lines of the decision, from 1.
    pub line: u32,
    /// What is given: `credit`, `refund`, …
    pub action: String,
    /// The currency, as `ILS`; empty where the action is counted.
    pub currency: String,
    /// How much, in minor units; below zero where it was taken back.
    pub minor: i64,
    /// Who asked.
    pub asker: WorkerId,
    /// Who decided: the first of two, where two did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decider: Option<WorkerId>,
    /// By whose authority: his own, or that of whom he stands in for. It counts against that person's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<WorkerId>,
    /// The grant, as the rules name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
    /// Who agreed as the second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<WorkerId>,
    /// By whose authority he did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_holder: Option<WorkerId>,
    /// The customer's contact, as an opaque key.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactKey>,
    /// The case it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_case: Option<CaseId>,
    /// The task in which it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_task: Option<TaskId>,
    /// The task that asks for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<TaskId>,
    /// For whom that task is first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<WorkerId>,
    /// The version of the rule set by which it was decided.
    pub version: u32,
    /// How much the asker could have decided alone then, in minor units.
    pub alone: i64,
    /// A stable word: why it was refused, or why no task asks for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl EventKind {
    /// The line of the ledger that it is, or that it would have been.
    pub fn decision(&self) -> Option<&DecisionTold> {
        match self {
            Self::DecisionAsked(told)
            | Self::DecisionRouted(told)
            | Self::DecisionApproved(told)
            | Self::DecisionGranted(told)
            | Self::DecisionDenied(told)
            | Self::DecisionWithdrawn(told)
            | Self::DecisionReversed(told)
            | Self::DecisionRefused(told) => Some(told),
            _ => None,
        }
    }
}
