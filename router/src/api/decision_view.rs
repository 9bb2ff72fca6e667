//! Decisions and what may be decided, as callers see them.

use blendline_authority::decide::Left;
use blendline_authority::grants::Grant;
use blendline_authority::propose::Proposal;
use blendline_authority::{Decision, Kind, Line, State};
use blendline_wire::time::Instant;
use blendline_wire::{CaseId, DecisionId, Millis, Pii, TaskId, WorkerId, money};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::worker_name;
use crate::directory::Directory;

/// A decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionInfo {
    /// Its name.
    id: DecisionId,
    /// Where it stands.
    #[schema(value_type = StateSchema)]
    state: State,
    /// What is given.
    action: String,
    /// How much, in minor units; how many, where the action is counted.
    minor: i64,
    /// The currency; left out where the action is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The amount as people read it.
    amount: String,
    /// Who asked.
    asker: String,
    /// When.
    asked_at: Instant,
    /// Why, in his words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    reason: Option<Pii<String>>,
    /// What the customer calls himself, where one decision is asked for and the reader may see names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    customer: Option<Pii<String>>,
    /// How much he could have decided alone then, in minor units.
    alone: i64,
    /// Who decided: the first of two, where two did.
    #[serde(skip_serializing_if = "Option::is_none")]
    decider: Option<String>,
    /// By whose authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// By which grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<String>,
    /// Who agreed as the second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<String>,
    /// The case it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<CaseId>,
    /// The task in which it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<TaskId>,
    /// The task that asks for approval, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<TaskId>,
    /// The version of the rules by which it was decided.
    version: u32,
    /// Its lines of the ledger, in their order.
    lines: Vec<LineInfo>,
}

/// A line of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DecisionLine)]
pub struct LineInfo {
    /// Its place, from 1.
    line: u32,
    /// When it was written.
    at: Instant,
    /// What happened.
    #[schema(value_type = KindSchema)]
    kind: Kind,
    /// How much it says, in minor units; below zero where it was taken back.
    minor: i64,
    /// Why, in the words of whoever wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    note: Option<Pii<String>>,
    /// A stable word: why no task asks for it, or why it was withdrawn without anybody saying so.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// For whom the task that asks is first.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// Where a decision stands: the authority's own type knows no API.
#[derive(Serialize, ToSchema)]
#[schema(as = DecisionState)]
#[serde(rename_all = "snake_case")]
pub enum StateSchema {
    /// Somebody is asked.
    Waiting,
    /// It is given.
    Granted,
    /// It is not.
    Denied,
    /// It is not wanted any more.
    Withdrawn,
    /// What was given was taken back.
    Reversed,
}

/// What a line of the ledger says, likewise.
#[derive(Serialize, ToSchema)]
#[schema(as = DecisionLineKind)]
#[serde(rename_all = "snake_case")]
pub enum KindSchema {
    /// It was asked for, and waits.
    Asked,
    /// A task asks for it.
    Routed,
    /// The first of two persons agreed.
    Approved,
    /// It is given.
    Granted,
    /// It is not.
    Denied,
    /// It is not wanted any more.
    Withdrawn,
    /// What was given was taken back.
    Reversed,
}

/// A decision as it is shown; `lines` are all of its.
pub fn info(decision: &Decision, lines: &[Line], directory: &Directory) -> DecisionInfo {
    let (first, last) = (&decision.first.told, &decision.last.told);
    let name = |worker: WorkerId| worker_name(worker, directory);
    let line = |line: &Line| LineInfo {
        line: line.told.line,
        at: Instant(line.at),
        kind: line.kind,
        minor: line.told.minor,
        note: line.note.clone(),
        reason: (!line.told.reason.is_empty()).then(|| line.told.reason.clone()),
        to: line.told.to.map(name),
    };
    DecisionInfo {
        id: decision.id(),
        state: decision.state(),
        action: first.action.clone(),
        minor: first.minor,
        currency: (!first.currency.is_empty()).then(|| first.currency.clone()),
        amount: money::shown(first.minor, &first.currency),
        asker: name(first.asker),
        asked_at: Instant(decision.first.at),
        reason: decision.first.note.clone(),
        customer: None,
        alone: first.alone,
        decider: last.decider.map(name),
        holder: last.holder.map(name),
        grant: last.grant.clone(),
        second: last.second.map(name),
        case: first.of_case,
        task: first.of_task,
        approval: decision.approval,
        version: last.version,
        lines: lines.iter().map(line).collect(),
    }
}

impl DecisionInfo {
    /// The same, with what the customer calls himself.
    #[must_use]
    pub fn of(self, customer: Option<Pii<String>>) -> Self {
        Self { customer, ..self }
    }

