//! A scenario made ready to run: checked, names resolved, everything in milliseconds.

use crate::scenario::{PolicyName, Side};

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it is called.
    pub name: String,
    /// Where the random numbers begin.
    pub seed: u64,
    /// The length of the scenario's unit of time, in milliseconds.
    pub unit_ms: f64,
    /// How long is simulated.
    pub horizon: f64,
    /// How much of it is not measured.
    pub warmup: f64,
    /// How often it is repeated.
    pub replications: u64,
    /// Serve what waits at the horizon.
    pub drain: bool,
    /// The workers.
    pub groups: Vec<Group>,
    /// The lines of work.
    pub queues: Vec<Queue>,
    /// Who decides.
    pub policy: PolicyName,
    /// The reserve of the threshold policy.
    pub reserve: f64,
    /// The order of the static priority, as places in `queues`.
    pub order: Vec<usize>,
}

/// Workers who are alike.
#[derive(Clone, Debug)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// How many there are at most.
    pub workers: u32,
    /// How many slots each has.
    pub slots: u32,
    /// The speed of each task when 1, 2, … are done at once.
    pub paces: Vec<f64>,
    /// Which queues they can serve, as places in `queues`.
    pub queues: Vec<usize>,
    /// How many are there from when on.
    pub staff: Vec<(f64, u32)>,
}

/// A line of work.
#[derive(Clone, Debug)]
pub struct Queue {
    /// What it is called.
    pub name: String,
    /// Which office.
    pub side: Side,
    /// When tasks come; `None` is an endless backlog.
    pub arrivals: Option<Rates>,
    /// The shape of the random factor of each replication.
    pub busyness: Option<f64>,
    /// How long a task takes, by group.
    pub service: Vec<Law>,
    /// How long a task waits before it leaves.
    pub patience: Option<Law>,
    /// What it is held to.
    pub target: Option<Target>,
    /// How much its urgency counts.
    pub weight: f64,
    /// How many slots a task takes; `None` needs a worker with nothing else.
    pub slots: Option<u32>,
    /// It may be set aside.
    pub interruptible: bool,
    /// The extra work of each resumption.
    pub resume_cost: f64,
    /// What a waiting task costs in a millisecond.
    pub holding_cost: f64,
    /// What a completed task brings.
    pub reward: f64,
    /// The part of its workers' hours it is promised.
    pub protected_share: f64,
}

impl Queue {
    /// The slots one task takes of a worker of `group`.
    pub fn slots_of(&self, group: &Group) -> u32 {
        self.slots.unwrap_or(group.slots)
    }
}

/// What a queue is held to.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// This part starts within this time.
    Within {
        /// Milliseconds.
        ms: f64,
        /// From 0 to 1.
        part: f64,
    },
    /// The mean wait is at most this.
    MeanWait {
        /// Milliseconds.
        ms: f64,
    },
}

/// A law of durations, in milliseconds.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are the laws' own parameters")]
pub enum Law {
    /// Memoryless.
    Exponential { mean: f64 },
    /// Steadier than exponential for a shape above one.
    Gamma { mean: f64, shape: f64 },
    /// With a long tail.
    Lognormal { mean: f64, cv: f64 },
    /// Between two bounds.
    Uniform { from: f64, to: f64 },
    /// Always the same.
    Deterministic { value: f64 },
}

impl Law {
    /// Its mean.
    pub const fn mean(&self) -> f64 {
        match *self {
            Self::Exponential { mean } | Self::Gamma { mean, .. } | Self::Lognormal { mean, .. } => mean,
            Self::Uniform { from, to } => (from + to) / 2.0,
            Self::Deterministic { value } => value,
        }
    }
}

/// When tasks come: rates per millisecond.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are those of the scenario")]
pub enum Rates {
    /// Always alike.
    Constant(f64),
    /// A wave.
    Sinusoid { base: f64, amplitude: f64, period: f64, phase: f64 },
    /// In steps, beginning anew after the period where there is one.
    Steps { steps: Vec<(f64, f64)>, period: Option<f64> },
    /// At these times.
    Times(Vec<f64>),
}

impl Rates {
    /// The highest rate.
    pub fn highest(&self) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Sinusoid { base, amplitude, .. } => base + amplitude.abs(),
            Self::Steps { steps, .. } => steps.iter().map(|(_, rate)| *rate).fold(0.0, f64::max),
            Self::Times(_) => 0.0,
        }
    }

    /// The rate at a time.
    pub fn at(&self, time: f64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Sinusoid { base, amplitude, period, phase } => {
                (base + amplitude * libm::sin(2.0 * std::f64::consts::PI * time / period + phase)).max(0.0)
            }
            Self::Steps { steps, period } => {
                let time = period.map_or(time, |period| time % period);
                let next = steps.partition_point(|(from, _)| *from <= time);
                next.checked_sub(1).map_or(0.0, |step| steps[step].1)
            }
            Self::Times(_) => 0.0,
        }
    }

    /// True when nothing comes after `time` any more.
    pub fn over(&self, time: f64) -> bool {
        match self {
            Self::Steps { steps, period: None } => {
                steps.last().is_none_or(|(from, rate)| *from <= time && *rate <= 0.0)
            }
            _ => false,
        }
    }

    /// The mean rate over `horizon`.
    pub fn mean(&self, horizon: f64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Sinusoid { base, .. } => *base,
            Self::Steps { steps, period } => {
                let end = period.unwrap_or(horizon);
                let ends = steps.iter().skip(1).map(|(from, _)| *from).chain([end]);
                let area: f64 =
                    steps.iter().zip(ends).map(|((from, rate), to)| rate * (to.min(end) - from).max(0.0)).sum();
                area / end
            }
            Self::Times(times) => times.len() as f64 / horizon,
        }
    }
}
