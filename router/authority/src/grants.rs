//! What the company wrote: who may give what, and who decides above that.

use std::collections::BTreeMap;

use blendline_wire::Millis;
use blendline_wire::task::ClockRule;
use serde::Serialize;

/// Actions that every company has. What comes behind a point is the policy that an exception is made of: `exception.returns`.
pub const ACTIONS: &[&str] = &["credit", "discount", "exception", "fee-waiver", "refund", "replacement"];

/// The `authority` section of a rule set.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Authority {
    /// Actions of the company's own.
    pub actions: Vec<String>,
    /// Who may give what, in the order of the text.
    pub grants: Vec<Grant>,
    /// Who stands in for whom.
    pub delegations: Vec<Delegation>,
    /// How approvals are asked for; `None`: what is above a limit is refused.
    pub approvals: Option<Approvals>,
}

/// Who may give what.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Grant {
    /// Its name.
    pub name: String,
    /// Who.
    pub who: Who,
    /// What.
    pub action: String,
    /// The currency; empty where the action is counted.
    pub currency: String,
    /// How much at once, in minor units.
    pub limit: i64,
    /// How much in a day of the company's time zone.
    pub day: Option<i64>,
    /// How much one customer may get, from anybody.
    pub customer: Option<PerCustomer>,
    /// Above this a second person agrees.
    pub four_eyes: Option<i64>,
    /// From when.
    pub from: Option<Millis>,
    /// Until when.
    pub until: Option<Millis>,
    /// The hours in which it holds; `None`: always.
    pub calendar: Option<String>,
    /// Skills that he must have, with the least level.
    pub skills: BTreeMap<String, u8>,
    /// The least score of his quality, in per cent. Whose quality nobody has scored has not reached it.
    pub quality: Option<u8>,
}

/// How much one customer may get.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct PerCustomer {
    /// In minor units.
    pub limit: i64,
    /// Within how long, in milliseconds.
    pub within_ms: u64,
}

/// To whom a grant is given. All that is named must hold.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Who {
    /// What he is.
    pub role: Option<Role>,
    /// The group he works in.
    pub group: Option<String>,
    /// The unit he belongs to, or one above it.
    pub unit: Option<String>,
    /// Himself.
    pub worker: Option<String>,
}

/// What somebody is in the organisation's tree.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Anybody.
    Worker,
    /// Whoever answers for a unit.
    Manager,
}

impl Role {
    /// All of them with their words.
    pub const ALL: &[(&str, Self)] = &[("worker", Self::Worker), ("manager", Self::Manager)];
}

/// Somebody stands in for somebody, within that person's own limits. What he decides so counts against them.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Delegation {
    /// Whose authority it is.
    pub giver: String,
    /// Who stands in.
    pub taker: String,
    /// From when.
    pub from: Millis,
    /// Until when.
    pub until: Millis,
}

/// How approvals are asked for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Approvals {
    /// In which queue the task stands.
    pub queue: String,
    /// How long an answer may take, in milliseconds; `None`: as the queue has it.
    pub target_ms: Option<u64>,
    /// What the target of the asker's task does meanwhile.
    pub clock: ClockRule,
}

impl Authority {
    /// True where nobody may decide anything.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty()
    }

    /// The grants of an action in a currency.
    pub fn of<'a>(&'a self, action: &'a str, currency: &'a str) -> impl Iterator<Item = &'a Grant> {
        self.grants.iter().filter(move |grant| grant.action == action && grant.currency == currency)
    }

    /// How far back what one customer got may count, in milliseconds.
    pub fn window_ms(&self, action: &str, currency: &str) -> u64 {
        self.of(action, currency)
            .filter_map(|grant| grant.customer)
            .map(|customer| customer.within_ms)
            .max()
            .unwrap_or(0)
    }

    /// Whether an action of this name may be written.
    pub fn knows(&self, action: &str) -> bool {
        let base = action.split_once('.').map_or(action, |(base, _)| base);
        ACTIONS.contains(&base) || self.actions.iter().any(|own| own == action)
    }
}
