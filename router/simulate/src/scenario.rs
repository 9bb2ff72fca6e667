//! A scenario as people write it. Every duration and rate is in `time_unit`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// One simulated operation: who works, what comes in, who decides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called in the result.
    pub name: String,
    /// Where the random numbers begin; the command line may say otherwise.
    #[serde(default = "one")]
    pub seed: u64,
    /// The unit of every duration and rate in the file.
    pub time_unit: TimeUnit,
    /// How long is simulated.
    pub horizon: f64,
    /// How much of it, at its beginning, is not measured.
    #[serde(default)]
    pub warmup: f64,
    /// How often it is repeated with other random numbers; the result is over all of them.
    #[serde(default = "one")]
    pub replications: u64,
    /// How each replication begins.
    #[serde(default)]
    pub start: Start,
    /// True: what still waits at the horizon is served before counting.
    #[serde(default)]
    pub drain: bool,
    /// The workers, alike within a group.
    pub groups: Vec<Group>,
    /// The lines of work.
    pub queues: Vec<Queue>,
    /// Who decides.
    #[serde(default)]
    pub policy: Policy,
}

fn one() -> u64 {
    1
}

/// The unit of time of a scenario.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// 1,000 milliseconds.
    Second,
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
}

impl TimeUnit {
    /// Its length in milliseconds.
    pub const fn ms(self) -> f64 {
        match self {
            Self::Second => 1_000.0,
            Self::Minute => 60_000.0,
            Self::Hour => 3_600_000.0,
        }
    }
}

/// How a replication begins.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Nobody waits and nobody is served.
    #[default]
    Empty,
}

/// Workers who are alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// How many.
    pub workers: u32,
    /// How many tasks each may have at once.
    #[serde(default = "one_slot")]
    pub slots: u32,
    /// The total speed at 1, 2, … tasks at once; empty is no slow-down.
    #[serde(default)]
    pub slot_rates: Vec<f64>,
    /// What they can do.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Which offices they serve.
    #[serde(default = "both_sides")]
    pub sides: Vec<Side>,
    /// How many are there from when on, where it changes: (time, workers).
    #[serde(default)]
    pub staff: Vec<(f64, u32)>,
}

fn one_slot() -> u32 {
    1
}

fn both_sides() -> Vec<Side> {
    vec![Side::Front, Side::Back]
}

/// Which office.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A customer waits live.
    Front,
    /// Deferrable work.
    Back,
}

/// A line of work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// What it is called.
    pub name: String,
    /// Which office.
    pub side: Side,
    /// When tasks come; or `backlog`.
    #[serde(default)]
    pub arrivals: Option<Arrivals>,
    /// There is always another task.
    #[serde(default)]
    pub backlog: Option<Backlog>,
    /// How long a task takes at full speed.
    pub service: Draw,
    /// How long a task waits before it leaves.
    #[serde(default)]
    pub patience: Option<Draw>,
    /// What it takes to do it.
    #[serde(default)]
    pub skills: Vec<String>,
    /// What the queue is held to.
    #[serde(default)]
    pub target: Option<Target>,
    /// How much its urgency counts beside others.
    #[serde(default = "unit")]
    pub weight: f64,
    /// What one task takes of a worker.
    #[serde(default)]
    pub slots_used: SlotsUsed,
    /// A running task may be set aside for a front peak.
    #[serde(default)]
    pub interruptible: bool,
    /// The extra work that each resumption of an interrupted task brings.
    #[serde(default)]
    pub resume_cost: f64,
    /// What one waiting task costs in a unit of time.
    #[serde(default)]
    pub holding_cost: f64,
    /// What one completed task brings.
    #[serde(default)]
    pub reward: f64,
    /// The part of its workers' hours it is promised.
    #[serde(default)]
    pub protected_share: f64,
}

fn unit() -> f64 {
    1.0
}

