//! What became of a day, and how two sets differ on it.

use blendline_core::input::Settings;
use blendline_wire::{Lease, Millis, QueueId, TaskId, WorkerId};
use serde::Serialize;

use super::{Day, Staged};
use crate::model::Group;

/// A message on its way through the day.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// The rule that took it.
    pub(super) rule: Option<usize>,
    pub(super) queue: QueueId,
    pub(super) arrived: Millis,
    /// What is left of the work.
    pub(super) left_ms: u64,
    pub(super) task: Option<TaskId>,
    pub(super) lease: Lease,
    pub(super) started: Option<Millis>,
    pub(super) with: Option<(WorkerId, Millis)>,
    pub(super) done: Option<Millis>,
    pub(super) left: bool,
    pub(super) interrupted: u32,
}

/// What became of a day under one set.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Result {
    /// By queue, in the order of the set.
    pub queues: Vec<QueueResult>,
    /// By group, in the order of the set.
    pub groups: Vec<GroupResult>,
    /// Messages that no rule took.
    pub without_rule: u64,
    /// The rule and the queue of each message, in the order of the day.
    #[serde(skip)]
    pub ways: Vec<(Option<String>, String)>,
}

/// What became of a queue.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct QueueResult {
    /// Its name.
    pub queue: String,
    /// How many came.
    pub arrived: u64,
    /// How many had a worker within the queue's target.
    pub in_time: u64,
    /// How many had a worker at all.
    pub started: u64,
    /// How many were finished.
    pub done: u64,
    /// How many left without an answer.
    pub left: u64,
    /// How often running work was set aside.
    pub interrupted: u64,
    /// How long those who had a worker waited: on the mean, half of them at most, nine of ten at most, in milliseconds.
    pub wait_mean_ms: u64,
    /// Likewise.
    pub wait_p50_ms: u64,
    /// Likewise.
    pub wait_p90_ms: u64,
}

impl QueueResult {
    /// The part that had a worker in time, in thousandths; `None` where nothing came.
    pub fn service_level_milli(&self) -> Option<u64> {
        (0 < self.arrived).then(|| self.in_time * 1_000 / self.arrived)
    }
}

/// What became of a group.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct GroupResult {
    /// Its name.
    pub group: String,
    /// How long its workers were there together, in milliseconds.
    pub present_ms: u64,
    /// How long they worked on tasks, each task counted, in milliseconds.
    pub worked_ms: u64,
}

impl Result {
    pub(super) fn new(staged: &Staged<'_>, jobs: &[Job], groups: &[(&Group, u64, u64)]) -> Self {
        let targets = |id: QueueId| {
            let own = |settings: &Settings| match settings {
                Settings::Queue(queue) if queue.id == id => Some(queue.target_ms),
                _ => None,
            };
            staged.settings.iter().find_map(own).unwrap_or(u64::MAX)
        };
        let name = |id: QueueId| {
            let own = staged.set.queues.iter().find(|queue| staged.queues.get(&queue.name.value).copied() == Some(id));
            own.map_or_else(|| "-".to_owned(), |queue| queue.name.value.clone())
        };
        let queues = staged.set.queues.iter().filter_map(|queue| {
            let id = staged.queues.get(&queue.name.value).copied()?;
            let target_of = |job: &Job| {
                let own = job.rule.and_then(|rule| staged.classes[rule].target_ms);
                own.unwrap_or_else(|| targets(id))
            };
            Some(of_queue(&queue.name.value, jobs.iter().filter(|job| job.queue == id), target_of))
        });
        let rule = |job: &Job| job.rule.map(|at| staged.set.rules[at].name.value.clone());
        Self {
            queues: queues.collect(),
            groups: groups
                .iter()
                .map(|(group, present_ms, worked_ms)| GroupResult {
                    group: group.name.value.clone(),
                    present_ms: *present_ms,
                    worked_ms: *worked_ms,
                })
                .collect(),
            without_rule: jobs.iter().filter(|job| job.rule.is_none()).count() as u64,
            ways: jobs.iter().map(|job| (rule(job), name(job.queue))).collect(),
        }
    }
}

fn of_queue<'j>(name: &str, jobs: impl Iterator<Item = &'j Job>, target_of: impl Fn(&Job) -> u64) -> QueueResult {
    let mut waits = Vec::new();
    let mut result = QueueResult {
        queue: name.to_owned(),
        arrived: 0,
        in_time: 0,
        started: 0,
        done: 0,
        left: 0,
        interrupted: 0,
        wait_mean_ms: 0,
        wait_p50_ms: 0,
        wait_p90_ms: 0,
    };
    for job in jobs {
        result.arrived += 1;
        result.done += u64::from(job.done.is_some());
        result.left += u64::from(job.left);
        result.interrupted += u64::from(job.interrupted);
        if let Some(started) = job.started {
            let waited = started.since(job.arrived);
            result.in_time += u64::from(waited <= target_of(job));
            waits.push(waited);
        }
    }
    waits.sort_unstable();
    result.started = waits.len() as u64;
    if !waits.is_empty() {
        result.wait_mean_ms = waits.iter().sum::<u64>() / waits.len() as u64;
        result.wait_p50_ms = waits[(waits.len() - 1) / 2];
        result.wait_p90_ms = waits[(waits.len() - 1) * 9 / 10];
    }
    result
}

/// Two sets on the same day.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The day under what is live.
    pub live: Result,
    /// The day under the draft.
    pub draft: Result,
    /// How many messages go to another queue.
    pub moved: u64,
    /// Some of them, by the pair of rules that decided.
    pub moves: Vec<Moved>,
}

/// Messages that one pair of rules sends elsewhere.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Moved {
    /// The rule that is live, and its queue.
    pub live: (Option<String>, String),
    /// The rule of the draft, and its queue.
    pub draft: (Option<String>, String),
    /// How many.
    pub count: u64,
    /// The first of them in the day, from 1.
    pub first: usize,
    /// When that came.
    pub first_at: Millis,
}

/// Compares two results of one day.
pub fn compare(day: &Day, live: Result, draft: Result) -> Compared {
    let mut moves: Vec<Moved> = Vec::new();
    let mut places: std::collections::HashMap<_, usize> = std::collections::HashMap::new();
    let mut moved = 0;
    for (at, (one, other)) in live.ways.iter().zip(&draft.ways).enumerate() {
        if one.1 == other.1 {
            continue;
        }
        moved += 1;
        let next = moves.len();
        let place = *places.entry((one, other)).or_insert(next);
        if place == next {
            let first_at = day.arrivals[at].at.0;
            moves.push(Moved { live: one.clone(), draft: other.clone(), count: 0, first: at + 1, first_at });
        }
        moves[place].count += 1;
    }
    moves.sort_by_key(|moved| std::cmp::Reverse(moved.count));
    Compared { live, draft, moved, moves }
}
