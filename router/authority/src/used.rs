//! How much of a limit is used, by the lines of the ledger.
//!
//! What was taken back stays used: a limit is on what somebody decides, and a decision that was reversed was made.

use std::collections::BTreeMap;

use blendline_wire::{ContactKey, DecisionId, Millis, WorkerId};

use crate::line::{Kind, Line};

/// Lines by which limits are reckoned: of one action and one currency, each once.
#[derive(Clone, Debug, Default)]
pub struct Used {
    granted: BTreeMap<(DecisionId, u32), Line>,
}

impl Used {
    /// Those of these lines that count; one that is there twice counts once.
    pub fn of(lines: impl IntoIterator<Item = Line>, action: &str, currency: &str) -> Self {
        let counts =
            |line: &Line| line.kind == Kind::Granted && line.told.action == action && line.told.currency == currency;
        let keyed = |line: Line| ((line.told.decision, line.told.line), line);
        Self { granted: lines.into_iter().filter(counts).map(keyed).collect() }
    }

    /// What was given by somebody's authority since then.
    pub fn by(&self, holder: WorkerId, since: Millis) -> i64 {
        let is_his = |line: &&Line| {
            since <= line.at && (line.told.holder == Some(holder) || line.told.second_holder == Some(holder))
        };
        self.granted.values().filter(is_his).fold(0, |sum, line| sum.saturating_add(line.told.minor))
    }

    /// What one customer got since then, from anybody.
    pub fn to(&self, contact: ContactKey, since: Millis) -> i64 {
        let is_to = |line: &&Line| since <= line.at && line.told.contact == Some(contact);
        self.granted.values().filter(is_to).fold(0, |sum, line| sum.saturating_add(line.told.minor))
    }
}