    /// What is given.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The amount as people read it.
    pub fn amount(&self) -> &str {
        &self.amount
    }

    /// Who asked.
    pub fn asker(&self) -> &str {
        &self.asker
    }

    /// When.
    pub const fn asked_at(&self) -> Millis {
        self.asked_at.0
    }

    /// Why, in his words.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_ref().map(|reason| reason.expose().as_str())
    }

    /// True while somebody is asked.
    pub fn waits(&self) -> bool {
        self.state == State::Waiting
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Who decided: the second person, where two did.
    pub fn decided_by(&self) -> Option<&str> {
        self.second.as_deref().or(self.decider.as_deref())
    }

    /// What whoever decided said.
    pub fn last_note(&self) -> Option<&str> {
        let last = self.lines.last().filter(|last| last.line != 1)?;
        last.note.as_ref().map(|note| note.expose().as_str())
    }
}

/// What somebody may decide here by one grant.
#[derive(Debug, Serialize, ToSchema)]
pub struct Allowance {
    /// What he may give.
    action: String,
    /// The currency; left out where the action is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// The grant.
    grant: String,
    /// How much he may decide now, in minor units.
    minor: i64,
    /// The same as people read it.
    amount: String,
    /// How much at once.
    once: i64,
    /// How much of the day's limit is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<i64>,
    /// How much this customer may still get.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<i64>,
    /// Above this a second person agrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    four_eyes: Option<i64>,
}

/// What is left of a grant, as it is shown.
pub fn allowance(grant: &Grant, left: Left) -> Allowance {
    Allowance {
        action: grant.action.clone(),
        currency: (!grant.currency.is_empty()).then(|| grant.currency.clone()),
        grant: grant.name.clone(),
        minor: left.least(),
        amount: money::shown(left.least(), &grant.currency),
        once: left.once,
        day: left.day,
        customer: left.customer,
        four_eyes: grant.four_eyes,
    }
}

/// A higher limit that the ledger speaks for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitProposal {
    /// Whose.
    worker: String,
    /// Of what.
    action: String,
    /// The currency; left out where the action is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// How many of his wishes somebody decided.
    decided: u32,
    /// How many of them were granted.
    granted: u32,
    /// How much he could decide alone when he asked last, in minor units.
    alone: i64,
    /// The limit that would have made nine of ten of those approvals needless, in minor units.
    limit: i64,
}

/// A proposal as it is shown.
pub fn proposal(of: Proposal, directory: &Directory) -> LimitProposal {
    LimitProposal {
        worker: worker_name(of.worker, directory),
        action: of.action,
        currency: (!of.currency.is_empty()).then_some(of.currency),
        decided: of.decided,
        granted: of.granted,
        alone: of.alone,
        limit: of.limit,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A decision that waits.
    pub(crate) fn waiting() -> DecisionInfo {
        DecisionInfo {
            id: DecisionId(7),
            state: State::Waiting,
            action: "credit".to_owned(),
            minor: 15_000,
            currency: Some("ILS".to_owned()),
            amount: "150.00 ILS".to_owned(),
            asker: "<b>noa".to_owned(),
            asked_at: Instant(Millis(1)),
            reason: Some("<script>".into()),
            customer: None,
            alone: 10_000,
            decider: None,
            holder: None,
            grant: None,
            second: None,
            case: None,
            task: None,
            approval: None,
            version: 1,
            lines: Vec::new(),
        }
    }
}
