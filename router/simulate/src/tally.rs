//! What is counted.

use crate::plan::{Plan, Target};
use crate::scenario::Side;

/// Waits by size: a bin for zero, then bins each 1 % wider, from one millisecond. Memory does not grow with the run.
#[derive(Clone, Debug)]
pub(crate) struct Waits {
    bins: Vec<u64>,
    count: u64,
    sum: f64,
    max: f64,
}

/// Enough bins for 30 years.
const BINS: usize = 2_800;
const WIDER: f64 = 1.01;

impl Default for Waits {
    fn default() -> Self {
        Self { bins: vec![0; BINS], count: 0, sum: 0.0, max: 0.0 }
    }
}

impl Waits {
    pub(crate) fn add(&mut self, ms: f64) {
        let bin = if ms < 1.0 { 0 } else { 1 + (libm::log(ms) / libm::log(WIDER)) as usize };
        self.bins[bin.min(BINS - 1)] += 1;
        self.count += 1;
        self.sum += ms;
        self.max = self.max.max(ms);
    }

    pub(crate) fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }

    pub(crate) const fn max(&self) -> f64 {
        self.max
    }

    /// The wait that this part of the tasks did not exceed.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let rank = (part * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for (bin, count) in self.bins.iter().enumerate() {
            seen += count;
            if seen >= rank.max(1) {
                return if bin == 0 { 0.0 } else { libm::pow(WIDER, bin as f64 - 0.5).min(self.max) };
            }
        }
        0.0
    }
}

/// The counts of a queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueueTally {
    pub(crate) arrived: u64,
    pub(crate) started: u64,
    pub(crate) completed: u64,
    pub(crate) abandoned: u64,
    pub(crate) late: u64,
    pub(crate) interrupted: u64,
    pub(crate) waits: Waits,
    /// Waiting tasks, integrated over time.
    pub(crate) waiting_area: f64,
    pub(crate) waiting: u64,
}

/// The times of a group, each integrated over slots.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupTally {
    pub(crate) present_area: f64,
    pub(crate) front_area: f64,
    pub(crate) back_area: f64,
    pub(crate) reserve_area: f64,
    pub(crate) present: u64,
    pub(crate) front: u64,
    pub(crate) back: u64,
}

/// Everything that is counted.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    pub(crate) queues: Vec<QueueTally>,
    pub(crate) groups: Vec<GroupTally>,
    /// The time that was measured.
    pub(crate) time: f64,
    /// Tasks bound to a worker, measured or not.
    pub(crate) decisions: u64,
    /// Up to when the areas are integrated.
    pub(crate) since: f64,
}

impl Tally {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            queues: vec![QueueTally::default(); plan.queues.len()],
            groups: vec![GroupTally::default(); plan.groups.len()],
            time: 0.0,
            decisions: 0,
            since: 0.0,
        }
    }

    /// Integrates what stood until `now`, where it is measured. `reserve` is each group's.
    pub(crate) fn pass(&mut self, plan: &Plan, now: f64, reserve: impl Fn(usize) -> f64) {
        let from = self.since.max(plan.warmup);
        self.since = now;
        let span = now.min(plan.horizon) - from;
        if span <= 0.0 {
            return;
        }
        self.time += span;
        for queue in &mut self.queues {
            queue.waiting_area += span * queue.waiting as f64;
        }
        for (number, group) in self.groups.iter_mut().enumerate() {
            group.present_area += span * group.present as f64;
            group.front_area += span * group.front as f64;
            group.back_area += span * group.back as f64;
            group.reserve_area += span * reserve(number);
        }
    }

    /// A replication begins at time zero with nobody there.
    pub(crate) fn begin(&mut self) {
        self.since = 0.0;
        for queue in &mut self.queues {
            queue.waiting = 0;
        }
        for group in &mut self.groups {
            (group.present, group.front, group.back) = (0, 0, 0);
        }
    }

    /// Slots of a group are taken or given back.
    pub(crate) fn busy(&mut self, group: usize, side: Side, slots: u32, taken: bool) {
        let group = &mut self.groups[group];
        let busy = if side == Side::Front { &mut group.front } else { &mut group.back };
        if taken { *busy += u64::from(slots) } else { *busy -= u64::from(slots) }
    }
}

/// True when a wait missed its queue's target.
pub(crate) fn is_late(target: Option<Target>, waited: f64) -> bool {
    matches!(target, Some(Target::Within { ms, .. }) if waited > ms)
}
