//! A rule set whose parts were read: names are names still, and each knows where it stands.

use std::collections::BTreeMap;

use blendline_wire::task::{AcceptMode, Side};
use jiff::tz::TimeZone;

use crate::calendar::Calendar;
use crate::cel::Condition;
use crate::fault::{Placed, Span};
use crate::normal::Words;

/// What a task takes of a worker where its queue does not say (router/config.default.toml).
pub const TASK_WEIGHT: u32 = 100;
/// How much a worker takes where nothing says (router/config.default.toml).
pub const CAPACITY: u32 = 300;
/// How long a worker has to accept where the queue does not say (router/config.default.toml), in milliseconds.
pub const OFFER_MS: u64 = 30_000;

/// One tenant's routing.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// Whether publishing needs a second person.
    pub two_people: bool,
    /// The time zone of `time.…` in conditions.
    pub zone: TimeZone,
    /// What workers can do and work can take.
    pub skills: Vec<Placed<String>>,
    /// Working hours by name.
    pub calendars: BTreeMap<String, Placed<Calendar>>,
    /// Lines of tasks.
    pub queues: Vec<Queue>,
    /// Workers who serve the same queues.
    pub groups: Vec<Group>,
    /// Lists of words by name, sorted by it.
    pub keywords: Vec<(Placed<String>, Words)>,
    /// Where messages go: the first that applies decides.
    pub rules: Vec<Rule>,
}

impl RuleSet {
    /// The workers of all groups.
    pub fn workers(&self) -> impl Iterator<Item = &Worker> {
        self.groups.iter().flat_map(|group| &group.workers)
    }
}

/// A line of tasks. What is `None` is as the configuration's defaults have it.
#[derive(Clone, Debug)]
pub struct Queue {
    /// Its name.
    pub name: Placed<String>,
    /// Which office.
    pub side: Side,
    /// How long a task may wait, in milliseconds.
    pub target_ms: Option<Placed<u64>>,
    /// How many per cent are to have a worker within that time.
    pub goal_percent: Option<u32>,
    /// How much its urgency counts, in parts of a thousand.
    pub weight_milli: Option<u32>,
    /// What a task takes of a worker's capacity; 100 is an ordinary task.
    pub task_weight: Option<Placed<u32>>,
    /// The part of that, in per cent, while it waits for somebody else.
    pub waiting_weight_percent: Option<u32>,
    /// How long a worker has to accept, in milliseconds.
    pub offer_ms: Option<u64>,
    /// How long a worker has after solving, in milliseconds.
    pub wrap_up_ms: Option<u64>,
    /// After how long a silent worker is reminded, in open milliseconds; 0 is never.
    pub remind_ms: Option<u64>,
    /// After how long a silent worker loses the task; 0 is never.
    pub take_back_ms: Option<u64>,
    /// After how long a supervisor is told; 0 is never.
    pub supervisor_ms: Option<u64>,
    /// In which hours its work is offered.
    pub calendar: Option<Placed<String>>,
    /// Whether its work may be set aside for a front peak.
    pub interruptible: Option<bool>,
    /// How many tasks may wait.
    pub tasks_max: Option<u32>,
    /// The part of its workers' hours that a back queue has while its work waits, in per cent.
    pub protected_percent: Option<Placed<u32>>,
    /// Queues that are no more, whose tasks are this one's.
    pub heir_of: Vec<Placed<String>>,
    /// Where its work is to go when it waits too long.
    pub overflow: Option<Overflow>,
}

/// Where work goes when it waits too long.
#[derive(Clone, Debug)]
pub struct Overflow {
    /// The other queue.
    pub to: Placed<String>,
    /// After how long, in milliseconds.
    pub after_ms: Placed<u64>,
}

/// A skill by name and a level from 1 to 10.
pub type Level = (Placed<String>, u8);

/// Workers who serve the same queues.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Placed<String>,
    /// Which queues.
    pub queues: Vec<Placed<String>>,
    /// Its workers.
    pub workers: Vec<Worker>,
}

/// A worker, with what his group says filled in where he himself says nothing.
#[derive(Clone, Debug)]
pub struct Worker {
    /// His name.
    pub name: Placed<String>,
    /// What he can do.
    pub skills: Vec<Level>,
    /// How much he takes at once.
    pub capacity: Option<u32>,
    /// How he receives work.
    pub accept: Option<AcceptMode>,
}

impl Worker {
    /// How much he takes at once.
    pub fn capacity(&self) -> u32 {
        self.capacity.unwrap_or(CAPACITY)
    }

    /// How well he has a skill; 0 when he has it not.
    pub fn level(&self, skill: &str) -> u8 {
        self.skills.iter().filter(|(has, _)| has.value == skill).map(|(_, level)| *level).max().unwrap_or_default()
    }
}

impl Queue {
    /// What a task of it takes of a worker.
    pub fn task_weight(&self) -> u32 {
        self.task_weight.as_ref().map_or(TASK_WEIGHT, |weight| weight.value)
    }
}

/// One rule: to what it applies, and where that goes.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Placed<String>,
    /// Channels it applies to; empty: all.
    pub channels: Vec<Placed<String>>,
    /// Accounts it applies to; empty: all.
    pub accounts: Vec<Placed<String>>,
    /// Languages it applies to; empty: all.
    pub languages: Vec<Placed<String>>,
    /// What must hold besides; `None`: nothing.
    pub when: Option<Condition>,
    /// The queue.
    pub queue: Placed<String>,
    /// What it takes.
    pub needs: Vec<Level>,
    /// How long it may wait, where that is not the queue's, in milliseconds.
    pub target_ms: Option<Placed<u64>>,
    /// Words for reports.
    pub tags: Vec<Placed<String>>,
    /// What it takes less after a while: (after milliseconds, needs).
    pub relax: Vec<(Placed<u64>, Vec<Level>)>,
    /// How hard it is on whoever does it, 0 to 10.
    pub strain: u8,
    /// The whole rule in the text.
    pub span: Span,
}