/// When tasks come.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrivals {
    /// Poisson, so many per unit of time.
    #[serde(default)]
    pub rate: Option<f64>,
    /// Poisson, the rate a wave.
    #[serde(default)]
    pub sinusoid: Option<Sinusoid>,
    /// Poisson, the rate in steps: (from when, rate).
    #[serde(default)]
    pub piecewise: Option<Vec<(f64, f64)>>,
    /// After how long the steps begin anew.
    #[serde(default)]
    pub period: Option<f64>,
    /// A recorded trace.
    #[serde(default)]
    pub times: Option<Vec<f64>>,
    /// Every replication's rate is multiplied by a random factor of mean one.
    #[serde(default)]
    pub busyness: Option<Busyness>,
}

/// `base + amplitude · sin(2π t / period + phase)`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sinusoid {
    /// The mean rate.
    pub base: f64,
    /// How far it swings.
    pub amplitude: f64,
    /// How long one wave is.
    pub period: f64,
    /// Where it begins, in radians.
    #[serde(default)]
    pub phase: f64,
}

/// A day may be busier than another.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Busyness {
    /// The shape of the gamma law of mean one.
    pub gamma_shape: f64,
}

/// Work that never ends.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backlog {
    /// There is always another task.
    Endless,
}

/// A law of durations.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Draw {
    /// By its mean.
    Exponential(f64),
    /// By its mean and shape.
    Gamma(GammaLaw),
    /// By its mean and the ratio of standard deviation to mean.
    Lognormal(LognormalLaw),
    /// Between two bounds.
    Uniform(f64, f64),
    /// Always the same.
    Deterministic(f64),
    /// Another law for each group of workers.
    ByGroup(BTreeMap<String, Draw>),
}

/// A gamma law.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GammaLaw {
    /// The mean.
    pub mean: f64,
    /// The shape: 1 is exponential, more is steadier.
    pub shape: f64,
}

/// A log-normal law.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LognormalLaw {
    /// The mean.
    pub mean: f64,
    /// The ratio of standard deviation to mean.
    pub cv: f64,
}

/// What a queue is held to: `within` and `percent`, or `mean_wait`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// So many per cent of the tasks start within this time.
    #[serde(default)]
    pub within: Option<f64>,
    /// How many per cent.
    #[serde(default)]
    pub percent: Option<f64>,
    /// The mean wait is at most this.
    #[serde(default)]
    pub mean_wait: Option<f64>,
}

/// What one task takes of a worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SlotsUsed {
    /// So many slots.
    Count(u32),
    /// A worker with nothing else.
    All,
}

impl Default for SlotsUsed {
    fn default() -> Self {
        Self::Count(1)
    }
}

impl<'de> Deserialize<'de> for SlotsUsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl Visitor<'_> for Form {
            type Value = SlotsUsed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of slots from 1, or \"all\"")
            }
            fn visit_u64<E: de::Error>(self, count: u64) -> Result<SlotsUsed, E> {
                let whole = u32::try_from(count).ok().filter(|count| 0 < *count);
                whole.map(SlotsUsed::Count).ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(count), &self))
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<SlotsUsed, E> {
                if word == "all" { Ok(SlotsUsed::All) } else { Err(E::invalid_value(de::Unexpected::Str(word), &self)) }
            }
        }
        deserializer.deserialize_any(Form)
    }
}

/// Who decides.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Which.
    pub name: PolicyName,
    /// With `threshold`: how many free slots back work leaves; between two whole numbers both are mixed.
    #[serde(default)]
    pub reserve: Option<f64>,
    /// With `static_priority`: the queues' names, first served first.
    #[serde(default)]
    pub order: Vec<String>,
}

/// A policy by name.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyName {
    /// What ships: told the targets, not the rates.
    #[default]
    Blendline,
    /// Front first; back work leaves a fixed number of slots free.
    Threshold,
    /// Whoever waits longest, to whoever is idle longest.
    FcfsLongestIdle,
    /// A fixed order of the queues.
    StaticPriority,
}

impl PolicyName {
    /// Its name in files and results.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blendline => "blendline",
            Self::Threshold => "threshold",
            Self::FcfsLongestIdle => "fcfs_longest_idle",
            Self::StaticPriority => "static_priority",
        }
    }
}
