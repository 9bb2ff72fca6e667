//! Some do one kind of work quickly and another slowly: learnt per worker and queue, where people serve several front
//! queues whose waiting costs.
//!
//! What a task costs the other queues he serves counts by his time and not by the mean, and what his slot is worth to them
//! by how quickly he does theirs. So everybody does what he is good at, and helps elsewhere when it pays.

use blendline_wire::QueueId;
use blendline_wire::org::Goal;
use blendline_wire::task::Side;

use crate::desk::Desk;
use crate::rows::{Pace, Task, TaskState, Worker};
use crate::scheduler::{Scheduler, Step};

/// Over how many tasks a worker's time is remembered.
const REMEMBERED: u16 = 1_200;
/// After so many tasks half of what makes somebody quick or slow is believed, as a logarithm: chance makes everybody look
/// so. That is where people's times differ by a fifth or so, and tasks of one by as much as their mean.
const CHANCE: f64 = 30.0;
/// Who is so many times slower, beside those who serve the same queue, than at what he is best at only helps.
const HELPS: f64 = 1.2;
/// The same among queues that the same workers serve. Who is taken for a helper by chance does little harm there, for what
/// these queues are worth together counts all the more (see [`crate::pooled`]); elsewhere with this the cost of case M01
/// rises from 0.99 to 1.05 times the exact optimum.
pub(crate) const HELPS_POOLED: f64 = 1.06;
/// Nobody counts as more than so many times as slow or as quick as the mean.
const TIMES: (f64, f64) = (0.1, 10.0);

impl Scheduler {
    /// How many times the mean time of a queue's tasks a worker takes for one.
    pub(crate) fn slowness(&self, desk: &Desk, queue: QueueId) -> f64 {
        desk.row.pace(queue).map_or(1.0, |pace| pace.times(self.task_ms(queue) as f64))
    }

    /// How many times as long a worker takes for a task of a queue as those do who serve it and are there, whoever does
    /// most of it: where the wrong ones do a queue's work its mean time is theirs.
    pub(crate) fn lag(&self, desk: &Desk, queue: QueueId) -> f64 {
        let served = self.served.get(&queue);
        desk.row.pace(queue).map_or(1.0, |pace| served.map_or(1.0, |served| pace.times(served.pace_ms())))
    }

    /// Learns from a solved task how quick its worker is, where that is asked. How many times slower he is at such work than
    /// at what he is best at.
    pub(crate) fn his_time(&mut self, step: &mut Step<'_>, task: &Task) -> f64 {
        let TaskState::Closed { worker: Some(worker), .. } = task.state else { return 1.0 };
        let several = self.workers.get(&worker).is_some_and(|desk| desk.fronts.len() > 1);
        let goal = self.queues.get(&task.queue).map(|queue| queue.blend.goal);
        if !several || task.side == Side::Back || !matches!(goal, Some(Goal::Cost { .. })) {
            return 1.0;
        }
        let (queue, ms) = (task.queue, task.worked_ms);
        self.pace_counts(worker, queue, false);
        self.edit_worker(step, worker, |row| row.took(queue, ms));
        self.pace_counts(worker, queue, true);
        let Some(desk) = self.workers.get(&worker) else { return 1.0 };
        let times = desk.fronts.iter().map(|front| (*front, self.lag(desk, *front)));
        let best = times.clone().map(|(_, times)| times).fold(f64::INFINITY, f64::min);
        let pooled = |front| self.queues.get(&front).is_some_and(|front| self.pooled_with(front).is_some());
        let enough = |front| if pooled(front) { HELPS_POOLED } else { HELPS };
        let helps = |queue| times.clone().any(|(front, times)| front == queue && times > best * enough(front));
        let slower = times.clone().find(|(front, _)| *front == queue).map_or(1.0, |(_, times)| times / best);
        let changed: Vec<QueueId> =
            desk.row.paces.iter().filter(|pace| pace.helps != helps(pace.queue)).map(|pace| pace.queue).collect();
        if !changed.is_empty() {
            self.edit_settings(step, worker, |row| {
                for pace in row.paces.iter_mut().filter(|pace| changed.contains(&pace.queue)) {
                    pace.helps = !pace.helps;
                }
            });
        }
        slower
    }
}

impl Pace {
    /// How many times so long his tasks take, as far as chance does not explain it.
    fn times(&self, mean_ms: f64) -> f64 {
        let times = f64::from(self.task_ms) / mean_ms.max(1.0);
        let tasks = f64::from(self.tasks);
        libm::pow(times.clamp(TIMES.0, TIMES.1), tasks / (tasks + CHANCE))
    }
}

impl Worker {
    /// How long he takes for tasks of a queue, where that is known.
    pub(crate) fn pace(&self, queue: QueueId) -> Option<&Pace> {
        self.paces.iter().find(|pace| pace.queue == queue)
    }

    /// He solved a task of a queue in so long.
    pub(crate) fn took(&mut self, queue: QueueId, ms: u64) {
        let ms = u32::try_from(ms).unwrap_or(u32::MAX);
        match self.paces.iter_mut().find(|pace| pace.queue == queue) {
            Some(pace) => {
                pace.tasks = (pace.tasks + 1).min(REMEMBERED);
                let (mean, parts) = (i64::from(pace.task_ms), i64::from(pace.tasks));
                pace.task_ms = u32::try_from(mean + (i64::from(ms) - mean) / parts).unwrap_or(0);
            }
            None => self.paces.push(Pace { queue, task_ms: ms, tasks: 1, helps: false }),
        }
        let settings = &self.settings;
        self.paces.retain(|pace| settings.queues.binary_search(&pace.queue).is_ok());
    }
}
