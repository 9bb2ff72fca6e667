//! Other systems stay masters: what they tell by external reference, and what it makes of cases.
//!
//! A [`System`] is what the company wrote of one: which field of a case holds its references, and what each kind of its events
//! does. [`order::Place`] says whether an event's turn has come, and [`plan::plan`] what it asks of which case. Whoever owns the
//! shard carries the steps out by [`crate::apply()`], all or none, and puts aside what cannot be: nothing is lost.

pub mod check;
pub mod order;
pub mod plan;

use std::collections::BTreeMap;

use blendline_wire::event::case::{CaseLinks, CaseValue};
use blendline_wire::event::external::ExternalTold;
use blendline_wire::{CaseId, ExternalId, Millis, Pii, TenantId};
use serde::{Deserialize, Serialize};

/// How long an event waits for those before it where the company does not say, in milliseconds: ten minutes.
pub const GAP_MS: u64 = 600_000;
/// The most systems of a company.
pub const SYSTEMS_MAX: usize = 32;
/// The most kinds of events of a system, and reactions to one.
pub const KINDS_MAX: usize = 64;
/// The most events about one thing that wait for another.
pub const WAITING_MAX: usize = 256;
/// The longest name of anything that another system gives.
pub const TEXT_CHARS_MAX: usize = 200;
/// The most fields of an event.
pub const FIELDS_MAX: usize = 64;

/// What the company wrote of another system.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct System {
    /// Its name.
    pub name: String,
    /// The field of a case that holds what this system calls something: its type is `reference`.
    pub reference: String,
    /// How long an event waits for those before it, in milliseconds.
    pub gap_ms: u64,
    /// What its events do, by their kind.
    pub events: BTreeMap<String, Vec<Reaction>>,
}

/// What an event does: the first that suits a case counts.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Reaction {
    /// Only with cases of this type.
    pub case_type: Option<String>,
    /// The stage that the case goes to.
    pub to: Option<String>,
    /// The type of the case that it opens, where none of it is open for the reference.
    pub open: Option<String>,
    /// What becomes known, by field.
    pub set: BTreeMap<String, Source>,
}

/// Where a value comes from.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The text of the rules.
    Text(String),
    /// A field of the event.
    Field(String),
    /// What the event is about.
    Reference,
}

impl Source {
    /// What a value of the text says: `{name}` is a field of the event, and `{reference}` what it is about.
    pub fn read(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some("reference") => Self::Reference,
            Some(name) => Self::Field(name.to_owned()),
            None => Self::Text(text.to_owned()),
        }
    }
}

/// An event of another system, as it told it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ExternalEvent {
    /// Whose.
    pub tenant: TenantId,
    /// The system.
    pub system: String,
    /// What the system calls the event: the same twice is one event.
    pub id: String,
    /// What it is about.
    pub reference: String,
    /// Its place among those about the same, from 1; `None` where the system does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Its kind, in the system's words.
    pub kind: String,
    /// When it happened, as the system says.
    pub at: Millis,
    /// What it says besides.
    #[serde(default)]
    pub fields: BTreeMap<String, CaseValue>,
    /// What a case that it opens belongs to.
    #[serde(default)]
    pub links: CaseLinks,
    /// In which language the customer of such a case is told.
    #[serde(default)]
    pub language: String,
}

impl ExternalEvent {
    /// What is told of it.
    pub fn told(&self, external: ExternalId, cases: Vec<CaseId>, reason: impl Into<String>) -> ExternalTold {
        ExternalTold {
            external,
            system: self.system.clone(),
            given_id: self.id.clone(),
            external_kind: self.kind.clone(),
            reference: self.reference.clone(),
            sequence: self.sequence,
            happened_at: self.at,
            cases,
            reason: reason.into(),
        }
    }
}

/// An event that was not applied yet.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Held {
    /// Its name.
    pub id: ExternalId,
    /// When it came.
    pub came_at: Millis,
    /// What it said.
    pub event: ExternalEvent,
    /// What it waits for.
    pub state: HeldState,
}

impl Held {
    /// When it has waited long enough; `None` where a person has to look at it.
    pub const fn due_at(&self) -> Option<Millis> {
        match &self.state {
            HeldState::Waiting { until } => Some(*until),
            HeldState::Parked(_) => None,
        }
    }
}

/// What an event waits for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HeldState {
    /// For those before it.
    Waiting {
        /// And until then at the longest.
        until: Millis,
    },
    /// For a person.
    Parked(Parked),
}

/// Why an event was put aside.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Parked {
    /// A stable word; see [`ExternalTold::reason`].
    pub reason: String,
    /// More of it: the name that is not known, the refusal as JSON.
    pub detail: Pii<String>,
}

impl Parked {
    /// Put aside for this reason.
    pub fn new(reason: &str, detail: impl Into<String>) -> Self {
        Self { reason: reason.to_owned(), detail: Pii::new(detail.into()) }
    }
}
