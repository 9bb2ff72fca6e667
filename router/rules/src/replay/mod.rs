//! A recorded day under a rule set, decided by the scheduler that decides in production.
//!
//! A [`Day`] is what came in: when, where, what was said, how long the work on it took, how long the customer would wait;
//! and who was there when. [`run()`] classifies each message by the set and steps `blendline_core::Scheduler` with it.
//! Nothing in it is drawn by chance, so the same day under the same set gives the same result to the millisecond.
//!
//! What it cannot know, and how it is modelled: another worker would have taken another time, and here takes the recorded
//! one; a customer who was served would have left at some time, and here never leaves; each message is a matter of its own,
//! so who knows whom plays no part; workers take what is assigned at once.

mod changes;
mod day;
mod engine;
mod report;

use std::collections::BTreeMap;

use blendline_core::input::{Class, Settings};
use blendline_wire::{QueueId, WorkerId};

pub use changes::{Change, Unchangeable};
pub use day::{Arrival, Day, Shift, UnreadableDay};
pub use report::{Compared, GroupResult, Moved, QueueResult, Result, compare};

use crate::classify::Classifier;
use crate::facts::{Facts, History, NEVER_DAYS};
use crate::model::RuleSet;

/// A rule set with the handles and settings of its queues and workers, as the router makes them of it.
pub struct Staged<'a> {
    /// The set.
    pub set: &'a RuleSet,
    /// What the scheduler is told at the start: the tenant, then calendars, queues, workers.
    pub settings: Vec<Settings>,
    /// The class of each rule, by its place in the set.
    pub classes: Vec<Class>,
    /// Where messages go that no rule takes.
    pub otherwise: Class,
    /// The handle of a queue by its name.
    pub queues: BTreeMap<String, QueueId>,
    /// The handle of a worker by his name.
    pub workers: BTreeMap<String, WorkerId>,
}

/// What conditions see of a recorded message.
pub fn facts(arrival: &Arrival, set: &RuleSet) -> Facts {
    let history = History {
        known: arrival.days.is_some(),
        days: arrival.days.map_or(NEVER_DAYS, i64::from),
        ..History::default()
    };
    Facts::of(&arrival.event(), (&arrival.channel, &arrival.account), history, arrival.at.0, &set.zone)
}

/// Which rule takes a message, by its place in the set.
fn decided(classifier: &Classifier, set: &RuleSet, arrival: &Arrival) -> Option<usize> {
    let facts = facts(arrival, set);
    let name = &classifier.decide(&facts).rule?.name.value;
    set.rules.iter().position(|rule| rule.name.value == *name)
}

/// Runs a day under a set.
pub fn run(staged: &Staged<'_>, day: &Day) -> Result {
    let classifier = Classifier::new(staged.set);
    let rules: Vec<Option<usize>> =
        day.arrivals.iter().map(|arrival| decided(&classifier, staged.set, arrival)).collect();
    engine::Engine::new(staged, day, &rules).run()
}
