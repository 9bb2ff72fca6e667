//! Lines of the ledger, and the decision that they make.

use blendline_wire::event::EventKind;
use blendline_wire::event::authority::DecisionTold;
use blendline_wire::{ConversationId, DecisionId, MatterId, Millis, Pii, TaskId, TenantId, WorkerId};
use serde::{Deserialize, Serialize};

/// A line of the ledger. It is never changed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Line {
    /// Whose ledger.
    pub tenant: TenantId,
    /// When it was written.
    pub at: Millis,
    /// What happened.
    pub kind: Kind,
    /// What is told of it, also by its event.
    #[serde(flatten)]
    pub told: DecisionTold,
    /// The caller's key of the decision, in its first line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// The conversation of the task in which it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// The customer's matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<MatterId>,
    /// Why, in the words of whoever wrote the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Pii<String>>,
}

/// What a line says.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It was asked for, and waits.
    Asked,
    /// A task asks for it, or could not be opened.
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

impl Kind {
    /// All of them with their words.
    pub const ALL: &[(&str, Self)] = &[
        ("asked", Self::Asked),
        ("routed", Self::Routed),
        ("approved", Self::Approved),
        ("granted", Self::Granted),
        ("denied", Self::Denied),
        ("withdrawn", Self::Withdrawn),
        ("reversed", Self::Reversed),
    ];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// True where a line's amount is part of what was given.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Granted | Self::Reversed)
    }
}

impl Line {
    /// The event of a line.
    pub fn event(&self) -> EventKind {
        let told = Box::new(self.told.clone());
        match self.kind {
            Kind::Asked => EventKind::DecisionAsked(told),
            Kind::Routed => EventKind::DecisionRouted(told),
            Kind::Approved => EventKind::DecisionApproved(told),
            Kind::Granted => EventKind::DecisionGranted(told),
            Kind::Denied => EventKind::DecisionDenied(told),
            Kind::Withdrawn => EventKind::DecisionWithdrawn(told),
            Kind::Reversed => EventKind::DecisionReversed(told),
        }
    }

    /// What it adds to what was given, in minor units.
    pub const fn given(&self) -> i64 {
        if self.kind.counts() { self.told.minor } else { 0 }
    }
}

/// Where a decision stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
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

/// A decision: what its lines make of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// Its first line: what was asked for, or what was granted at once.
    pub first: Line,
    /// Its last.
    pub last: Line,
    /// The task that asks for approval, while it waits.
    pub approval: Option<TaskId>,
}

impl Decision {
    /// The decision that these lines make, in their order; `None` where there are none.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Option<Self> {
        let mut lines = lines.into_iter();
        let first = lines.next()?.clone();
        let mut decision = Self { last: first.clone(), approval: first.told.approval, first };
        lines.for_each(|line| decision.add(line.clone()));
        Some(decision)
    }

    /// What the next line makes of it.
    pub fn add(&mut self, line: Line) {
        self.approval = line.told.approval;
        self.last = line;
    }

    /// Its name.
    pub const fn id(&self) -> DecisionId {
        self.first.told.decision
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        match self.last.kind {
            Kind::Asked | Kind::Routed | Kind::Approved => State::Waiting,
            Kind::Granted => State::Granted,
            Kind::Denied => State::Denied,
            Kind::Withdrawn => State::Withdrawn,
            Kind::Reversed => State::Reversed,
        }
    }

    /// Who agreed first while a second person is needed, and by whose authority.
    pub fn agreed(&self) -> Option<(WorkerId, WorkerId)> {
        let told = &self.last.told;
        Some((told.decider?, told.holder?)).filter(|_| self.state() == State::Waiting)
    }
}
