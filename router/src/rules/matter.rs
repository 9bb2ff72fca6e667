//! What the live rules say of matters that are done, and of those that come again.

use std::collections::BTreeSet;

use blendline_cases::types::Words;
use blendline_rules::RuleSet;
use blendline_rules::matter::SameMatter;
use blendline_wire::QueueId;

use super::Names;

/// When customers are asked whether it is solved, which good answers are looked at, and what is the same matter.
#[derive(Clone, Debug, Default)]
pub struct Matters {
    /// How it is known that a customer comes again with the same matter; `None`: nobody looks.
    pub same: Option<SameMatter>,
    /// The question whether it is solved; empty: ours.
    pub text: Words,
    /// What its buttons say: by the one he confirms, by the other he denies.
    pub buttons: (Words, Words),
    /// So many of a thousand good answers about satisfaction are followed up as low ones are.
    pub sample_milli: u32,
    after: BTreeSet<String>,
    queues: BTreeSet<QueueId>,
}

impl Matters {
    pub(super) fn of(set: &RuleSet, names: &Names<'_>) -> Self {
        let solved = set.solved.clone().unwrap_or_default();
        Self {
            same: set.same_matter.clone(),
            text: solved.text,
            buttons: (solved.yes, solved.no),
            sample_milli: solved.sample_milli,
            after: solved.after,
            queues: solved.queues.iter().map(|queue| (names.queue)(&queue.value)).collect(),
        }
    }

    /// Whether customers are ever asked if it is solved.
    pub fn asks(&self) -> bool {
        !self.after.is_empty()
    }

    /// Whether the customer of a task of this queue that ended so is asked if it is solved.
    pub fn asks_after(&self, queue: QueueId, disposition: &str) -> bool {
        self.after.contains(disposition) && (self.queues.is_empty() || self.queues.contains(&queue))
    }
}
