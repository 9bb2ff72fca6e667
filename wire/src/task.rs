//! Tasks and what belongs to them, in the words of the glossary.

use serde::{Deserialize, Serialize};

use crate::ids::{QueueId, SkillId, WorkerId};

/// Which office a queue's work belongs to. Any worker may serve both.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A customer waits live.
    #[default]
    Front,
    /// Deferrable work.
    Back,
}

/// What a task is made of.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A conversation that waits for us.
    #[default]
    Conversation,
    /// A work item, pushed in by another system.
    Item,
    /// A piece of work that one worker asks of another, for the same matter.
    Request,
    /// A contact (call, visit, counter) that a worker logged after the fact.
    Log,
}

/// What the rules say of a piece of work besides where it goes: for reports, and for whoever wonders.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Label {
    /// The rule that decided.
    pub rule: String,
    /// Words for reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The type of case it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_type: Option<String>,
}

/// A required skill and the lowest level that will do.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkillNeed {
    /// The skill.
    pub skill: SkillId,
    /// The lowest level that will do, from 1.
    pub level: u8,
}

/// To whom work is passed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Whoever serves this queue.
    Queue(QueueId),
    /// This worker; the task falls back to its queue when the worker is away.
    Worker(WorkerId),
}

/// Why a task is put aside.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParkReason {
    /// Until the customer writes.
    Customer,
    /// Until a colleague answers.
    Colleague,
    /// Until an approver decides.
    Approval,
    /// Until a time.
    Time,
}

/// What the target's clock does while a task is put aside.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClockRule {
    /// The target keeps running: the customer waits for us.
    #[default]
    Runs,
    /// The target stands still: we wait for the customer, or for a time he chose.
    Stops,
}

/// Whether a worker takes work.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Takes new work.
    Ready,
    /// Keeps what he has and takes nothing new.
    Busy,
    /// Not there; open work is handed over by the absence rule.
    #[default]
    Away,
    /// Finishes what he has, then leaves.
    Draining,
}

/// How a worker receives work.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AcceptMode {
    /// Each task is offered with a deadline, and the worker accepts or declines.
    #[default]
    Offer,
    /// Tasks are assigned at once. For bots, whose word is not needed.
    Auto,
}

/// Why a live ownership ended without the worker's doing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WithdrawReason {
    /// The offer was not answered in time.
    Expired,
    /// The worker's connection was lost.
    WorkerLost,
    /// The worker was silent too long.
    Silent,
    /// The worker's absence began.
    Absence,
    /// The parent was closed, or whoever pushed the item took it back.
    Cancelled,
    /// A supervisor gave it to someone else.
    Reassigned,
    /// The front line needs the worker; the task comes back to him.
    Interrupted,
    /// The queue was removed and its heir has the task.
    QueueRemoved,
}
