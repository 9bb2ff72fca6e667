//! What is learnt about a queue, as a row.

use blendline_wire::{GroupId, Millis, QueueId};
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::policy::rate::Rate;
use crate::policy::share::Share;

/// What is learnt about a queue, and the reserve that follows from it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Learnt {
    /// The queue.
    pub queue: QueueId,
    /// How often a task comes.
    #[serde(default)]
    pub rate: Rate,
    /// Since when arrivals are counted.
    #[serde(default)]
    pub count_since: Millis,
    /// When the count ends, or the part of the window of a back queue's share; the end of time while nothing comes.
    pub count_until: Millis,
    /// How many came in this count.
    #[serde(default)]
    pub seen: u32,
    /// The slots of those who serve it that no back work and nobody's leisure takes, in thousandths: the mean of what was
    /// found at the ends of counts.
    #[serde(default)]
    pub busy_milli: u64,
    /// The mean time a task takes, in microseconds.
    #[serde(default)]
    pub task_us: u64,
    /// Over how many tasks.
    #[serde(default)]
    pub tasks: u32,
    /// How long tasks were worked on that nobody had been called away from yet, in microseconds, of late.
    #[serde(default)]
    pub first_us: u64,
    /// How many of them were solved before anybody was.
    #[serde(default)]
    pub firsts: u32,
    /// The mean time that is left of a task when it is taken up again and nobody is called away from it any more, in
    /// microseconds.
    #[serde(default)]
    pub after_us: u64,
    /// Over how many tasks.
    #[serde(default)]
    pub afters: u32,
    /// True where calling somebody away costs more than it brings.
    #[serde(default)]
    pub steadfast: bool,
    /// The mean time of the back tasks that its workers do, in milliseconds.
    #[serde(default)]
    pub back_ms: u64,
    /// The mean worth of those, in thousandths.
    #[serde(default = "whole")]
    pub back_worth_milli: u32,
    /// What attainment corrects the logarithm of the price of lateness by, in millionths.
    #[serde(default)]
    pub price_micro: i64,
    /// How many tasks the price was learnt from.
    #[serde(default)]
    pub heard: u32,
    /// Until when what is late may be so because late back work went before it: that is not for the price to mend.
    #[serde(default)]
    pub overtaken_until: Millis,
    /// How many front slots back work leaves free, in thousandths, before what runs is looked at.
    #[serde(default)]
    pub level_milli: u64,
    /// How much that changes with each slot that back work takes, in thousandths.
    #[serde(default)]
    pub running_milli: i64,
    /// How many slots back work is expected to take, in thousandths.
    #[serde(default)]
    pub expected_milli: i64,
    /// The part of its tasks that were late of late, in millionths.
    #[serde(default)]
    pub late_micro: u32,
    /// What that makes of its weight, in thousandths.
    #[serde(default = "whole")]
    pub weight_milli: u32,
    /// What its worth was last reckoned from.
    #[serde(default)]
    pub reckoned: Reckoned,
    /// True while it may keep back work from somebody who could do it: nobody is looked for again until it lets go.
    #[serde(default)]
    pub holding: bool,
    /// What a back queue was promised of late, and what it had.
    #[serde(default, skip_serializing_if = "is_default")]
    pub share: Share,
    /// The same for each group whose time plan has the queue.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<(GroupId, Share)>,
}

/// What the worth of a front queue's waiting tasks and free slots follows from.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Reckoned {
    /// What those who serve it can carry, in units of the weights.
    pub slots: u64,
    /// The slots that other queues' work keeps busy, in thousandths.
    pub others_milli: u64,
    /// The slots that its own keeps busy, in millionths.
    pub offered_micro: u64,
    /// The mean time of its tasks, in milliseconds.
    pub task_ms: u64,
    /// How many of its slots are free at most, in thousandths: back work takes the others.
    pub free_milli: u64,
    /// What others who only help do of its work, in slots of its own, in thousandths.
    #[serde(default)]
    pub help_milli: u64,
}

const fn whole() -> u32 {
    1_000
}

impl Learnt {
    /// What is known of a queue of which nothing is known.
    pub fn new(queue: QueueId) -> Self {
        Self {
            queue,
            rate: Rate::default(),
            count_since: Millis(0),
            count_until: Millis::MAX,
            seen: 0,
            busy_milli: 0,
            task_us: 0,
            tasks: 0,
            first_us: 0,
            firsts: 0,
            after_us: 0,
            afters: 0,
            steadfast: false,
            back_ms: 0,
            back_worth_milli: whole(),
            price_micro: 0,
            heard: 0,
            overtaken_until: Millis(0),
            level_milli: 0,
            running_milli: 0,
            expected_milli: 0,
            late_micro: 0,
            weight_milli: whole(),
            reckoned: Reckoned::default(),
            holding: false,
            share: Share::default(),
            planned: Vec::new(),
        }
    }
}
