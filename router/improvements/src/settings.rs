//! What a company says of improvements in its rules.

use std::collections::BTreeMap;

const DAY_MS: u64 = 86_400_000;

/// Targets, climbing, costs, and what opens one by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// How long an answer may take, in milliseconds.
    pub answer_ms: u64,
    /// What is late goes one manager up each so often, in milliseconds.
    pub climb_ms: u64,
    /// How often it goes up at most.
    pub climbs_max: u32,
    /// The unit that answers for what is of no unit; `None`: the top of the tree.
    pub unit: Option<String>,
    /// What a contact costs.
    pub costs: Option<Costs>,
    /// Answers about satisfaction of this score or below open one, where they have words; `None`: none does.
    pub low: Option<u8>,
    /// When repeat contacts open one; `None`: never.
    pub repeats: Option<Repeats>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            answer_ms: 7 * DAY_MS,
            climb_ms: 3 * DAY_MS,
            climbs_max: 5,
            unit: None,
            costs: None,
            low: None,
            repeats: None,
        }
    }
}

/// When contacts that come again open one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Repeats {
    /// Beyond this part of the contacts, in thousandths.
    pub share_milli: u64,
    /// Of at least so many contacts.
    pub contacts: u64,
    /// Within so long, in milliseconds.
    pub within_ms: u64,
}

/// What a contact costs, in whole minor units.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Costs {
    /// The currency.
    pub currency: String,
    /// Where its channel has no cost of its own.
    pub contact: i64,
    /// By channel.
    pub channels: BTreeMap<String, i64>,
}

impl Costs {
    /// What these contacts cost together.
    pub fn price(&self, contacts: &BTreeMap<String, u64>) -> i64 {
        let of = |(channel, count): (&String, &u64)| {
            let each = self.channels.get(channel).copied().unwrap_or(self.contact);
            i128::from(each).saturating_mul(i128::from(*count))
        };
        let sum = contacts.iter().map(of).fold(0_i128, i128::saturating_add);
        i64::try_from(sum).unwrap_or(i64::MAX)
    }
}
