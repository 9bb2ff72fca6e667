//! The result, as JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::plan::Plan;
use crate::tally::Tally;

/// The result of a scenario and seed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Who decided.
    pub policy: &'static str,
    /// The measured time of all replications, in the scenario's unit.
    pub time: f64,
    /// By queue, in the scenario's order.
    pub queues: Named<QueueReport>,
    /// By group, in the scenario's order.
    pub groups: Named<GroupReport>,
    /// Holding costs less rewards, for a unit of time.
    pub cost_rate: f64,
    /// How many tasks were bound to a worker.
    pub decisions: u64,
    /// How many of them in a second of processor time, simulation included.
    pub decisions_per_cpu_second: u64,
}

/// A map that keeps its order.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<T> Named<T> {
    /// The entry of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }
}

/// What became of a queue's tasks. Times are in the scenario's unit.
#[derive(Clone, Debug, serde::Serialize)]
#[expect(missing_docs, reason = "the names are those of the documented format")]
pub struct QueueReport {
    pub arrived: u64,
    pub started: u64,
    pub completed: u64,
    pub abandoned: u64,
    pub late: u64,
    pub late_fraction: f64,
    pub wait_mean: f64,
    pub wait_p50: f64,
    pub wait_p95: f64,
    pub wait_max: f64,
    pub queue_mean: f64,
    pub throughput: f64,
    pub interrupted: u64,
}

/// How a group's time was spent.
#[derive(Clone, Debug, serde::Serialize)]
#[expect(missing_docs, reason = "the names are those of the documented format")]
pub struct GroupReport {
    pub occupancy: f64,
    pub front_share: f64,
    pub back_share: f64,
    pub reserve_mean: f64,
}

impl Report {
    pub(crate) fn new(plan: &Plan, seed: u64, tally: &Tally, cpu_seconds: f64) -> Self {
        let unit = plan.unit_ms;
        let mut cost_rate = 0.0;
        let mut queues = Vec::new();
        for (queue, counts) in plan.queues.iter().zip(&tally.queues) {
            let heard = counts.started + counts.abandoned;
            let queue_mean = counts.waiting_area / tally.time;
            let per_ms = counts.completed as f64 / tally.time;
            cost_rate += (queue.holding_cost * queue_mean - queue.reward * per_ms) * unit;
            let report = QueueReport {
                arrived: counts.arrived,
                started: counts.started,
                completed: counts.completed,
                abandoned: counts.abandoned,
                late: counts.late,
                late_fraction: if heard == 0 { 0.0 } else { counts.late as f64 / heard as f64 },
                wait_mean: counts.waits.mean() / unit,
                wait_p50: counts.waits.quantile(0.5) / unit,
                wait_p95: counts.waits.quantile(0.95) / unit,
                wait_max: counts.waits.max() / unit,
                queue_mean,
                throughput: per_ms * unit,
                interrupted: counts.interrupted,
            };
            queues.push((queue.name.clone(), report));
        }
        let mut groups = Vec::new();
        for (group, times) in plan.groups.iter().zip(&tally.groups) {
            let slots = (times.present_area * f64::from(group.slots)).max(f64::MIN_POSITIVE);
            let (front_share, back_share) = (times.front_area / slots, times.back_area / slots);
            let occupancy = front_share + back_share;
            let reserve_mean = times.reserve_area / tally.time;
            groups.push((group.name.clone(), GroupReport { occupancy, front_share, back_share, reserve_mean }));
        }
        Self {
            scenario: plan.name.clone(),
            seed,
            policy: plan.policy.as_str(),
            time: tally.time / unit,
            queues: Named(queues),
            groups: Named(groups),
            cost_rate,
            decisions: tally.decisions,
            decisions_per_cpu_second: (tally.decisions as f64 / cpu_seconds.max(1e-9)) as u64,
        }
    }
}
