//! The ledger of decisions: lines that are added in the transaction of their events, and never changed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use blendline_authority::Line;
use blendline_authority::limits::LINES_MAX;
use blendline_wire::{ContactKey, DecisionId, Millis, TaskId, TenantId, WorkerId};

use crate::ports::store::StoreError;

/// Reads of the ledger.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// All lines that are asked for, in no order; of what was used at most [`USED_MAX`] for each.
    async fn lines(&self, wanted: &LinesWanted) -> Result<Vec<Line>, StoreError>;

    /// Lines of a tenant above `after` in the order of time, at most `limit`.
    async fn ledger(
        &self,
        tenant: TenantId,
        filter: &LedgerFilter,
        after: Option<LinePlace>,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError>;
}

/// How many lines are read for one wish: one more than it may be decided by, so that too many are noticed.
pub const USED_MAX: usize = LINES_MAX + 1;

/// Which lines to look up.
#[derive(Clone, Debug, Default)]
pub struct LinesWanted {
    /// All of these decisions.
    pub decisions: Vec<DecisionId>,
    /// All of the decisions that these tasks ask for.
    pub approvals: Vec<TaskId>,
    /// What was granted before.
    pub used: Vec<UsedWanted>,
}

impl LinesWanted {
    /// True when there is nothing to look up.
    pub const fn is_empty(&self) -> bool {
        self.decisions.is_empty() && self.approvals.is_empty() && self.used.is_empty()
    }
}

/// What was granted before: of an action in a currency, by some since then, or to a customer since then.
#[derive(Clone, Debug)]
pub struct UsedWanted {
    /// Whose ledger.
    pub tenant: TenantId,
    /// What.
    pub action: String,
    /// The currency; empty where the action is counted.
    pub currency: String,
    /// By whose authority.
    pub holders: Vec<WorkerId>,
    /// Since when.
    pub day_since: Millis,
    /// To whom.
    pub contact: Option<ContactKey>,
    /// Since when.
    pub customer_since: Millis,
}

/// Which lines to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct LedgerFilter {
    /// From then on.
    pub since: Option<Millis>,
    /// Before then.
    pub until: Option<Millis>,
    /// Only of what this worker asked for.
    pub asker: Option<WorkerId>,
    /// True: only the first line of each decision.
    pub firsts: bool,
}

/// Where a line stands in the order of time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LinePlace {
    /// When it was written.
    pub at: Millis,
    /// Its decision.
    pub decision: DecisionId,
    /// Its number in it.
    pub line: u32,
}

impl LinePlace {
    /// Where this line stands.
    pub const fn of(line: &Line) -> Self {
        Self { at: line.at, decision: line.told.decision, line: line.told.line }
    }
}

/// Lines by their decision, each decision's in their order and once.
pub fn by_decision(lines: impl IntoIterator<Item = Line>) -> BTreeMap<DecisionId, BTreeMap<u32, Line>> {
    let mut decisions: BTreeMap<DecisionId, BTreeMap<u32, Line>> = BTreeMap::new();
    for line in lines {
        decisions.entry(line.told.decision).or_default().insert(line.told.line, line);
    }
    decisions
}
